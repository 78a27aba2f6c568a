"""The data plane's counters as Prometheus metrics, read when somebody scrapes."""

from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from mediaserver.engine import FORWARD_LATENCY_BOUNDS_US, Engine, WorkerStatistics
from mediaserver.statistics import Statistics
from signalling.rtc import RtcSnapshot

#: Counter of the data plane -> (metric, labels). What begins with error_ becomes polyana_packet_errors_total.
DIRECTED = {
    "polyana_rtp_packets": {"in": "rtp_packets_in", "out": "rtp_packets_out"},
    "polyana_rtp_bytes": {"in": "rtp_bytes_in", "out": "rtp_bytes_out"},
    "polyana_rtcp_packets": {"in": "rtcp_packets_in", "out": "rtcp_packets_out"},
    "polyana_datagrams": {"in": "datagrams_in", "out": "datagrams_out"},
    "polyana_nacks": {"in": "nacks_in", "out": "nacks_out"},
    "polyana_plis": {"in": "plis_in", "out": "plis_out"},
    "polyana_retransmitted_packets": {"in": "retransmitted_in", "out": "retransmitted_out"},
}
KNOWN = {counter for directions in DIRECTED.values() for counter in directions.values()}
ERROR = "error_"
DOCUMENTATION = {
    "polyana_rtp_packets": "RTP packets received (in) and forwarded (out)",
    "polyana_rtp_bytes": "Bytes of RTP packets",
    "polyana_rtcp_packets": "RTCP packets",
    "polyana_datagrams": "Datagrams of any kind",
    "polyana_nacks": "Sequence numbers asked for again, by peers (in) and by us (out)",
    "polyana_plis": "Keyframe requests, by peers (in) and by us (out)",
    "polyana_retransmitted_packets": "Packets that were sent again",
}


class DataPlaneCollector(Collector):
    """Everything that is counted below Python, and how many are in the rooms."""

    def __init__(self, engine: Engine, snapshot: Callable[[], RtcSnapshot]) -> None:
        self._engine, self._snapshot = engine, snapshot

    def collect(self) -> Iterable[Metric]:
        """Fresh values."""
        workers = self._engine.statistics()
        totals = total_counters(workers)
        yield from self._rooms()
        statistics = Statistics(workers)
        yield _objects(statistics)
        for name, directions in DIRECTED.items():
            family = CounterMetricFamily(name, DOCUMENTATION[name], labels=["direction"])
            for direction, counter in directions.items():
                family.add_metric([direction], totals[counter])
            yield family
        yield _labelled("polyana_packet_errors", "Datagrams that were refused, by reason", totals, ERROR)
        yield _events(totals)
        yield _loss(statistics)
        yield _latency(workers)
        cpu = CounterMetricFamily(
            "polyana_worker_cpu_seconds", "CPU time of data plane workers", labels=["worker"]
        )
        for worker in workers:
            cpu.add_metric([str(worker.worker)], worker.cpu_us / 1e6)
        yield cpu

    def _rooms(self) -> Iterable[Metric]:
        rooms = self._snapshot().rooms
        participants = [participant for room in rooms for participant in room.participants]
        yield GaugeMetricFamily("polyana_rooms", "Rooms", len(rooms))
        yield GaugeMetricFamily("polyana_participants", "Participants in rooms", len(participants))
        tracks = GaugeMetricFamily("polyana_tracks", "Published tracks", labels=["kind"])
        kinds = Counter(track.kind for participant in participants for track in participant.tracks)
        for kind in ("audio", "video"):
            tracks.add_metric([kind], kinds[kind])
        yield tracks
        subscriptions = sum(len(participant.subscriptions) for participant in participants)
        yield GaugeMetricFamily(
            "polyana_subscriptions", "Tracks that are forwarded to somebody", subscriptions
        )


def total_counters(workers: Iterable[WorkerStatistics]) -> Counter[str]:
    """Sums over workers."""
    totals: Counter[str] = Counter()
    for worker in workers:
        totals.update(worker.counters)
    return totals


def _labelled(name: str, documentation: str, totals: Counter[str], prefix: str) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=["kind"])
    for counter in sorted(totals):
        if counter.startswith(prefix):
            family.add_metric([counter.removeprefix(prefix)], totals[counter])
    return family


def _events(totals: Counter[str]) -> Metric:
    family = CounterMetricFamily(
        "polyana_data_plane_events", "Other counters of the data plane, by name", labels=["name"]
    )
    for counter in sorted(totals.keys() - KNOWN):
        if not counter.startswith(ERROR):
            family.add_metric([counter], totals[counter])
    return family


def _objects(statistics: Statistics) -> Metric:
    """What the data plane keeps; nothing when everybody has left."""
    family = GaugeMetricFamily(
        "polyana_data_plane_objects", "Transports, receivers and senders", labels=["kind"]
    )
    family.add_metric(["transports"], len(statistics.transports))
    family.add_metric(["receivers"], len(statistics.receivers))
    family.add_metric(["senders"], len(statistics.senders))
    return family


def _loss(statistics: Statistics) -> Metric:
    """Loss now: of what publishers send to us, and the mean of what viewers report."""
    family = GaugeMetricFamily("polyana_loss_ratio", "Share of packets lost, 0 to 1", labels=["direction"])
    incoming, outgoing = loss_in(statistics), loss_out(statistics)
    family.add_metric(["in"], incoming)
    family.add_metric(["out"], outgoing)
    return family


def loss_in(statistics: Statistics) -> float:
    """Lost on the way from publishers, over the life of the live tracks."""
    receivers = statistics.receivers
    lost, packets = int(receivers.column("lost").sum()), int(receivers.column("packets").sum())
    return lost / (lost + packets) if lost + packets else 0.0


def loss_out(statistics: Statistics) -> float:
    """Mean loss in the last reports of viewers."""
    rows = statistics.senders.rows
    reported = rows["fraction_lost"][rows["packets"] > 0]
    return float(reported.mean()) if len(reported) else 0.0


def _latency(workers: Iterable[WorkerStatistics]) -> Metric:
    buckets, total_us = merged_latency(workers)
    bounds = [*(str(bound / 1e6) for bound in FORWARD_LATENCY_BOUNDS_US), "+Inf"]
    family = HistogramMetricFamily("polyana_forward_latency_seconds", "From socket to socket")
    family.add_metric([], list(zip(bounds, map(float, buckets), strict=True)), total_us / 1e6)
    return family


def merged_latency(workers: Iterable[WorkerStatistics]) -> tuple[list[int], int]:
    """Cumulative counts for the bounds and beyond, and the sum in microseconds."""
    counts = [0] * (len(FORWARD_LATENCY_BOUNDS_US) + 1)
    total = 0
    for worker in workers:
        counts = [a + b for a, b in zip(counts, worker.forward_latency, strict=True)]
        total += worker.forward_latency_sum_us
    return counts, total
