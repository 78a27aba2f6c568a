"""Files that come in piece by piece. What is there counts: the size of the file is the offset (tus 1.0)."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from .media_types import NEEDED

#: Names as tus has them.
CHECKSUMS: Mapping[str, Any] = MappingProxyType({"sha1": hashlib.sha1, "sha256": hashlib.sha256})


def offset(path: Path) -> int:
    """Bytes that have arrived; 0 when there is no file."""
    return path.stat().st_size if path.exists() else 0


def head(path: Path) -> bytes:
    """Enough to say what it is."""
    with path.open("rb") as file:
        return file.read(NEEDED)


class Piece:
    """One piece, which a request brings. A context; blocks on the disk.

    With a checksum it is there whole, or not at all: a piece that was cut off or does not fit is taken away again.
    """

    def __init__(self, path: Path, at: int, checksum: tuple[str, bytes] | None) -> None:
        """`checksum`: name and digest. Raises `OSError`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._at, self._expected = at, checksum[1] if checksum else None
        self._digest = CHECKSUMS[checksum[0]](usedforsecurity=False) if checksum else None
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        self._file.seek(at)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Raises `OSError`: the disk is full."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        if self._digest is not None:
            self._digest.update(data)
        self.size += len(data)

    def fits(self) -> bool:
        """Whether what came is what was meant; False takes it away."""
        if self._digest is None or self._expected is None:
            return True
        fits = hmac.compare_digest(self._digest.digest(), self._expected)
        if fits:
            self._expected = None  # it stays
        return fits

    def __enter__(self) -> "Piece":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._expected is not None:
            self._file.truncate(self._at)
        os.fsync(self._file.fileno())
        self._file.close()
