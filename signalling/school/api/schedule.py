"""Lessons over HTTP: planned, listed, changed, cancelled, joined."""

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints

from signalling.school.api.calendar_files import calendar_file
from signalling.school.api.endpoint import Access, Call, Endpoints
from signalling.school.api.joining import Budget, Ticket
from signalling.school.api.models import Answer, Body, Id, Name, Zone
from signalling.school.lessons import (
    MAX_MINUTES,
    LessonData,
    LessonView,
    Lobby,
    Mode,
    Occurrence,
    Reach,
    State,
)
from signalling.school.norms import Norms
from signalling.school.recurrence import Recurrence
from signalling.school.words import AgeBand, LessonKind, Programme, Role

endpoints = Endpoints()
Content = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Moment = Annotated[AwareDatetime, Field(ge=datetime.fromisoformat("2000-01-01T00:00:00Z"))]
MAX_GROUPS = 50


class LessonBody(Body):
    """A lesson: what is not here has its default. `mode`, `lobby` and `reach` are those of the call
    (docs/call-control.md); without `mode` it comes from the kind. `recording`: the host may ask for one, if the
    organisation allows it. Without groups and family it is for everybody."""

    title: Name
    kind: LessonKind
    programme: Programme
    starts_at: Moment
    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)]
    age: AgeBand | None = None
    groups: Annotated[tuple[Id, ...], Field(max_length=MAX_GROUPS)] = ()
    family: Id | None = None
    host: Id | None = None
    time_zone: Zone | None = None
    recurrence: Recurrence | None = None
    mode: Mode | None = None
    lobby: Lobby = "guests"
    reach: Reach = "everyone"
    content: Content = ""
    recording: bool = False


class HostAnswer(Answer):
    """`badge` only for confirmed staff."""

    id: str
    name: str
    badge: Role | None


class LessonAnswer(Answer):
    """`limit_minutes`: how long the norms allow; `too_long`: it is planned for longer."""

    id: str
    organisation: str
    title: str
    kind: LessonKind
    programme: Programme
    starts_at: datetime
    minutes: int
    age: AgeBand | None
    groups: list[str]
    family: str | None
    host: HostAnswer | None
    time_zone: str
    recurrence: Recurrence | None
    exceptions: list[datetime]
    mode: str
    lobby: str
    reach: str
    content: str
    recording: bool
    cancelled: bool
    limit_minutes: int | None
    too_long: bool


class OccurrenceAnswer(Answer):
    """One time of a lesson. `room` is that of its call."""

    lesson: LessonAnswer
    starts_at: datetime
    ends_at: datetime
    state: State
    room: str
    participants: int


class Schedule(Answer):
    occurrences: list[OccurrenceAnswer]


class Range(Body):
    """At most 100 days."""

    after: Moment
    before: Moment


class Cancellation(Body):
    """One time of a series; without it all of it."""

    starts_at: Moment | None = None


class JoinLesson(Body):
    """`starts_at`: which time of a series; without it the one that is on."""

    starts_at: Moment | None = None
    data_budget_mb: Budget | None = None


class CalendarLink(Answer):
    """A secret link for a calendar program."""

    link: str


class NormsAnswer(Answer):
    """How long lessons and screens may be, in minutes, by age."""

    norms: dict[AgeBand, Norms]


@endpoints.add("GET", "/api/organisations/{organisation}/schedule", query=Range, answer=Schedule)
async def list_schedule(call: Call, query: Range) -> Schedule:
    """What takes place in some days, of what the caller may see, by time."""
    found = await call.school.lessons.schedule(
        call.actor, call.path["organisation"], query.after, query.before
    )
    return Schedule(occurrences=[occurrence_answer(call, one) for one in found])


@endpoints.add(
    "POST",
    "/api/organisations/{organisation}/schedule",
    body=LessonBody,
    answer=OccurrenceAnswer,
    status=201,
)
async def plan_lesson(call: Call, body: LessonBody) -> OccurrenceAnswer:
    """Plan a lesson; the answer is its first or next time."""
    view = await call.school.lessons.plan(call.actor, call.path["organisation"], _data(body))
    return occurrence_answer(call, call.school.lessons.current(view))


@endpoints.add("GET", "/api/schedule/{lesson}", answer=OccurrenceAnswer)
async def get_lesson(call: Call) -> OccurrenceAnswer:
    """A lesson with the time that is on, else the next, else the last."""
    view = await call.school.lessons.get(call.actor, call.path["lesson"])
    return occurrence_answer(call, call.school.lessons.current(view))


@endpoints.add("PUT", "/api/schedule/{lesson}", body=LessonBody, answer=OccurrenceAnswer)
async def change_lesson(call: Call, body: LessonBody) -> OccurrenceAnswer:
    """Replace a lesson."""
    view = await call.school.lessons.change(call.actor, call.path["lesson"], _data(body))
    return occurrence_answer(call, call.school.lessons.current(view))


@endpoints.add("POST", "/api/schedule/{lesson}/cancellation", body=Cancellation, answer=OccurrenceAnswer)
async def cancel_lesson(call: Call, body: Cancellation) -> OccurrenceAnswer:
    """Cancel a lesson, or one time of it; a call that is on ends."""
    view = await call.school.lessons.cancel(call.actor, call.path["lesson"], body.starts_at)
    return occurrence_answer(call, call.school.lessons.current(view))


@endpoints.add("POST", "/api/schedule/{lesson}/join", body=JoinLesson, answer=Ticket)
async def join_lesson(call: Call, body: JoinLesson) -> Ticket:
    """Join with one's account: an access token for the call."""
    entry = await call.school.entrances.by_account(call.me, call.path["lesson"], body.starts_at)
    return await call.joining.ticket(entry, body.data_budget_mb)


@endpoints.add("GET", "/api/schedule/{lesson}/calendar.ics", media_type="text/calendar")
async def get_lesson_calendar(call: Call) -> web.Response:
    """A lesson as iCalendar file."""
    return calendar_file(await call.school.calendars.of_lesson(call.actor, call.path["lesson"]))


@endpoints.add("GET", "/api/me/calendar", answer=CalendarLink)
async def get_calendar_link(call: Call) -> CalendarLink:
    """The link of one's own calendar."""
    code = await call.school.calendars.feed(call.me.person.id)
    return CalendarLink(link=f"{call.origin}/api/calendar/{code}")


@endpoints.add("POST", "/api/me/calendar", answer=CalendarLink)
async def renew_calendar_link(call: Call) -> CalendarLink:
    """Another link of one's own calendar; the old one ends."""
    code = await call.school.calendars.feed(call.me.person.id, anew=True)
    return CalendarLink(link=f"{call.origin}/api/calendar/{code}")


@endpoints.add("GET", "/api/norms", access=Access.PUBLIC, answer=NormsAnswer)
async def get_norms(call: Call) -> NormsAnswer:
    """How long lessons and screens may be, by age."""
    return NormsAnswer(norms=call.school.context.settings.norms)


def occurrence_answer(call: Call, occurrence: Occurrence) -> OccurrenceAnswer:
    """A time of a lesson as the API tells it."""
    return OccurrenceAnswer(
        lesson=_lesson(occurrence.view),
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        state=occurrence.state,
        room=occurrence.room,
        participants=call.joining.participants(occurrence.room),
    )


def _data(body: LessonBody) -> LessonData:
    return LessonData(**{name: getattr(body, name) for name in type(body).model_fields})


def _lesson(view: LessonView) -> LessonAnswer:
    lesson, host = view.lesson, None
    if lesson.host_id is not None and view.host is not None:
        host = HostAnswer(id=lesson.host_id, name=view.host, badge=view.host_badge)
    return LessonAnswer(
        id=lesson.id,
        organisation=lesson.organisation_id,
        title=lesson.title,
        kind=view.kind,
        programme=Programme(lesson.programme),
        starts_at=lesson.starts_at,
        minutes=lesson.minutes,
        age=AgeBand(lesson.age) if lesson.age else None,
        groups=view.groups,
        family=lesson.family_id,
        host=host,
        time_zone=lesson.time_zone,
        recurrence=view.recurrence,
        exceptions=sorted(view.exceptions),
        mode=lesson.mode,
        lobby=lesson.lobby,
        reach=lesson.reach,
        content=lesson.content,
        recording=lesson.recording,
        cancelled=lesson.cancelled_at is not None,
        limit_minutes=view.limit,
        too_long=view.limit is not None and lesson.minutes > view.limit,
    )
