"""Calendars: files of lessons, and feeds that programs fetch by a secret link (RFC 5545)."""

from collections.abc import Sequence
from datetime import timedelta

from icalendar import Calendar, Event
from sqlalchemy import or_, select

from signalling.school.actors import actor_of, groups_of_families
from signalling.school.context import Context
from signalling.school.door import Action, Actor, allows
from signalling.school.errors import LinkNotFound
from signalling.school.invitations import Invitations
from signalling.school.lessons import Lessons, LessonView
from signalling.school.words import Role
from signalling.store import Session
from signalling.store.tables import CalendarFeed, Family, Lesson
from signalling.store.types import moment, new_id

PURPOSE = "calendar"
PAST = timedelta(days=60)
"""How far back a feed goes."""


class Calendars:
    """Of single lessons, of links, of people."""

    def __init__(self, context: Context, lessons: Lessons, invitations: Invitations) -> None:
        self._context, self._lessons, self._invitations = context, lessons, invitations

    async def of_lesson(self, by: Actor, lesson: str) -> bytes:
        """Raises `NotFound`, `Denied`."""
        view = await self._lessons.get(by, lesson)
        return self._file([view], view.lesson.title, "")

    async def of_link(self, code: str, link: str) -> bytes:
        """What a link leads to: of a family all that it may be in. `link` is in every event. Raises `LinkNotFound`."""
        async with self._context.database.read() as session:
            invitation = await self._invitations.open(session, code)
            if invitation.lesson_id is not None:
                lesson = await session.get(Lesson, invitation.lesson_id)
                assert lesson is not None, "links go with their lesson"
                return self._file([await self._lessons.view(session, lesson)], lesson.title, link)
            family = await session.get(Family, invitation.family_id)
            assert family is not None, "a link is of a family or of a lesson"
            groups = await groups_of_families(session, {family.id})
            roles = {family.organisation_id: frozenset({Role.GUARDIAN})}
            actor = Actor("", roles, families=frozenset({family.id}), family_groups=groups)
            return self._file(await self._seen(session, actor), family.name, link)

    async def of_feed(self, code: str) -> bytes:
        """All lessons that a person may see. Raises `LinkNotFound`."""
        async with self._context.database.read() as session:
            query = select(CalendarFeed).where(CalendarFeed.code_hash == self._context.codes.hash(code))
            feed = await session.scalar(query)
            if feed is None:
                raise LinkNotFound
            return self._file(
                await self._seen(session, await actor_of(session, feed.person_id)), "Polyana", ""
            )

    async def feed(self, person: str, anew: bool = False) -> str:
        """The code of somebody's feed; `anew`: another one, the old one ends."""
        async with self._context.database.write() as session:
            found = await session.scalar(select(CalendarFeed).where(CalendarFeed.person_id == person))
            if found is not None and not anew:
                return self._context.codes.derived(PURPOSE, found.id)
            if found is not None:
                await session.delete(found)
                await session.flush()
            made = new_id()
            code = self._context.codes.derived(PURPOSE, made)
            now, hashed = self._context.now(), self._context.codes.hash(code)
            session.add(CalendarFeed(id=made, person_id=person, code_hash=hashed, created_at=now))
            return code

    async def _seen(self, session: Session, actor: Actor) -> list[LessonView]:
        since = self._context.now() - PAST
        query = select(Lesson).where(
            Lesson.organisation_id.in_(list(actor.roles)),
            or_(Lesson.recurrence.is_not(None), Lesson.starts_at >= since),
        )
        views = await self._lessons.views(session, list(await session.scalars(query)))
        return [view for view in views if allows(actor, Action.SEE_LESSON, view.target())]

    def _file(self, views: Sequence[LessonView], name: str, link: str) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", "-//Polyana//Polyana//EN")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", name)
        for view in sorted(views, key=lambda view: (view.lesson.starts_at, view.lesson.id)):
            calendar.add_component(self._event(view, link))
        calendar.add_missing_timezones()
        text: bytes = calendar.to_ical()
        return text

    def _event(self, view: LessonView, link: str) -> Event:
        lesson, event = view.lesson, Event()
        event.add("uid", f"{lesson.id}@polyana")
        event.add("dtstamp", moment(self._context.clock.time()))
        event.add("sequence", lesson.sequence)
        event.add("dtstart", lesson.starts_at.astimezone(view.zone))
        event.add("duration", timedelta(minutes=lesson.minutes))
        event.add("summary", lesson.title)
        if lesson.content:
            event.add("description", lesson.content)
        if link:
            event.add("url", link)
        if lesson.cancelled_at is not None:
            event.add("status", "CANCELLED")
        if (series := view.recurrence) is not None:
            event.add("rrule", series.vrecur(view.zone))
            for without in sorted(view.exceptions):
                event.add("exdate", without.astimezone(view.zone))
        return event
