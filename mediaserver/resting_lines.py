"""Lines of which nothing is to be seen: nearly all.

What the data plane counts of them is looked at all at once, as columns (NumPy). A line leaves when something may be to
be seen of it, and then its samples since it came are made as they would have been made one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mediaserver.diagnosis import (
    COMMON_DELAY_MS,
    LONG_JITTER_MS,
    LONG_RTT_MS,
    LOW_FPS,
    MIN_PACKETS,
    NOTICEABLE_LOSS,
    QUEUE_MS,
    WINDOW,
    LineSample,
    Passed,
)
from mediaserver.line_samples import down_jitter_ms, longest_rtt_ms, passed_down
from mediaserver.participant import ParticipantState
from mediaserver.statistics import Owned, Statistics, growth, seconds_between
from mediaserver.uplinks import Uplinks, camera_fps, passed_up, up_jitter_ms, uplinks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mediaserver.diagnosis import ClientReport
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import PeerConnection


@dataclass(slots=True)
class RestingLine:
    """What must stay as it is. The sample holds what the data plane does not count."""

    participant: Participant
    connection: PeerConnection
    """Which one it is stays the same while the permissions do."""
    sample: LineSample
    subscriptions: int
    path: tuple[str, str] | None
    permissions: object
    transport: int
    upstream: int
    """Id of the transport from the participant where there are two, else 0, which is none."""
    senders: tuple[int, ...]
    uplinks: Uplinks
    changes: int
    """`Participant.line_changes` when it was last seen to be as it was; -1: it has not been."""
    since: int = 0
    """How many seconds had been looked at when it was put to rest."""

    @classmethod
    def of(cls, participant: Participant, sample: LineSample) -> RestingLine:
        subscriber = participant.subscriber
        return cls(
            participant,
            participant.primary_connection,
            sample._replace(report=None, keyframe_requests=0),
            subscriber.changes,
            participant.primary_connection.path,
            participant.permissions,
            participant.subscriber_connection.id,
            0 if participant.single_connection else participant.publisher_connection.id,
            tuple(one.sender.id for one in subscriber.subscriptions.values()),
            uplinks_of(participant),
            -1,
        )

    def is_as_it_was(self) -> bool:
        """Asked of all of them in each second: who is unchanged by its own word is not looked at."""
        participant = self.participant
        if participant.line_changes == self.changes:
            return True
        subscriber = participant.subscriber
        as_it_was = (
            participant.state is ParticipantState.ACTIVE
            and uplinks_of(participant) == self.uplinks
            and subscriber.changes == self.subscriptions
            and participant.permissions is self.permissions
            and self.connection.path == self.path
            and subscriber.allocator.is_watched is self.sample.takes_pictures
            and not subscriber.allocator.is_narrow
        )
        if as_it_was:
            self.changes = participant.line_changes
        return as_it_was

    def sample_of(self, before: Statistics, after: Statistics, report: ClientReport | None) -> LineSample:
        """What it showed between two moments in which it rested."""
        old, new = before.transports.find(self.transport), after.transports.find(self.transport)
        passed = passed_down(old, new, lambda: self._unreported(before, after))
        return self.sample._replace(
            down=passed,
            up=passed_up(self.uplinks, before, after),
            rtt_ms=longest_rtt_ms(new, after.transports.find(self.upstream)),
            down_jitter_ms=down_jitter_ms(new, passed),
            up_jitter_ms=up_jitter_ms(self.uplinks, before, after),
            camera_fps=camera_fps(self.uplinks, before, after),
            report=report,
        )

    def _unreported(self, before: Statistics, after: Statistics) -> Passed:
        """Nothing was reported lost, else it would not have rested."""
        rows = [(before.senders.find(one), after.senders.find(one)) for one in self.senders]
        sent = [new.packets - old.packets for old, new in rows if old is not None and new is not None]
        return Passed(sum(packets for packets in sent if packets > 0), 0)


class RestingLines:
    """By the sid of their participants."""

    def __init__(self) -> None:
        self._lines: dict[str, RestingLine] = {}
        self._shortest: dict[str, float] = {}
        """Round trips, ms."""
        self._columns: _Columns | None = None
        """None: lines have come or gone."""
        self._moments: deque[tuple[Statistics, Mapping[str, ClientReport]]] = deque(maxlen=WINDOW + 2)
        """For the window that ends now, and the one before."""
        self._seconds = 0
        """How many have been looked at."""

    def __contains__(self, sid: str) -> bool:
        return sid in self._lines

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def get(self, sid: str) -> RestingLine | None:
        return self._lines.get(sid)

    def look(self, now: Statistics, reports: Mapping[str, ClientReport]) -> set[str]:
        """Those of which something may be to be seen since the last call; never one too few. To be called once a
        second, whether any line is here or not."""
        found: set[str] = set()
        if self._lines:
            found = self._current.suspicious(self._moments[-1][0], now)
            found |= {sid for sid, report in reports.items() if report.shows_anything or report.relayed}
        self._moments.append((now, reports))
        self._seconds += 1
        return found

    def add(self, sid: str, line: RestingLine, shortest_rtt_ms: float) -> None:
        """From the next second on. Nothing that it has shown counts any more, and it is as it was in this one."""
        self._change()
        line.since = self._seconds
        self._lines[sid], self._shortest[sid] = line, shortest_rtt_ms

    def take(self, sid: str, *, now: bool) -> tuple[list[LineSample], float]:
        """Out of here: its samples since it was put to rest, the oldest first and no more than a window, and its
        shortest round trip, ms. `now`: it has rested in this second, too."""
        self._change()
        line, moments = self._lines.pop(sid), list(self._moments)
        last = moments if now else moments[:-1]
        rested = min(self._seconds - line.since - (not now), WINDOW)
        samples = [
            line.sample_of(before, after, reports.get(sid))
            for (before, _), (after, reports) in pairwise(last[-rested - 1 :])
        ]
        return samples, self._shortest.pop(sid)

    def keep(self, present: Collection[str]) -> None:
        """All others are forgotten."""
        self._change()
        self._lines = {sid: line for sid, line in self._lines.items() if sid in present}
        self._shortest = {sid: self._shortest[sid] for sid in self._lines}

    def newest(self, sid: str) -> LineSample:
        """What one shows now."""
        (before, _), (after, reports) = list(self._moments)[-2:]
        return self._lines[sid].sample_of(before, after, reports.get(sid))

    # What several networks suffer at the same time: the network of each line, and whether it does; None: it cannot be
    # told. No line here loses packets, or is too narrow.

    def losses_down(self) -> Iterator[tuple[str, bool | None]]:
        return self._losses(self._current.passed)

    def losses_up(self) -> Iterator[tuple[str, bool | None]]:
        return self._losses(self._current.passed_up)

    def _losses(
        self, passed: Callable[[Statistics, Statistics], NDArray[np.int64]]
    ) -> Iterator[tuple[str, bool | None]]:
        packets = np.zeros(len(self), np.int64)
        for (before, _), (after, _) in pairwise(list(self._moments)[-WINDOW - 1 :]):
            packets += passed(before, after)
        for line, enough in zip(self._lines.values(), (packets >= MIN_PACKETS).tolist(), strict=True):
            yield line.sample.network, False if enough else None

    def narrowness(self) -> Iterator[tuple[str, bool | None]]:
        for line in self._lines.values():
            yield line.sample.network, False if line.sample.takes_pictures else None

    def delays(self) -> Iterator[tuple[str, bool | None]]:
        rtt_ms = self._current.rtt_ms(self._moments[-1][0]).tolist()
        for line, one in zip(self._lines.values(), rtt_ms, strict=True):
            yield line.sample.network, None if one < 0 else one >= COMMON_DELAY_MS

    @property
    def _current(self) -> _Columns:
        if self._columns is None:
            self._columns = _Columns(self._lines, self._shortest)
        return self._columns

    def _change(self) -> None:
        """Lines come or go: what the columns know by themselves is kept."""
        if self._columns is not None:
            self._shortest = dict(zip(self._lines, self._columns.shortest_ms.tolist(), strict=True))
            self._columns = None


class _Columns:
    """The lines in the order of the dictionary."""

    def __init__(self, lines: dict[str, RestingLine], shortest_ms: dict[str, float]) -> None:
        self._sids = np.array(list(lines), dtype=object)
        self._transports = _ids(line.transport for line in lines.values())
        self._upstream = _ids(line.upstream for line in lines.values())
        self._senders = Owned(line.senders for line in lines.values())
        uplinks = [line.uplinks for line in lines.values()]
        self._receivers = Owned(one.receivers for one in uplinks)
        ids = self._receivers.ids
        self._are_speech = np.isin(ids, _ids(number for one in uplinks for number in one.speech))
        self._are_cameras = np.isin(ids, _ids(number for one in uplinks for number in one.cameras))
        self.shortest_ms = np.array([shortest_ms[sid] for sid in lines], np.float64)

    def suspicious(self, before: Statistics, after: Statistics) -> set[str]:
        old, new = before.transports.places(self._transports), after.transports.places(self._transports)
        arrived, lost = self._told(before, after)
        requests = growth(before.transports, after.transports, self._transports, "keyframe_requests")
        rtt_ms = self.rtt_ms(after)
        self.shortest_ms = np.minimum(self.shortest_ms, np.where(rtt_ms < 0, np.inf, rtt_ms))
        found = (
            ~(old.are_here & new.are_here)
            | (lost > NOTICEABLE_LOSS * arrived)
            | (after.transports.at(new, "jitter_us") / 1000 >= LONG_JITTER_MS)
            | (rtt_ms >= LONG_RTT_MS)
            | (rtt_ms > self.shortest_ms + QUEUE_MS)
            | (requests > 0)
        )
        untold = arrived + lost == 0
        if untold.any():
            # Their peers report each stream by itself, if anything is sent to them.
            packets, reported = self._sent(before, after)
            found |= untold & self._senders.any((packets > 0) & (reported > 0))
        found |= self._shows_upwards(before, after)
        return set(self._sids[found].tolist())

    def rtt_ms(self, at: Statistics) -> NDArray[np.float64]:
        """The longest of both connections; negative: not known."""
        down, up = (
            at.transports.at(at.transports.places(ids), "rtt_us", -1)
            for ids in (self._transports, self._upstream)
        )
        longest: NDArray[np.float64] = np.maximum(down, up) / 1000
        return longest

    def passed(self, before: Statistics, after: Statistics) -> NDArray[np.int64]:
        """Packets that their peers told of, else those that were sent to them."""
        old, new = before.transports.places(self._transports), after.transports.places(self._transports)
        told = sum(self._told(before, after))
        sent = self._senders.sum(self._sent(before, after)[0])
        passed: NDArray[np.int64] = np.where(old.are_here & new.are_here, np.where(told == 0, sent, told), 0)
        return passed

    def passed_up(self, before: Statistics, after: Statistics) -> NDArray[np.int64]:
        """Packets from them, lost ones too."""
        came, lost = self._arrived(before, after)
        return self._receivers.sum(came + lost)

    def _told(self, before: Statistics, after: Statistics) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Packets that arrived and that were lost, by the feedback of their peers."""
        tables, ids = (before.transports, after.transports), self._transports
        return growth(*tables, ids, "feedback_arrived"), growth(*tables, ids, "feedback_lost")

    def _shows_upwards(self, before: Statistics, after: Statistics) -> NDArray[np.bool_]:
        """Whether what comes from them may show anything."""
        receivers = self._receivers
        came, lost = self._arrived(before, after)
        jitter_us = after.receivers.at(after.receivers.places(receivers.ids), "jitter_us")
        uneven = self._are_speech & (came > 0) & (jitter_us / 1000 >= LONG_JITTER_MS)
        slow = self._are_cameras & (_fps(receivers.ids, before, after) < LOW_FPS)
        return (receivers.sum(lost) > NOTICEABLE_LOSS * receivers.sum(came)) | receivers.any(uneven | slow)

    def _arrived(self, before: Statistics, after: Statistics) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Packets that came and that were lost, as `uplinks.arrived` has them of one receiver."""
        tables, ids = (before.receivers, after.receivers), self._receivers.ids
        return growth(*tables, ids, "packets"), growth(*tables, ids, "lost")

    def _sent(self, before: Statistics, after: Statistics) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Packets to them, and the share that was reported lost, of each of the senders."""
        ids = self._senders.ids
        packets = growth(before.senders, after.senders, ids, "packets")
        return packets, after.senders.at(after.senders.places(ids), "fraction_lost").astype(np.float64)


def _fps(cameras: NDArray[np.int64], before: Statistics, after: Statistics) -> NDArray[np.float64]:
    """As `uplinks.camera_fps` has them of one; NaN: it cannot be told."""
    old, new = before.receivers.places(cameras), after.receivers.places(cameras)
    live = after.receivers.at(new, "live_encodings")
    frames = after.receivers.at(new, "frames") - before.receivers.at(old, "frames")
    same = before.receivers.at(old, "live_encodings") == live
    told = old.are_here & new.are_here & (live != 0) & same & (frames >= 0)
    each = frames / np.maximum(1, np.bitwise_count(live)) / seconds_between(before, after)
    found: NDArray[np.float64] = np.where(told, each, np.nan)
    return found


def _ids(numbers: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(numbers), np.int64)
