"""Tokens for calls: one way for links of lessons, for people with an account, and for the lessons of the settings."""

import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import structlog
from pydantic import Field, StringConstraints

from mediaserver.clock import Clock
from signalling.api_keys import ApiKeys
from signalling.call.attendance import AttendanceRow
from signalling.config import LessonSettings, Settings
from signalling.pages.lessons import LessonBook
from signalling.rtc import RtcSnapshot, VideoGrants, create_token
from signalling.rtc.admission import BADGE_ATTRIBUTE, ROLE_ATTRIBUTE
from signalling.rtc.data_saving import BUDGET_ATTRIBUTE, MAX_MEGABYTES
from signalling.school.api.models import WITHOUT_CONTROLS, Answer
from signalling.school.entry import Entry
from signalling.school.errors import SchoolError

GuestName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=WITHOUT_CONTROLS)
]
Budget = Annotated[int, Field(ge=1, le=MAX_MEGABYTES)]
"""Megabytes that the server may send in this lesson, as the person has chosen."""
log = structlog.get_logger("signalling.school")


class LessonFull(SchoolError):
    """The lesson is full"""

    code, status = "LESSON_FULL", 503


class Ticket(Answer):
    """What a client needs to join: an access token for the room. `role` is that of the call, empty in lessons of the
    settings."""

    token: str
    identity: str
    correlation_id: str
    room: str
    name: str
    role: str
    badge: str


@dataclass(frozen=True)
class Joining:
    """`open_call` makes the call of a lesson as it was planned, for who comes; `snapshot` tells who is in the rooms,
    `attendance` who has been in the call of one."""

    settings: Settings
    keys: ApiKeys
    clock: Clock
    book: LessonBook
    snapshot: Callable[[], RtcSnapshot]
    open_call: Callable[[Entry], Awaitable[None]]
    attendance: Callable[[str], Sequence[AttendanceRow]]

    def participants(self, room: str) -> int:
        """How many are in it."""
        return sum(len(found.participants) for found in self.snapshot().rooms if found.name == room)

    def ticket_of_settings(self, lesson: LessonSettings, name: str, budget: int | None) -> Ticket:
        """For a lesson of the settings: everybody is equal there. Raises `LessonFull`."""
        return self._ticket(lesson.room, f"guest-{secrets.token_hex(6)}", name, budget, {})

    async def ticket(self, entry: Entry, budget: int | None) -> Ticket:
        """For a lesson of the school. Raises `LessonFull`."""
        attributes = {ROLE_ATTRIBUTE: entry.role}
        if entry.badge:
            attributes[BADGE_ATTRIBUTE] = entry.badge
        await self.open_call(entry)
        return self._ticket(entry.occurrence.room, entry.identity, entry.name, budget, attributes)

    def _ticket(
        self, room: str, identity: str, name: str, budget: int | None, attributes: Mapping[str, str]
    ) -> Ticket:
        limit = self.settings.rtc.max_participants
        if limit and self.participants(room) >= limit:
            raise LessonFull
        correlation_id = uuid.uuid4().hex
        token = create_token(
            *self.keys.signing(),
            identity=identity,
            name=name,
            video=VideoGrants(
                room_join=True, room=room, can_publish=True, can_subscribe=True, can_publish_data=True
            ),
            ttl=timedelta(seconds=self.settings.token_ttl_s),
            now=self.clock.time(),
            correlation_id=correlation_id,
            attributes={**attributes, **({BUDGET_ATTRIBUTE: str(budget)} if budget else {})},
        )
        log.info("join", room=room, identity=identity, session=correlation_id)
        return Ticket(
            token=token,
            identity=identity,
            correlation_id=correlation_id,
            room=room,
            name=name,
            role=attributes.get(ROLE_ATTRIBUTE, ""),
            badge=attributes.get(BADGE_ATTRIBUTE, ""),
        )
