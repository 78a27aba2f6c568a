"""A recording on disk: a folder that can be read at any time, also after the server has died.

`journal.jsonl` says, a line for each, how it began, which stretches of tracks were opened and closed, and that it
ended. Each stretch is a file of records as the data plane's taps make them (`Tapped` in `_dataplane.pyi`), from one
moment to another, in order of arrival. `recording.json` is written last: the same as one document.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

VERSION: Literal[1] = 1
MANIFEST = "recording.json"
JOURNAL = "journal.jsonl"
MOST_JOURNAL = 64 << 20
"""Bytes that are read of a journal: hundreds of thousands of stretches."""
MOST_PAYLOAD = 1500

HEADER = struct.Struct("<QQIHBBB")
"""Arrival, sequence number, RTP time, length of the payload, flags, encoding, payload type."""
NTP = struct.Struct("<Q")
MARKER, BEGINS, CLOCK, ORIENTED = 1, 2, 4, 8
QUARTERS_SHIFT = 4
BLOCK = 1 << 20


class BadRecording(Exception):
    """The folder, or a file in it, is no recording."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of RTP, decrypted. `arrival_us`: microseconds since the epoch on the data plane's clock."""

    arrival_us: int
    sequence: int
    """Extended: it does not wrap around."""
    timestamp: int
    payload: bytes
    """Empty: nothing but padding."""
    marker: bool
    begins: bool
    """A stream begins here; numbers and times have nothing to do with those before."""
    encoding: int
    payload_type: int
    quarters: int | None = None
    """By how many quarters the picture is to be turned clockwise, where the packet says so."""


@dataclass(frozen=True, slots=True)
class ClockReport:
    """What a sender report of the publisher said: at `ntp` (s since 1900, its clock) RTP time is `timestamp`."""

    arrival_us: int
    timestamp: int
    ntp: float


def read_records(data: bytes) -> Iterator[Packet | ClockReport]:
    """The records of whole chunks. Raises `BadRecording` naming the octet at fault."""
    offset = 0
    while offset < len(data):
        record, offset = _record(data, offset)
        if record is None:
            raise BadRecording(f"the record at {offset} is truncated")
        yield record


def read_track(path: Path) -> Iterator[Packet | ClockReport]:
    """The records of a file; one that a crash has cut at its end is left out. Raises `BadRecording`, `OSError`."""
    with path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK):
            data, offset = rest + block, 0
            while True:
                record, offset = _record(data, offset)
                if record is None:
                    break
                yield record
            rest = data[offset:]


def _record(data: bytes, offset: int) -> tuple[Packet | ClockReport | None, int]:
    """With where the next one begins; None: not all of it is there."""
    if offset + HEADER.size > len(data):
        return None, offset
    arrival, sequence, timestamp, length, flags, encoding, payload_type = HEADER.unpack_from(data, offset)
    begin = offset + HEADER.size
    if length > MOST_PAYLOAD or flags >> QUARTERS_SHIFT > 3 or payload_type > 127:
        raise BadRecording(f"the record at {offset} is none")
    if flags & CLOCK and (flags != CLOCK or length != NTP.size):
        raise BadRecording(f"the report at {offset} is none")
    if begin + length > len(data):
        return None, offset
    end = begin + length
    if flags & CLOCK:
        (ntp,) = NTP.unpack_from(data, begin)
        return ClockReport(arrival, timestamp, ntp / 2**32), end
    packet = Packet(
        arrival,
        sequence,
        timestamp,
        data[begin:end],
        bool(flags & MARKER),
        bool(flags & BEGINS),
        encoding,
        payload_type,
        flags >> QUARTERS_SHIFT if flags & ORIENTED else None,
    )
    return packet, end


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Codec(_Strict):
    """What a payload type means."""

    mime_type: str
    clock_rate: Annotated[int, Field(gt=0)]


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""From the begin of the recording."""
FileName = Annotated[str, Field(pattern=r"^[0-9]{1,9}\.rtp$")]


class Began(_Strict):
    """`started_at`: s since the epoch by the machine's clock; `started_us`: by the data plane's."""

    type: Literal["began"] = "began"
    version: Literal[1] = VERSION
    room: str
    started_at: float
    started_us: int


class Opened(_Strict):
    """A stretch of a track begins. `participant` is the sid, which names one clock; `name` is what people read."""

    type: Literal["opened"] = "opened"
    file: FileName
    identity: str
    participant: str
    name: str
    source: str
    kind: Literal["audio", "video"]
    mime_type: str
    codecs: dict[int, Codec]
    """By payload type."""
    started_s: Seconds


class Closed(_Strict):
    """It ended."""

    type: Literal["closed"] = "closed"
    file: FileName
    mime_type: str
    ended_s: Seconds
    packets: Annotated[int, Field(ge=0)]
    lost: Annotated[int, Field(ge=0)]


class Ended(_Strict):
    """The recording was stopped, or failed."""

    type: Literal["ended"] = "ended"
    duration_s: Seconds


Line = Began | Opened | Closed | Ended
LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="type")])


class RecordedTrack(_Strict):
    """One stretch, in one file. `packets` came, `lost` never did; times are s from the begin of the recording."""

    file: FileName
    identity: str
    participant: str
    name: str
    source: str
    kind: Literal["audio", "video"]
    mime_type: str
    codecs: dict[int, Codec]
    started_s: Seconds
    ended_s: Seconds
    packets: Annotated[int, Field(ge=0)]
    lost: Annotated[int, Field(ge=0)]


class Manifest(_Strict):
    """`recording.json`."""

    version: Literal[1] = VERSION
    room: str
    started_at: float
    started_us: int
    duration_s: Seconds
    tracks: tuple[RecordedTrack, ...]


def read_recording(folder: Path) -> Manifest:
    """What a folder holds, whether its recording ended well or not. Raises `BadRecording`, `OSError`."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return _of_journal(folder)
    except ValidationError as error:
        raise BadRecording(f"the manifest: {error.errors()[0]['msg']}") from None


def recover(folder: Path) -> Path:
    """Writes the manifest of a recording whose server died; gives the folder. Raises `BadRecording`, `OSError`."""
    if not (folder / MANIFEST).exists():
        write_manifest(folder, read_recording(folder))
    return folder


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Whole or not at all."""
    made = folder / f"{MANIFEST}.new"
    with made.open("wb") as file:
        file.write(manifest.model_dump_json(indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    made.replace(folder / MANIFEST)


def manifest_of(lines: Iterable[Line], stretches: Path) -> Manifest:
    """What the lines of a journal say; stretches that were never closed are read in the folder `stretches`."""
    began: Began | None = None
    opened: dict[str, Opened] = {}
    closed: dict[str, Closed] = {}
    duration: float | None = None
    for line in lines:
        match line:
            case Began():
                began = line
            case Opened():
                opened[line.file] = line
            case Closed():
                closed[line.file] = line
            case Ended():
                duration = line.duration_s
    if began is None:
        raise BadRecording("the journal does not say how the recording began")
    tracks = tuple(
        RecordedTrack(
            **one.model_dump(exclude={"type", "mime_type"}),
            **(closed.get(file) or _closed_by_death(stretches, one, began)).model_dump(
                exclude={"type", "file"}
            ),
        )
        for file, one in opened.items()
    )
    if duration is None:
        duration = max((track.ended_s for track in tracks), default=0.0)
    return Manifest(
        room=began.room,
        started_at=began.started_at,
        started_us=began.started_us,
        duration_s=duration,
        tracks=tracks,
    )


def _of_journal(folder: Path) -> Manifest:
    try:
        with (folder / JOURNAL).open("rb") as file:
            text = file.read(MOST_JOURNAL)
    except FileNotFoundError:
        raise BadRecording("neither a manifest nor a journal") from None
    whole, _, _ = text.rpartition(b"\n")  # a line that a crash has cut says nothing
    try:
        lines = [LINE.validate_json(line) for line in whole.splitlines()]
    except ValidationError as error:
        raise BadRecording(f"the journal: {error.errors()[0]['msg']}") from None
    return manifest_of(lines, folder)


def _closed_by_death(folder: Path, opened: Opened, began: Began) -> Closed:
    """What the file itself tells."""
    packets = lost = 0
    first = highest = count = 0
    last_us = began.started_us + round(opened.started_s * 1e6)
    path = folder / opened.file
    for record in read_track(path) if path.exists() else ():
        last_us = max(last_us, record.arrival_us)
        if isinstance(record, ClockReport):
            continue
        if record.begins or not packets:
            lost += highest - first + 1 - count if count else 0
            first, highest, count = record.sequence, record.sequence, 0
        first, highest = min(first, record.sequence), max(highest, record.sequence)
        packets, count = packets + 1, count + 1
    lost += highest - first + 1 - count if count else 0
    ended_s = (last_us - began.started_us) / 1e6
    return Closed(
        file=opened.file, mime_type=opened.mime_type, ended_s=ended_s, packets=packets, lost=max(0, lost)
    )
