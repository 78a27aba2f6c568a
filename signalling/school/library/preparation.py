"""Files of content are prepared one after the other, by a worker process of its own for each."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from signalling.library.incoming_folder import IncomingFolder
from signalling.library.pipeline.job import REPORT, FailureCode, Job, Progress
from signalling.library.pipeline.supervisor import PreparationFailed, prepare
from signalling.library.sealing.keys import KeyFault
from signalling.library.sealing.manifest import SealBroken
from signalling.library.settings import LibrarySettings
from signalling.library.storage import SOURCE, Storage
from signalling.library.subtitles import given
from signalling.school.audit import SYSTEM
from signalling.school.context import Context
from signalling.school.errors import NotFound
from signalling.school.library.seals import Seals, metadata_of
from signalling.school.library.views import get
from signalling.school.words import AgeBand, AuditAction, ContentKind, PreparationState
from signalling.school.work_queue import AGAIN, MOST_ATTEMPTS, WorkQueue
from signalling.store import Session
from signalling.store.tables import Content, Upload

PENDING = (PreparationState.QUEUED, PreparationState.RUNNING)
Prepare = Callable[[Job, Callable[[Progress], None]], Awaitable[None]]
log = structlog.get_logger(__name__)


class Preparations(WorkQueue[Progress]):
    """Of the files of content."""

    def __init__(
        self,
        context: Context,
        settings: LibrarySettings,
        storage: Storage,
        incoming: IncomingFolder,
        seals: Seals,
        prepare: Prepare = prepare,
    ) -> None:
        super().__init__("prepare")
        self._context, self._settings, self._storage = context, settings, storage
        self._incoming, self._seals, self._prepare = incoming, seals, prepare

    async def resume(self) -> None:
        """At the start, before anybody uploads: what ran when the server ended is in the queue again; files of nobody
        are removed."""
        async with self._context.database.write() as session:
            left = select(Content).where(Content.preparation == PreparationState.RUNNING)
            for content in await session.scalars(left):
                if content.attempts >= MOST_ATTEMPTS:
                    content.preparation, content.failure = PreparationState.FAILED, FailureCode.CRASHED
                else:
                    content.preparation = PreparationState.QUEUED
            known = set(await session.scalars(select(Content.id)))
            coming = set(await session.scalars(select(Upload.id)))
        for content_id in await asyncio.to_thread(self._storage.known):
            if content_id not in known:
                await self._storage.remove(content_id)
        await asyncio.to_thread(self._incoming.keep_only, coming)

    async def _next(self) -> tuple[str, Coroutine[Any, Any, None]] | None:
        async with self._context.database.write() as session:
            queued = select(Content).where(Content.preparation == PreparationState.QUEUED)
            content = await session.scalar(queued.order_by(Content.queued_at, Content.id).limit(1))
            if content is None:
                return None
            content.preparation = PreparationState.RUNNING
            content.attempts += 1
        return content.id, self._work(content)

    async def forget(self, content: str, upload: str | None) -> None:
        """Removes all its files. A disk that refuses is told in the log; the next start tries again."""
        try:
            await self._storage.remove(content)
            if upload is not None:
                await asyncio.to_thread(self._incoming.remove, upload)
        except OSError as error:
            log.error("files could not be removed", content=content, reason=str(error))

    async def _work(self, content: Content) -> None:
        try:
            folder = await self._storage.fetch(content.id)
            job = Job(
                source=folder / SOURCE,
                folder=folder,
                bounds=self._settings.bounds,
                longest_for_age=self._longest(content),
            )
            await self._prepare(job, partial(self.progress.__setitem__, content.id))
            report = await asyncio.to_thread(read_report, folder)
            if report["acceptable"]:
                await asyncio.to_thread(given.apply, folder, report["duration"])
                async with self._context.database.read() as session:
                    metadata = await metadata_of(session, await get(session, content.id))
                await self._seals.write(content.id, await self._seals.make(content.id, metadata))
            else:
                await self._storage.keep(content.id)
        except PreparationFailed as failure:
            await self._failed(content.id, failure.code)
        except (OSError, SealBroken, KeyFault) as error:
            log.error("content could not be prepared", content=content.id, reason=str(error))
            await self._failed(content.id, FailureCode.DISK)
        except NotFound:
            log.info("content was removed while it was prepared", content=content.id)
        except Exception:  # the queue goes on with the next
            log.exception("a preparation failed", content=content.id)
            await self._failed(content.id, FailureCode.CRASHED)
        else:
            await self._done(content.id, report)

    async def _done(self, content: str, report: dict[str, Any]) -> None:
        async with self._context.database.write() as session:
            if (row := await self._mine(session, content)) is None:
                return
            row.duration_s = report["duration"]
            row.kind = ContentKind(report["medium"])
            acceptable = report["acceptable"]
            row.preparation = PreparationState.READY if acceptable else PreparationState.REFUSED
            action: AuditAction = "content_prepared" if acceptable else "content_refused"
            await self._note(session, row, action)

    async def _failed(self, content: str, code: FailureCode) -> None:
        async with self._context.database.write() as session:
            if (row := await self._mine(session, content)) is None:
                return
            if code in AGAIN and row.attempts < MOST_ATTEMPTS:
                row.preparation = PreparationState.QUEUED
                return
            row.preparation, row.failure = PreparationState.FAILED, code
            await self._note(session, row, "content_preparation_failed", reason=code)

    async def _mine(self, session: Session, content: str) -> Content | None:
        """Unless it was removed or cancelled meanwhile."""
        row = await session.get(Content, content)
        return row if row is not None and row.preparation == PreparationState.RUNNING else None

    async def _note(self, session: Session, row: Content, action: AuditAction, **details: str) -> None:
        target = f"content:{row.id}"
        await self._context.record(
            session, SYSTEM, action, target, organisation=row.organisation_id, title=row.title, **details
        )

    def _longest(self, content: Content) -> float | None:
        """Seconds: what the norms allow at a time for its age."""
        screen = self._context.settings.norms[AgeBand(content.age)].film if content.age else None
        return screen.at_a_time * 60.0 if screen is not None else None


def read_report(folder: Path) -> dict[str, Any]:
    """As the worker wrote it. Raises `OSError`, `ValueError`."""
    found: dict[str, Any] = json.loads((folder / REPORT).read_bytes())
    return found
