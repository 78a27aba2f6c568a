"""Lessons: planned, changed, cancelled; when they take place and who may be in them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select

from signalling.school.actors import groups_of_families
from signalling.school.context import Context
from signalling.school.door import Action, Actor, Audience, Target, allows, check
from signalling.school.errors import BadRequest, Conflict, NotFound
from signalling.school.events import LessonCancelled
from signalling.school.norms import limit_minutes
from signalling.school.recurrence import Recurrence, occurrences
from signalling.school.words import AgeBand, AuditAction, LessonKind, Programme, Role, RoleState, badge_of
from signalling.store import Session
from signalling.store.tables import (
    Family,
    Group,
    Lesson,
    LessonException,
    LessonGroup,
    Membership,
    Organisation,
    Person,
)

STAFF_KINDS = frozenset({LessonKind.WORKING_MEETING, LessonKind.PEDAGOGICAL_COUNCIL})
MAX_MINUTES = 600
LONGEST_LIST = timedelta(days=100)
Mode = Literal["meeting", "webinar", "consultation"]
Lobby = Literal["off", "guests", "all"]
Reach = Literal["everyone", "hosts"]
MODES: dict[LessonKind, Mode] = {LessonKind.EVENT: "webinar", LessonKind.CONSULTATION: "consultation"}
State = Literal["before", "live", "after", "cancelled"]


@dataclass(frozen=True)
class LessonData:
    """A lesson as it comes in. Without groups and family it is for everybody, or for the staff by its kind."""

    title: str
    kind: LessonKind
    programme: Programme
    starts_at: datetime
    minutes: int
    age: AgeBand | None = None
    groups: Collection[str] = ()
    family: str | None = None
    host: str | None = None
    time_zone: str | None = None
    recurrence: Recurrence | None = None
    mode: Mode | None = None
    lobby: Lobby = "guests"
    reach: Reach = "everyone"
    content: str = ""
    recording: bool = False


@dataclass
class LessonView:
    """A lesson with what belongs to it."""

    lesson: Lesson
    host: str | None = None
    """The name."""
    host_badge: Role | None = None
    groups: list[str] = field(default_factory=list)
    exceptions: set[datetime] = field(default_factory=set)
    limit: int | None = None
    """Minutes by the norms."""
    """Minutes of film by the norms; 0: no limit."""

    @property
    def kind(self) -> LessonKind:
        return LessonKind(self.lesson.kind)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.lesson.time_zone)

    @property
    def recurrence(self) -> Recurrence | None:
        text = self.lesson.recurrence
        return None if text is None else Recurrence.model_validate_json(text)

    def target(self) -> Target:
        """A lesson for the door."""
        lesson, audience = self.lesson, None
        if self.kind in STAFF_KINDS:
            audience = Audience.STAFF
        elif not self.groups and lesson.family_id is None:
            audience = Audience.EVERYBODY
        groups = frozenset(self.groups)
        return Target(lesson.organisation_id, groups, lesson.family_id, lesson.host_id, audience)

    def begins(self, after: datetime, before: datetime) -> list[datetime]:
        """When it takes place, from `after` on and before `before`."""
        lesson = self.lesson
        return occurrences(lesson.starts_at, self.zone, self.recurrence, self.exceptions, after, before)


@dataclass(frozen=True)
class Occurrence:
    """One time at which a lesson takes place."""

    view: LessonView
    starts_at: datetime
    state: State

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.view.lesson.minutes)

    @property
    def room(self) -> str:
        """Of its call: another one each time."""
        return f"{self.view.lesson.id}-{self.starts_at:%Y%m%dT%H%M}"


class Lessons:
    """Planned by teachers for their groups, by the head for all."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def plan(self, by: Actor, organisation: str, data: LessonData) -> LessonView:
        """Raises `Denied`, `Conflict` for groups, families or hosts that are not there."""
        async with self._context.database.write() as session:
            lesson = Lesson(organisation_id=organisation, sequence=0, created_at=self._context.now())
            await self._write(session, by, lesson, data)
            await self._note(session, by, "lesson_planned", lesson)
            return await self.view(session, lesson)

    async def change(self, by: Actor, lesson: str, data: LessonData) -> LessonView:
        """Replaces all of it."""
        async with self._context.database.write() as session:
            found = (await self.find(session, by, Action.CHANGE_LESSON, lesson)).lesson
            found.sequence += 1
            await self._write(session, by, found, data)
            await self._note(session, by, "lesson_changed", found)
            return await self.view(session, found)

    async def cancel(self, by: Actor, lesson: str, starts_at: datetime | None = None) -> LessonView:
        """All of it, or one time of a series; a call that runs ends. Idempotent."""
        async with self._context.database.write() as session:
            view = await self.find(session, by, Action.CHANGE_LESSON, lesson)
            found = view.lesson
            if starts_at is None:
                found.cancelled_at = found.cancelled_at or self._context.now()
            elif starts_at not in view.exceptions:
                if not view.begins(starts_at, starts_at + timedelta(seconds=1)):
                    raise Conflict("It does not take place at this time", "NO_OCCURRENCE")
                session.add(LessonException(lesson_id=lesson, starts_at=starts_at))
            found.sequence += 1
            when = {"starts_at": starts_at.isoformat()} if starts_at else {}
            await self._note(session, by, "lesson_cancelled", found, **when)
            view = await self.view(session, found)
        room = Occurrence(view, starts_at, "cancelled").room if starts_at else None
        self._context.events.tell(LessonCancelled(lesson, room))
        return view

    async def get(self, by: Actor, lesson: str) -> LessonView:
        async with self._context.database.read() as session:
            return await self.find(session, by, Action.SEE_LESSON, lesson)

    async def programme(self, lesson: str) -> tuple[str, str] | None:
        """Organisation and programme of a lesson, whoever asks; None: there is none."""
        async with self._context.database.read() as session:
            found = await session.get(Lesson, lesson)
        return None if found is None else (found.organisation_id, found.programme)

    async def schedule(
        self, by: Actor, organisation: str, after: datetime, before: datetime
    ) -> list[Occurrence]:
        """What takes place in a time of at most 100 days, of what the actor may see."""
        if before - after > LONGEST_LIST:
            raise BadRequest("Ask for at most 100 days")
        async with self._context.database.read() as session:
            found = await self.between(session, organisation, after, before)
        return [one for one in found if allows(by, Action.SEE_LESSON, one.view.target())]

    async def live(self, organisation: str) -> list[Occurrence]:
        """What can be joined now."""
        now, settings = self._context.now(), self._context.settings
        after = now - timedelta(minutes=MAX_MINUTES, seconds=settings.lesson_late_s)
        before = now + timedelta(seconds=settings.lesson_early_s + 1)
        async with self._context.database.read() as session:
            found = await self.between(session, organisation, after, before)
        return [one for one in found if one.state == "live"]

    async def between(
        self, session: Session, organisation: str, after: datetime, before: datetime
    ) -> list[Occurrence]:
        """Within a transaction: all that takes place, by time."""
        query = select(Lesson).where(
            Lesson.organisation_id == organisation,
            Lesson.cancelled_at.is_(None),
            Lesson.starts_at < before,
            or_(Lesson.recurrence.is_not(None), Lesson.starts_at >= after),
        )
        views = await self.views(session, list(await session.scalars(query)))
        found = [self.occurrence(view, begin) for view in views for begin in view.begins(after, before)]
        return sorted(found, key=lambda one: (one.starts_at, one.view.lesson.title))

    def occurrence(self, view: LessonView, starts_at: datetime) -> Occurrence:
        """With its state at this moment."""
        now, lesson, live = self._context.now(), view.lesson, Occurrence(view, starts_at, "live")
        if lesson.cancelled_at is not None or starts_at in view.exceptions:
            return replace(live, state="cancelled")
        if now < self.opens_at(live):
            return replace(live, state="before")
        over = now >= live.ends_at + timedelta(seconds=self._context.settings.lesson_late_s)
        return replace(live, state="after") if over else live

    def opens_at(self, occurrence: Occurrence) -> datetime:
        """From when on it can be joined."""
        return occurrence.starts_at - timedelta(seconds=self._context.settings.lesson_early_s)

    def current(self, view: LessonView) -> Occurrence:
        """The one that is on, else the next one, else the last one."""
        now, lesson = self._context.now(), view.lesson
        length = timedelta(minutes=lesson.minutes, seconds=self._context.settings.lesson_late_s)
        coming = view.begins(now - length + timedelta(seconds=1), now + timedelta(days=370))
        if coming:
            return self.occurrence(view, coming[0])
        past = view.begins(lesson.starts_at, now + timedelta(seconds=1))
        return self.occurrence(view, past[-1] if past else lesson.starts_at)

    async def find(self, session: Session, by: Actor, action: Action, lesson: str) -> LessonView:
        """Within a transaction: the lesson, if the actor may do that to it. Raises `NotFound`, `Denied`."""
        found = await session.get(Lesson, lesson)
        if found is None:
            raise NotFound
        view = await self.view(session, found)
        check(by, action, view.target())
        return view

    async def view(self, session: Session, lesson: Lesson) -> LessonView:
        return (await self.views(session, [lesson]))[0]

    async def views(self, session: Session, lessons: Sequence[Lesson]) -> list[LessonView]:
        """Lessons with all that belongs to them, in four queries."""
        await session.flush()
        ids, norms = [lesson.id for lesson in lessons], self._context.settings.norms
        views = {lesson.id: LessonView(lesson) for lesson in lessons}
        groups = select(LessonGroup.lesson_id, LessonGroup.group_id).where(LessonGroup.lesson_id.in_(ids))
        for lesson, group in await session.execute(groups.order_by(LessonGroup.group_id)):
            views[lesson].groups.append(group)
        for row in await session.scalars(select(LessonException).where(LessonException.lesson_id.in_(ids))):
            views[row.lesson_id].exceptions.add(row.starts_at)
        hosts = {lesson.host_id for lesson in lessons if lesson.host_id}
        people = select(Person.id, Person.name).where(Person.id.in_(hosts))
        names = {person: name for person, name in await session.execute(people)}  # noqa: C416 - rows
        badges = await badges_of(session, hosts)
        for view in views.values():
            found, age = view.lesson, view.lesson.age
            band = AgeBand(age) if age else None
            view.limit = limit_minutes(norms, view.kind, band)
            if found.host_id is not None:
                view.host = names.get(found.host_id)
                view.host_badge = badges.get((found.host_id, found.organisation_id))
        return list(views.values())

    async def _write(self, session: Session, by: Actor, lesson: Lesson, data: LessonData) -> None:
        host = data.host if data.host is not None else lesson.host_id or by.person
        groups, organisation = set(data.groups), lesson.organisation_id
        if data.kind in STAFF_KINDS and (groups or data.family):
            raise BadRequest("A meeting of the staff has no groups and no family")
        await self._check(session, organisation, groups, data.family, host)
        zone = data.time_zone
        if zone is None:
            found = await session.get(Organisation, organisation)
            zone = found.time_zone if found is not None else self._context.settings.time_zone
        lesson.title, lesson.kind, lesson.programme = data.title, data.kind, data.programme
        lesson.age, lesson.host_id, lesson.family_id = data.age, host, data.family
        lesson.starts_at = data.starts_at.replace(second=0, microsecond=0)
        lesson.minutes, lesson.time_zone = data.minutes, zone
        lesson.recurrence = data.recurrence.model_dump_json() if data.recurrence else None
        lesson.mode = data.mode or MODES.get(data.kind, "meeting")
        lesson.lobby, lesson.reach, lesson.content = data.lobby, data.reach, data.content
        lesson.recording = data.recording
        # Being the host of what one plans gives nothing: else anybody could plan for any group.
        of = await groups_of_families(session, {data.family}) if data.family else frozenset(groups)
        check(by, Action.CHANGE_LESSON, Target(organisation, frozenset(groups) or of))
        session.add(lesson)
        await session.flush()
        await session.execute(delete(LessonGroup).where(LessonGroup.lesson_id == lesson.id))
        session.add_all(LessonGroup(lesson_id=lesson.id, group_id=group) for group in sorted(groups))
        await session.flush()

    async def _check(
        self, session: Session, organisation: str, groups: set[str], family: str | None, host: str
    ) -> None:
        query = select(Group.id).where(Group.organisation_id == organisation, Group.id.in_(groups))
        if groups - set(await session.scalars(query)):
            raise Conflict("There is no such group", "NO_GROUP")
        if family is not None:
            found = await session.get(Family, family)
            if found is None or found.organisation_id != organisation:
                raise Conflict("There is no such family", "NO_FAMILY")
        if (host, organisation) not in await badges_of(session, {host}):
            raise Conflict("Only confirmed staff can be the host", "NO_HOST")

    async def _note(
        self, session: Session, by: Actor, action: AuditAction, lesson: Lesson, **details: Any
    ) -> None:
        await self._context.record(
            session, by.person, action, f"lesson:{lesson.id}", organisation=lesson.organisation_id, **details
        )


async def badges_of(session: Session, people: Collection[str]) -> dict[tuple[str, str], Role]:
    """(person, organisation) -> the first of the confirmed roles of staff, in order of the enumeration."""
    query = select(Membership.person_id, Membership.organisation_id, Membership.role).where(
        Membership.person_id.in_(people), Membership.state == RoleState.CONFIRMED
    )
    held: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for person, organisation, role in await session.execute(query):
        held[person, organisation].add(role)
    badges = {key: badge_of(frozenset(Role(role) for role in roles)) for key, roles in held.items()}
    return {key: badge for key, badge in badges.items() if badge is not None}
