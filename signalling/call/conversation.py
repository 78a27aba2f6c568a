"""What people say to each other without sound: chat and reactions, told to those who may hear them."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING

from mediaserver.rules import Medium
from signalling.call.chat import Audience, ChatMessage, ChatStore
from signalling.call.errors import CallError, conflict, forbidden
from signalling.call.roles import Power

if TYPE_CHECKING:
    from signalling.call.call import Call

CHAT_TOPIC, REACTION_TOPIC = "polyana.chat", "polyana.reaction"
MAX_REACTIONS = 30
"""That are told at once; more of a moment are only noise."""
READERS_PER_S = 1000
"""Reactions of a moment go to so many: an audience of 3,000 gets those of three seconds together."""


class Conversation:
    """Of one call."""

    def __init__(self, call: Call, store: ChatStore) -> None:
        self._call = call
        self._store = store
        self._reactions: list[tuple[str, str]] = []
        self._next_flush = 0.0
        self._said: dict[str, float] = {}
        """When who does not lead has said something last, monotonic."""

    async def say(self, person: str, text: str, to: Audience) -> None:
        """Raises `CallError` where the chat is frozen or slow."""
        state = self._call.state
        self._check(person)
        author = state.persons[person]
        message = ChatMessage(
            uuid.uuid4().hex,
            self._call.clock.time(),
            person,
            author.name,
            author.badge,
            text,
            to,
            state.groups.place(person),
        )
        await self._store.add(self._call.name, message)
        self._call.tell(
            CHAT_TOPIC, {"message": as_json(message)}, lambda reader: self.may_read(reader, message)
        )

    async def delete(self, message_id: str) -> bool:
        """False: there is none."""
        found = await self._store.delete(self._call.name, message_id)
        if found:
            self._call.tell(CHAT_TOPIC, {"deleted": message_id}, self._call.state.entrance.is_in)
        return found

    async def history(self, person: str, limit: int) -> list[dict[str, object]]:
        """The newest that somebody may read, oldest first."""
        messages = await self._store.recent(self._call.name, limit)
        return [as_json(message) for message in messages if self.may_read(person, message)]

    def may_read(self, person: str, message: ChatMessage) -> bool:
        state = self._call.state
        power = state.power(person)
        if power is Power.WAITING:
            return False
        if power.leads or message.person == person:
            return True
        return message.to == "everyone" and message.place == state.groups.place(person)

    def react(self, person: str, emoji: str) -> None:
        """Told with the next ones."""
        if self._frozen(person):
            raise forbidden("This is frozen now")
        if len(self._reactions) < MAX_REACTIONS:
            self._reactions.append((person, emoji))
            self._call.stir()

    @property
    def is_stirred(self) -> bool:
        """There is something for `flush`."""
        return bool(self._reactions)

    def flush(self, now: float) -> None:
        """Tells the reactions of a moment. To be called a few times a second; seconds, monotonic."""
        if not self._reactions or now < self._next_flush:
            return
        self._next_flush = now + self._call.devices / READERS_PER_S
        reactions, self._reactions = self._reactions, []
        state = self._call.state
        by_place: dict[str, list[tuple[str, str]]] = {}
        for by, emoji in reactions:
            by_place.setdefault(state.groups.place(by), []).append((by, emoji))
        for place, found in by_place.items():
            for to_leaders in (True, False):
                self._tell_reactions(place, found, to_leaders)

    def _tell_reactions(self, place: str, found: list[tuple[str, str]], to_leaders: bool) -> None:
        state = self._call.state

        def may_read(reader: str) -> bool:
            here = state.entrance.is_in(reader) and state.groups.place(reader) == place
            return here and state.leads(reader) == to_leaders

        # An audience does not know of each other.
        shown = [
            {"person": by if to_leaders or not state.is_audience(by) else None, "emoji": emoji}
            for by, emoji in found
        ]
        self._call.tell(REACTION_TOPIC, {"reactions": shown}, may_read)

    def _frozen(self, person: str) -> bool:
        state = self._call.state
        return bool(state.reasons(person)) or Medium.DATA in state.frozen.get(person, ())

    def _check(self, person: str) -> None:
        state, now = self._call.state, self._call.clock.monotonic()
        if self._frozen(person):
            raise forbidden("The chat is frozen now")
        if state.leads(person):
            return
        if not state.chat_allowed:
            raise conflict("CHAT_OFF", "The host has closed the chat")
        last = self._said.get(person)
        if last is not None and now - last < state.chat_interval_s:
            raise CallError(429, "SLOW_MODE", "Please wait a little before the next message")
        self._said[person] = now


def as_json(message: ChatMessage) -> dict[str, object]:
    return asdict(message)
