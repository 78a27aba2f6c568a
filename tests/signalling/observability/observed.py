"""A media server that says what a test wants, and rooms to go with it."""

from dataclasses import dataclass, field
from typing import Any

from mediaserver.engine import FORWARD_LATENCY_BOUNDS_US
from signalling.rtc import RtcSnapshot
from signalling.rtc.snapshot import ParticipantSnapshot, RoomSnapshot, SubscriptionSnapshot, TrackSnapshot
from tests.mediaserver import made_statistics


def latency(*counts: int) -> list[int]:
    """Cumulative counts of buckets; the last one holds for those that follow."""
    return [*counts, *[counts[-1]] * (len(FORWARD_LATENCY_BOUNDS_US) + 1 - len(counts))]


@dataclass
class Worker:
    """Statistics of one worker."""

    worker: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    cpu_us: int = 0
    forward_latency: list[int] = field(default_factory=lambda: latency(0))
    forward_latency_sum_us: int = 0
    transports: Any = ()
    receivers: Any = ()
    senders: Any = ()
    """Rows that become bytes."""

    def __post_init__(self) -> None:
        self.transports = made_statistics.transports({"transport": number} for number in self.transports)
        self.receivers = made_statistics.receivers(self.receivers)
        self.senders = made_statistics.senders(self.senders)


def receiver(number: int, *, size: int = 0, packets: int = 0, lost: int = 0) -> Any:
    return {"receiver": number, "bytes": size, "packets": packets, "lost": lost}


def sender(number: int, *, size: int = 0, packets: int = 0, fraction_lost: float = 0.0) -> Any:
    return {"sender": number, "bytes": size, "packets": packets, "fraction_lost": fraction_lost}


class Observed:
    """Stands in for the engine; `rooms` is what the snapshot shows."""

    def __init__(self, *workers: Worker) -> None:
        self.workers = list(workers)
        self.rooms: list[RoomSnapshot] = []

    def statistics(self) -> list[Worker]:
        return self.workers

    def snapshot(self) -> RtcSnapshot:
        return RtcSnapshot(tuple(self.rooms))


def room(name: str, *participants: ParticipantSnapshot) -> RoomSnapshot:
    return RoomSnapshot(f"RM_{name}", name, 0.0, participants)


def participant(identity: str, *, receivers: dict[int, str], senders: list[int]) -> ParticipantSnapshot:
    """`receivers`: id -> kind of the published tracks."""
    tracks = [
        TrackSnapshot(f"TR_{number}", kind, "camera", "", muted=False, receiver=number, subscribers=0)
        for number, kind in receivers.items()
    ]
    return ParticipantSnapshot(
        sid=f"PA_{identity}",
        identity=identity,
        name="",
        state="active",
        connected=True,
        joined_at=0.0,
        single_connection=True,
        client="",
        correlation_id="",
        tracks=tuple(tracks),
        subscriptions=tuple(SubscriptionSnapshot(f"TR_{number}", number) for number in senders),
    )
