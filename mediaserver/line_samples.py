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
from mediaserver.statistics import Statistics, TransportRow, seconds_between
from mediaserver.uplinks import arrived, camera_fps, passed_up, up_jitter_ms, uplinks_of

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
        seconds = seconds_between(before, after)
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
        uplinks = uplinks_of(participant)
        return LineSample(
            network=seen.network,
            route=_route(path[0], seen, report),
            remote=path[1],
            down=passed,
            up=passed_up(uplinks, self._before, self._after),
            rtt_ms=longest_rtt_ms(after, self._upstream(participant)),
            down_jitter_ms=down_jitter_ms(after, passed),
            up_jitter_ms=up_jitter_ms(uplinks, self._before, self._after),
            is_narrow=allocator.is_narrow,
            camera_fps=camera_fps(uplinks, self._before, self._after),
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
                source = arrived(subscription.sender.source.id, self._before, self._after)
                best = min(best, max(0.0, after.fraction_lost - (source.loss or 0.0)))
                packets += sent
        lost = round(packets * best)
        return Passed(packets - lost, lost)


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
