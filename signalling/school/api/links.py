"""Links that lead to lessons: what is there, joining, the calendar."""

from datetime import datetime
from typing import Literal

from aiohttp import web

from signalling.school.api.calendar_files import calendar_file
from signalling.school.api.cookies import DEVICE
from signalling.school.api.endpoint import Access, Call, Endpoints
from signalling.school.api.joining import Budget, GuestName, Ticket
from signalling.school.api.models import Answer, Body, Language
from signalling.school.errors import BadRequest
from signalling.school.words import LessonKind, Role, WithoutConsent

endpoints = Endpoints()


class LinkedLesson(Answer):
    """What a link leads to. Of a lesson of the settings only title, organisation, host and participants are known, and
    it is always live. `family`: whose link it is; without one the page asks for a name. `without_consent`: what
    the family may not do, as its guardian has not agreed."""

    title: str
    organisation: str
    host: str | None
    badge: Role | None = None
    """Of the host."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str | None = None
    kind: LessonKind | None = None
    mode: str = "meeting"
    state: Literal["before", "live", "after", "cancelled"] = "live"
    opens_at: datetime | None = None
    family: str | None = None
    without_consent: WithoutConsent = WithoutConsent.NOTHING
    content: str = ""
    participants: int


class JoinBody(Body):
    """`name`: of a guest; families are called as in the roster."""

    name: GuestName | None = None
    language: Language = "ru"
    data_budget_mb: Budget | None = None


@endpoints.add("GET", "/api/lessons/{code}", access=Access.LINK, answer=LinkedLesson)
async def get_linked_lesson(call: Call) -> LinkedLesson:
    """What a link leads to; the same answer for every wrong one."""
    code, joining = call.path["code"], call.joining
    if (standing := joining.book.find(code)) is not None:
        return LinkedLesson(
            title=standing.title,
            organisation=joining.settings.organisation,
            host=standing.host,
            participants=joining.participants(standing.room),
        )
    found = await call.school.entrances.look(code)
    occurrence = found.occurrence
    view, lesson = occurrence.view, occurrence.view.lesson
    return LinkedLesson(
        title=lesson.title,
        organisation=found.organisation,
        host=view.host,
        badge=view.host_badge,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        opens_at=call.school.lessons.opens_at(occurrence),
        time_zone=lesson.time_zone,
        kind=view.kind,
        mode=lesson.mode,
        state=occurrence.state,
        family=found.family,
        without_consent=found.without,
        content=lesson.content,
        participants=joining.participants(occurrence.room),
    )


@endpoints.add(
    "POST",
    "/api/lessons/{code}/join",
    access=Access.LINK,
    body=JoinBody,
    answer=Ticket,
    custom_header=False,
)
async def join_by_link(call: Call, body: JoinBody) -> Ticket:
    """Join by a link: an access token for the call."""
    code, joining = call.path["code"], call.joining
    if (standing := joining.book.find(code)) is not None:
        if body.name is None:
            raise BadRequest("A name of 1 to 60 characters is needed")
        return joining.ticket_of_settings(standing, body.name, body.data_budget_mb)
    entry, device = await call.school.entrances.by_link(code, body.name, call.cookies[DEVICE])
    call.new_cookies[DEVICE] = device
    return await joining.ticket(entry, body.data_budget_mb)


@endpoints.add("GET", "/api/lessons/{code}/calendar.ics", access=Access.LINK, media_type="text/calendar")
async def get_link_calendar(call: Call) -> web.Response:
    """The lessons of a link as iCalendar; programs may fetch it again and again."""
    code = call.path["code"]
    return calendar_file(await call.school.calendars.of_link(code, f"{call.origin}/l/{code}"))


@endpoints.add("GET", "/api/calendar/{code}", access=Access.LINK, media_type="text/calendar")
async def get_calendar_feed(call: Call) -> web.Response:
    """Somebody's lessons as iCalendar, by the secret link of `GET /api/me/calendar`."""
    return calendar_file(await call.school.calendars.of_feed(call.path["code"]))
