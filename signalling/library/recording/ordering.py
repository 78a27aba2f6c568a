"""Packets in the order of their numbers, and the frames that they make."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mediaserver.recording_files import ClockReport, Packet

from . import depacketizing

LATEST_US = 2_000_000
"""A packet that has not come this long after those behind it is not waited for."""
MOST_HELD = 2048


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What a decoder takes at once."""

    stream: int
    """Of its file: how many have begun before."""
    timestamp: int
    mime_type: str
    data: bytes
    keyframe: bool
    after_loss: bool
    """Something is missing between the frame before and this one."""
    quarters: int | None
    """By how many quarters it is to be turned clockwise, where that is told."""


def in_order(records: Iterable[Packet | ClockReport]) -> Iterator[Packet]:
    """By sequence number; where a stream begins, what was held of the one before goes first."""
    held: dict[int, Packet] = {}
    next_number: int | None = None
    for packet in records:
        if isinstance(packet, ClockReport):
            continue
        if packet.begins:
            yield from (held[number] for number in sorted(held))
            held, next_number = {}, packet.sequence
        if next_number is None:
            next_number = packet.sequence
        if packet.sequence < next_number:
            continue
        held[packet.sequence] = packet
        if next_number not in held and _is_waiting_in_vain(held, packet):
            next_number = min(held)
        while next_number in held:
            yield held.pop(next_number)
            next_number += 1
    yield from (held[number] for number in sorted(held))


def _is_waiting_in_vain(held: Mapping[int, Packet], newest: Packet) -> bool:
    first = next(iter(held.values()))
    return len(held) > MOST_HELD or newest.arrival_us - first.arrival_us > LATEST_US


def frames(packets: Iterable[Packet], codecs: Mapping[int, str]) -> Iterator[EncodedFrame]:
    """`codecs`: MIME types by payload type. What is incomplete or damaged is left out, and told as a loss."""
    stream, lost, expected = -1, False, -1
    parts: list[Packet] = []

    def finished() -> Iterator[EncodedFrame]:
        nonlocal lost
        whole = [part for part in parts if part.payload]
        parts.clear()
        if not whole:
            return
        mime_type = codecs.get(whole[0].payload_type, "").lower()
        try:
            data, keyframe = depacketizing.assemble(mime_type, [part.payload for part in whole])
        except depacketizing.BadPayload:
            lost = True
            return
        quarters = [part.quarters for part in whole if part.quarters is not None]
        yield EncodedFrame(
            stream, whole[0].timestamp, mime_type, data, keyframe, lost, quarters[-1] if quarters else None
        )
        lost = False

    for packet in packets:
        if packet.begins or stream < 0:
            yield from finished()
            stream, lost, expected = stream + 1, False, packet.sequence
        if packet.sequence != expected:
            # Whether it was the end of the frame before or the begin of this one that was lost, nobody knows.
            complete = bool(parts) and parts[-1].marker
            if complete:
                yield from finished()
            parts.clear()
            lost = True
        expected = packet.sequence + 1
        if parts and parts[0].timestamp != packet.timestamp:
            yield from finished()
        parts.append(packet)
        if packet.marker:
            yield from finished()
    yield from finished()
