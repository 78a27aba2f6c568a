"""How long a lesson may take: warning, end, soft stop, and going on with a reason. Pure; the caller brings the time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TimePhase(Enum):
    WAITING = "waiting"
    """The lesson has not begun."""
    RUNNING = "running"
    WARNING = "warning"
    OVER = "over"
    """The time is up; media go on for a moment."""
    STOPPED = "stopped"
    """Media of those who do not lead are frozen until the host goes on or ends the call."""


@dataclass
class TimeLimit:
    """Seconds, monotonic. `limit_s` 0: no limit."""

    limit_s: float
    warning_s: float
    soft_stop_s: float
    began: float | None = None
    extended_s: float = 0.0

    def begin(self, now: float) -> None:
        """A host is here. Does nothing the second time."""
        if self.began is None:
            self.began = now

    def extend(self, seconds: float, now: float) -> None:
        """The host goes on: so much longer, from now on if the time is up."""
        end = self.end
        if end is not None:
            self.extended_s += seconds + max(0.0, now - end)

    @property
    def end(self) -> float | None:
        if not self.limit_s or self.began is None:
            return None
        return self.began + self.limit_s + self.extended_s

    def phase(self, now: float) -> TimePhase:
        end = self.end
        if end is None:
            return TimePhase.RUNNING if self.began is not None else TimePhase.WAITING
        if now >= end + self.soft_stop_s:
            return TimePhase.STOPPED
        if now >= end:
            return TimePhase.OVER
        return TimePhase.WARNING if now >= end - self.warning_s else TimePhase.RUNNING
