"""Live load for the operator's page: rates between two readings of the counters."""

import os
import resource
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mediaserver.clock import Clock
from mediaserver.engine import FORWARD_LATENCY_BOUNDS_US, Engine, WorkerStatistics
from mediaserver.statistics import Statistics
from signalling import __version__
from signalling.memory import resident_bytes
from signalling.observability.collector import loss_in, loss_out, merged_latency, total_counters
from signalling.rtc import RtcSnapshot
from signalling.rtc.snapshot import RoomSnapshot

#: Readings closer together would make rates of noise.
MIN_INTERVAL_S = 0.5
BITS = 8


@dataclass
class _Reading:
    at: float
    workers: list[WorkerStatistics]
    process_cpu_s: float
    totals: Counter[str] = field(init=False)
    statistics: Statistics = field(init=False)
    received: dict[int, int] = field(init=False)
    """Bytes by receiver."""
    sent: dict[int, int] = field(init=False)
    """By sender."""

    def __post_init__(self) -> None:
        self.totals = total_counters(self.workers)
        self.statistics = Statistics(self.workers)
        self.received = self.statistics.receivers.values("bytes")
        self.sent = self.statistics.senders.values("bytes")


class LoadSampler:
    """`read` gives the numbers since the last reading that was at least half a second earlier."""

    def __init__(
        self,
        engine: Engine,
        snapshot: Callable[[], RtcSnapshot],
        faults: Callable[[], Mapping[str, int]],
        clock: Clock,
    ) -> None:
        """`faults`: errors since the start by meaning, as `signalling.observability.faults` counts them."""
        self._engine, self._snapshot, self._faults, self._clock = engine, snapshot, faults, clock
        self._started = clock.monotonic()
        self._before = self._after = self._take()

    def read(self) -> dict[str, Any]:
        """The document of `GET /api/operator/load`."""
        if self._clock.monotonic() - self._after.at >= MIN_INTERVAL_S:
            self._before, self._after = self._after, self._take()
        before, after = self._before, self._after
        seconds = max(after.at - before.at, 1e-3) if after is not before else 1.0
        rooms = self._snapshot().rooms
        return {
            "uptime_s": round(self._clock.monotonic() - self._started, 1),
            "version": __version__,
            "workers": _workers(before, after, seconds),
            "rooms": [_room(room, before, after, seconds) for room in rooms],
            "totals": _totals(rooms, before, after, seconds),
            "faults": dict(self._faults()),
            "process": {
                "cpu_share": round((after.process_cpu_s - before.process_cpu_s) / seconds, 4),
                "memory_bytes": resident_bytes(),
                "open_files": len(os.listdir("/proc/self/fd")),
            },
        }

    def _take(self) -> _Reading:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return _Reading(self._clock.monotonic(), self._engine.statistics(), usage.ru_utime + usage.ru_stime)


def _workers(before: _Reading, after: _Reading, seconds: float) -> list[dict[str, float]]:
    old = {worker.worker: worker for worker in before.workers}
    rows = []
    for worker in after.workers:
        last = old.get(worker.worker, worker)
        rows.append(
            {
                "cpu_share": round((worker.cpu_us - last.cpu_us) / 1e6 / seconds, 4),
                "packets_in_per_s": _rate(last.counters, worker.counters, "rtp_packets_in", seconds),
                "packets_out_per_s": _rate(last.counters, worker.counters, "rtp_packets_out", seconds),
            }
        )
    return rows


def _rate(before: dict[str, int], after: dict[str, int], name: str, seconds: float) -> float:
    return round((after.get(name, 0) - before.get(name, 0)) / seconds, 1)


def _room(room: RoomSnapshot, before: _Reading, after: _Reading, seconds: float) -> dict[str, Any]:
    receivers = {t.receiver for p in room.participants for t in p.tracks if t.receiver is not None}
    senders = {s.sender for p in room.participants for s in p.subscriptions}

    def received(reading: _Reading) -> int:
        return sum(reading.received.get(receiver, 0) for receiver in receivers)

    def sent(reading: _Reading) -> int:
        return sum(reading.sent.get(sender, 0) for sender in senders)

    return {
        "name": room.name,
        "participants": len(room.participants),
        "tracks": sum(len(participant.tracks) for participant in room.participants),
        "bitrate_in_bps": max(0, round((received(after) - received(before)) * BITS / seconds)),
        "bitrate_out_bps": max(0, round((sent(after) - sent(before)) * BITS / seconds)),
    }


def _totals(
    rooms: Sequence[RoomSnapshot], before: _Reading, after: _Reading, seconds: float
) -> dict[str, Any]:
    old, new = before.totals, after.totals
    rejected = [name for name in new if name.startswith("error_")]
    participants = [participant for room in rooms for participant in room.participants]
    p50, p99 = (_quantile(before.workers, after.workers, q) for q in (0.5, 0.99))
    return {
        "rooms": len(rooms),
        "participants": len(participants),
        "publishers_tracks": sum(len(participant.tracks) for participant in participants),
        "packets_in_per_s": _rate(old, new, "rtp_packets_in", seconds),
        "packets_out_per_s": _rate(old, new, "rtp_packets_out", seconds),
        "bitrate_in_bps": BITS * _rate(old, new, "rtp_bytes_in", seconds),
        "bitrate_out_bps": BITS * _rate(old, new, "rtp_bytes_out", seconds),
        "loss_in": round(loss_in(after.statistics), 5),
        "loss_out": round(loss_out(after.statistics), 5),
        "nacks_per_s": _rate(old, new, "nacks_in", seconds),
        "plis_per_s": _rate(old, new, "plis_in", seconds),
        "forward_latency_p50_us": p50,
        "forward_latency_p99_us": p99,
        # Datagrams that were no peer's, broken or replayed. A few follow every leaving; a lot is an attack.
        "rejected_per_s": round(sum(new[name] - old[name] for name in rejected) / seconds, 2),
    }


def _quantile(before: list[WorkerStatistics], after: list[WorkerStatistics], q: float) -> int:
    """Upper bound of the bucket that holds the quantile of what was forwarded between two readings."""
    (old, _), (new, _) = merged_latency(before), merged_latency(after)
    counts = [b - a for a, b in zip(old, new, strict=True)]
    if not counts or counts[-1] <= 0:
        return 0
    wanted = q * counts[-1]
    bucket = next(i for i, count in enumerate(counts) if count >= wanted)
    return FORWARD_LATENCY_BOUNDS_US[min(bucket, len(FORWARD_LATENCY_BOUNDS_US) - 1)]
