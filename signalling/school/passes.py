"""Passes: what lets equipment and audiences into one lesson, without a person and without an account."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from signalling.school.context import Context
from signalling.school.door import Action, Actor
from signalling.school.errors import Conflict, LinkNotFound, NotFound
from signalling.school.events import PassRevoked
from signalling.school.lessons import Lessons, Occurrence
from signalling.school.words import AuditAction, PassKind, Role
from signalling.store import Session
from signalling.store.tables import Lesson, LessonPass, Membership, Organisation
from signalling.store.types import new_id

PURPOSE = "pass"
MOST_PASSES = 20
"""Of one lesson, that are not revoked."""


@dataclass(frozen=True)
class Pass:
    """With its code: it can be shown again at any time."""

    row: LessonPass
    code: str


@dataclass(frozen=True)
class Passed:
    """What a code leads to now. The lesson need not be on."""

    lesson_pass: str
    kind: PassKind
    name: str
    occurrence: Occurrence
    organisation: str
    """The name."""


class Passes:
    """Made by whoever may host the lesson."""

    def __init__(self, context: Context, lessons: Lessons) -> None:
        self._context, self._lessons = context, lessons

    async def make(self, by: Actor, lesson: str, kind: PassKind, name: str) -> Pass:
        """Raises `Denied`, or `Conflict` for one too many."""
        async with self._context.database.write() as session:
            await self._lessons.find(session, by, Action.HOST_LESSON, lesson)
            count = await session.scalar(
                select(func.count())
                .select_from(LessonPass)
                .where(LessonPass.lesson_id == lesson, LessonPass.revoked_at.is_(None))
            )
            if (count or 0) >= MOST_PASSES:
                raise Conflict("This lesson has as many passes as it may have", "TOO_MANY_PASSES")
            made = new_id()
            row = LessonPass(
                id=made,
                lesson_id=lesson,
                kind=kind,
                name=name,
                code_hash=self._context.codes.hash(self._code(made)),
                created_at=self._context.now(),
                created_by=by.person,
            )
            session.add(row)
            await session.flush()
            await self._note(session, by.person, "pass_made", row)
            return Pass(row, self._code(made))

    async def of_lesson(self, by: Actor, lesson: str) -> list[Pass]:
        """All that are not revoked, oldest first."""
        async with self._context.database.read() as session:
            await self._lessons.find(session, by, Action.HOST_LESSON, lesson)
            query = select(LessonPass).where(LessonPass.lesson_id == lesson, LessonPass.revoked_at.is_(None))
            found = await session.scalars(query.order_by(LessonPass.created_at, LessonPass.id))
            return [Pass(row, self._code(row.id)) for row in found]

    async def revoke(self, by: Actor, lesson_pass: str) -> None:
        """It lets nothing in from now on, and what came by it goes. Idempotent."""
        async with self._context.database.write() as session:
            row = await session.get(LessonPass, lesson_pass)
            if row is None:
                raise NotFound
            await self._lessons.find(session, by, Action.HOST_LESSON, row.lesson_id)
            if row.revoked_at is not None:
                return
            event = await self._revoke(session, by.person, row)
        self._context.events.tell(event)

    async def revoke_of(
        self, session: Session, role: Membership, families: Sequence[str]
    ) -> Sequence[PassRevoked]:
        """Within a transaction: ends what somebody of the staff has made; to be told after the commit."""
        if role.role == Role.GUARDIAN:
            return []
        query = (
            select(LessonPass)
            .join(Lesson, Lesson.id == LessonPass.lesson_id)
            .where(
                LessonPass.created_by == role.person_id,
                LessonPass.revoked_at.is_(None),
                Lesson.organisation_id == role.organisation_id,
            )
        )
        return [await self._revoke(session, "system", row) for row in await session.scalars(query)]

    async def open(self, code: str) -> Passed:
        """Raises `LinkNotFound`, the same for every wrong one."""
        async with self._context.database.read() as session:
            row = await self._find(session, code)
            return await self._passed(session, row)

    async def used(self, code: str) -> None:
        """Something comes in by it: that is written down. Raises `LinkNotFound`."""
        async with self._context.database.write() as session:
            row = await self._find(session, code)
            row.used_at = self._context.now()
            await self._note(session, f"pass:{row.id}", "pass_used", row)

    async def _find(self, session: Session, code: str) -> LessonPass:
        row = await session.scalar(
            select(LessonPass).where(LessonPass.code_hash == self._context.codes.hash(code))
        )
        if row is None or row.revoked_at is not None:
            raise LinkNotFound
        return row

    async def _passed(self, session: Session, row: LessonPass) -> Passed:
        lesson = await session.get(Lesson, row.lesson_id)
        assert lesson is not None, "passes go with their lesson"
        organisation = await session.get(Organisation, lesson.organisation_id)
        assert organisation is not None, "lessons go with their organisation"
        occurrence = self._lessons.current(await self._lessons.view(session, lesson))
        return Passed(row.id, PassKind(row.kind), row.name, occurrence, organisation.name)

    def _code(self, lesson_pass: str) -> str:
        return self._context.codes.derived(PURPOSE, lesson_pass)

    async def _revoke(self, session: Session, actor: str, row: LessonPass) -> PassRevoked:
        row.revoked_at = self._context.now()
        await self._note(session, actor, "pass_revoked", row)
        return PassRevoked(row.id, PassKind(row.kind))

    async def _note(self, session: Session, actor: str, action: AuditAction, row: LessonPass) -> None:
        lesson = await session.get(Lesson, row.lesson_id)
        assert lesson is not None, "passes go with their lesson"
        await self._context.record(
            session,
            actor,
            action,
            f"lesson:{row.lesson_id}",
            organisation=lesson.organisation_id,
            **{"pass": row.id, "kind": row.kind},
        )
