"""How long children look at a shared screen or a film: at a time and on a day, by kind. Pure.

Counted is what was delivered. When a norm is used up the picture stops a little later, until the host goes on with a
reason, or until there was a break.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from signalling.call.settings import ScreenLimit
from signalling.call.time_limit import TimePhase

FILM = "film"
WARNING_S = 60.0
SHOWN_EVERY_S = 2.0
"""Moments that are told move by no less: seconds are counted a little unevenly."""


@dataclass
class KindTime:
    """Of one kind. Seconds."""

    limit: ScreenLimit
    soft_stop_s: float
    today_s: float = 0
    """Of the lesson's groups on this day, before and in this call."""
    stretch_s: float = 0
    """Since the last break."""
    extended_s: float = 0
    is_on: bool = False
    off_s: float = 0
    """Since it was on last."""
    ends_at: float = 0.0
    """As it is told while it is on; seconds since the epoch."""
    phase: TimePhase = TimePhase.RUNNING

    @property
    def left_s(self) -> float:
        """Negative: so much too long."""
        left = self.limit.at_a_time_minutes * 60 - self.stretch_s
        if self.limit.a_day_minutes is not None:
            left = min(left, self.limit.a_day_minutes * 60 - self.today_s)
        return left + self.extended_s

    def count(self, on: bool, seconds: float, now: float) -> None:
        """`seconds` have passed until `now`, seconds since the epoch."""
        self.is_on = on
        if on:
            self.off_s = 0
            self.today_s += seconds
            self.stretch_s += seconds
        else:
            self.off_s += seconds
            if self.off_s >= self.limit.break_minutes * 60:
                self.stretch_s = self.extended_s = 0
        ends_at = now + self.left_s
        if abs(ends_at - self.ends_at) >= SHOWN_EVERY_S:
            self.ends_at = ends_at
        self.phase = self._phase()

    def extend(self, seconds: float) -> None:
        """The host goes on: so much longer, from now on if the time is up."""
        self.extended_s += seconds + max(0.0, -self.left_s)
        self.phase = self._phase()

    def _phase(self) -> TimePhase:
        left = self.left_s
        if left <= -self.soft_stop_s:
            return TimePhase.STOPPED
        if left <= 0:
            # A norm of nothing is over once somebody looks.
            return TimePhase.OVER if self.is_on or self.stretch_s else TimePhase.RUNNING
        return TimePhase.WARNING if left <= WARNING_S and self.stretch_s else TimePhase.RUNNING


@dataclass
class ScreenTime:
    """Of one call."""

    limits: Mapping[str, ScreenLimit]
    used_s: Mapping[str, float]
    soft_stop_s: float
    kinds: dict[str, KindTime] = field(init=False)
    uncounted: dict[str, float] = field(default_factory=dict)
    """Seconds by kind that nobody has written down yet."""

    def __post_init__(self) -> None:
        self.kinds = {
            kind: KindTime(limit, self.soft_stop_s, self.used_s.get(kind, 0.0))
            for kind, limit in self.limits.items()
        }

    def count(self, on: Collection[str], seconds: float, now: float) -> Iterator[tuple[str, TimePhase]]:
        """Which kinds were delivered in the last `seconds`. Gives those whose phase has changed."""
        for kind, one in self.kinds.items():
            before = one.phase
            one.count(kind in on, seconds, now)
            if kind in on:
                self.uncounted[kind] = self.uncounted.get(kind, 0.0) + seconds
            if one.phase is not before:
                yield kind, one.phase

    def take(self) -> dict[str, float]:
        """What is to be written down."""
        taken, self.uncounted = self.uncounted, {}
        return taken

    def give_back(self, taken: Mapping[str, float]) -> None:
        """It could not be written down."""
        for kind, seconds in taken.items():
            self.uncounted[kind] = self.uncounted.get(kind, 0.0) + seconds

    def is_stopped(self, kind: str) -> bool:
        return kind in self.kinds and self.kinds[kind].phase is TimePhase.STOPPED

    @property
    def stopped(self) -> list[str]:
        return [kind for kind in self.kinds if self.is_stopped(kind)]
