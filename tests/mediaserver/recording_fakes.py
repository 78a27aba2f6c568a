"""Records as a tap makes them, and an engine whose taps a test feeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from mediaserver.engine import Engine
from mediaserver.recording_files import BEGINS, CLOCK, HEADER, MARKER, NTP, ORIENTED, QUARTERS_SHIFT

EPOCH_US = 1_700_000_000_000_000


def packet(
    sequence: int,
    timestamp: int,
    payload: bytes,
    *,
    arrival_us: int = EPOCH_US,
    marker: bool = False,
    begins: bool = False,
    encoding: int = 0,
    payload_type: int = 111,
    quarters: int | None = None,
) -> bytes:
    flags = MARKER * marker | BEGINS * begins
    if quarters is not None:
        flags |= ORIENTED | quarters << QUARTERS_SHIFT
    header = HEADER.pack(arrival_us, sequence, timestamp, len(payload), flags, encoding, payload_type)
    return header + payload


def report(timestamp: int, ntp_s: float, *, arrival_us: int = EPOCH_US, payload_type: int = 111) -> bytes:
    return HEADER.pack(arrival_us, 0, timestamp, 8, CLOCK, 0, payload_type) + NTP.pack(round(ntp_s * 2**32))


@dataclass
class FakeChunk:
    """As `Tapped`."""

    records: bytes = b""
    packets: int = 0
    lost: int = 0
    dropped: int = 0
    ended: bool = False


class FakeEngine:
    """Hands over what a test puts in; a tap that is ended says so at once, unless its worker hangs."""

    def __init__(self) -> None:
        self.now_us = EPOCH_US
        self.taps: dict[int, tuple[int, Callable[[Any], None]]] = {}
        self.hangs = False
        self.last: dict[int, FakeChunk] = {}
        """What a tap hands over when it ends."""

    def tap(self, receiver: int, handler: Callable[[Any], None]) -> int:
        number = 1000 + len(self.last) + len(self.taps)
        while number in self.taps or number in self.last:
            number += 1
        self.taps[number] = receiver, handler
        self.last[number] = FakeChunk(ended=True)
        return number

    def end_tap(self, tap: int) -> None:
        if tap in self.taps and not self.hangs:
            _, handler = self.taps.pop(tap)
            handler(self.last[tap])

    def feed(self, receiver: int, records: bytes, packets: int = 1, **more: Any) -> None:
        """To every tap of a receiver."""
        for number, (tapped, handler) in list(self.taps.items()):
            if tapped == receiver:
                chunk = FakeChunk(records, packets, **more)
                self.last[number].lost = chunk.lost
                if chunk.ended:
                    del self.taps[number]
                handler(chunk)

    def pass_s(self, seconds: float) -> None:
        self.now_us += round(seconds * 1e6)

    @property
    def tapped(self) -> set[int]:
        return {receiver for receiver, _ in self.taps.values()}


def as_engine(fake: FakeEngine) -> Engine:
    return cast(Engine, fake)
