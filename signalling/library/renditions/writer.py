"""Writes one rendition to disk and remembers where each chunk is and what its digest is."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

from ..files import write_whole
from .format import LISTING, Chunk, Header, Packet


@dataclass(frozen=True, slots=True)
class ChunkEntry:
    """As the manifest has it: bytes of the file, media time, digest of exactly these bytes."""

    offset: int
    length: int
    start: int
    duration: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Description:
    """What a rendition is, as the listing has it. `clock` is Hz."""

    kind: str
    layer: int
    clock: int
    width: int = 0
    height: int = 0
    channels: int = 0


class ChunkedFile:
    """A context: the file is there, whole, when it was left without an error."""

    def __init__(self, path: Path, description: Description) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._file = self._part.open("wb")
        self._digest = sha256()
        self._offset = 0
        self.description = description
        self.name = path.name
        self._entries: list[ChunkEntry] = []

    def append(self, data: bytes, start: int, duration: int) -> None:
        """The next chunk: `start` and `duration` in units of the clock."""
        self._entries.append(ChunkEntry(self._offset, len(data), start, duration, sha256(data).hexdigest()))
        self.write(data)

    @property
    def entries(self) -> tuple[ChunkEntry, ...]:
        return tuple(self._entries)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._offset

    @property
    def sha256(self) -> str:
        """Of the whole file so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """What belongs to no chunk."""
        self._file.write(data)
        self._digest.update(data)
        self._offset += len(data)

    def __enter__(self) -> "ChunkedFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


def listed(file: ChunkedFile) -> dict[str, Any]:
    """As the listing has a file that is whole."""
    return {
        "file": file.name,
        **asdict(file.description),
        "sha256": file.sha256,
        "size": file.size,
        "chunks": [asdict(entry) for entry in file.entries],
    }


def write_listing(folder: Path, renditions: Sequence[dict[str, Any]]) -> None:
    """Of all that was made, once it is there."""
    told = {"version": 1, "renditions": renditions}
    write_whole(folder / LISTING, json.dumps(told, indent=1).encode())


class RenditionWriter(ChunkedFile):
    """RTP payloads."""

    def __init__(self, path: Path, header: Header) -> None:
        kind = header.kind.name.lower()
        super().__init__(
            path,
            Description(kind, header.layer, header.clock, header.width, header.height, header.channels),
        )
        self.write(header.pack())

    def __enter__(self) -> "RenditionWriter":
        return self

    def add(self, packets: list[Packet], duration: int) -> None:
        """The next chunk: it begins at its first packet."""
        chunk = Chunk(len(self._entries), packets[0].time, duration, tuple(packets))
        self.append(chunk.pack(), chunk.start, duration)
