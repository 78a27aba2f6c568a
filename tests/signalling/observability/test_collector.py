"""The data plane's counters as Prometheus metrics."""

from typing import cast

from prometheus_client import CollectorRegistry

from mediaserver.engine import Engine, WorkerStatistics
from mediaserver.statistics import Statistics
from signalling.observability.collector import KNOWN, DataPlaneCollector, loss_in, loss_out
from tests.signalling.observability.observed import (
    Observed,
    Worker,
    latency,
    participant,
    receiver,
    room,
    sender,
)
from tests.signalling.served import Served


def scraped(observed: Observed) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(DataPlaneCollector(cast(Engine, observed), observed.snapshot))
    return registry


async def test_the_data_plane_has_every_counter_that_is_read(served: Served) -> None:
    (counters, *_) = [worker.counters for worker in served.server.engine.statistics()]
    assert set(counters) >= KNOWN
    assert any(name.startswith("error_") for name in counters)


def test_counters_are_summed_over_workers() -> None:
    metrics = scraped(
        Observed(
            Worker(0, {"rtp_packets_in": 3, "nacks_out": 1, "error_malformed": 2}, cpu_us=1_500_000),
            Worker(1, {"rtp_packets_in": 4, "send_calls": 9}, cpu_us=500_000),
        )
    )
    value = metrics.get_sample_value
    assert value("polyana_rtp_packets_total", {"direction": "in"}) == 7
    assert value("polyana_rtp_packets_total", {"direction": "out"}) == 0
    assert value("polyana_nacks_total", {"direction": "out"}) == 1
    assert value("polyana_packet_errors_total", {"kind": "malformed"}) == 2
    assert value("polyana_data_plane_events_total", {"name": "send_calls"}) == 9
    assert value("polyana_data_plane_events_total", {"name": "rtp_packets_in"}) is None, "once is enough"
    assert value("polyana_worker_cpu_seconds_total", {"worker": "0"}) == 1.5
    assert value("polyana_worker_cpu_seconds_total", {"worker": "1"}) == 0.5


def test_what_is_kept_is_counted() -> None:
    metrics = scraped(
        Observed(
            Worker(0, transports=[1, 2], receivers=[receiver(1)], senders=[sender(1), sender(2)]),
            Worker(1, transports=[3], receivers=[], senders=[sender(3)]),
        )
    )
    kept = {
        kind: metrics.get_sample_value("polyana_data_plane_objects", {"kind": kind})
        for kind in ("transports", "receivers", "senders")
    }
    assert kept == {"transports": 3, "receivers": 1, "senders": 3}


def test_forward_latency_is_a_histogram_in_seconds() -> None:
    metrics = scraped(
        Observed(
            Worker(0, forward_latency=latency(1, 3), forward_latency_sum_us=1000),
            Worker(1, forward_latency=latency(0, 1), forward_latency_sum_us=500),
        )
    )
    value = metrics.get_sample_value
    assert value("polyana_forward_latency_seconds_bucket", {"le": "+Inf"}) == 4
    assert value("polyana_forward_latency_seconds_count") == 4
    assert value("polyana_forward_latency_seconds_sum") == 0.0015


def test_loss_is_a_share_of_what_is_alive() -> None:
    worker = Worker(
        receivers=[receiver(1, packets=90, lost=10), receiver(2, packets=100)],
        senders=[
            sender(3, packets=5, fraction_lost=0.5),
            sender(4, packets=5),
            sender(5, packets=0, fraction_lost=1.0),  # paused: its last report says nothing
        ],
    )
    counted, nothing = (Statistics([cast(WorkerStatistics, one)]) for one in (worker, Worker()))
    assert loss_in(counted) == 0.05 and loss_out(counted) == 0.25
    assert loss_in(nothing) == loss_out(Statistics()) == 0.0
    assert scraped(Observed(worker)).get_sample_value("polyana_loss_ratio", {"direction": "in"}) == 0.05


def test_rooms_are_counted() -> None:
    observed = Observed()
    observed.rooms = [
        room("maths", participant("anna", receivers={1: "audio", 2: "video"}, senders=[5])),
        room("music", participant("boris", receivers={3: "audio"}, senders=[6, 7])),
        room("empty"),
    ]
    value = scraped(observed).get_sample_value
    assert (value("polyana_rooms"), value("polyana_participants")) == (3, 2)
    assert value("polyana_tracks", {"kind": "audio"}) == 2
    assert value("polyana_tracks", {"kind": "video"}) == 1
    assert value("polyana_subscriptions") == 3


def test_a_server_without_workers_is_scraped() -> None:
    value = scraped(Observed()).get_sample_value
    assert value("polyana_rooms") == 0 and value("polyana_forward_latency_seconds_count") == 0
