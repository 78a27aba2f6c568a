"""Draft, submitted, verified by somebody else, withdrawn or expired."""

import asyncio

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from signalling.library.sealing.keys import KeyFault
from signalling.library.sealing.manifest import SealBroken
from signalling.school.audit import SYSTEM
from signalling.school.context import Context
from signalling.school.door import Action, Actor
from signalling.school.errors import Conflict, Denied, NotFound, SchoolError
from signalling.school.events import ContentEnded
from signalling.school.library.contents import Contents, must_be
from signalling.school.library.preparation import PENDING, Preparations
from signalling.school.library.seals import Seals, metadata_of
from signalling.school.library.uploads import Uploads
from signalling.school.library.views import ContentView, add_author, find, get
from signalling.school.words import ContentState, PreparationState, Role
from signalling.store.tables import Content

EVERY_S = 30.0
log = structlog.get_logger(__name__)


class CannotSeal(SchoolError):
    """The server cannot seal it now; its log says why"""

    code, status = "CANNOT_SEAL", 503


class Review:
    """What becomes of content once it is written. Each step is in the audit log."""

    def __init__(
        self,
        context: Context,
        contents: Contents,
        uploads: Uploads,
        preparations: Preparations,
        seals: Seals,
    ) -> None:
        self._context, self._contents, self._uploads = context, contents, uploads
        self._preparations, self._seals = preparations, seals

    async def submit(self, by: Actor, content: str) -> ContentView:
        """Raises `Denied`, `NotFound`, `Conflict`: it is no draft, not ready, or something is not written."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            row = view.content
            must_be(view, ContentState.DRAFT)
            if view.preparation is not PreparationState.READY:
                raise Conflict("Its file is not ready", "NOT_READY")
            if not (row.licence.strip() and row.basis.strip()):
                raise Conflict("Licence and basis must be written", "INCOMPLETE")
            row.state, row.submitted_at, row.remark = ContentState.SUBMITTED, self._context.now(), None
            await add_author(session, view, by)
            await self._contents.note(session, by.person, "content_submitted", row)
            return await get(session, content)

    async def give_back(self, by: Actor, content: str, remark: str | None) -> ContentView:
        """To its authors, by one of them or, with a remark, by who would have verified it."""
        async with self._context.database.write() as session:
            action = Action.CHANGE_CONTENT if remark is None else Action.VERIFY_CONTENT
            view = await find(session, by, action, content)
            must_be(view, ContentState.SUBMITTED)
            view.content.state, view.content.remark = ContentState.DRAFT, remark
            await self._contents.note(session, by.person, "content_returned", view.content)
            return await get(session, content)

    async def verify(self, by: Actor, content: str, revision: int) -> ContentView:
        """`revision`: of what the actor has looked at. Reads all files once more and signs. Raises `Denied`,
        `NotFound`, `Conflict`, `CannotSeal`."""
        async with self._context.database.read() as session:
            view = await find(session, by, Action.VERIFY_CONTENT, content)
            self._check_verifiable(view, by, revision)
            now = self._context.now()
            role = Role.METHODOLOGIST if _has(by, view, Role.METHODOLOGIST) else Role.HEAD
            metadata = await metadata_of(session, view, (now, role))
        try:
            made = await self._seals.make(content, metadata)
        except SealBroken as broken:
            raise Conflict(f"Its files were changed: {broken}", "FILES_CHANGED") from broken
        except (KeyFault, OSError) as error:
            log.error("content could not be sealed", content=content, reason=str(error))
            raise CannotSeal from error
        async with self._context.database.write() as session:
            view = await find(session, by, Action.VERIFY_CONTENT, content)
            self._check_verifiable(view, by, revision)
            row = view.content
            row.state, row.verified_at, row.verified_by = ContentState.VERIFIED, now, by.person
            row.remark = row.seal_broken_at = row.seal_fault = None
            await self._contents.note(
                session, by.person, "content_verified", row, key=made.key, source=made.manifest.source.sha256
            )
            try:
                await self._seals.write(content, made)
            except OSError as error:
                raise CannotSeal from error
            return await get(session, content)

    async def withdraw(self, by: Actor, content: str, reason: str) -> ContentView:
        """At once: what is on of it stops."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.VERIFY_CONTENT, content)
            must_be(view, ContentState.VERIFIED)
            view.content.state, view.content.remark = ContentState.WITHDRAWN, reason
            view.content.ended_at = self._context.now()
            await self._contents.note(session, by.person, "content_withdrawn", view.content)
            found = await get(session, content)
        self._context.events.tell(ContentEnded(content))
        return found

    async def revise(self, by: Actor, content: str) -> ContentView:
        """A draft again, of what was withdrawn or has expired; if its seal was broken, with a new file."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            must_be(view, ContentState.WITHDRAWN, ContentState.EXPIRED)
            row = view.content
            row.state, row.ended_at, row.revision = ContentState.DRAFT, None, row.revision + 1
            if row.seal_broken_at is not None:
                row.preparation = PreparationState.NONE
            await self._contents.note(session, by.person, "content_revised", row)
            return await get(session, content)

    async def prepare_again(self, by: Actor, content: str) -> ContentView:
        """After it failed or was cancelled."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            must_be(view, ContentState.DRAFT)
            if view.preparation not in (PreparationState.FAILED, PreparationState.CANCELLED):
                raise Conflict("There is nothing to do anew", "PREPARATION_STATE")
            row = view.content
            row.preparation, row.failure, row.attempts = PreparationState.QUEUED, None, 0
            row.queued_at = self._context.now()
            found = await get(session, content)
        self._preparations.wake()
        return found

    async def cancel_preparation(self, by: Actor, content: str) -> ContentView:
        """Its file stays."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            if view.preparation not in PENDING:
                raise Conflict("It is not being prepared", "PREPARATION_STATE")
            view.content.preparation = PreparationState.CANCELLED
            await self._contents.note(session, by.person, "content_preparation_cancelled", view.content)
            found = await get(session, content)
        await self._preparations.cancel(content)
        return found

    async def seal_broken(self, content: str, broken: SealBroken) -> None:
        """The badge goes at once. Idempotent."""
        try:
            async with self._context.database.write() as session:
                row = (await get(session, content)).content
                if row.seal_broken_at is not None:
                    return
                row.seal_broken_at, row.seal_fault = self._context.now(), str(broken)
                await self._contents.note(session, SYSTEM, "content_seal_broken", row, fault=str(broken))
        except NotFound:
            return
        log.critical("sealed content was changed on disk", content=content, fault=str(broken))
        self._context.events.tell(ContentEnded(content))

    async def check_seal(self, by: Actor, content: str) -> ContentView:
        """Reads everything that is sealed; a changed byte drops the badge. Raises `Conflict` without a seal."""
        async with self._context.database.read() as session:
            view = await find(session, by, Action.SEE_CONTENT, content)
        if view.preparation is not PreparationState.READY:
            raise Conflict("It has no seal", "NOT_READY")
        try:
            await self._seals.check(content)
        except SealBroken as broken:
            await self.seal_broken(content, broken)
        except (KeyFault, OSError) as error:
            log.error("a seal could not be checked", content=content, reason=str(error))
            raise CannotSeal from error
        return await self._contents.get(by, content)

    async def run(self) -> None:
        """What has expired is expired, and old uploads go; until it is cancelled."""
        while True:
            try:
                await self.expire()
                await self._uploads.expire()
            except (OSError, SQLAlchemyError) as error:
                log.error("the library could not be tidied", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def expire(self) -> None:
        """What was verified until now."""
        now = self._context.now()
        async with self._context.database.write() as session:
            over = select(Content).where(Content.state == ContentState.VERIFIED, Content.valid_until <= now)
            rows = list(await session.scalars(over))
            for row in rows:
                row.state, row.ended_at = ContentState.EXPIRED, now
                await self._contents.note(session, SYSTEM, "content_expired", row)
        for row in rows:
            self._context.events.tell(ContentEnded(row.id))

    def _check_verifiable(self, view: ContentView, by: Actor, revision: int) -> None:
        must_be(view, ContentState.SUBMITTED)
        if by.person in view.authors:
            raise Denied("Somebody else must verify what you had a hand in", "OWN_CONTENT")
        if view.content.revision != revision:
            raise Conflict("It was changed since you looked at it", "CONFLICT")
        if view.is_over(self._context.now()):
            raise Conflict("Its validity has ended", "VALIDITY_OVER")


def _has(by: Actor, view: ContentView, role: Role) -> bool:
    return role in by.roles.get(view.content.organisation_id, frozenset())
