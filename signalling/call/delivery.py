"""What was delivered to whom, from what the data plane has counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.statistics import Statistics


@dataclass
class _Counts:
    sent: dict[int, int] = field(default_factory=dict)
    """Bytes of packets of media, by sender."""
    arrived: dict[int, int] = field(default_factory=dict)
    """Packets that the peer says to have got, by transport."""


class DeliveryMeter:
    """Remembers what it saw last."""

    def __init__(self) -> None:
        self._before = _Counts()

    def read(self, participants: Iterable[Participant], statistics: Statistics) -> dict[str, frozenset[str]]:
        """Which tracks reached each of them since the call before, all by sids."""
        now = _Counts(statistics.senders.values("bytes"), statistics.transports.values("feedback_arrived"))
        found = {participant.sid: self._reached(participant, now) for participant in participants}
        self._before = now
        return found

    def _reached(self, participant: Participant, now: _Counts) -> frozenset[str]:
        before = self._before
        growing = {
            track: one.sender
            for track, one in participant.subscriber.subscriptions.items()
            if now.sent.get(one.sender.id, 0) > before.sent.get(one.sender.id, 0)
        }
        transport = participant.subscriber_connection.id
        arrived = now.arrived.get(transport, 0)
        fed_back = arrived and any(sender.gets_feedback for sender in growing.values())
        if fed_back and arrived <= before.arrived.get(transport, 0):
            return (
                frozenset()
            )  # what was sent says nothing of a phone that is gone; its feedback ends at once
        return frozenset(growing)
