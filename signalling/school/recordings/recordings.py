"""What was recorded of lessons: written down by calls, listed, opened, deleted, and removed when its time is over."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import delete, select

from signalling.library.recording.seconds import FILM
from signalling.library.storage import FolderStorage
from signalling.school.attendance import lesson_of_room
from signalling.school.audit import SYSTEM
from signalling.school.context import Context
from signalling.school.door import Action, Actor, allows
from signalling.school.errors import Conflict, NotFound
from signalling.school.lessons import Lessons, LessonView
from signalling.school.recordings.compositions import Compositions
from signalling.school.sessions import Known
from signalling.school.words import AuditAction, RecordingState
from signalling.store import Session
from signalling.store.tables import Lesson, Person, Recording, RecordingConsent
from signalling.store.tables.base import MAX_NAME
from signalling.store.types import moment

OPENED_AGAIN = timedelta(hours=1)
"""A player asks for a film in many pieces: within this time it is one opening in the log."""
MOST_OPENED = 10_000
MOST_LISTED = 500
log = structlog.get_logger(__name__)


@dataclass
class RecordingView:
    """A recording with what belongs to it."""

    recording: Recording
    lesson: LessonView
    names: dict[str, str] = field(default_factory=dict)
    """Of the people whom the row mentions."""
    consents: list[RecordingConsent] = field(default_factory=list)
    """Answers, oldest first."""

    @property
    def state(self) -> RecordingState:
        return RecordingState(self.recording.state)


class Recordings:
    """Families see none of it."""

    def __init__(
        self, context: Context, lessons: Lessons, storage: FolderStorage, compositions: Compositions
    ) -> None:
        self._context, self._lessons = context, lessons
        self.storage, self.compositions = storage, compositions
        self.running: set[str] = set()
        """Recordings of this process that are not over; their rows may not be written yet."""
        self._opened: dict[tuple[str, str], datetime] = {}
        """(sign-in, recording) -> when the log told of it."""

    # For calls

    async def begin(self, recording: str, room: str, by: str, at: float) -> None:
        """`by`: the person of a call, `at`: seconds since the epoch."""
        place = lesson_of_room(room)
        assert place is not None, "only calls of lessons are recorded"
        kind, _, person = by.partition(":")
        async with self._context.database.write() as session:
            known = await session.get(Person, person) if kind == "staff" else None
            session.add(
                Recording(
                    id=recording,
                    lesson_id=place[0],
                    starts_at=place[1],
                    state=RecordingState.RECORDING,
                    attempts=0,
                    started_at=moment(at),
                    started_by=known.id if known is not None else None,
                    expires_at=moment(at) + self._kept,
                )
            )

    async def answered(self, recording: str, person: str, name: str, agreed: bool, at: float) -> None:
        """Somebody who is recorded or would be was asked."""
        async with self._context.database.write() as session:
            session.add(
                RecordingConsent(
                    recording_id=recording,
                    at=moment(at),
                    person=person[:MAX_NAME],
                    name=name[:MAX_NAME],
                    agreed=agreed,
                )
            )

    async def end(self, recording: str, at: float) -> None:
        """What was recorded is whole, and a film is made of it."""
        try:
            async with self._context.database.write() as session:
                row = await session.get(Recording, recording)
                if row is not None and row.state == RecordingState.RECORDING:
                    row.state, row.ended_at = RecordingState.QUEUED, moment(at)
                    row.expires_at = row.ended_at + self._kept
        finally:  # a database that refuses must not keep later recordings from beginning
            self.running.discard(recording)
        self.compositions.wake()

    # For people

    async def of_lesson(self, by: Actor, lesson: str) -> list[RecordingView]:
        """Newest first. Raises `NotFound`, `Denied`."""
        async with self._context.database.read() as session:
            view = await self._lessons.find(session, by, Action.SEE_RECORDINGS, lesson)
            query = select(Recording).where(Recording.lesson_id == lesson)
            rows = await session.scalars(query.order_by(Recording.started_at.desc(), Recording.id))
            return await self._views(session, view, list(rows))

    async def of_organisation(self, by: Actor, organisation: str) -> list[RecordingView]:
        """Of all lessons whose recordings the actor may see, the newest first."""
        query = (
            select(Recording)
            .join(Lesson, Lesson.id == Recording.lesson_id)
            .where(Lesson.organisation_id == organisation)
            .order_by(Recording.started_at.desc(), Recording.id)
            .limit(MOST_LISTED)
        )
        async with self._context.database.read() as session:
            rows = list(await session.scalars(query))
            ids = {row.lesson_id for row in rows}
            lessons = list(await session.scalars(select(Lesson).where(Lesson.id.in_(ids))))
            found: dict[str, RecordingView] = {}
            for lesson in await self._lessons.views(session, lessons):
                if allows(by, Action.SEE_RECORDINGS, lesson.target()):
                    mine = [row for row in rows if row.lesson_id == lesson.lesson.id]
                    found |= {view.recording.id: view for view in await self._views(session, lesson, mine)}
        return [found[row.id] for row in rows if row.id in found]

    async def get(self, by: Actor, recording: str) -> RecordingView:
        """Raises `NotFound`, `Denied`."""
        async with self._context.database.read() as session:
            return await self._find(session, by, Action.SEE_RECORDINGS, recording)

    async def film(self, by: Known, recording: str) -> Path:
        """The file; that it was opened is in the log. Raises `NotFound`, `Denied`, `Conflict`."""
        async with self._context.database.write() as session:
            view = await self._find(session, by.actor, Action.SEE_RECORDINGS, recording)
            if view.state is not RecordingState.READY:
                raise Conflict("This recording has no file", "NO_FILE")
            if self._is_first(by.sign_in, recording):
                await self._note(session, by.actor.person, "recording_downloaded", view)
        path = self.storage.folder(recording) / FILM
        if not await asyncio.to_thread(path.is_file):
            raise Conflict("This recording has no file", "NO_FILE")
        return path

    async def remove(self, by: Actor, recording: str) -> RecordingView:
        """Its file is gone for good; that there was one stays. Idempotent. Raises `NotFound`, `Denied`, `Conflict`."""
        async with self._context.database.write() as session:
            view = await self._find(session, by, Action.REMOVE_RECORDING, recording)
            if view.state is RecordingState.RECORDING:
                raise Conflict("This recording is not over", "RECORDING_RUNS")
            if view.state is not RecordingState.DELETED:
                self._delete(view.recording, by.person)
                await self._note(session, by.person, "recording_deleted", view)
                await session.flush()
                (view,) = await self._views(session, view.lesson, [view.recording])
        await self._forget(recording)
        return view

    async def compose_again(self, by: Actor, recording: str) -> RecordingView:
        """What failed may do better now. Raises `NotFound`, `Denied`, `Conflict`."""
        async with self._context.database.write() as session:
            view = await self._find(session, by, Action.REMOVE_RECORDING, recording)
            if view.state is not RecordingState.FAILED:
                raise Conflict("This recording has not failed", "RECORDING_STATE")
            row = view.recording
            row.state, row.failure, row.attempts = RecordingState.QUEUED, None, 0
        self.compositions.wake()
        return view

    def may_remove(self, by: Actor, view: RecordingView) -> bool:
        return allows(by, Action.REMOVE_RECORDING, view.lesson.target())

    # Time

    async def resume(self) -> None:
        """At the start, before anything is recorded."""
        await self.compositions.resume()
        await self.expire()

    async def expire(self) -> None:
        """Removes files whose time is over, and files of nobody."""
        now, settings = self._context.now(), self._context.settings.retention
        there = (RecordingState.QUEUED, RecordingState.COMPOSING, RecordingState.READY, RecordingState.FAILED)
        async with self._context.database.write() as session:
            query = select(Recording).where(Recording.expires_at <= now, Recording.state.in_(there))
            for row in list(await session.scalars(query)):
                lesson = await session.get(Lesson, row.lesson_id)
                assert lesson is not None, "recordings go with their lesson"
                self._delete(row, None)
                await self._note(session, SYSTEM, "recording_expired", RecordingView(row, LessonView(lesson)))
            old = now - timedelta(days=settings.journal_days)
            await session.execute(delete(Recording).where(Recording.removed_at < old))
            kept = set(await session.scalars(select(Recording.id).where(Recording.removed_at.is_(None))))
        for recording in await asyncio.to_thread(self.storage.known):
            if recording not in kept | self.running:
                await self._forget(recording)

    @property
    def _kept(self) -> timedelta:
        return timedelta(days=self._context.settings.retention.recording_days)

    def _delete(self, row: Recording, by: str | None) -> None:
        row.state, row.removed_at, row.removed_by = RecordingState.DELETED, self._context.now(), by

    async def _forget(self, recording: str) -> None:
        """A disk that refuses is told in the log; the next hour tries again."""
        await self.compositions.cancel(recording)
        try:
            await self.storage.remove(recording)
        except OSError as error:
            log.error("a recording could not be removed", recording=recording, reason=str(error))

    def _is_first(self, sign_in: str, recording: str) -> bool:
        now, key = self._context.now(), (sign_in, recording)
        before = self._opened.get(key)
        if before is not None and now - before < OPENED_AGAIN:
            return False
        if len(self._opened) >= MOST_OPENED:
            self._opened.clear()
        self._opened[key] = now
        return True

    async def _find(self, session: Session, by: Actor, action: Action, recording: str) -> RecordingView:
        row = await session.get(Recording, recording)
        if row is None:
            raise NotFound
        lesson = await self._lessons.find(session, by, action, row.lesson_id)
        (view,) = await self._views(session, lesson, [row])
        return view

    async def _views(
        self, session: Session, lesson: LessonView, rows: list[Recording]
    ) -> list[RecordingView]:
        views = {row.id: RecordingView(row, lesson) for row in rows}
        mentioned = {person for row in rows for person in (row.started_by, row.removed_by) if person}
        people = await session.execute(select(Person.id, Person.name).where(Person.id.in_(mentioned)))
        names = {person: name for person, name in people}  # noqa: C416 - rows
        query = select(RecordingConsent).where(RecordingConsent.recording_id.in_(views))
        for consent in await session.scalars(query.order_by(RecordingConsent.at, RecordingConsent.id)):
            views[consent.recording_id].consents.append(consent)
        for view in views.values():
            view.names = names
        return list(views.values())

    async def _note(self, session: Session, actor: str, action: AuditAction, view: RecordingView) -> None:
        await self._context.record(
            session,
            actor,
            action,
            f"recording:{view.recording.id}",
            organisation=view.lesson.lesson.organisation_id,
            lesson=view.recording.lesson_id,
        )
