"""What went over the wire to each participant, from statistics of the data plane to what is new of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes."""

    wire: int
    pictures: int
    """Packets of pictures in it, without what the network adds and what was sent again."""


@dataclass
class Counts:
    """Of a moment: by transport, and by sender."""

    wire: dict[int, int] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, statistics: Statistics) -> Counts:
        return cls(statistics.transports.values("wire_bytes_out"), statistics.senders.values("bytes"))


class DataMeter:
    """Remembers what it saw last of each participant that it is asked about."""

    def __init__(self) -> None:
        self._before: dict[str, Counts] = {}

    def read(self, participants: Iterable[Participant], now: Counts) -> dict[str, Usage]:
        """Since the last call that named them, by sid; at first since their connections began."""
        found, remembered = dict[str, Usage](), dict[str, Counts]()
        for participant in participants:
            counts = _of(participant, now)
            before = self._before.get(participant.sid, Counts())
            wire, pictures = _grown(counts.wire, before.wire), _grown(counts.sent, before.sent)
            found[participant.sid] = Usage(wire, pictures)
            remembered[participant.sid] = counts
        self._before = remembered
        return found


def _of(participant: Participant, now: Counts) -> Counts:
    transports = {connection.id for connection in participant.connections}
    subscriptions = participant.subscriber.subscriptions.values()
    pictures = {s.sender.id for s in subscriptions if s.track.kind == "video"}
    return Counts(
        {key: now.wire[key] for key in transports if key in now.wire},
        {key: now.sent[key] for key in pictures if key in now.sent},
    )


def _grown(now: dict[int, int], before: dict[int, int]) -> int:
    return sum(max(0, value - before.get(key, 0)) for key, value in now.items())
