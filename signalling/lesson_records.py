"""What happens in calls of lessons, written down: presences, chat, and what hosts do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, get_args

import structlog
from sqlalchemy import delete, select

from signalling.call.chat import ChatMessage
from signalling.school.attendance import in_parts, lesson_of_room
from signalling.school.words import AuditAction
from signalling.store.tables import ChatLine, Lesson
from signalling.store.types import moment

if TYPE_CHECKING:
    from signalling.call import CallEvent, CallService, PresenceRecord
    from signalling.school import School

AUDITED: Mapping[str, AuditAction] = {
    action.removeprefix("call_"): action for action in get_args(AuditAction) if action.startswith("call_")
}
"""What the audit log tells of a call, by the action of its event."""
MAX_WAITING = 10_000
log = structlog.get_logger(__name__)


class DatabaseChat:
    """A `ChatStore` on the school's database."""

    def __init__(self, school: School) -> None:
        self._database = school.context.database

    async def add(self, room: str, message: ChatMessage) -> None:
        async with self._database.write() as session:
            session.add(
                ChatLine(
                    id=message.id,
                    room=room,
                    at=moment(message.at),
                    person=message.person,
                    name=message.name,
                    badge=message.badge,
                    text=message.text,
                    audience=message.to,
                    place=message.place,
                )
            )

    async def delete(self, room: str, message_id: str) -> bool:
        """False: there is none."""
        query = delete(ChatLine).where(ChatLine.id == message_id, ChatLine.room == room)
        async with self._database.write() as session:
            gone = await session.scalars(query.returning(ChatLine.id))
            return gone.first() is not None

    async def recent(self, room: str, limit: int) -> list[ChatMessage]:
        """The newest, oldest first."""
        query = select(ChatLine).where(ChatLine.room == room).order_by(ChatLine.at.desc(), ChatLine.id)
        async with self._database.read() as session:
            found = list(await session.scalars(query.limit(limit)))
        return [
            ChatMessage(
                line.id,
                line.at.timestamp(),
                line.person,
                line.name,
                line.badge,
                line.text,
                "hosts" if line.audience == "hosts" else "everyone",
                line.place,
            )
            for line in reversed(found)
        ]


class LessonRecords:
    """Listens from the moment it is made; `run` writes."""

    def __init__(self, school: School, calls: CallService) -> None:
        self._school = school
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MAX_WAITING)
        self._gone: list[PresenceRecord] = []
        """Presences that have ended and wait for one transaction: an audience goes at once."""
        self._keeps_gone = False
        calls.presence_listeners.append(self._left)
        calls.listeners.append(self._happened)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._write(await self._waiting.get())

    async def settle(self) -> None:
        """Writes what is waiting."""
        while not self._waiting.empty():
            await self._write(self._waiting.get_nowait())

    async def _write(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:  # the next one may be written
            log.exception("something of a call could not be written down")

    def put(self, work: Callable[[], Awaitable[None]]) -> bool:
        """It is written after what was put before; False: it is not."""
        try:
            self._waiting.put_nowait(work)
        except asyncio.QueueFull:
            log.error("something of a call could not be written down", reason="too much is waiting")
            return False
        return True

    def _left(self, record: PresenceRecord) -> None:
        self._gone.append(record)
        if not self._keeps_gone:
            self._keeps_gone = self.put(self._keep_gone)

    async def _keep_gone(self) -> None:
        gone, self._gone, self._keeps_gone = self._gone, [], False
        for part in in_parts(gone):
            await self._write(partial(self._school.attendance.keep, part))

    def _happened(self, event: CallEvent) -> None:
        if event.action in AUDITED and lesson_of_room(event.room) is not None:
            self.put(partial(self._record, event))

    async def _record(self, event: CallEvent) -> None:
        found = lesson_of_room(event.room)
        assert found is not None, "only calls of lessons are written down"
        context, lesson = self._school.context, found[0]
        kind, _, rest = event.actor.partition(":")
        actor = rest.partition(":")[0] if kind == "staff" else event.actor or "system"
        async with context.database.write() as session:
            known = await session.get(Lesson, lesson)
            if known is not None:
                await context.record(
                    session,
                    actor,
                    AUDITED[event.action],
                    f"lesson:{lesson}",
                    organisation=known.organisation_id,
                    room=event.room,
                    whom=event.target,
                    event=dict(event.details),
                )
