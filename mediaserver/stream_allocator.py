"""Shares the line to one participant among the pictures that it receives, as its estimate and their costs change."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING

from mediaserver.allocation import PAUSED, Allocation, Allocator, Demand
from mediaserver.ladders import ladder_of
from mediaserver.subscription import EVERYTHING, Target
from mediaserver.track import Track, TrackSource

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.subscription import Subscription

SCREEN_PRIORITY, FILM_PRIORITY, CAMERA_PRIORITY = 255, 254, 1
"""Where the client says nothing: slides and films can be read and followed, faces can be heard. LiveKit has 255 for a
screen and 1 for all else."""
LOW_HEIGHT = 180
"""Pixels, of a picture that is wished in low quality without a size; medium and high have twice and four times that."""
WANTED_MARGIN = 1.1
"""The line is probed a little further than what would be sent."""
WANTED_CHANGE = 0.05
"""A smaller change of it is not told."""
NARROW_BPS, NARROW_SHARE = 1_000_000, 0.5
"""A line is narrow that carries less than this, and less than this share of what is wished."""
BEGINNING_S = 1.0
"""So long a line is taken to carry at least the lowest picture of everybody: an estimate that was not put to the test
is a guess, and tells something when packets have gone over it. They are paced by it in any case."""
REFUTED_SHARE = 0.7
"""An estimate below this share of the one before is no guess, however soon it comes."""
RETRY_S = 1.0
"""How often a line that cannot carry everything is looked at again: somebody else may speak, a raise may be due."""


class StreamAllocator:
    """Runs in the tick of its room, when something has changed. Costs nothing without an estimate."""

    def __init__(self, participant: Participant, *, allow_pause: bool) -> None:
        self._participant = participant
        self._allow_pause = allow_pause
        self._allocator = Allocator(allow_pause=allow_pause)
        self._estimate_bps: int | None = None
        self._shared_bps = 0
        """The estimate when pictures were last shared out."""
        self._guess_bps: int | None = None
        """The estimate when more was first wanted than it allows, until another one refutes it."""
        self._began_at = -inf
        """When that was, seconds, monotonic."""
        self._cap_bps = 0
        self._budget_bps: int | None = None
        self._wanted_bps = 0
        self._least_bps = 0
        """What a line carries in any case while its estimate is a guess."""
        self._most_bps = inf
        """What is wanted is no more than this now, margin included."""
        self._told: dict[Track, bool] = {}
        """Whether the client was last told that a track is paused; not in here: it never was."""
        self.paused: frozenset[str] = frozenset()
        """Sids of tracks that the line has no place for."""
        self.retry_at = inf
        """Seconds, monotonic: when to look again although nothing has changed; never while everything fits."""

    @property
    def limit_bps(self) -> int | None:
        """Of all pictures together, bit/s; None: no limit is known."""
        # Asked for each estimate of each line.
        limit = max(self._estimate_bps, self._least_bps) if self._estimate_bps else None
        if self._cap_bps and (limit is None or self._cap_bps < limit):
            limit = self._cap_bps
        if self._budget_bps is not None and (limit is None or self._budget_bps < limit):
            limit = self._budget_bps
        return limit

    @property
    def is_watched(self) -> bool:
        """Whether its line is estimated and pictures go over it."""
        return self._wanted_bps > 0

    @property
    def is_narrow(self) -> bool:
        """Whether the line itself, and no limit that somebody has set, keeps pictures small or away."""
        estimate = self._estimate_bps
        return (
            self in self._participant.room.deficient
            and estimate is not None
            and estimate < min(NARROW_BPS, NARROW_SHARE * self._wanted_bps)
        )

    def estimated(self, bits_per_second: int) -> None:
        """What the line can carry of video."""
        if self._guess_bps is not None and bits_per_second < REFUTED_SHARE * self._guess_bps:
            self._guess_bps = None
        self._estimate_bps = max(1, bits_per_second)
        if not self._is_ample:
            self._participant.line_changed()
            self.changed()

    def cap(self, bits_per_second: int) -> None:
        """As if the line carried no more than this; 0 lifts it."""
        self._cap_bps = bits_per_second
        self._participant.room.allocate_anew(self)

    def set_budget(self, bits_per_second: int | None) -> None:
        """What a data budget allows of pictures; it holds also where the client wants no pause. None: there is none."""
        if bits_per_second != self._budget_bps:
            self._budget_bps = bits_per_second
            self._allocator.allow_pause = self._allow_pause or bits_per_second is not None
            self._participant.room.allocate_anew(self)

    @property
    def is_saving(self) -> bool:
        """Somebody's picture is smaller than wished, and the budget is why."""
        deficient = self in self._participant.room.deficient
        return deficient and self._budget_bps is not None and self._budget_bps == self.limit_bps

    def changed(self) -> None:
        """Tracks, wishes or costs are others now."""
        if self.limit_bps is not None:
            self._participant.room.allocate_anew(self)

    def costs_changed(self, growth: float) -> None:
        """What is received costs at most `growth` times what it did."""
        self._most_bps *= growth
        if not self._is_ample:
            self.changed()

    @property
    def _is_ample(self) -> bool:
        """The line carries everything in any case: in a big room nearly all do, and nothing need be counted."""
        limit = self.limit_bps
        return limit is not None and self.retry_at == inf and limit > self._most_bps

    def forget(self, track: Track) -> None:
        """The subscription has ended; a new one begins unpaused."""
        self._told.pop(track, None)
        self._allocator.forget(track.sid)
        self.changed()

    def states(self) -> Mapping[Track, bool]:
        """What a client that may have missed something must be told: tracks that are paused, or were."""
        return dict(self._told)

    def leave(self) -> None:
        """The participant leaves its room."""
        self._participant.room.unallocated.pop(self, None)
        self._participant.room.deficient.discard(self)
        self.paused = frozenset()

    def run(self, now: float) -> None:
        """Allocates anew, and tells whom it concerns. Seconds, monotonic."""
        subscriptions = self._participant.subscriber.subscriptions.values()
        pictures = [subscription for subscription in subscriptions if subscription.takes_bandwidth]
        demands = [self._demand(subscription) for subscription in pictures]
        self._tell_wanted(sum(demand.rungs[-1].cost_bps for demand in demands))
        lowest_bps = sum(demand.rungs[0].cost_bps for demand in demands)
        begins = self._begins(lowest_bps, now)
        self._least_bps = lowest_bps if begins else 0
        allocation = self._allocator.update(demands, self.limit_bps, now)
        deficient = False
        for subscription, demand in zip(pictures, demands, strict=True):
            limit = _limit(demand, allocation)
            deficient = deficient or limit is not EVERYTHING
            subscription.grant(limit)
        self._remember(deficient, now)
        if begins:
            self._participant.room.deficient.add(self)
            self.retry_at = min(self.retry_at, self._began_at + BEGINNING_S)
        self._tell_states(pictures, allocation)
        self._participant.line_changed()

    def _begins(self, lowest_bps: int, now: float) -> bool:
        """Whether the estimate is a guess: when a line that carried everything is to carry more. Beyond what was wanted
        it was neither probed nor told."""
        estimate = self._estimate_bps
        if estimate is not None:
            has_fallen = estimate < REFUTED_SHARE * self._shared_bps
            if self.retry_at == inf and not has_fallen and lowest_bps > estimate:
                self._guess_bps, self._began_at = estimate, now
            self._shared_bps = estimate
        return self._guess_bps is not None and now - self._began_at < BEGINNING_S

    def _demand(self, subscription: Subscription) -> Demand:
        track, wishes = subscription.track, subscription.wishes
        publisher = track.publisher
        speaks = publisher.sid == self._participant.room.loudest
        rank = wishes.priority or default_priority(track), publisher.priority, int(speaks)
        size = min(wishes.width, wishes.height) or LOW_HEIGHT << wishes.quality
        return Demand(track.sid, ladder_of(subscription.stream, subscription.wished), rank, size)

    def _remember(self, deficient: bool, now: float) -> None:
        if deficient or self._allocator.is_short:
            self._participant.room.deficient.add(self)
            self.retry_at = max(now + RETRY_S, self._allocator.next_raise)
        else:
            self._participant.room.deficient.discard(self)
            self.retry_at = inf

    def _tell_wanted(self, bits_per_second: int) -> None:
        self._most_bps = bits_per_second * WANTED_MARGIN
        budget = inf if self._budget_bps is None else self._budget_bps  # a probe costs data too
        wanted = round(min(self._most_bps, budget * WANTED_MARGIN))
        if abs(wanted - self._wanted_bps) > WANTED_CHANGE * self._wanted_bps:
            self._wanted_bps = wanted
            self._participant.subscriber_connection.set_wanted_bitrate(wanted)

    def _tell_states(self, pictures: list[Subscription], allocation: Allocation) -> None:
        self.paused = frozenset(key for key, index in allocation.items() if index == PAUSED)
        states = {picture.track: picture.track.sid in self.paused for picture in pictures}
        changes = {
            track: paused for track, paused in states.items() if paused != self._told.get(track, False)
        }
        if changes:
            self._told |= changes
            self._participant.observer.stream_states_changed(changes)


def default_priority(track: Track) -> int:
    """Of a track for whose subscription the client names none."""
    if track.settings.source is TrackSource.SCREEN_SHARE:
        return SCREEN_PRIORITY
    return FILM_PRIORITY if track.publisher.brings_films else CAMERA_PRIORITY


def _limit(demand: Demand, allocation: Allocation) -> Target:
    index = allocation[demand.key]
    if index == PAUSED:
        return Target(enabled=False)
    if index == len(demand.rungs) - 1:
        return EVERYTHING
    rung = demand.rungs[index]
    return Target(True, rung.spatial, rung.temporal)
