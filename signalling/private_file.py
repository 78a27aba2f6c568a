"""Files with secrets: for their owner only, and never half written."""

import os
import stat
import tempfile
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Replaces `path` at once by a file of mode 0600; makes its folder. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def read_private(path: Path) -> str:
    """The text of a file with secrets. Raises `ValueError`, also when others than owner and group may use the file
    (LiveKit refuses those too)."""
    try:
        if path.stat().st_mode & stat.S_IRWXO:
            raise ValueError(f"{path}: others may use this file; `chmod o= {path}` mends it")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8") from error
