"""Chat in a call: messages and where they are kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal, Protocol

MAX_KEPT = 200
"""Messages of one call in memory."""
MAX_CALLS = 500

Audience = Literal["everyone", "hosts"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """`to` "hosts": only who leads and its author read it. `place`: a breakout group, or the main room."""

    id: str
    at: float
    """Seconds since the epoch."""
    person: str
    name: str
    badge: str
    text: str
    to: Audience
    place: str


class ChatStore(Protocol):
    """Where messages are kept. The school brings one on its database."""

    async def add(self, room: str, message: ChatMessage) -> None: ...
    async def delete(self, room: str, message_id: str) -> bool:
        """False: there is none."""

    async def recent(self, room: str, limit: int) -> list[ChatMessage]:
        """The newest, oldest first."""


class MemoryChat:
    """As long as the process lives, so many of each call."""

    def __init__(self) -> None:
        self._rooms: dict[str, deque[ChatMessage]] = {}

    async def add(self, room: str, message: ChatMessage) -> None:
        if room not in self._rooms and len(self._rooms) >= MAX_CALLS:
            del self._rooms[next(iter(self._rooms))]
        self._rooms.setdefault(room, deque(maxlen=MAX_KEPT)).append(message)

    async def delete(self, room: str, message_id: str) -> bool:
        messages = self._rooms.get(room, deque())
        found = next((message for message in messages if message.id == message_id), None)
        if found is not None:
            messages.remove(found)
        return found is not None

    async def recent(self, room: str, limit: int) -> list[ChatMessage]:
        return list(self._rooms.get(room, ()))[-limit:]
