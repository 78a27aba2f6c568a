"""API keys in a file of their own, as LiveKit has them: a line `key: secret` for each."""

from pathlib import Path

from signalling.private_file import read_private
from signalling.yaml_file import parse_mapping


def read_key_file(path: Path) -> dict[str, str]:
    """Keys and secrets. Raises `ValueError`, also when others may use the file; it never repeats a secret."""
    keys = parse_mapping(read_private(path), str(path))
    if wrong := [key for key, secret in keys.items() if not isinstance(secret, str)]:
        raise ValueError(f"{path}: the secret of {wrong[0]} is no text; put it in quotes")
    return keys
