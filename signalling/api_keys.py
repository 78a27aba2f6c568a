"""The API keys that are valid now. They change while the server runs, so everybody asks here each time."""

from collections.abc import Iterator, Mapping


class ApiKeys(Mapping[str, str]):
    """API key -> secret. Several are valid at the same time; a key that is gone admits nobody any more."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = dict(keys)

    def __getitem__(self, key: str) -> str:
        return self._keys[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"ApiKeys({', '.join(self._keys)})"  # no secrets in logs

    def signing(self, preferred: str = "") -> tuple[str, str]:
        """Key and secret to sign with: the preferred one while it lives, else the first."""
        key = preferred if preferred in self._keys else next(iter(self._keys))
        return key, self._keys[key]

    def replace(self, keys: Mapping[str, str]) -> None:
        """From now on these are valid, and no others. Raises `ValueError` when there are none: nobody could
        join."""
        if not keys:
            raise ValueError("at least one API key is needed")
        self._keys = dict(keys)
