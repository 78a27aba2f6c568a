"""What of a film has been broadcast when: plays, pauses and seeks as numbered segments of HLS. Pure.

Everything is in whole seconds of the film, the chunks of its renditions. A second is published when it has been shown
to its end. Segments end where the film's time is a multiple of SEGMENT seconds, so that the same bytes are the same
segment however often a place is played, and where the film is stopped or leaps.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

SEGMENT = 4  # s
MOST_RUNS = 64
EXPECTED_WITHIN = 0.5  # s: a position that differs less from what was expected is no seek


@dataclass(frozen=True, slots=True)
class Position:
    """At `at` (s since the epoch) the film was at `media` (s), and plays or stands from then on."""

    at: float
    media: float
    playing: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The film played without a stop: from second `first`, which began at `began` (s since the epoch)."""

    first: int
    began: float
    count: int | None
    """How many seconds were shown; None while it goes on."""
    number: int
    """Media sequence number of its first segment."""
    discontinuities: int
    """Leaps before it, from the beginning of the broadcast."""
    date: float
    """Of its first second, s since the epoch, by a clock that stands while nothing is published: players take the
    difference of two dates for media time when they lay renditions side by side."""

    def shown(self, now: float, seconds: int) -> int:
        """How many seconds are published. `seconds`: of the film."""
        if self.count is not None:
            return self.count
        return max(0, min(math.floor(now - self.began + 1e-6), seconds - self.first))

    def segments(self, count: int) -> int:
        return (self.first + count - 1) // SEGMENT - self.first // SEGMENT + 1 if count else 0


@dataclass(frozen=True, slots=True)
class Segment:
    """Seconds `first` to `end` (exclusive) of the film. `date` as in `Run`."""

    number: int
    first: int
    end: int
    date: float
    discontinuities: int
    complete: bool


class TooFar(ValueError):
    """Somebody asks for a segment that does not follow the last one (RFC 8216bis, section 6.2.5.2)."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """`seconds`: of the film. A new value comes of each change; times must not fall."""

    seconds: int
    runs: tuple[Run, ...] = ()
    ended: bool = False

    def moved(self, position: Position) -> "Timeline":
        """The film plays on from another place, stands, or is where it was expected, which changes nothing."""
        if position.playing and self._expects(position):
            return self
        stopped = self.stopped(position.at)
        first = math.floor(position.media + 1e-6)
        if not position.playing or not 0 <= first < self.seconds:
            return stopped
        began = position.at - (position.media - first)
        number, leaps, date = 0, 0, began
        if stopped.runs:
            last = stopped.runs[-1]
            assert last.count is not None, "it was stopped"
            number = last.number + last.segments(last.count)
            leaps = last.discontinuities + (last.first + last.count != first)
            date = last.date + last.count
        run = Run(first, began, None, number, leaps, date)
        return replace(stopped, runs=(*stopped.runs, run)[-MOST_RUNS:])

    def stopped(self, at: float) -> "Timeline":
        """The film stands; what was not shown to its end is not published."""
        if not self.runs or self.runs[-1].count is not None:
            return self
        last = self.runs[-1]
        count = last.shown(at, self.seconds)
        kept = (replace(last, count=count),) if count else ()
        return replace(self, runs=(*self.runs[:-1], *kept))

    def finished(self, at: float) -> "Timeline":
        """The broadcast is over."""
        return replace(self.stopped(at), ended=True)

    def segments(self, now: float) -> list[Segment]:
        """All that are remembered, oldest first; only the last can be incomplete."""
        return [segment for run in self.runs for segment in self._segments(run, now)]

    def upcoming(self, now: float) -> int | None:
        """The second that is published next, if nothing intervenes."""
        if not self.runs or self.runs[-1].count is not None or self.ended:
            return None
        run = self.runs[-1]
        second = run.first + run.shown(now, self.seconds)
        return second if second < self.seconds else None

    def ready_at(self, number: int, part: int | None, now: float) -> float | None:
        """When a segment, or a part of it, is published (s since the epoch, past or future); None: that depends on
        what the host does. Raises `TooFar`."""
        if not self.runs:
            return None
        segments = self.segments(now)
        last = segments[-1].number if segments else self.runs[-1].number - 1
        if number > last + 2:
            raise TooFar(f"segment {number} is too far away: the last is {last}")
        run = self.runs[-1]
        before = next((one for one in segments if one.number == number == run.number - 1), None)
        if before is not None and part is not None and part >= before.end - before.first:
            number, part = run.number, 0
        if number < run.number:
            return now
        begin = (run.first // SEGMENT + number - run.number) * SEGMENT
        if begin >= self.seconds:
            return None
        end = min(begin + SEGMENT, self.seconds)
        # A part after the last one of a segment is the first of the next (section 6.2.5.2).
        second = end - 1 if part is None else min(max(begin, run.first) + part, end)
        if run.count is not None:
            complete = part is None and number < run.number + run.segments(run.count)
            return now if complete or second < run.first + run.count else None
        return run.began + (second - run.first) + 1 if second < self.seconds else None

    def _expects(self, position: Position) -> bool:
        if not self.runs or self.runs[-1].count is not None:
            return False
        run = self.runs[-1]
        return abs(run.first + position.at - run.began - position.media) < EXPECTED_WITHIN

    def _segments(self, run: Run, now: float) -> Iterator[Segment]:
        end = run.first + run.shown(now, self.seconds)
        begin, number = run.first, run.number
        while begin < end:
            boundary = min((begin // SEGMENT + 1) * SEGMENT, self.seconds)
            until = min(boundary, end)
            complete = until == boundary or run.count is not None
            date = run.date + begin - run.first
            yield Segment(number, begin, until, date, run.discontinuities, complete)
            begin, number = until, number + 1
