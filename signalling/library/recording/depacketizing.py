"""Payloads of RTP put together to the frames that decoders take: VP8 (RFC 7741), VP9 (RFC 9628), H.264 (RFC 6184),
AV1 (its RTP specification, version 1.0), Opus (RFC 7587). Pure."""

from collections.abc import Callable, Sequence

START_CODE = b"\0\0\0\1"
TEMPORAL_DELIMITER = b"\x12\0"
AV1_LEFT_OUT = frozenset({2, 8, 15})
"""Temporal delimiters (one is put in front), tile lists, padding."""


class BadPayload(Exception):
    """No frame of this codec, or its begin is missing."""


Frame = tuple[bytes, bool]
"""Data, and whether a decoder can begin with it."""


def assemble(mime_type: str, payloads: Sequence[bytes]) -> Frame:
    """Of the packets of one frame, in order. `mime_type` in lower case. Raises `BadPayload`."""
    make = _CODECS.get(mime_type)
    if make is None:
        raise BadPayload(f"no codec {mime_type!r}")
    try:
        return make(payloads)
    except (IndexError, ValueError) as error:
        raise BadPayload(mime_type) from error


def vp8(payloads: Sequence[bytes]) -> Frame:
    parts, keyframe = [], False
    for number, payload in enumerate(payloads):
        at = 1
        if payload[0] & 0x80:
            extension, at = payload[1], 2
            if extension & 0x80:  # picture id
                at += 2 if payload[at] & 0x80 else 1
            at += bool(extension & 0x40) + bool(extension & 0x30)
        if number == 0:
            if payload[0] & 0x17 != 0x10:  # S, and of the first partition
                raise BadPayload("the begin of the frame is missing")
            keyframe = not payload[at] & 1
        parts.append(payload[at:])
    return b"".join(parts), keyframe


def vp9(payloads: Sequence[bytes]) -> Frame:
    """All spatial layers together."""
    first = payloads[0]
    if not first[0] & 0x08:
        raise BadPayload("the begin of the frame is missing")
    return b"".join(payload[_vp9_descriptor(payload) :] for payload in payloads), not first[0] & 0x40


def _vp9_descriptor(payload: bytes) -> int:
    """Its length."""
    flags, at = payload[0], 1
    if flags & 0x80:  # picture id
        at += 2 if payload[at] & 0x80 else 1
    if flags & 0x20:  # layers; with the index of the base layer unless references are told
        at += 1 if flags & 0x10 else 2
    if flags & 0x10 and flags & 0x40:  # references
        for _ in range(3):
            more = payload[at] & 1
            at += 1
            if not more:
                break
    if flags & 0x02:  # scalability structure
        structure = payload[at]
        at += 1
        if structure & 0x10:
            at += 4 * ((structure >> 5) + 1)
        if structure & 0x08:
            pictures = payload[at]
            at += 1
            for _ in range(pictures):
                at += 1 + (payload[at] >> 2 & 3)
    if at > len(payload):
        raise BadPayload("the descriptor is truncated")
    return at


def h264(payloads: Sequence[bytes]) -> Frame:
    units: list[bytes] = []
    fragment: bytearray | None = None
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == 28:  # FU-A
            header = payload[1]
            if header & 0x80:
                fragment = bytearray([payload[0] & 0xE0 | header & 0x1F])
            if fragment is None:
                raise BadPayload("the begin of a unit is missing")
            fragment += payload[2:]
            if header & 0x40:
                units.append(bytes(fragment))
                fragment = None
        elif kind == 24:  # STAP-A
            at = 1
            while at < len(payload):
                size = int.from_bytes(payload[at : at + 2], "big")
                units.append(_exactly(payload, at + 2, size))
                at += 2 + size
        elif 0 < kind < 24:
            units.append(payload)
        else:
            raise BadPayload(f"no packet of type {kind}")
    if fragment is not None:
        raise BadPayload("the end of a unit is missing")
    keyframe = any(unit[0] & 0x1F == 5 for unit in units)
    return b"".join(START_CODE + unit for unit in units), keyframe


def av1(payloads: Sequence[bytes]) -> Frame:
    """One temporal unit, each OBU with its size."""
    units: list[bytes] = []
    fragment = b""
    for payload in payloads:
        header = payload[0]
        elements = _av1_elements(payload, header >> 4 & 3)
        if bool(header & 0x80) != bool(fragment):
            raise BadPayload("a part of an OBU is missing")
        elements[0] = fragment + elements[0]
        fragment = elements.pop() if header & 0x40 else b""
        units += elements
    if fragment:
        raise BadPayload("the end of an OBU is missing")
    return TEMPORAL_DELIMITER + b"".join(map(_sized_obu, units)), bool(payloads[0][0] & 0x08)


def _av1_elements(payload: bytes, count: int) -> list[bytes]:
    """`count` 0: each has its length in front; else the last of so many has none."""
    elements: list[bytes] = []
    at = 1
    while at < len(payload) or not elements:
        if count and len(elements) == count - 1:
            elements.append(payload[at:])
            break
        size, at = _leb128(payload, at)
        elements.append(_exactly(payload, at, size))
        at += size
    return elements


def _sized_obu(unit: bytes) -> bytes:
    header = unit[0]
    if header >> 3 & 0xF in AV1_LEFT_OUT:
        return b""
    if header & 0x02:
        return unit
    begin = 2 if header & 0x04 else 1
    body = unit[begin:]
    return bytes([header | 0x02]) + unit[1:begin] + _written_leb128(len(body)) + body


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        octet = data[at + place]
        value |= (octet & 0x7F) << 7 * place
        if not octet & 0x80:
            return value, at + place + 1
    raise BadPayload("a length is too long")


def _written_leb128(value: int) -> bytes:
    made = bytearray()
    while True:
        more = value >> 7
        made.append(value & 0x7F | (0x80 if more else 0))
        if not more:
            return bytes(made)
        value = more


def _exactly(data: bytes, at: int, size: int) -> bytes:
    if not size or at + size > len(data):
        raise BadPayload("a part is truncated")
    return data[at : at + size]


def opus(payloads: Sequence[bytes]) -> Frame:
    if len(payloads) != 1:
        raise BadPayload("one packet is one frame")
    return payloads[0], True


_CODECS: dict[str, Callable[[Sequence[bytes]], Frame]] = {
    "video/vp8": vp8,
    "video/vp9": vp9,
    "video/h264": h264,
    "video/av1": av1,
    "audio/opus": opus,
    "audio/red": opus,  # taps open it
}
