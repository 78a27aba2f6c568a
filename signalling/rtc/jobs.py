"""Work that is done one piece after the other."""

from collections.abc import Awaitable, Callable

from mediaserver.flag import Flag

Job = Callable[[], Awaitable[None]]


class JobQueue:
    """Runs jobs in turn. Whoever adds to a full queue waits; urgent jobs go first and always fit."""

    def __init__(self, capacity: int, failed: Callable[[], None]) -> None:
        """`failed` is called inside the `except` block of a job that raised."""
        self._capacity = capacity
        self._failed = failed
        self._space = Flag()
        # Lists: there are some hundred jobs at most and seldom one, and an empty deque is 624 bytes.
        self._waiting: list[Job] = []
        self._urgent: list[Job] = []
        self._wake = Flag()
        self._closed = False

    async def put(self, job: Job) -> None:
        """Adds a job at the end; waits while the queue is full. Does nothing once the queue is closed."""
        while len(self._waiting) >= self._capacity and not self._closed:
            self._space.clear()
            await self._space.wait()
        self._waiting.append(job)
        self._wake.set()

    def put_first(self, job: Job) -> None:
        """Adds a job before those that wait."""
        self._urgent.append(job)
        self._wake.set()

    def close(self) -> None:
        """Ends `run` after the job that runs now."""
        self._closed = True
        self._space.set()
        self._wake.set()

    async def run(self) -> None:
        """Does the work until `close`."""
        while not self._closed:
            await self._wake.wait()
            await self.drain()

    async def drain(self) -> None:
        """Does what is there now."""
        self._wake.clear()
        while not self._closed and (self._urgent or self._waiting):
            await self._run(self._take())

    def _take(self) -> Job:
        if self._urgent:
            return self._urgent.pop(0)
        self._space.set()
        return self._waiting.pop(0)

    async def _run(self, job: Job) -> None:
        try:
            await job()
        except Exception:
            self._failed()
