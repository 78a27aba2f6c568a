"""What was delivered to whom, from what the data plane has counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mediaserver.statistics import Statistics
from signalling.beat import in_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mediaserver.participant import Participant
    from mediaserver.statistics import Row, Table

AT_ONCE = 32
"""Participants, each of whom may watch a class of thirty."""


class DeliveryMeter:
    """Remembers what it saw last."""

    def __init__(self) -> None:
        self._before = Statistics()

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
    senders = np.array([one.sender.id for found in subscriptions for _, one in found], np.int64)
    grew = iter(_grew(before.senders, now.senders, senders, "bytes").tolist())
    transports = np.array([one.subscriber_connection.id for one in participants], np.int64)
    feeds_back = now.transports.at(now.transports.places(transports), "feedback_arrived") > 0
    is_gone = feeds_back & ~_grew(before.transports, now.transports, transports, "feedback_arrived")
    reached: dict[str, frozenset[str]] = {}
    for participant, found, gone in zip(participants, subscriptions, is_gone.tolist(), strict=True):
        growing = {track: one.sender for track, one in found if next(grew)}
        if gone and any(sender.gets_feedback for sender in growing.values()):
            growing.clear()  # what was sent says nothing of a phone that is gone; its feedback ends at once
        reached[participant.sid] = frozenset(growing)
    return reached


def _grew(before: Table[Row], now: Table[Row], ids: NDArray[np.int64], name: str) -> NDArray[np.bool_]:
    """Whether a column of these rows has grown; from nothing, where there was no row."""
    found: NDArray[np.bool_] = now.at(now.places(ids), name) > before.at(before.places(ids), name)
    return found
