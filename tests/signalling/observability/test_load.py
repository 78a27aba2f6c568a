"""Live load: rates between two readings, by the test's clock."""

from typing import Any, cast

from mediaserver.engine import FORWARD_LATENCY_BOUNDS_US, Engine
from signalling.observability.load import MIN_INTERVAL_S, LoadSampler
from tests.mediaserver.room_fakes import FakeClock
from tests.signalling.observability.observed import (
    Observed,
    Worker,
    latency,
    participant,
    receiver,
    room,
    sender,
)
from tests.signalling.served import Served, operator


class Sampled:
    """A sampler whose engine and clock the test moves."""

    def __init__(self, *workers: Worker) -> None:
        self.clock = FakeClock()
        self.observed = Observed(*workers)
        self.faults = {"workers_failed": 0, "internal": 0, "connections_failed": 0}
        self.sampler = LoadSampler(
            cast(Engine, self.observed), self.observed.snapshot, lambda: self.faults, self.clock
        )

    def after(self, seconds: float, *workers: Worker) -> dict[str, Any]:
        self.clock.advance(seconds)
        self.observed.workers = list(workers)
        return self.sampler.read()


def test_rates_are_those_since_the_last_reading() -> None:
    sampled = Sampled(Worker(0, {"rtp_packets_in": 100, "rtp_bytes_in": 1000, "nacks_in": 1}, cpu_us=0))
    load = sampled.after(
        2,
        Worker(
            0,
            {"rtp_packets_in": 300, "rtp_bytes_in": 5000, "nacks_in": 7, "error_malformed": 4},
            cpu_us=500_000,
        ),
    )
    assert load["uptime_s"] == 2
    assert load["workers"] == [{"cpu_share": 0.25, "packets_in_per_s": 100, "packets_out_per_s": 0}]
    totals = load["totals"]
    assert (totals["packets_in_per_s"], totals["bitrate_in_bps"]) == (100, 16_000)
    assert (totals["nacks_per_s"], totals["rejected_per_s"]) == (3, 2)


def test_before_anything_was_measured_all_is_zero() -> None:
    totals = Sampled(Worker(0, {"rtp_packets_in": 100})).sampler.read()["totals"]
    assert not any(totals.values())


def test_readings_that_are_too_close_repeat_the_last_rates() -> None:
    sampled = Sampled(Worker(0, {"rtp_packets_in": 0}))
    first = sampled.after(1, Worker(0, {"rtp_packets_in": 100}))["totals"]
    again = sampled.after(MIN_INTERVAL_S / 2, Worker(0, {"rtp_packets_in": 100_000}))["totals"]
    assert first["packets_in_per_s"] == again["packets_in_per_s"] == 100
    later = sampled.after(MIN_INTERVAL_S / 2, Worker(0, {"rtp_packets_in": 150}))["totals"]
    assert later["packets_in_per_s"] == 50 / MIN_INTERVAL_S


def test_latency_is_that_of_the_interval() -> None:
    sampled = Sampled(Worker(0, forward_latency=latency(1000)))
    # 98 packets in the second bucket and two in the fourth since the first reading.
    totals = sampled.after(1, Worker(0, forward_latency=latency(1000, 1098, 1098, 1100)))["totals"]
    assert totals["forward_latency_p50_us"] == FORWARD_LATENCY_BOUNDS_US[1]
    assert totals["forward_latency_p99_us"] == FORWARD_LATENCY_BOUNDS_US[3]


def test_latency_beyond_the_last_bound_is_the_last_bound() -> None:
    sampled = Sampled(Worker(0))
    slow = [0] * len(FORWARD_LATENCY_BOUNDS_US) + [10]
    totals = sampled.after(1, Worker(0, forward_latency=slow))["totals"]
    assert totals["forward_latency_p50_us"] == FORWARD_LATENCY_BOUNDS_US[-1]


def test_a_room_has_the_bitrates_of_its_own_tracks() -> None:
    sampled = Sampled(Worker(0, receivers=[receiver(1, size=100)], senders=[sender(7, size=50)]))
    sampled.observed.rooms = [
        room(
            "maths",
            participant("anna", receivers={1: "video"}, senders=[]),
            participant("boris", receivers={}, senders=[7]),
        ),
        room("music", participant("clara", receivers={2: "audio"}, senders=[])),
    ]
    now = Worker(0, receivers=[receiver(1, size=1100), receiver(2, size=40)], senders=[sender(7, size=550)])
    maths, music = sampled.after(2, now)["rooms"]
    assert maths == {
        "name": "maths", "participants": 2, "tracks": 1, "bitrate_in_bps": 4000, "bitrate_out_bps": 2000
    }  # fmt: skip
    assert (music["bitrate_in_bps"], music["bitrate_out_bps"]) == (160, 0)


def test_a_track_that_ended_gives_no_negative_rate() -> None:
    sampled = Sampled(Worker(0, receivers=[receiver(1, size=1000)]))
    sampled.observed.rooms = [room("maths", participant("anna", receivers={1: "video"}, senders=[]))]
    assert sampled.after(1, Worker(0))["rooms"][0]["bitrate_in_bps"] == 0


def test_a_worker_that_is_first_heard_of_has_no_rate_yet() -> None:
    sampled = Sampled()
    load = sampled.after(1, Worker(0, {"rtp_packets_in": 10_000}, cpu_us=10_000_000))
    assert load["workers"][0] == {"cpu_share": 0, "packets_in_per_s": 0, "packets_out_per_s": 0}


def test_faults_are_told_as_they_stand_since_the_start() -> None:
    sampled = Sampled(Worker(0))
    sampled.faults["internal"] = 3
    assert sampled.sampler.read()["faults"] == {"workers_failed": 0, "internal": 3, "connections_failed": 0}


async def test_the_operators_page_gets_this_process(served: Served) -> None:
    async with served.http.get("/api/operator/load", headers=operator()) as response:
        process = (await response.json())["process"]
    assert process["memory_bytes"] > 1 << 20 and process["open_files"] > 3
