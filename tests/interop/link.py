"""One direction of a line without sockets and clocks: a rate with a drop-tail queue, a delay, seeded loss.

Times are seconds of any clock that does not go back. Rates are bit/s of IP packets.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Payload = TypeVar("Payload")
#: IPv4 and UDP headers.
OVERHEAD_BYTES = 28
#: Times are sums of many small ones.
ROUNDING_S = 1e-9


@dataclass(frozen=True)
class Passage:
    """A datagram that left the queue."""

    at: float
    """When its last bit left."""
    size: int
    """Bytes with IP and UDP headers."""
    waited_s: float
    """From its arrival until the line began to send it."""


@dataclass
class Record:
    """What a link did with all that was sent."""

    passed: list[Passage] = field(default_factory=list)
    dropped: list[tuple[float, int]] = field(default_factory=list)
    """(when, bytes) of datagrams that found the queue full."""
    lost: int = 0
    """Datagrams that were lost by chance."""
    late: list[tuple[float, float]] = field(default_factory=list)
    """(when, seconds) that a datagram came out after its time: whoever runs the link was not asked for it before."""

    def bins(self, begin: float, end: float, width_s: float = 0.1) -> list[int]:
        """Bytes that passed in each bin of the window."""
        found = [0] * round((end - begin) / width_s)
        for one in self.passed:
            number = int((one.at - begin) / width_s)
            if one.at >= begin and number < len(found):
                found[number] += one.size
        return found

    def waited(self, quantile: float, begin: float, end: float) -> float:
        """Seconds that this share of the window's datagrams waited at most; 0 without datagrams."""
        return at_quantile(quantile, [one.waited_s for one in self.passed if begin <= one.at < end])

    def lateness(self, quantile: float, begin: float, end: float) -> float:
        """Seconds that this share of the window's datagrams was late at most: what the machine added to the line."""
        return at_quantile(quantile, [seconds for at, seconds in self.late if begin <= at < end])

    def drops(self, begin: float, end: float) -> int:
        """Datagrams of the window that found the queue full."""
        return sum(begin <= at < end for at, _ in self.dropped)


def at_quantile(quantile: float, values: list[float]) -> float:
    """0 without values."""
    return sorted(values)[min(int(quantile * len(values)), len(values) - 1)] if values else 0.0


@dataclass(frozen=True)
class _Queued(Generic[Payload]):
    arrived: float
    bits: int
    payload: Payload | None
    """None for what gets lost on its way."""


@dataclass
class Link(Generic[Payload]):
    """Datagrams go in with `send` and come out of `receive` in the same order."""

    rate_bps: float | None = None
    """None: no limit. Changes by `change_rate` only."""
    delay_s: float = 0.0
    loss: float = 0.0
    """0 to 1. What gets lost takes its time on the line."""
    queue_s: float = 0.3
    """What would wait for longer at the present rate is dropped."""
    seed: int = 1
    record: Record = field(default_factory=Record, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._changes: deque[tuple[float, float | None]] = deque()
        self._queue: deque[_Queued[Payload]] = deque()
        self._backlog_bits = 0.0
        self._head_bits = 0.0
        self._head_began = 0.0
        self._served_until = 0.0
        self._under_way: deque[tuple[float, Payload]] = deque()

    def change_rate(self, at: float, rate_bps: float | None) -> None:
        """From `at` on the line is so fast, for what is queued then too. Calls come in the order of their times."""
        self._changes.append((at, rate_bps))

    def send(self, now: float, payload: Payload, size: int) -> None:
        """A datagram of `size` bytes of UDP payload arrives at the line."""
        self._advance(now)
        size += OVERHEAD_BYTES
        if self.rate_bps is not None and self._backlog_bits / self.rate_bps > self.queue_s:
            self.record.dropped.append((now, size))
            return
        lost = self._random.random() < self.loss
        self.record.lost += lost
        self._queue.append(_Queued(now, 8 * size, None if lost else payload))
        self._backlog_bits += 8 * size
        if len(self._queue) == 1:
            self._begin(now)
        self._serve(now)

    def receive(self, now: float) -> list[Payload]:
        """What has come out by now."""
        self._advance(now)
        out = []
        while self._under_way and self._under_way[0][0] <= now + ROUNDING_S:
            at, payload = self._under_way.popleft()
            self.record.late.append((at, now - at))
            out.append(payload)
        return out

    def due(self) -> float | None:
        """When to call `receive` again; None while nothing is on the line."""
        times = [self._under_way[0][0]] if self._under_way else []
        if self._queue:
            times += [at for at, _ in self._changes]
            times += [self._served_until + self._head_s() + self.delay_s]
        return min(times, default=None)

    def _advance(self, now: float) -> None:
        while self._changes and self._changes[0][0] <= now:
            at, rate_bps = self._changes.popleft()
            self._serve(at)
            self.rate_bps = rate_bps
        self._serve(now)

    def _serve(self, until: float) -> None:
        """Sends what the line can send until then at its present rate."""
        while self._queue and self._served_until + self._head_s() <= until + ROUNDING_S:
            self._served_until += self._head_s()
            self._leave(self._queue.popleft())
            self._begin(self._served_until)
        if self._queue and self.rate_bps is not None:
            sent = (until - self._served_until) * self.rate_bps
            self._head_bits -= sent
            self._backlog_bits -= sent
        self._served_until = max(self._served_until, until)

    def _head_s(self) -> float:
        """How long the rest of the first datagram takes."""
        return self._head_bits / self.rate_bps if self.rate_bps is not None else 0.0

    def _begin(self, at: float) -> None:
        """The line turns to the first of the queue."""
        self._head_began = at
        self._head_bits = self._queue[0].bits if self._queue else 0.0

    def _leave(self, one: _Queued[Payload]) -> None:
        at = self._served_until
        self._backlog_bits = self._backlog_bits - self._head_bits if self._queue else 0.0
        self.record.passed.append(Passage(at, one.bits // 8, self._head_began - one.arrived))
        if one.payload is not None:
            self._under_way.append((at + self.delay_s, one.payload))
