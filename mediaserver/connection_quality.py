"""How good each participant's connection is, from what was delivered in both directions.

A simplified E-model (ITU-T G.107): a rating of 100 loses points for delay and loss; the levels are LiveKit's. Pure:
statistics come in at regular intervals, levels go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mediaserver.participant import ParticipantState
from mediaserver.peer_connection import ConnectionState
from mediaserver.statistics import Owned, Statistics, growth

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def rate(
    loss: NDArray[np.float64],
    weight: NDArray[np.float64],
    jitter_us: NDArray[np.int64],
    rtt_us: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Ratings of streams, 0 to 100. `loss`: share of the packets, 0 to 1; `weight`: see `LOSS_WEIGHT`."""
    delay_ms = (rtt_us / 2 + 2 * jitter_us) / 1000
    for_delay = np.where(delay_ms <= LONG_DELAY_MS, delay_ms / 40, (delay_ms - 120) / 10)
    return np.maximum(0.0, BEST - for_delay - 100 * loss * weight)


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
    """Remembers the statistics before, and how each participant was rated."""

    def __init__(self) -> None:
        self._before = self._now = Statistics()
        self._last = self._next = _Known()
        self.changed: set[str] = set()
        """Sids of those of whom something else is said since the interval before, or nothing any more."""

    def begin(self, now: Statistics) -> None:
        """Another interval; they are to be about the same."""
        self._before, self._now = self._now, now
        self._next = _Known()

    def rate(self, participants: Iterable[Participant]) -> None:
        """Some of those who are there, until all have been rated."""
        before, now, last = self._before, self._now, self._last
        active = [one for one in participants if one.state is ParticipantState.ACTIVE]
        looks = {one.sid: _Look.at(one, last.looks.get(one.sid)) for one in active}
        columns = _Columns(looks)
        silence = columns.silence(last.silence, before, now)
        rated = [last.rated.get(sid) for sid in columns.sids]
        old = np.array([BEST if one is None else one.rating for one in rated], np.float64)
        rating = columns.streams_rated(before, now)
        unheard = np.isnan(rating)
        rating = np.maximum(WORST, rating)
        share = np.where(rating < old, FALL, RISE)
        rating = share * rating + (1 - share) * old
        rating = np.where(unheard, np.where(old <= LOST_RATING, BEST, old), rating)
        rating = np.where(columns.starved, WORST, rating)
        rating = np.where(columns.cut | (silence >= SILENT_SAMPLES), LOST_RATING, rating)
        found = self._next
        found.looks |= looks
        found.rated |= {
            sid: Rated(level(one), one) for sid, one in zip(columns.sids, rating.tolist(), strict=True)
        }
        found.silence |= zip(columns.sids, silence.tolist(), strict=True)

    def end(self) -> dict[str, Rated]:
        """Ratings by participant sid, of those whose media has connected; the others are forgotten."""
        self.changed = _told_otherwise(self._last.rated, self._next.rated)
        self._last = self._next
        return self._last.rated


@dataclass
class _Known:
    """Of one interval, by participant sid."""

    looks: dict[str, _Look] = field(default_factory=dict)
    rated: dict[str, Rated] = field(default_factory=dict)
    silence: dict[str, int] = field(default_factory=dict)


class _Look(NamedTuple):
    """What of a participant the data plane does not count; as long as it says that nothing has changed, it is not
    looked at again."""

    changes: int
    transport: int
    is_cut: bool
    """Without a connection."""
    is_starved: bool
    """Without pictures for which the line has no place."""
    senders: Mapping[int, str]
    receivers: Mapping[int, str]
    """Kinds of streams by their ids in the data plane."""

    @classmethod
    def at(cls, participant: Participant, before: _Look | None) -> _Look:
        if before is not None and before.changes == participant.line_changes:
            return before
        connection, subscriber = participant.primary_connection, participant.subscriber
        return cls(
            participant.line_changes,
            connection.id if connection.has_peer else 0,
            connection.has_peer and connection.state is not ConnectionState.CONNECTED,
            bool(subscriber.allocator.paused) and not subscriber.allocator.is_saving,
            {one.sender.id: one.track.kind for one in subscriber.subscriptions.values()},
            {
                stream.receiver.id: track.kind
                for track in participant.publisher.tracks.values()
                if not track.muted
                for stream in track.streams
                if stream.receiver is not None
            },
        )


class _Columns:
    """Participants, and the streams to and from them, in order."""

    def __init__(self, looks: Mapping[str, _Look]) -> None:
        """By sid."""
        self.sids = list(looks)
        found = list(looks.values())
        self.cut = np.array([one.is_cut for one in found], np.bool_)
        self.starved = np.array([one.is_starved for one in found], np.bool_)
        self._transports = np.array([one.transport for one in found], np.int64)
        self._senders = _Streams([one.senders for one in found])
        self._receivers = _Streams([one.receivers for one in found])

    def silence(self, known: Mapping[str, int], before: Statistics, now: Statistics) -> NDArray[np.int64]:
        """For how many intervals nothing has come from the peer, not even checks of consent."""
        old, new = before.transports.places(self._transports), now.transports.places(self._transports)
        same = before.transports.at(old, "bytes_in") == now.transports.at(new, "bytes_in")
        counted = np.array([known.get(sid, 0) for sid in self.sids], np.int64)
        return np.where(old.are_here & new.are_here & same, counted + 1, 0)

    def streams_rated(self, before: Statistics, now: Statistics) -> NDArray[np.float64]:
        """The worst of each participant's streams on which anything came; NaN: there is none."""
        rtt_us = np.maximum(0, now.transports.at(now.transports.places(self._transports), "rtt_us"))
        worst = np.full(len(self.sids), np.nan)

        sent = self._senders
        ids = sent.owned.ids
        heard = growth(before.senders, now.senders, ids, "packets") > 0
        loss = now.senders.at(now.senders.places(ids), "fraction_lost").astype(np.float64)
        sent.rate(worst, heard, loss, np.zeros(len(ids), np.int64), rtt_us)

        came = self._receivers
        ids = came.owned.ids
        packets = growth(before.receivers, now.receivers, ids, "packets")
        lost = growth(before.receivers, now.receivers, ids, "lost")
        heard = packets > 0
        jitter_us = now.receivers.at(now.receivers.places(ids), "jitter_us")
        came.rate(worst, heard, lost / np.where(heard, packets + lost, 1), jitter_us, rtt_us)
        return worst


class _Streams:
    """Whose they are, their ids in the data plane, and what a lost packet of them costs."""

    def __init__(self, participants: Sequence[Mapping[int, str]]) -> None:
        """Kinds by id, of each."""
        self.owned = Owned(participants)
        weights = [LOSS_WEIGHT[kind] for one in participants for kind in one.values()]
        self._weights = np.array(weights, np.float64)

    def rate(
        self,
        worst: NDArray[np.float64],
        heard: NDArray[np.bool_],
        loss: NDArray[np.float64],
        jitter_us: NDArray[np.int64],
        rtt_us: NDArray[np.int64],
    ) -> None:
        """Lowers `worst`, by owner, to what each stream that was `heard` is rated. `rtt_us` by owner."""
        owners = self.owned.owners
        rated = rate(loss, self._weights, jitter_us, rtt_us[owners])
        np.fmin.at(worst, owners[heard], rated[heard])


def _told_otherwise(before: Mapping[str, Rated], now: Mapping[str, Rated]) -> set[str]:
    fresh = {
        sid for sid, one in now.items() if (old := before.get(sid)) is None or old.quality is not one.quality
    }
    return fresh | (before.keys() - now.keys())
