"""Has a file changed? Asked often, so it is not read."""

from pathlib import Path

FileSignature = tuple[int, int, int]
"""Inode, time of the last change in ns, bytes."""


def signature(path: Path) -> FileSignature | None:
    """Another one after a change, unless that came in the same tick of the kernel's clock (4 ms) as the one before and
    left the size as it was: who looks regularly trusts it when it is the same twice. None: there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
