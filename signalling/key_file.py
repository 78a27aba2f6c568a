"""API keys in a file of their own, as LiveKit has them: a line `key: secret` for each."""

import stat
from pathlib import Path

from signalling.yaml_file import read_mapping


def read_key_file(path: Path) -> dict[str, str]:
    """Keys and secrets. Raises `ValueError`, also when others than owner and group may use the file (LiveKit
    refuses those too); it never repeats a secret."""
    keys = read_mapping(path)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    if mode & stat.S_IRWXO:
        raise ValueError(f"{path}: others may use this file; `chmod o= {path}` mends it")
    if wrong := [key for key, secret in keys.items() if not isinstance(secret, str)]:
        raise ValueError(f"{path}: the secret of {wrong[0]} is no text; put it in quotes")
    return keys
