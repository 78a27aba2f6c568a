"""Data messages between participants, as opaque bytes: who gets them, and what waits for whom.

The envelope (LiveKit's `DataPacket`) is signalling's business; here it was serialised already, once for
everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import PeerConnection

Label = Literal["_reliable", "_lossy", "_data_track"]
RELIABLE: Label = "_reliable"
LOSSY: Label = "_lossy"
DATA_TRACK: Label = "_data_track"
"""Of `data_tracks.py`: lossy and unordered too."""


def recipients(
    participants: Iterable[Participant],
    *,
    sender: Participant | None,
    identities: Collection[str] = (),
    sids: Collection[str] = (),
) -> Iterator[Participant]:
    """Everybody but the sender (None: the server), or only those who are named. Naming somebody by identity or by
    sid is enough."""
    for participant in participants:
        if participant is sender or not participant.takes_data:
            continue
        if (identities or sids) and participant.identity not in identities and participant.sid not in sids:
            continue
        yield participant


@dataclass
class DataOutbox:
    """What goes to one participant.

    Reliable messages wait for the channel to open, as LiveKit keeps them for participants who are still
    joining; lossy ones do not. Both are dropped, and counted, where memory would grow instead.
    """

    max_waiting_bytes: int
    max_buffered_bytes: int
    dropped: int = 0
    _open: bool = False
    _waiting: dict[int | str, bytes] = field(default_factory=dict)
    """In order; a state has its name here, all else a number."""
    _waiting_bytes: int = 0
    _numbers: Iterator[int] = field(default_factory=count)

    def send(self, connection: PeerConnection, label: Label, payload: bytes, *, state: str = "") -> bool:
        """Returns False if the message was dropped. `state`: the name of something of which only the newest word
        counts: it takes the place of one that still waits."""
        if label != RELIABLE:
            return self._counted(connection.send_data(label, payload))
        if not self._open:
            return self._wait(payload, state)
        if connection.buffered_amount(label) + len(payload) > self.max_buffered_bytes:
            return self._counted(False)
        return self._counted(connection.send_data(label, payload))

    def opened(self, connection: PeerConnection) -> None:
        """The reliable channel is open: sends what waited."""
        self._open = True
        waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
        for payload in waiting.values():
            self.send(connection, RELIABLE, payload)

    def _wait(self, payload: bytes, state: str) -> bool:
        # Somebody without data channels would else keep every word until the memory for it is full.
        self._waiting_bytes -= len(self._waiting.pop(state, b""))
        if self._waiting_bytes + len(payload) > self.max_waiting_bytes:
            return self._counted(False)
        self._waiting[state or next(self._numbers)] = payload
        self._waiting_bytes += len(payload)
        return True

    def _counted(self, sent: bool) -> bool:
        self.dropped += not sent
        return sent
