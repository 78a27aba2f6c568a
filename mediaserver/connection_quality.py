"""How good each participant's connection is, from what was delivered in both directions.

A simplified E-model (ITU-T G.107): a rating of 100 loses points for delay and loss; the levels are LiveKit's. Pure:
statistics come in at regular intervals, levels go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mediaserver.participant import ParticipantState
from mediaserver.peer_connection import ConnectionState
from mediaserver.statistics import Statistics

if TYPE_CHECKING:
    from mediaserver.participant import Participant

BEST, WORST = 100.0, 30.0
"""The rating never falls below `WORST` while something arrives, so that a line that heals is seen to heal soon."""
LOST_RATING = 20.0
EXCELLENT_ABOVE, GOOD_ABOVE = 80.0, 40.0
LOSS_WEIGHT: Mapping[str, float] = {"audio": 2.5, "video": 5.0}
"""Points for each percent of loss. Speech conceals single losses; a lost packet of a picture costs a whole frame,
unless it comes in time as a resend."""
FALL, RISE = 0.8, 0.4
"""Share of a new rating: bad news is told soon, good news only when it lasts."""
LONG_DELAY_MS = 160.0
"""From here on delay hurts a conversation (G.107, the knee of Id)."""


class ConnectionQuality(Enum):
    """Told to clients."""

    LOST = "lost"
    POOR = "poor"
    GOOD = "good"
    EXCELLENT = "excellent"


@dataclass(frozen=True, slots=True)
class Rated:
    """`rating` is 0 to 100."""

    quality: ConnectionQuality
    rating: float

    @property
    def mean_opinion_score(self) -> float:
        """1 to 4.5 (ITU-T G.107, Annex B)."""
        rating = self.rating
        return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


@dataclass(frozen=True, slots=True)
class Window:
    """What one stream did between two samples."""

    kind: str
    packets: int
    loss: float
    """Share of the packets, 0 to 1."""
    jitter_us: int = 0
    rtt_us: int = 0


def rate(window: Window) -> float:
    """The rating of one stream, 0 to 100."""
    delay_ms = (window.rtt_us / 2 + 2 * window.jitter_us) / 1000
    for_delay = delay_ms / 40 if delay_ms <= LONG_DELAY_MS else (delay_ms - 120) / 10
    return max(0.0, BEST - for_delay - 100 * window.loss * LOSS_WEIGHT[window.kind])


def level(rating: float) -> ConnectionQuality:
    """LiveKit's level of a rating."""
    if rating > EXCELLENT_ABOVE:
        return ConnectionQuality.EXCELLENT
    if rating > GOOD_ABOVE:
        return ConnectionQuality.GOOD
    return ConnectionQuality.POOR if rating > LOST_RATING else ConnectionQuality.LOST


SILENT_SAMPLES = 4
"""So many intervals without a single byte mean that the peer is gone: it checks consent every 5 s (RFC 7675)."""


class QualityMonitor:
    """Remembers the sample before, and how each participant was rated."""

    def __init__(self) -> None:
        self._before = Statistics()
        self._ratings: dict[str, float] = {}
        self._silence: dict[str, int] = {}

    def update(self, participants: Iterable[Participant], now: Statistics) -> dict[str, Rated]:
        """Ratings by participant sid, of those whose media has connected. To be called at regular intervals."""
        ratings = {
            participant.sid: self._rating(participant, now)
            for participant in participants
            if participant.state is ParticipantState.ACTIVE
        }
        self._before, self._ratings = now, ratings
        self._silence = {sid: count for sid, count in self._silence.items() if sid in ratings}
        return {sid: Rated(level(rating), rating) for sid, rating in ratings.items()}

    def _rating(self, participant: Participant, now: Statistics) -> float:
        before = self._ratings.get(participant.sid, BEST)
        if self._silent(participant, now):
            return LOST_RATING
        allocator = participant.subscriber.allocator
        if allocator.paused and not allocator.is_saving:
            return WORST
        windows = [*self._published(participant, now), *self._subscribed(participant, now)]
        if not windows:
            return BEST if before <= LOST_RATING else before
        rating = max(WORST, min(rate(window) for window in windows))
        share = FALL if rating < before else RISE
        return share * rating + (1 - share) * before

    def _silent(self, participant: Participant, now: Statistics) -> bool:
        """Nothing comes from the peer, not even checks of consent."""
        connection = participant.primary_connection
        if not connection.has_peer:
            return False
        found, before = now.transports.find(connection.id), self._before.transports.find(connection.id)
        still = found is not None and before is not None and found.bytes_in == before.bytes_in
        self._silence[participant.sid] = self._silence.get(participant.sid, 0) + 1 if still else 0
        silent = self._silence[participant.sid] >= SILENT_SAMPLES
        return silent or connection.state is not ConnectionState.CONNECTED

    def _rtt_us(self, participant: Participant, now: Statistics) -> int:
        found = now.transports.find(participant.primary_connection.id)
        return max(0, found.rtt_us) if found is not None else 0

    def _published(self, participant: Participant, now: Statistics) -> Iterable[Window]:
        rtt_us = self._rtt_us(participant, now)
        for track in participant.publisher.tracks.values():
            for receiver in (stream.receiver for stream in track.streams if stream.receiver is not None):
                found, before = now.receivers.find(receiver.id), self._before.receivers.find(receiver.id)
                if found is None or before is None or track.muted:
                    continue
                packets, lost = found.packets - before.packets, max(0, found.lost - before.lost)
                if packets > 0:
                    yield Window(track.kind, packets, lost / (packets + lost), found.jitter_us, rtt_us)

    def _subscribed(self, participant: Participant, now: Statistics) -> Iterable[Window]:
        rtt_us = self._rtt_us(participant, now)
        for subscription in participant.subscriber.subscriptions.values():
            sender = subscription.sender.id
            found, before = now.senders.find(sender), self._before.senders.find(sender)
            if found is not None and before is not None and (packets := found.packets - before.packets) > 0:
                yield Window(subscription.track.kind, packets, found.fraction_lost, 0, rtt_us)
