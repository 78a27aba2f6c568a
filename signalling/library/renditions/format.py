"""The file of one rendition: a header, then chunks that can each be read, checked and sent alone.

All numbers are big-endian, as in RTP. docs/renditions.md is the specification.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

LISTING = "renditions.json"
MAGIC = b"PRTP"
CHUNK_MAGIC = b"PCHK"
VERSION = 1
HEADER = struct.Struct(
    ">4sBBBBIHHI12x"
)  # magic, version, kind, layer, channels, clock, width, height, chunk length
CHUNK = struct.Struct(">4sIQIII4x")  # magic, number, start, duration, packets, payload bytes
PACKET = struct.Struct(
    ">IIHBB"
)  # media time from the chunk's start, payload's offset, length, flags, temporal layer
MOST_PAYLOAD = 1180  # bytes: with RTP header, extensions, SRTP tag and UDP/IPv6 below 1,280
MOST_PACKETS = 16_384
MOST_CHUNK = 8 << 20  # bytes
MOST_TEMPORAL = 7


class RenditionError(ValueError):
    """The bytes are no rendition; the text says what is wrong with them."""


class Kind(IntEnum):
    VP8 = 1
    OPUS = 2
    H264 = 3


class Flag(IntFlag):
    MARKER = 1  # of the RTP header: last packet of a picture
    BEGINS = 2  # first packet of a picture or of a piece of sound
    KEYFRAME = 4  # of a picture that needs no other
    ALL = 7


@dataclass(frozen=True, slots=True)
class Header:
    """`chunk` is the longest length of a chunk in units of `clock`; a layer is counted from the lowest, 0."""

    kind: Kind
    layer: int
    clock: int  # Hz
    chunk: int
    channels: int = 0
    width: int = 0
    height: int = 0

    def pack(self) -> bytes:
        return HEADER.pack(
            MAGIC,
            VERSION,
            self.kind,
            self.layer,
            self.channels,
            self.clock,
            self.width,
            self.height,
            self.chunk,
        )


@dataclass(frozen=True, slots=True)
class Packet:
    """`time` is the media time from the beginning of the film, in units of the rendition's clock."""

    time: int
    payload: bytes
    flags: Flag
    temporal: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    number: int
    start: int
    duration: int
    packets: tuple[Packet, ...]

    def pack(self) -> bytes:
        index, payloads = bytearray(), bytearray()
        for packet in self.packets:
            index += PACKET.pack(
                packet.time - self.start, len(payloads), len(packet.payload), packet.flags, packet.temporal
            )
            payloads += packet.payload
        head = CHUNK.pack(
            CHUNK_MAGIC, self.number, self.start, self.duration, len(self.packets), len(payloads)
        )
        return head + index + payloads


def read_header(data: bytes) -> Header:
    """Raises `RenditionError`."""
    if len(data) != HEADER.size:
        raise RenditionError("the header is not whole")
    magic, version, kind, layer, channels, clock, width, height, chunk = HEADER.unpack(data)
    if magic != MAGIC or any(data[-12:]):
        raise RenditionError("this is no rendition")
    if version != VERSION:
        raise RenditionError(f"version {version} is not known")
    if kind not in tuple(Kind):
        raise RenditionError(f"kind {kind} is not known")
    if not clock or not chunk:
        raise RenditionError("the clock or the length of chunks is 0")
    return Header(Kind(kind), layer, clock, chunk, channels, width, height)


def read_chunk(data: bytes, header: Header) -> Chunk:
    """One whole chunk. Raises `RenditionError` on anything that `Chunk.pack` would not write."""
    if not CHUNK.size <= len(data) <= MOST_CHUNK:
        raise RenditionError("the chunk is not whole or too large")
    magic, number, start, duration, count, size = CHUNK.unpack_from(data)
    if magic != CHUNK_MAGIC or any(data[CHUNK.size - 4 : CHUNK.size]):
        raise RenditionError("this is no chunk")
    if not 0 < duration <= header.chunk:
        raise RenditionError("the chunk is longer than the header says")
    if not 0 < count <= MOST_PACKETS:
        raise RenditionError(f"a chunk of {count} packets")
    payloads = CHUNK.size + count * PACKET.size
    if len(data) != payloads + size:
        raise RenditionError("the chunk is not as long as it says")
    packets = _read_packets(data, payloads, count, start)
    _check_order(packets, start, duration, header.kind)
    return Chunk(number, start, duration, packets)


def _read_packets(data: bytes, payloads: int, count: int, start: int) -> tuple[Packet, ...]:
    expected = 0
    packets: list[Packet] = []
    for time, offset, length, flags, temporal in PACKET.iter_unpack(data[CHUNK.size : payloads]):
        if offset != expected or not 0 < length <= MOST_PAYLOAD:
            raise RenditionError("payloads have gaps or wrong lengths")
        if flags & ~Flag.ALL or temporal > MOST_TEMPORAL:
            raise RenditionError("flags or layer are not known")
        expected += length
        payload = data[payloads + offset : payloads + offset + length]
        packets.append(Packet(start + time, payload, Flag(flags), temporal))
    if expected != len(data) - payloads:
        raise RenditionError("payloads are longer than the index")
    return tuple(packets)


def _check_order(packets: Sequence[Packet], start: int, duration: int, kind: Kind) -> None:
    """Pictures are whole, one after the other, within the chunk, the first a keyframe."""
    inside: Packet | None = None
    last = -1
    for packet in packets:
        begins = Flag.BEGINS in packet.flags
        if begins is not (inside is None):
            raise RenditionError("a picture begins within another, or has no beginning")
        if begins and not last < packet.time < start + duration:
            raise RenditionError("times do not grow within the chunk")
        if inside is not None and (packet.time, packet.temporal) != (inside.time, inside.temporal):
            raise RenditionError("packets of a picture have different times or layers")
        if inside is not None and (packet.flags ^ inside.flags) & Flag.KEYFRAME:
            raise RenditionError("packets of a picture differ in what they are")
        last = packet.time
        whole = kind is Kind.OPUS or Flag.MARKER in packet.flags
        inside = None if whole else (inside or packet)
    if inside is not None:
        raise RenditionError("the last picture is not whole")
    if kind is not Kind.OPUS and Flag.KEYFRAME not in packets[0].flags:
        raise RenditionError("the chunk does not begin with a keyframe")
    if packets[0].time != start:
        raise RenditionError("the chunk does not begin with its first packet")
