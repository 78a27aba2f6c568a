"""One sequence of bytes for one manifest: the canonical JSON of RFC 8785, for the values that manifests have."""

import json
from typing import Any

MOST_INTEGER = 2**53 - 1  # what every reader of JSON has exactly


def canonical(value: Any) -> bytes:
    """Objects with text keys, lists, text, whole numbers, booleans and null. `ValueError` on anything else.

    Keys are in the order of their UTF-16 code units, as RFC 8785 says.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        value.encode()  # UnicodeEncodeError, a ValueError: half of a surrogate pair
        return value
    if isinstance(value, int):
        if abs(value) > MOST_INTEGER:
            raise ValueError(f"{value} is not exact everywhere")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("keys must be text")
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    raise ValueError(f"{type(value).__name__} has no place in a manifest")
