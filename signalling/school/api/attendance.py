"""The journal over HTTP, also as CSV and XLSX."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body, Id
from signalling.school.api.schedule import Moment, Range
from signalling.school.attendance import Attended, as_csv, as_xlsx
from signalling.store.types import moment

endpoints = Endpoints()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AttendanceList(Answer):
    """Who is in a call now is in `GET /api/calls/{room}/attendance`."""

    rows: list[Attended]


class PresentAnswer(Answer):
    """One person in a call that goes on, since the call began. `left_at`: for the last time, or now."""

    person: str
    name: str
    here: bool
    came_at: datetime
    left_at: datetime
    received_s: float
    joins: int


class PresentList(Answer):
    rows: list[PresentAnswer]


class JournalOf(Range):
    """`group`: only lessons of this one."""

    group: Id | None = None


class OfTime(Body):
    """One time of a series; without it all of them."""

    starts_at: Moment | None = None


@endpoints.add("GET", "/api/schedule/{lesson}/attendance", query=OfTime, answer=AttendanceList)
async def get_lesson_attendance(call: Call, query: OfTime) -> AttendanceList:
    """Who was in a lesson."""
    return _list(await _of_lesson(call, query))


@endpoints.add("GET", "/api/schedule/{lesson}/attendance/now", answer=PresentList)
async def get_present(call: Call) -> PresentList:
    """Who is in a lesson now, or has been since its call began."""
    room = await call.school.attendance.room_now(call.actor, call.path["lesson"])
    rows = call.joining.attendance(room)
    return PresentList(
        rows=[
            PresentAnswer(
                person=row.person,
                name=row.name,
                here=row.here,
                came_at=moment(row.came_at),
                left_at=moment(row.left_at),
                received_s=row.received_s,
                joins=row.joins,
            )
            for row in rows
        ]
    )


@endpoints.add("GET", "/api/schedule/{lesson}/attendance.csv", query=OfTime, media_type="text/csv")
async def export_lesson_attendance_csv(call: Call, query: OfTime) -> web.Response:
    """Who was in a lesson, as CSV."""
    return _csv(await _of_lesson(call, query))


@endpoints.add("GET", "/api/schedule/{lesson}/attendance.xlsx", query=OfTime, media_type=XLSX)
async def export_lesson_attendance_xlsx(call: Call, query: OfTime) -> web.Response:
    """Who was in a lesson, as a workbook."""
    return _xlsx(await _of_lesson(call, query))


@endpoints.add("GET", "/api/organisations/{organisation}/attendance", query=JournalOf, answer=AttendanceList)
async def get_journal(call: Call, query: JournalOf) -> AttendanceList:
    """The journal of some days, of lessons that the caller leads or heads."""
    return _list(await _journal(call, query))


@endpoints.add(
    "GET", "/api/organisations/{organisation}/attendance.csv", query=JournalOf, media_type="text/csv"
)
async def export_journal_csv(call: Call, query: JournalOf) -> web.Response:
    """The journal as CSV."""
    return _csv(await _journal(call, query))


@endpoints.add("GET", "/api/organisations/{organisation}/attendance.xlsx", query=JournalOf, media_type=XLSX)
async def export_journal_xlsx(call: Call, query: JournalOf) -> web.Response:
    """The journal as a workbook."""
    return _xlsx(await _journal(call, query))


async def _of_lesson(call: Call, query: OfTime) -> Sequence[Attended]:
    return await call.school.attendance.of_lesson(call.actor, call.path["lesson"], query.starts_at)


async def _journal(call: Call, query: JournalOf) -> Sequence[Attended]:
    return await call.school.attendance.journal(
        call.actor, call.path["organisation"], query.after, query.before, query.group
    )


def _list(lines: Sequence[Attended]) -> AttendanceList:
    return AttendanceList(rows=list(lines))


def _csv(lines: Sequence[Attended]) -> web.Response:
    headers = {"Content-Disposition": 'attachment; filename="attendance.csv"'}
    return web.Response(text=as_csv(lines), content_type="text/csv", charset="utf-8", headers=headers)


def _xlsx(lines: Sequence[Attended]) -> web.Response:
    headers = {"Content-Disposition": 'attachment; filename="attendance.xlsx"'}
    return web.Response(body=as_xlsx(lines), content_type=XLSX, headers=headers)
