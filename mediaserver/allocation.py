"""Which pictures a line carries, and how much of each: from an estimate and the costs of layers to a rung for each
subscription. LiveKit's stream allocator does the same (`pkg/sfu/streamallocator`).

Pure: times are seconds of a monotonic clock, given by the caller. Rates are bit/s of video; sound is never touched.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

PAUSED = -1
HEADROOM = 0.95
"""Share of the estimate up to which more is sent: rates of encoders and estimates waver."""
TOLERANCE = 1.1
"""What is sent already goes on up to this share of the estimate: a line that is full is estimated lower than that."""
PATIENCE = 1.5
PAUSE_AFTER_S = 2.0
"""A picture that is at its lowest stops at once only where it would need more than `PATIENCE` times the estimate, else
when it has not fitted for so long: an estimate that was too low for a moment should not be seen."""
RAISE_INTERVAL_S = 1.0
"""An estimate shows what a raise did to the line about a second later."""
MAX_RAISE_INTERVAL_S = 30.0
ROOMY = 0.9
MAX_ROOMY_INTERVAL_S = 4.0
"""A raise to less than this share of the estimate had room: if it is taken back all the same, the keyframe that it
began with has filled the line for a moment, and it is tried again sooner than others."""
TAKEN_BACK_S = 5.0
"""A raise that did not last so long was one too many."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A spatial layer (or simulcast encoding) up to a temporal layer; `UNLIMITED` as in `Target`."""

    spatial: int
    temporal: int
    cost_bps: int

    @property
    def level(self) -> tuple[int, int]:
        """Comparable: more is a better picture."""
        return self.spatial, self.temporal


@dataclass(frozen=True, slots=True)
class Demand:
    """What a subscription may get: `rungs` rise strictly in cost, the last one is what was wished."""

    key: str
    rungs: tuple[Rung, ...]
    rank: tuple[int, ...] = ()
    """Whatever ranks higher gets what it wishes before the others get more than their lowest rung."""
    size: int = 0
    """Among equals the larger picture comes first."""


Allocation = Mapping[str, int]
"""Key of a demand -> index of its rung, or `PAUSED`."""
Accept = Callable[[Demand, int], bool]


def in_order(demands: Iterable[Demand]) -> list[Demand]:
    """The most important first, as the functions below take them."""
    return sorted(demands, key=lambda demand: (*(-part for part in demand.rank), -demand.size, demand.key))


def allocate(
    demands: Sequence[Demand], budget_bps: float, *, allow_pause: bool, kept: Collection[str] = ()
) -> Allocation:
    """Of all that fits the budget, what is best in the order of `_decide`. Without pauses everything gets its lowest
    rung, whether it fits or not; so does what is `kept`."""
    left = budget_bps

    def fits(demand: Demand, index: int) -> bool:
        nonlocal left
        before = demand.rungs[index - 1].cost_bps if index else 0
        extra = demand.rungs[index].cost_bps - before
        accepted = extra <= left or (index == 0 and (not allow_pause or demand.key in kept))
        left -= extra if accepted else 0
        return accepted

    return _decide(demands, fits)[0]


def cost(demands: Iterable[Demand], allocation: Allocation) -> int:
    """Of everything together."""
    return sum(d.rungs[index].cost_bps for d in demands if (index := allocation[d.key]) != PAUSED)


def _is_better(demands: Sequence[Demand], one: Allocation, other: Allocation) -> bool:
    def decisions(allocation: Allocation) -> list[bool]:
        return _decide(demands, lambda demand, index: index <= allocation[demand.key])[1]

    return decisions(one) > decisions(other)


def _decide(demands: Sequence[Demand], accept: Accept) -> tuple[dict[str, int], list[bool]]:
    """Asks first for the lowest rung of each, then rank by rank for the next rung of whatever is lowest. Gives what
    came of it, and the answers: an allocation is better than another if it has the first yes that the other has not."""
    found = dict.fromkeys((demand.key for demand in demands), PAUSED)
    answers = list[bool]()

    def ask(demand: Demand, index: int) -> bool:
        answers.append(accept(demand, index))
        if answers[-1]:
            found[demand.key] = index
        return answers[-1]

    for demand in demands:
        ask(demand, 0)
    for _, equals in groupby(demands, key=lambda demand: demand.rank):
        heap = [(d.rungs[0].level, n, d) for n, d in enumerate(equals) if found[d.key] != PAUSED]
        heapq.heapify(heap)
        while heap:
            _, number, demand = heapq.heappop(heap)
            index = found[demand.key] + 1
            if index < len(demand.rungs) and ask(demand, index):
                heapq.heappush(heap, (demand.rungs[index].level, number, demand))
    return found, answers


class Allocator:
    """The allocation of one line over time: less at once, more with care."""

    def __init__(self, *, allow_pause: bool) -> None:
        self.allow_pause = allow_pause
        self._held: dict[str, tuple[int, int] | None] = {}
        """Levels by key; None: paused."""
        self._raised_at = float("-inf")
        self._taken_back = False
        self._had_room = False
        self._short_since: float | None = None
        self._interval_s = RAISE_INTERVAL_S
        self.next_raise = float("-inf")
        """Before this time nothing is raised, unless everything fits."""

    def update(self, demands: Iterable[Demand], estimate_bps: float | None, now: float) -> Allocation:
        """The allocation from now on; without an estimate everything gets what it wishes."""
        ordered = in_order(demands)
        chosen: Allocation = {demand.key: len(demand.rungs) - 1 for demand in ordered}
        if estimate_bps is None:
            self._short_since = None
        else:
            may_raise = now >= self.next_raise
            if (may_raise or self._is_calm) and cost(ordered, chosen) <= HEADROOM * estimate_bps:
                self._short_since = None
                if any(self._lacks(demand) for demand in ordered):
                    self._note_raise(cost(ordered, chosen), estimate_bps, now)
            else:
                chosen = self._lowered(ordered, estimate_bps, now)
                if may_raise:
                    chosen = self._raised(ordered, chosen, estimate_bps, now)
        self._held = {d.key: d.rungs[i].level if (i := chosen[d.key]) != PAUSED else None for d in ordered}
        return chosen

    def forget(self, key: str) -> None:
        """Whatever has this key next is new."""
        self._held.pop(key, None)

    @property
    def is_short(self) -> bool:
        """Something is sent that will stop soon if the estimate stays as it is."""
        return self._short_since is not None

    @property
    def _is_calm(self) -> bool:
        return self._interval_s == RAISE_INTERVAL_S

    def _lacks(self, demand: Demand) -> bool:
        """Whether it was held below what is wished."""
        level = self._held.get(demand.key, demand.rungs[-1].level)
        return level is None or level < demand.rungs[-1].level

    def _capped(self, demand: Demand) -> Demand | None:
        """Without what was not held before, unless it is new; None if it was paused."""
        if demand.key not in self._held:
            return demand
        level = self._held[demand.key]
        if level is None:
            return None
        count = sum(rung.level <= level for rung in demand.rungs)
        return replace(demand, rungs=demand.rungs[: max(1, count)])

    def _lowered(self, ordered: Sequence[Demand], estimate_bps: float, now: float) -> Allocation:
        """What is held, as far as it fits (any more), and what is new."""
        held = [capped for demand in ordered if (capped := self._capped(demand)) is not None]
        old = [demand for demand in held if demand.key in self._held]
        full = {demand.key: len(demand.rungs) - 1 for demand in old}
        sent_bps = cost(old, full)
        too_much = sent_bps > TOLERANCE * estimate_bps
        budget_bps = estimate_bps if too_much else max(estimate_bps, sent_bps)
        chosen = allocate(held, budget_bps, allow_pause=self.allow_pause)
        if self._keeps(old, budget_bps, estimate_bps, now):
            kept = {demand.key for demand in old}
            chosen = allocate(held, budget_bps, allow_pause=self.allow_pause, kept=kept)
        if too_much and any(chosen[key] < index for key, index in full.items()):
            recent = now - self._raised_at <= TAKEN_BACK_S
            if recent and not self._taken_back:
                longest_s = MAX_ROOMY_INTERVAL_S if self._had_room else MAX_RAISE_INTERVAL_S
                self._interval_s = min(2 * self._interval_s, longest_s)
            self._taken_back = recent
            self.next_raise = now + self._interval_s
        return {demand.key: chosen.get(demand.key, PAUSED) for demand in ordered}

    def _keeps(self, old: Sequence[Demand], budget_bps: float, estimate_bps: float, now: float) -> bool:
        """Whether what would stop now may go on for a while."""
        least_bps = sum(demand.rungs[0].cost_bps for demand in old)
        if not budget_bps < least_bps <= PATIENCE * estimate_bps:
            self._short_since = None
            return False
        if self._short_since is None:
            self._short_since = now
        if now - self._short_since < PAUSE_AFTER_S:
            return True
        self._short_since = None
        return False

    def _raised(
        self, ordered: Sequence[Demand], chosen: Allocation, estimate_bps: float, now: float
    ) -> Allocation:
        candidate = allocate(ordered, HEADROOM * estimate_bps, allow_pause=self.allow_pause)
        if not _is_better(ordered, candidate, chosen):
            return chosen
        self._note_raise(cost(ordered, candidate), estimate_bps, now)
        return candidate

    def _note_raise(self, cost_bps: int, estimate_bps: float, now: float) -> None:
        self._had_room = cost_bps <= ROOMY * estimate_bps
        if now - self._raised_at > TAKEN_BACK_S and not self._taken_back:
            self._interval_s = RAISE_INTERVAL_S
        self._raised_at, self._taken_back = now, False
        self.next_raise = now + self._interval_s
