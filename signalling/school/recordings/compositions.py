"""Films are made of recordings one after the other, by a worker process of its own for each."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy import select

from signalling.library.pipeline.job import FailureCode
from signalling.library.pipeline.supervisor import PreparationFailed
from signalling.library.recording.composing import Composed
from signalling.library.recording.seconds import FILM
from signalling.library.storage import FolderStorage
from signalling.school.audit import SYSTEM
from signalling.school.context import Context
from signalling.school.words import RecordingState
from signalling.school.work_queue import AGAIN, MOST_ATTEMPTS, WorkQueue
from signalling.store import Session
from signalling.store.tables import Lesson, Recording

log = structlog.get_logger(__name__)


class Compose(Protocol):
    """Makes the film of what is in a folder; `tell` gets how much is done, 0 to 1. The same folder again goes on or
    begins anew. Raises `PreparationFailed`; when it is cancelled, nothing works in the folder afterwards."""

    def __call__(self, folder: Path, tell: Callable[[float], None]) -> Awaitable[Composed]: ...


class Compositions(WorkQueue[float]):
    """Told is how much is done, 0 to 1."""

    def __init__(self, context: Context, storage: FolderStorage, compose: Compose) -> None:
        super().__init__("compose")
        self._context, self._storage, self._compose = context, storage, compose

    async def resume(self) -> None:
        """At the start: what a server recorded or composed when it ended is in the queue again."""
        left = (RecordingState.RECORDING, RecordingState.COMPOSING)
        async with self._context.database.write() as session:
            for row in await session.scalars(select(Recording).where(Recording.state.in_(left))):
                row.ended_at = row.ended_at or self._context.now()
                if row.attempts >= MOST_ATTEMPTS:
                    await self._note_failure(session, row, FailureCode.CRASHED)
                else:
                    row.state = RecordingState.QUEUED

    async def _next(self) -> tuple[str, Coroutine[Any, Any, None]] | None:
        async with self._context.database.write() as session:
            queued = select(Recording).where(Recording.state == RecordingState.QUEUED)
            row = await session.scalar(queued.order_by(Recording.ended_at, Recording.id).limit(1))
            if row is None:
                return None
            row.state = RecordingState.COMPOSING
            row.attempts += 1
        return row.id, self._work(row.id)

    async def _work(self, recording: str) -> None:
        folder = self._storage.folder(recording)
        try:
            composed = await self._compose(folder, partial(self.progress.__setitem__, recording))
            size = (await asyncio.to_thread((folder / FILM).stat)).st_size
        except PreparationFailed as failure:
            await self._failed(recording, failure.code)
        except OSError as error:
            log.error("a recording could not be composed", recording=recording, reason=str(error))
            await self._failed(recording, FailureCode.DISK)
        except Exception:  # the queue goes on with the next
            log.exception("a composition failed", recording=recording)
            await self._failed(recording, FailureCode.CRASHED)
        else:
            async with self._context.database.write() as session:
                row = await self._mine(session, recording)
                if row is None:
                    return
                row.state, row.failure = RecordingState.READY, None
                row.duration_s, row.size = composed.duration_s, size
            await asyncio.to_thread(_keep_only, folder, FILM)

    async def _failed(self, recording: str, code: FailureCode) -> None:
        async with self._context.database.write() as session:
            if (row := await self._mine(session, recording)) is None:
                return
            if code in AGAIN and row.attempts < MOST_ATTEMPTS:
                row.state = RecordingState.QUEUED
                return
            await self._note_failure(session, row, code)

    async def _mine(self, session: Session, recording: str) -> Recording | None:
        """Unless it was deleted meanwhile."""
        row = await session.get(Recording, recording)
        return row if row is not None and row.state == RecordingState.COMPOSING else None

    async def _note_failure(self, session: Session, row: Recording, code: FailureCode) -> None:
        row.state, row.failure = RecordingState.FAILED, code
        lesson = await session.get(Lesson, row.lesson_id)
        await self._context.record(
            session,
            SYSTEM,
            "recording_composing_failed",
            f"recording:{row.id}",
            organisation=lesson.organisation_id if lesson is not None else None,
            lesson=row.lesson_id,
            reason=code,
        )


def _keep_only(folder: Path, name: str) -> None:
    """What the film was made of is more than the film tells: who spoke where alone."""
    for path in folder.iterdir():
        if path.name == name:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
