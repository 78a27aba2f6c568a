"""What was delivered to whom, from what the data plane has counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mediaserver.statistics import Statistics, have_grown
from signalling.beat import in_parts

if TYPE_CHECKING:
    from mediaserver.participant import Participant

AT_ONCE = 32
"""Participants, each of whom may watch a class of thirty."""
NOTHING = Statistics()
"""Before anything was counted."""


class DeliveryMeter:
    """Remembers what it saw last."""

    def __init__(self) -> None:
        self._before = NOTHING

    async def read(
        self, participants: Iterable[Participant], statistics: Statistics
    ) -> dict[str, frozenset[str]]:
        """Which tracks reached each of them since the call before, all by sids."""
        before, self._before = self._before, statistics
        found: dict[str, frozenset[str]] = {}
        async for part in in_parts(participants, AT_ONCE):
            found |= _reached(part, before, statistics)
        return found


def _reached(
    participants: Sequence[Participant], before: Statistics, now: Statistics
) -> dict[str, frozenset[str]]:
    """By the bytes of packets of media that were sent, and the packets that the peer says to have got."""
    subscriptions = [list(one.subscriber.subscriptions.items()) for one in participants]
    senders = [one.sender.id for found in subscriptions for _, one in found]
    grew = iter(have_grown(before.senders, now.senders, senders, "bytes"))
    transports = [one.subscriber_connection.id for one in participants]
    feedback = "feedback_arrived"
    has_fed_back = have_grown(NOTHING.transports, now.transports, transports, feedback)
    feeds_back = have_grown(before.transports, now.transports, transports, feedback)
    reached: dict[str, frozenset[str]] = {}
    for participant, found, ever, still in zip(
        participants, subscriptions, has_fed_back, feeds_back, strict=True
    ):
        growing = {track: one.sender for track, one in found if next(grew)}
        if ever and not still and any(sender.gets_feedback for sender in growing.values()):
            growing.clear()  # what was sent says nothing of a phone that is gone; its feedback ends at once
        reached[participant.sid] = frozenset(growing)
    return reached
