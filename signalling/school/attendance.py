"""The journal: who was in which lesson and how long, from delivered media. For the teacher, the head, and as files."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import xlsxwriter
from sqlalchemy import select

from signalling.school.context import Context
from signalling.school.door import Action, Actor, allows
from signalling.school.journal import harmless
from signalling.school.lessons import Lessons, LessonView
from signalling.store import Session
from signalling.store.tables import Lesson, Presence
from signalling.store.tables.base import MAX_NAME
from signalling.store.types import ID_LENGTH, moment

COLUMNS = ("lesson", "starts_at", "name", "came_at", "left_at", "minutes_received", "joins")
ROOM_FORMAT = "%Y%m%dT%H%M"
AT_ONCE = 200
"""Presences in one transaction: between two of them the event loop has other work."""


@dataclass(frozen=True)
class Attended:
    """One person in one lesson: presences are merged. `received_s`: seconds in which media arrived."""

    lesson: str
    title: str
    starts_at: datetime
    person: str
    name: str
    came_at: datetime
    left_at: datetime
    received_s: float
    joins: int
    groups: Sequence[str]
    """Of the lesson."""


class PresenceUpTo(Protocol):
    """A presence as calls tell it: whole, or up to now. Unix times."""

    @property
    def id(self) -> str: ...
    @property
    def room(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def came_at(self) -> float: ...
    @property
    def left_at(self) -> float: ...
    @property
    def received_s(self) -> float: ...


def lesson_of_room(room: str) -> tuple[str, datetime] | None:
    """Lesson and time of the room of an `Occurrence`; None for other rooms."""
    lesson, _, when = room.partition("-")
    if len(lesson) != ID_LENGTH:
        return None
    try:
        return lesson, datetime.strptime(when, ROOM_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def in_parts(records: Sequence[PresenceUpTo]) -> Iterator[Sequence[PresenceUpTo]]:
    """What `Attendance.keep` should take at a time."""
    return (records[first : first + AT_ONCE] for first in range(0, len(records), AT_ONCE))


class Attendance:
    """Written by calls, read by those whom the door lets."""

    def __init__(self, context: Context, lessons: Lessons) -> None:
        self._context, self._lessons = context, lessons

    async def keep(self, records: Sequence[PresenceUpTo]) -> None:
        """Those that are known by their `id` are replaced. Rooms of no lesson are left out."""
        places = {record.id: lesson_of_room(record.room) for record in records}
        async with self._context.database.write() as session:
            lessons = {place[0] for place in places.values() if place is not None}
            there = set(await session.scalars(select(Lesson.id).where(Lesson.id.in_(lessons))))
            query = select(Presence).where(Presence.id.in_(places))
            known = {row.id: row for row in await session.scalars(query)}
            for record in records:
                place = places[record.id]
                if place is None or place[0] not in there:
                    continue
                row = known.get(record.id) or Presence(
                    id=record.id,
                    lesson_id=place[0],
                    starts_at=place[1],
                    person=record.person[:MAX_NAME],
                    came_at=moment(record.came_at),
                )
                row.name, row.left_at = record.name[:MAX_NAME], moment(record.left_at)
                row.received_s = record.received_s
                session.add(row)
                known[record.id] = row

    async def of_call(self, room: str) -> list[Presence]:
        """What was written down of one call."""
        if (found := lesson_of_room(room)) is None:
            return []
        lesson, starts_at = found
        query = select(Presence).where(Presence.lesson_id == lesson, Presence.starts_at == starts_at)
        async with self._context.database.read() as session:
            return list(await session.scalars(query))

    async def of_lesson(self, by: Actor, lesson: str, starts_at: datetime | None = None) -> list[Attended]:
        """Of one time of a lesson or of all, by time and name. Raises `NotFound`, `Denied`."""
        async with self._context.database.read() as session:
            view = await self._lessons.find(session, by, Action.SEE_ATTENDANCE, lesson)
            query = select(Presence).where(Presence.lesson_id == lesson)
            if starts_at is not None:
                query = query.where(Presence.starts_at == starts_at)
            return merged(list(await session.scalars(query)), {lesson: view})

    async def room_now(self, by: Actor, lesson: str) -> str:
        """The room of the time that is on, else next, else last. Raises `NotFound`, `Denied`."""
        async with self._context.database.read() as session:
            view = await self._lessons.find(session, by, Action.SEE_ATTENDANCE, lesson)
        return self._lessons.current(view).room

    async def journal(
        self, by: Actor, organisation: str, after: datetime, before: datetime, group: str | None = None
    ) -> list[Attended]:
        """Of all lessons, or of those of one group, that the actor may see the attendance of."""
        async with self._context.database.read() as session:
            query = (
                select(Presence)
                .join(Lesson, Lesson.id == Presence.lesson_id)
                .where(
                    Lesson.organisation_id == organisation,
                    Presence.starts_at >= after,
                    Presence.starts_at < before,
                )
            )
            rows = list(await session.scalars(query))
            views = await self._views(session, {row.lesson_id for row in rows})
        seen = {
            key: view
            for key, view in views.items()
            if allows(by, Action.SEE_ATTENDANCE, view.target()) and (group is None or group in view.groups)
        }
        return merged([row for row in rows if row.lesson_id in seen], seen)

    async def _views(self, session: Session, ids: set[str]) -> dict[str, LessonView]:
        lessons = list(await session.scalars(select(Lesson).where(Lesson.id.in_(ids))))
        return {view.lesson.id: view for view in await self._lessons.views(session, lessons)}


def merged(rows: Sequence[Presence], views: dict[str, LessonView]) -> list[Attended]:
    """Presences of one person in one lesson are one line."""
    groups: dict[tuple[datetime, str, str], list[Presence]] = {}
    for row in rows:
        groups.setdefault((row.starts_at, row.lesson_id, row.person), []).append(row)
    lines = [
        Attended(
            lesson,
            views[lesson].lesson.title,
            starts_at,
            person,
            max(of, key=lambda row: row.came_at).name,
            min(row.came_at for row in of),
            max(row.left_at for row in of),
            sum(row.received_s for row in of),
            len(of),
            views[lesson].groups,
        )
        for (starts_at, lesson, person), of in groups.items()
    ]
    return sorted(lines, key=lambda line: (line.starts_at, line.title, line.name, line.person))


def as_csv(lines: Sequence[Attended]) -> str:
    """RFC 4180, harmless in spreadsheets; times in UTC."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([harmless(str(cell)) for cell in _cells(line)])
    return text.getvalue()


def as_xlsx(lines: Sequence[Attended]) -> bytes:
    """A workbook with one sheet; text stays text."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
        for number, line in enumerate(lines, 1):
            sheet.write_row(number, 0, _cells(line))
        sheet.autofit()
    return content.getvalue()


def _cells(line: Attended) -> tuple[str | float, ...]:
    times = [f"{at:%Y-%m-%d %H:%M:%S}" for at in (line.starts_at, line.came_at, line.left_at)]
    minutes = round(line.received_s / 60, 1)
    return line.title, times[0], line.name, times[1], times[2], minutes, line.joins
