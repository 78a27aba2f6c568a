"""H.264 pictures as RTP payloads (RFC 6184, packetization mode 1)."""

import re
from collections.abc import Sequence

from .format import MOST_PAYLOAD, Flag, Packet

CLOCK = 90_000  # Hz
IDR, SEI, SPS, PPS, DELIMITER, FILLER = 5, 6, 7, 8, 9, 12  # types of units (H.264, table 7-1)
STAP_A, FU_A = 24, 28
FU_START, FU_END = 0x80, 0x40
_FU_HEADER = 2  # bytes
_START_CODE = re.compile(b"\x00\x00\x01")


def unit_type(unit: bytes) -> int:
    return unit[0] & 0x1F


def units(picture: bytes) -> list[bytes]:
    """The NAL units of a byte stream (H.264, annex B) that a decoder needs: no messages, delimiters and filling."""
    marks = [found.span() for found in _START_CODE.finditer(picture)]
    ends = [*(begin for begin, _ in marks), len(picture)][1:]
    found = [picture[begin:end].rstrip(b"\0") for (_, begin), end in zip(marks, ends, strict=True)]
    return [unit for unit in found if unit and unit_type(unit) not in (SEI, DELIMITER, FILLER)]


def is_keyframe(picture: Sequence[bytes]) -> bool:
    return any(unit_type(unit) == IDR for unit in picture)


def packets(picture: Sequence[bytes], *, time: int) -> list[Packet]:
    """Parameter sets go together in one packet; a slice that is too large is cut into equal pieces (the last may be
    shorter), so that they leave in one segmented send."""
    sets = [unit for unit in picture if unit_type(unit) in (SPS, PPS)]
    payloads = [_aggregated(sets)] if sets else []
    for unit in picture:
        if unit_type(unit) not in (SPS, PPS):
            payloads += [unit] if len(unit) <= MOST_PAYLOAD else _fragments(unit)
    key = Flag.KEYFRAME if is_keyframe(picture) else Flag(0)
    last = len(payloads) - 1
    return [
        Packet(
            time,
            payload,
            key | (Flag(0) if number else Flag.BEGINS) | (Flag.MARKER if number == last else Flag(0)),
        )
        for number, payload in enumerate(payloads)
    ]


def _aggregated(sets: Sequence[bytes]) -> bytes:
    """STAP-A (section 5.7.1): as important as the most important of them."""
    importance = max(unit[0] & 0x60 for unit in sets)
    return bytes([importance | STAP_A]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)


def _fragments(unit: bytes) -> list[bytes]:
    """FU-A (section 5.8): the unit's own header is spread over indicator and FU header."""
    indicator, kind, body = unit[0] & 0x60 | FU_A, unit_type(unit), unit[1:]
    count = -(-len(body) // (MOST_PAYLOAD - _FU_HEADER))
    size = -(-len(body) // count)
    return [
        bytes([indicator, kind | (0 if start else FU_START) | (FU_END if start + size >= len(body) else 0)])
        + body[start : start + size]
        for start in range(0, len(body), size)
    ]
