"""Which data packets of the server API were sent already."""

from collections import OrderedDict
from weakref import WeakKeyDictionary

from mediaserver.room import Room

MAX_NONCES = 100
"""Remembered for each room, as in LiveKit. A repetition comes within seconds."""


class Nonces:
    """Of each room, as long as it lives."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[Room, OrderedDict[bytes, None]] = WeakKeyDictionary()

    def repeated(self, room: Room, nonce: bytes) -> bool:
        """Whether this one was asked for before. An empty one never was."""
        if not nonce:
            return False
        seen = self._seen.setdefault(room, OrderedDict())
        if nonce in seen:
            return True
        seen[nonce] = None
        if len(seen) > MAX_NONCES:
            seen.popitem(last=False)
        return False
