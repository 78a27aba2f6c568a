"""Makes samples of what the data plane counts, for `mediaserver.diagnosis`: one of each line and one of the server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaserver.diagnosis import (
    NOTHING_PASSED,
    SLOW_FORWARD_US,
    ClientReport,
    LineSample,
    Passed,
    Route,
    ServerSample,
)
from mediaserver.engine import FORWARD_LATENCY_BOUNDS_US
from mediaserver.participant import ParticipantState
from mediaserver.statistics import Statistics, TransportRow
from mediaserver.track import TrackSource

if TYPE_CHECKING:
    from mediaserver.engine import WorkerStatistics
    from mediaserver.participant import Participant

SLOW_BUCKET = FORWARD_LATENCY_BOUNDS_US.index(SLOW_FORWARD_US)


@dataclass(slots=True)
class _Seen:
    """What is remembered of a participant."""

    joined: float
    """When it was seen first, seconds, monotonic."""
    path: tuple[str, str] | None = None
    network: str = ""
    """Of the path."""
    is_relay: bool = False


class LineReader:
    """Remembers the counts before. `network_of` says whose an address is: people behind one share a line."""

    def __init__(self, network_of: Callable[[str], str], relays: Collection[str]) -> None:
        """`relays`: addresses of TURN servers that we tell clients of."""
        self._network_of = network_of
        self._relays = relays
        self._before = Statistics()
        self._after = Statistics()
        self._seen: dict[str, _Seen] = {}

    def read(
        self,
        participants: Iterable[Participant],
        counts: Statistics,
        reports: Mapping[str, ClientReport],
    ) -> dict[str, LineSample]:
        """One sample for each participant, by sid, of the time since the last call."""
        self._before, self._after = self._after, counts
        present = {participant.sid: participant for participant in participants}
        self._seen = {sid: self._seen.get(sid) or _Seen(counts.at) for sid in present}
        return {
            sid: self._sample(participant, reports.get(sid))
            for sid, participant in present.items()
            if participant.state is not ParticipantState.DISCONNECTED
        }

    def server(self, loop_lag_s: float) -> ServerSample:
        """Of the same time. `loop_lag_s`: how late the event loop was."""
        before, after = self._before, self._after
        seconds = max(after.at - before.at, 1e-3)
        old = {worker.worker: worker for worker in before.workers}
        pairs = [(old.get(worker.worker, worker), worker) for worker in after.workers]
        return ServerSample(
            loop_lag_s,
            max(((new.cpu_us - last.cpu_us) / 1e6 / seconds for last, new in pairs), default=0.0),
            _slow_share(pairs),
            _dropped_share(pairs),
        )

    def _sample(self, participant: Participant, report: ClientReport | None) -> LineSample:
        seen = self._seen[participant.sid]
        path = participant.primary_connection.path
        if not participant.has_connected or path is None:
            return LineSample(route=Route.NONE, waiting_s=self._after.at - seen.joined, report=report)
        if path != seen.path:
            self._place(seen, path)
        down, allocator = participant.subscriber_connection, participant.subscriber.allocator
        before, after = self._before.transports.find(down.id), self._after.transports.find(down.id)
        passed = passed_down(before, after, lambda: self._reported(participant))
        # The audience sends nothing, and there is nothing to look for.
        sends = bool(participant.publisher.tracks)
        return LineSample(
            network=seen.network,
            route=_route(path[0], seen, report),
            remote=path[1],
            down=passed,
            up=self._passed_up(participant) if sends else NOTHING_PASSED,
            rtt_ms=longest_rtt_ms(after, self._upstream(participant)),
            down_jitter_ms=down_jitter_ms(after, passed),
            up_jitter_ms=self._up_jitter_ms(participant) if sends else 0.0,
            is_narrow=allocator.is_narrow,
            camera_fps=self._camera_fps(participant) if sends else None,
            keyframe_requests=_keyframe_requests(before, after),
            tracks=len(participant.subscriber.subscriptions),
            takes_pictures=allocator.is_watched,
            report=report,
        )

    def _place(self, seen: _Seen, path: tuple[str, str]) -> None:
        host = path[1].rpartition(":")[0].strip("[]")
        seen.path, seen.network, seen.is_relay = path, self._network_of(host), host in self._relays

    def _upstream(self, participant: Participant) -> TransportRow | None:
        """Of the connection from the participant, if it is another one."""
        if participant.single_connection:
            return None
        return self._after.transports.find(participant.publisher_connection.id)

    def _reported(self, participant: Participant) -> Passed:
        """Of a peer that reports each stream from its publisher on: the stream that lost the least on this line."""
        best, packets = 1.0, 0
        for subscription in participant.subscriber.subscriptions.values():
            sender = subscription.sender.id
            before, after = (counts.senders.find(sender) for counts in (self._before, self._after))
            sent = after.packets - before.packets if before is not None and after is not None else 0
            if after is not None and sent > 0:
                source = self._arrived(subscription.sender.source.id)
                best = min(best, max(0.0, after.fraction_lost - (source.loss or 0.0)))
                packets += sent
        lost = round(packets * best)
        return Passed(packets - lost, lost)

    def _arrived(self, receiver: int) -> Passed:
        before, after = (counts.receivers.find(receiver) for counts in (self._before, self._after))
        if before is None or after is None:
            return NOTHING_PASSED
        return Passed(max(0, after.packets - before.packets), max(0, after.lost - before.lost))

    def _passed_up(self, participant: Participant) -> Passed:
        found = [self._arrived(receiver) for _, receiver in _receivers(participant)]
        return Passed(sum(one.arrived for one in found), sum(one.lost for one in found))

    def _up_jitter_ms(self, participant: Participant) -> float:
        """Of speech, which leaves evenly; pictures do not."""
        speech = [
            found.jitter_us / 1000
            for kind, receiver in _receivers(participant)
            if kind == "audio"
            and self._arrived(receiver).arrived
            and (found := self._after.receivers.find(receiver)) is not None
        ]
        return max(speech, default=0.0)

    def _camera_fps(self, participant: Participant) -> float | None:
        cameras = [
            stream.receiver.id
            for track in participant.publisher.tracks.values()
            if track.settings.source is TrackSource.CAMERA and not track.is_silent
            for stream in track.streams
            if stream.receiver is not None
        ]
        return min((fps for camera in cameras if (fps := self._fps(camera)) is not None), default=None)

    def _fps(self, receiver: int) -> float | None:
        """Of one encoding on average; None while others begin or end."""
        before, after = (counts.receivers.find(receiver) for counts in (self._before, self._after))
        if before is None or after is None or not after.live_encodings:
            return None
        if before.live_encodings != after.live_encodings or after.frames < before.frames:
            return None
        seconds = max(self._after.at - self._before.at, 1e-3)
        return (after.frames - before.frames) / after.live_encodings.bit_count() / seconds


def passed_down(
    before: TransportRow | None, after: TransportRow | None, reported: Callable[[], Passed]
) -> Passed:
    """On the line to somebody, as its peer said of all that was sent, or else of each stream (`reported`)."""
    if before is None or after is None:
        return NOTHING_PASSED
    arrived = after.feedback_arrived - before.feedback_arrived
    lost = after.feedback_lost - before.feedback_lost
    return Passed(arrived, lost) if arrived + lost else reported()


def down_jitter_ms(after: TransportRow | None, passed: Passed) -> float:
    return after.jitter_us / 1000 if after is not None and passed.arrived else 0.0


def longest_rtt_ms(down: TransportRow | None, up: TransportRow | None) -> float | None:
    """Of both connections; None: none is known."""
    longest_us = -1 if down is None else down.rtt_us
    if up is not None and up.rtt_us > longest_us:
        longest_us = up.rtt_us
    return None if longest_us < 0 else longest_us / 1000


def _route(protocol: str, seen: _Seen, report: ClientReport | None) -> Route:
    if protocol == "tcp":
        return Route.TCP
    return Route.RELAY if seen.is_relay or (report is not None and report.relayed) else Route.UDP


def _keyframe_requests(before: TransportRow | None, after: TransportRow | None) -> int:
    if before is None or after is None:
        return 0
    return after.keyframe_requests - before.keyframe_requests


def _receivers(participant: Participant) -> list[tuple[str, int]]:
    """(kind, id) of what comes from the participant."""
    return [
        (track.kind, stream.receiver.id)
        for track in participant.publisher.tracks.values()
        if not track.is_silent
        for stream in track.streams
        if stream.receiver is not None
    ]


Pairs = list[tuple["WorkerStatistics", "WorkerStatistics"]]


def _slow_share(pairs: Pairs) -> float:
    total = quick = 0
    for last, new in pairs:
        total += new.forward_latency[-1] - last.forward_latency[-1]
        quick += new.forward_latency[SLOW_BUCKET] - last.forward_latency[SLOW_BUCKET]
    return (total - quick) / total if total > 0 else 0.0


def _dropped_share(pairs: Pairs) -> float:
    def increase(name: str) -> int:
        return sum(new.counters[name] - last.counters[name] for last, new in pairs)

    dropped = increase("send_dropped")
    total = dropped + increase("datagrams_out")
    return dropped / total if total > 0 else 0.0
