"""Films are made of recordings one after the other, by a worker process of its own for each."""

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from signalling.library.pipeline.job import FailureCode
from signalling.library.pipeline.supervisor import PreparationFailed
from signalling.library.recording.composing import Composed
from signalling.library.recording.seconds import FILM
from signalling.library.storage import FolderStorage
from signalling.school.audit import SYSTEM
from signalling.school.context import Context
from signalling.school.library.preparation import AGAIN, EVERY_S, MOST_ATTEMPTS
from signalling.school.words import RecordingState
from signalling.store import Session
from signalling.store.tables import Lesson, Recording

log = structlog.get_logger(__name__)


class Compose(Protocol):
    """Makes the film of what is in a folder; `tell` gets how much is done, 0 to 1. The same folder again goes on or
    begins anew. Raises `PreparationFailed`; when it is cancelled, nothing works in the folder afterwards."""

    def __call__(self, folder: Path, tell: Callable[[float], None]) -> Awaitable[Composed]: ...


class Compositions:
    """The queue is in the database: what a server did not end, the next one does."""

    def __init__(self, context: Context, storage: FolderStorage, compose: Compose) -> None:
        self._context, self._storage, self._compose = context, storage, compose
        self._awake = asyncio.Event()
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self.progress: dict[str, float] = {}
        """Of the recording whose worker runs now, 0 to 1."""

    async def run(self) -> None:
        """Until it is cancelled; what runs then is begun anew by the next server."""
        while True:
            self._awake.clear()
            if not await self._settle():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), EVERY_S)

    def wake(self) -> None:
        """Something was put into the queue."""
        self._awake.set()

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

    async def step(self) -> bool:
        """Composes the recording that has waited longest; False: there is none."""
        async with self._context.database.write() as session:
            queued = select(Recording).where(Recording.state == RecordingState.QUEUED)
            row = await session.scalar(queued.order_by(Recording.ended_at, Recording.id).limit(1))
            if row is None:
                return False
            row.state = RecordingState.COMPOSING
            row.attempts += 1
        task = asyncio.create_task(self._work(row.id), name=f"compose-{row.id}")
        self._running = (row.id, task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            ended = await asyncio.gather(task, return_exceptions=True)
            self._running = None
            self.progress.pop(row.id, None)
        if isinstance(ended[0], Exception):
            raise ended[0]
        return True

    async def cancel(self, recording: str) -> None:
        """No worker touches its files afterwards. What the database says of it, the caller has written before."""
        if self._running is not None and self._running[0] == recording:
            task = self._running[1]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

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

    async def _settle(self) -> bool:
        try:
            return await self.step()
        except (OSError, SQLAlchemyError) as error:
            log.error("recordings are not composed", reason=str(error))
            return False


def _keep_only(folder: Path, name: str) -> None:
    """What the film was made of is more than the film tells: who spoke where alone."""
    for path in folder.iterdir():
        if path.name == name:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
