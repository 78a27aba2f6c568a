"""Work that waits in the database: done one after the other, each piece by a worker process of its own."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from signalling.library.pipeline.job import FailureCode

MOST_ATTEMPTS = 3
AGAIN = frozenset({FailureCode.CRASHED, FailureCode.STALLED})
"""What another worker may do better."""
EVERY_S = 30.0
Told = TypeVar("Told")
log = structlog.get_logger(__name__)


class WorkQueue(ABC, Generic[Told]):
    """What a server did not end, the next one does."""

    def __init__(self, kind: str) -> None:
        """`kind`: for the log and the names of tasks."""
        self._kind = kind
        self._awake = asyncio.Event()
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self.progress: dict[str, Told] = {}
        """Of what a worker does now, by its id."""

    @abstractmethod
    async def _next(self) -> tuple[str, Coroutine[Any, Any, None]] | None:
        """Id and work of what has waited longest, which runs from now on; None: nothing waits."""

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

    async def step(self) -> bool:
        """Does what has waited longest; False: there is nothing."""
        if (found := await self._next()) is None:
            return False
        key, work = found
        task = asyncio.create_task(work, name=f"{self._kind}-{key}")
        self._running = (key, task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            ended = await asyncio.gather(task, return_exceptions=True)
            self._running = None
            self.progress.pop(key, None)
        if isinstance(ended[0], Exception):
            raise ended[0]
        return True

    async def cancel(self, key: str) -> None:
        """No worker touches its files afterwards. What the database says of it, the caller has written before."""
        if self._running is not None and self._running[0] == key:
            task = self._running[1]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _settle(self) -> bool:
        try:
            return await self.step()
        except (OSError, SQLAlchemyError) as error:
            log.error("a queue does not move", queue=self._kind, reason=str(error))
            return False
