"""What a participant has sent reliably of late, for receivers that come back after a reconnect."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaserver.data import recipients

if TYPE_CHECKING:
    from mediaserver.participant import Participant

MAX_AGE_S = 30.0
"""Longer than any resume takes; after that a client joins anew and asks for nothing."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A serialised packet. `sequence` is the sender's; empty `identities` and `sids`: it was for everybody."""

    at: float
    sequence: int
    identities: Collection[str]
    sids: Collection[str]
    payload: bytes


class ReliableHistory:
    """Bounded by age and bytes. Times are seconds of a monotonic clock."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._sent: deque[Sent] | None = None
        """Made with the first: an audience sends nothing, and an empty deque is 624 bytes."""

    def add(self, sent: Sent) -> None:
        if self._sent is None:
            self._sent = deque()
        self._sent.append(sent)
        self._bytes += len(sent.payload)
        while self._sent and (self._bytes > self._max_bytes or sent.at - self._sent[0].at > MAX_AGE_S):
            self._bytes -= len(self._sent.popleft().payload)

    def after(self, sequence: int, receiver: Participant, sender: Participant) -> Iterator[bytes]:
        """What one receiver should have got after a packet, oldest first."""
        for sent in self._sent or ():
            if sent.sequence > sequence and any(
                recipients([receiver], sender=sender, identities=sent.identities, sids=sent.sids)
            ):
                yield sent.payload
