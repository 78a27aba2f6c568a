"""How fast a participant may use up the data that it has for a lesson: from what was spent and the time that is left to
a limit of its pictures. Sound is never limited, but its share is kept for it.

Pure: times are seconds of a monotonic clock, given by the caller. Bytes are those on the wire towards the participant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mediaserver.allocation import HEADROOM

SMOOTHING_S = 30.0
"""Of what is no picture: words come and go, and pictures should not with them."""
SHORTEST_PACE_S = 2.0
"""Near the end what is left is spread over this time, so that a moment is not decided by a few packets."""
OPEN_END = 0.25
"""Where nobody said how long it goes on, what is left is spread over at least this share of the assumed time: pictures
become smaller, and do not end at a stroke."""


@dataclass(frozen=True, slots=True)
class DataPlan:
    """What somebody has for a lesson, and how long it should last."""

    total_bytes: int
    length_s: float
    open_ended: bool = False
    """The length is an assumption."""


@dataclass(frozen=True, slots=True)
class DefaultBudget:
    """Of everybody in a room who says nothing else; 0 bytes: no limit."""

    total_bytes: int = 0
    length_s: float = 2700.0
    open_ended: bool = True


class DataBudget:
    """The budget of one participant, from when it came."""

    def __init__(self, plan: DataPlan, now: float) -> None:
        self.plan = plan
        self.spent_bytes = 0
        self._began = self._observed_at = now
        self._other_bps = 0.0
        """What is no picture: sound, reports, resends, padding, headers of the network."""

    def spend(self, wire_bytes: int, picture_bytes: int, now: float) -> None:
        """Since the last call: `wire_bytes` in all, of which `picture_bytes` were the packets of pictures, without what
        the network adds to them."""
        self.spent_bytes += wire_bytes
        elapsed_s = now - self._observed_at
        if elapsed_s <= 0:
            return
        self._observed_at = now
        other_bps = max(0, wire_bytes - picture_bytes) * 8 / elapsed_s
        self._other_bps += (other_bps - self._other_bps) * -math.expm1(-elapsed_s / SMOOTHING_S)

    def picture_limit_bps(self, now: float) -> int:
        """As an estimate for `Allocator`: pictures that take up to `HEADROOM` of it are what is left, spread over the
        rest of the lesson. 0: none."""
        left_bits = (self.plan.total_bytes - self.spent_bytes) * 8
        return max(0, round((left_bits / self._left_s(now) - self._other_bps) / HEADROOM))

    def _left_s(self, now: float) -> float:
        length_s = self.plan.length_s
        shortest_s = OPEN_END * length_s if self.plan.open_ended else SHORTEST_PACE_S
        return max(self._began + length_s - now, shortest_s)
