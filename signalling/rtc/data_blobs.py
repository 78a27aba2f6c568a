"""Small pieces of data that a participant leaves with the server for others to fetch, such as schemas."""

from livekit.protocol import models


class DataBlobs:
    """Those of one participant. Gone with it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._contents: dict[bytes, bytes] = {}

    def store(self, blob: models.DataBlob) -> bool:
        """Keeps it instead of an earlier one with the same key. False: it does not fit."""
        key = _key(blob.key)
        others = sum(len(k) + len(v) for k, v in self._contents.items() if k != key)
        if others + len(key) + len(blob.contents) > self._max_bytes:
            return False
        self._contents[key] = blob.contents
        return True

    def find(self, key: models.DataBlobKey) -> models.DataBlob | None:
        contents = self._contents.get(_key(key))
        return models.DataBlob(key=key, contents=contents) if contents is not None else None


def _key(key: models.DataBlobKey) -> bytes:
    return key.SerializeToString(deterministic=True)
