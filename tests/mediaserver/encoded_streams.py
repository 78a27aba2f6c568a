"""Recorded RTP of real encoders (tests/interop/record_rtp.py): layers read from the packets, frames put together,
decoded by the codecs' own libraries.

A picture is known by its number at the publisher. What it must look like is what a decoder makes of the whole stream up
to its spatial layer, so a single missing reference shows.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import av

FIXTURES = Path(__file__).parents[1] / "fixtures"
DECODERS = {"video/VP8": "libvpx", "video/VP9": "libvpx-vp9", "video/AV1": "libdav1d", "video/H264": "h264"}


@dataclass(frozen=True)
class Packet:
    """A decrypted RTP packet."""

    content: bytes

    @property
    def marker(self) -> bool:
        return bool(self.content[1] & 0x80)

    @property
    def sequence_number(self) -> int:
        return int.from_bytes(self.content[2:4], "big")

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.content[4:8], "big")

    @property
    def ssrc(self) -> int:
        return int.from_bytes(self.content[8:12], "big")

    @cached_property
    def _parts(self) -> tuple[dict[int, bytes], bytes]:
        data, at = self.content, 12 + 4 * (self.content[0] & 15)
        elements: dict[int, bytes] = {}
        if data[0] & 0x10:
            profile, words = struct.unpack_from("!HH", data, at)
            at, end = at + 4, at + 4 + 4 * words
            elements = _elements(data[at:end], two_byte=profile != 0xBEDE)
            at = end
        padding = data[-1] if data[0] & 0x20 else 0
        return elements, data[at : len(data) - padding]

    def element(self, number: int) -> bytes:
        """The value of a header extension; empty where there is none."""
        return self._parts[0].get(number, b"")

    @property
    def payload(self) -> bytes:
        return self._parts[1]


def _elements(block: bytes, *, two_byte: bool) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(block):
        if block[at] == 0:
            at += 1
            continue
        header = 2 if two_byte else 1
        number = block[at] if two_byte else block[at] >> 4
        length = block[at + 1] if two_byte else (block[at] & 15) + 1
        found[number] = block[at + header : at + header + length]
        at += header + length
    return found


@dataclass(frozen=True)
class Vp9:
    """RFC 9628, section 4.2, as far as the recordings use it."""

    picture_id: int
    spatial_id: int
    temporal_id: int
    frame: bytes

    @classmethod
    def parse(cls, payload: bytes) -> Vp9:
        first, at = payload[0], 3
        picture_id = int.from_bytes(payload[1:3], "big") & 0x7FFF
        layers = payload[at]
        at += 1
        assert first & 0x80 and first & 0x20 and first & 0x10, "picture ids, layers, flexible mode"
        if first & 0x40:
            while payload[at] & 1:
                at += 1
            at += 1
        if first & 0x02:
            assert payload[at] & 0x18 == 0x10, "sizes, no picture group"
            at += 1 + 4 * ((payload[at] >> 5) + 1)
        return cls(picture_id, layers >> 1 & 7, layers >> 5, payload[at:])


@dataclass
class Picture:
    """All that came with one RTP time."""

    #: Picture id, or the number of the last frame by the dependency descriptor.
    number: int
    layer: tuple[int, int]
    packets: list[Packet] = field(default_factory=list)


class Recording:
    """One stream. `layer_of` and `number_of` take a packet as it came from the publisher."""

    def __init__(self, name: str) -> None:
        head, _, content = (FIXTURES / f"{name}.rtp").read_bytes().partition(b"\n")
        described = json.loads(head)
        self.mime_type: str = described["mime_type"]
        self.payload_type: int = described["payload_type"]
        self.descriptor_id: int = described["dependency_descriptor_id"]
        self.packets: list[Packet] = []
        at = 0
        while at < len(content):
            (length,) = struct.unpack_from("!H", content, at)
            self.packets.append(Packet(content[at + 2 : at + 2 + length]))
            at += 2 + length
        self._layers = self._described_layers() if self.descriptor_id else {}

    def _described_layers(self) -> dict[int, tuple[int, int]]:
        layers, structure = {}, (0, [(0, 0)])
        for packet in self.packets:
            element = packet.element(self.descriptor_id)
            if not element:
                continue
            if len(element) > 3 and element[3] & 0x80:
                structure = _template_layers(element)
            offset, templates = structure
            layers[int.from_bytes(element[1:3], "big")] = templates[(element[0] - offset) % 64]
        return layers

    @property
    def pictures(self) -> list[list[Packet]]:
        """The packets in groups of one RTP time."""
        groups: dict[int, list[Packet]] = {}
        for packet in self.packets:
            groups.setdefault(packet.timestamp, []).append(packet)
        return list(groups.values())

    def picture(self, packets: Sequence[Packet], descriptor_id: int) -> Picture:
        """What a group of packets is; `descriptor_id` as they have it."""
        last = packets[-1]
        if self.mime_type == "video/VP9":
            found = Vp9.parse(last.payload)
            return Picture(found.picture_id, (found.spatial_id, found.temporal_id), list(packets))
        if self.mime_type == "video/VP8" and not self.descriptor_id:
            # Pictures that are left out are not counted: time tells which one it is.
            assert last.payload[0] & 0x80 and last.payload[1] == 0xE0
            return Picture(last.timestamp, (0, last.payload[5] >> 6), list(packets))
        number = int.from_bytes(last.element(descriptor_id)[1:3], "big")
        return Picture(number, self._layers[number], list(packets))

    @cached_property
    def expected(self) -> dict[tuple[int, int], str]:
        """(spatial layer, number of the picture) -> what a decoder shows."""
        whole = [self.picture(group, self.descriptor_id) for group in self.pictures]
        found: dict[tuple[int, int], str] = {}
        for spatial in range(max(picture.layer[0] for picture in whole) + 1):
            lower = [self._up_to(picture.packets, spatial) for picture in whole]
            pictures = [self.picture(packets, self.descriptor_id) for packets in lower]
            for picture, shown in zip(pictures, self.decode(pictures), strict=True):
                found[spatial, picture.number] = shown
        return found

    def _up_to(self, packets: Iterable[Packet], spatial: int) -> list[Packet]:
        return [p for p in packets if self.picture([p], self.descriptor_id).layer[0] <= spatial]

    def decode(self, pictures: Sequence[Picture]) -> list[str]:
        """Size and hash of what is shown for each picture; raises where a decoder gives up or shows nothing."""
        context = av.CodecContext.create(DECODERS[self.mime_type], "r")
        if self.mime_type == "video/AV1":
            context.options = {"alllayers": "1"}
        context.thread_count = 1
        shown = [""] * len(pictures)
        join = JOINED[self.mime_type]
        encoded = [av.Packet(join([p.payload for p in picture.packets])) for picture in pictures]
        for number, packet in enumerate(encoded):
            packet.pts = packet.dts = number
        for packet in [*encoded, None]:
            for frame in context.decode(packet):
                assert not frame.is_corrupt
                plane = hashlib.sha256(frame.to_ndarray(format="yuv420p").tobytes()).hexdigest()
                shown[frame.pts] = f"{frame.width}x{frame.height} {plane}"
        assert all(shown), "every picture is shown"
        return shown


def _template_layers(element: bytes) -> tuple[int, list[tuple[int, int]]]:
    """Offset and layers of the templates of a structure (AV1 RTP specification, section A.8.3)."""
    bits = "".join(f"{octet:08b}" for octet in element)
    offset, at = int(bits[29:35], 2), 40
    spatial = temporal = 0
    layers = [(0, 0)]
    while (step := int(bits[at : at + 2], 2)) != 3:
        spatial, temporal = (spatial + 1, 0) if step == 2 else (spatial, temporal + step)
        layers.append((spatial, temporal))
        at += 2
    return offset, layers


def _join_vp8(payloads: list[bytes]) -> bytes:
    def descriptor(payload: bytes) -> int:
        return 6 if payload[0] & 0x80 else 1  # the recordings have all fields or none

    return b"".join(payload[descriptor(payload) :] for payload in payloads)


def _join_vp9(payloads: list[bytes]) -> bytes:
    return b"".join(Vp9.parse(payload).frame for payload in payloads)


def _join_h264(payloads: list[bytes]) -> bytes:
    """RFC 6184 -> Annex B."""
    start = b"\0\0\0\1"
    joined = b""
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == 24:
            at = 1
            while at < len(payload):
                (length,) = struct.unpack_from("!H", payload, at)
                joined += start + payload[at + 2 : at + 2 + length]
                at += 2 + length
        elif kind == 28:
            if payload[1] & 0x80:
                joined += start + bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
            joined += payload[2:]
        else:
            joined += start + payload
    return joined


def _leb128(value: int) -> bytes:
    coded = b""
    while value > 0x7F:
        coded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return coded + bytes([value])


def _read_leb128(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[at]
        at, value, shift = at + 1, value | (octet & 0x7F) << shift, shift + 7
        if not octet & 0x80:
            return value, at


def _join_av1(payloads: list[bytes]) -> bytes:
    """OBU elements of the packets -> a temporal unit of the low-overhead format."""
    joined, fragment = b"\x12\0", b""
    for payload in payloads:
        continues, goes_on, count = payload[0] >> 7, payload[0] >> 6 & 1, payload[0] >> 4 & 3
        elements, at = list[bytes](), 1
        while at < len(payload):
            last = len(elements) + 1 == count
            length, at = (len(payload) - at, at) if last else _read_leb128(payload, at)
            elements.append(payload[at : at + length])
            at += length
        assert bool(continues) == bool(fragment), "a fragment is missing"
        elements[0] = fragment + elements[0]
        fragment = elements.pop() if goes_on else b""
        for obu in elements:
            header = 2 if obu[0] & 4 else 1
            joined += bytes([obu[0] | 2]) + obu[1:header] + _leb128(len(obu) - header) + obu[header:]
    return joined


JOINED: dict[str, Callable[[list[bytes]], bytes]] = {
    "video/VP8": _join_vp8,
    "video/VP9": _join_vp9,
    "video/H264": _join_h264,
    "video/AV1": _join_av1,
}
