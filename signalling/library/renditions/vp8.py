"""VP8 pictures as RTP payloads (RFC 7741)."""

from .format import MOST_PAYLOAD, Flag, Packet

CLOCK = 90_000  # Hz
_DESCRIPTOR = 4  # bytes: with a picture id of 15 bits


def is_keyframe(picture: bytes) -> bool:
    """The first bit of the uncompressed data chunk (RFC 6386, section 9.1) is 0."""
    return bool(picture) and not picture[0] & 1


def packets(picture: bytes, *, time: int, picture_id: int) -> list[Packet]:
    """Payloads of equal size (the last may be shorter), so that they leave in one segmented send."""
    room = MOST_PAYLOAD - _DESCRIPTOR
    count = -(-len(picture) // room)
    size = -(-len(picture) // count)
    key = Flag.KEYFRAME if is_keyframe(picture) else Flag(0)
    made: list[Packet] = []
    for start in range(0, len(picture), size):
        first, last = start == 0, start + size >= len(picture)
        flags = key | (Flag.BEGINS if first else Flag(0)) | (Flag.MARKER if last else Flag(0))
        payload = _descriptor(first, picture_id) + picture[start : start + size]
        made.append(Packet(time, payload, flags))
    return made


def _descriptor(first: bool, picture_id: int) -> bytes:
    """X, S in the first packet, partition 0; I; the picture id with M."""
    return bytes([0x80 | (0x10 if first else 0), 0x80]) + (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
