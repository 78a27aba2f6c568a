"""A sealed film as the data plane plays it: second by second, each checked against the seal as it is read."""

import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from .renditions.format import HEADER, Chunk, Flag, Header, Kind, RenditionError, read_chunk, read_header
from .sealing.manifest import Manifest, SealBroken, SealedRendition, read_sealed
from .subtitles.cues import Cue, SubtitlesError, read
from .subtitles.written import language_of

#: Of `mediaserver._dataplane.Chunk`: microseconds from the second's begin, stream, flags, length.
RECORD = struct.Struct(">IBBH")
MARKER = 1
KINDS = Kind.VP8, Kind.OPUS
BACKUPS = (Kind.H264,)
"""For viewers who cannot decode the others."""
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Second:
    """`media_us`: when it begins in the film, microseconds; `records`: packets of all streams in the order of time."""

    media_us: int
    records: bytes


@dataclass(frozen=True, slots=True)
class _Stream:
    number: int
    sealed: SealedRendition
    path: Path
    header: Header


class SealedFilm:
    """Reads what the manifest names and nothing else. Streams are numbered as the manifest lists those of `KINDS`, then
    those of `BACKUPS`."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        """The manifest's signature was checked before. Raises `SealBroken`."""
        self.manifest, self.folder = manifest, folder
        first, backups = (_renditions(manifest, kinds) for kinds in (KINDS, BACKUPS))
        self._streams = [
            _open(number, sealed, folder / sealed.file) for number, sealed in enumerate([*first, *backups])
        ]
        self._first = self._streams[: len(first)]

    @property
    def headers(self) -> tuple[Header, ...]:
        """Of the streams: kind, layer, clock, size."""
        return tuple(stream.header for stream in self._streams)

    @property
    def seconds(self) -> int:
        return max((len(stream.sealed.chunks) for stream in self._first), default=0)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """When each second begins, microseconds."""
        return tuple(
            min(
                stream.sealed.chunks[number].start * MICROSECONDS // stream.header.clock
                for stream in self._first
                if number < len(stream.sealed.chunks)
            )
            for number in range(self.seconds)
        )

    @property
    def duration_us(self) -> int:
        """Until the end of the longest stream."""
        return max(
            ((s.sealed.chunks[-1].start + s.sealed.chunks[-1].duration) * MICROSECONDS // s.header.clock)
            for s in self._first
            if s.sealed.chunks
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """Of its subtitles."""
        return tuple(self._texts)

    @cached_property
    def _texts(self) -> dict[str, SealedRendition]:
        return {language_of(one.file): one for one in self.manifest.renditions if one.kind == "webvtt"}

    @cached_property
    def digest(self) -> str:
        """Films with the same one are the same, byte by byte."""
        return sha256("".join(stream.sealed.sha256 for stream in self._streams).encode()).hexdigest()

    @property
    def bitrates(self) -> tuple[int, ...]:
        """Of the streams, bit/s on average."""
        return tuple(
            round(s.sealed.size * 8 * MICROSECONDS / max(1, self.duration_us)) for s in self._streams
        )

    def stamp(self) -> tuple[tuple[int, ...], ...]:
        """Of the files: another one after each write to them, whatever was written. Blocks on the disk. Raises
        `SealBroken`."""
        return tuple(_stamp(stream.path) for stream in self._streams)

    def check(self) -> None:
        """Reads everything. Blocks on the disk. Raises `SealBroken`."""
        for stream in self._streams:
            for number in range(len(stream.sealed.chunks)):
                _read(stream, number)

    def subtitles(self, language: str) -> list[Cue]:
        """Blocks on the disk. Raises `SealBroken`, and `LookupError` for a language that there is not."""
        sealed = self._texts[language]
        path = self.folder / sealed.file
        try:
            return read(b"".join(read_sealed(path, number, one) for number, one in enumerate(sealed.chunks)))
        except SubtitlesError as error:
            raise SealBroken(f"{sealed.file}: {error}", sealed.file) from error

    def second(self, number: int, *, backups: bool = False) -> Second:
        """`backups`: with all streams. Blocks on the disk. Raises `SealBroken`: nothing of this second may be sent."""
        if not 0 <= number < self.seconds:
            raise IndexError(number)
        chunks = {
            stream.number: (_read(stream, number), stream.header.clock)
            for stream in (self._streams if backups else self._first)
            if number < len(stream.sealed.chunks)
        }
        begin = min(chunk.start * MICROSECONDS // clock for chunk, clock in chunks.values())
        return Second(begin, records(chunks, begin))


def _renditions(manifest: Manifest, kinds: Collection[Kind]) -> list[SealedRendition]:
    names = {kind.name.lower() for kind in kinds}
    return [sealed for sealed in manifest.renditions if sealed.kind in names]


def records(chunks: Mapping[int, tuple[Chunk, int]], begin_us: int) -> bytes:
    """Packets of all streams as the data plane takes them. `chunks`: by stream, each with its clock in Hz."""
    found = sorted(_records(chunks, begin_us), key=lambda one: one[0])
    return b"".join(record for _, record in found)


def _records(chunks: Mapping[int, tuple[Chunk, int]], begin_us: int) -> Iterator[tuple[int, bytes]]:
    for stream, (chunk, clock) in chunks.items():
        for packet in chunk.packets:
            # Rounded up: the data plane rounds down to the clock again.
            at = -(-packet.time * MICROSECONDS // clock) - begin_us
            flags = MARKER if Flag.MARKER in packet.flags else 0
            yield at, RECORD.pack(at, stream, flags, len(packet.payload)) + packet.payload


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError as error:
        raise SealBroken(f"{path.name} cannot be read", path.name) from error
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _open(number: int, sealed: SealedRendition, path: Path) -> _Stream:
    try:
        with path.open("rb") as file:
            header = read_header(file.read(HEADER.size))
    except (OSError, RenditionError) as error:
        raise SealBroken(f"{path.name}: {error}", path.name) from error
    told = (
        header.kind.name.lower(),
        header.layer,
        header.clock,
        header.width,
        header.height,
        header.channels,
    )
    if told != (sealed.kind, sealed.layer, sealed.clock, sealed.width, sealed.height, sealed.channels):
        raise SealBroken(f"{path.name} is not what was sealed", path.name)
    return _Stream(number, sealed, path, header)


def _read(stream: _Stream, number: int) -> Chunk:
    entry, name = stream.sealed.chunks[number], stream.path.name
    data = read_sealed(stream.path, number, entry)
    try:
        chunk = read_chunk(data, stream.header)
    except RenditionError as error:
        raise SealBroken(f"{name}: {error}", name) from error
    if (chunk.number, chunk.start, chunk.duration) != (number, entry.start, entry.duration):
        raise SealBroken(f"{name} has another second where {number} should be", name)
    return chunk
