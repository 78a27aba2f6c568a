"""Regular work of the whole process falls on the same moments: multiples of its interval on the loop's clock.

A server that does a little of everything would else be woken for each of it alone, dozens of times a second, and a
woken process finds its memory out of the cache: that costs more than the work.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from math import floor
from typing import TypeVar

TICK_S, REST_S = 0.1, 1.0
"""Of a `Ticker` where something goes on that people wait for, and where nothing does."""
PART, PAUSE_S = 128, 0.003
"""Of what is done for everybody: what a part takes at most is about a millisecond."""
Item = TypeVar("Item")


def next_beat(now: float, interval_s: float) -> float:
    """The next multiple of the interval, which is half of it away at least: 0.5 to 1.5 of it. Who is a little late
    keeps the beat; who is later loses one."""
    return (floor(now / interval_s + 0.5) + 1) * interval_s


async def beat(interval_s: float) -> float:
    """Sleeps to the next one. Returns how late the loop has woken it, seconds."""
    loop = asyncio.get_running_loop()
    now = loop.time()
    due = next_beat(now, interval_s)
    await asyncio.sleep(due - now)
    return max(0.0, loop.time() - due)


async def repeat(interval_s: float, work: Callable[[], Awaitable[None]], failed: Callable[[], None]) -> None:
    """Does it on each beat, until it is cancelled. `failed` is called while an exception of the work is handled."""
    while True:
        await beat(interval_s)
        try:
            await work()
        except Exception:
            failed()


async def in_parts(items: Iterable[Item], size: int = PART) -> AsyncIterator[list[Item]]:
    """All of them as they are now, few enough at a time that whoever waits for the loop, or a worker of the data plane
    on the same core, hardly notices: before each part the process rests, unless there is only one."""
    everything = list(items)
    for begin in range(0, len(everything), size):
        if len(everything) > size:
            await asyncio.sleep(PAUSE_S)
        yield everything[begin : begin + size]


class Ticker:
    """Does work on the beats of `interval_s` while it says that there is more to do, else on those of `rest_s`: what
    happens many times a second while something goes on wakes nobody while nothing does."""

    def __init__(
        self, interval_s: float, rest_s: float, work: Callable[[float], bool], failed: Callable[[], None]
    ) -> None:
        """`work` is told how late the loop was, seconds. `failed` as in `repeat`."""
        self._interval_s, self._rest_s = interval_s, rest_s
        self._work, self._failed = work, failed
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """In the running loop. Does nothing the second time."""
        if self._timer is None:
            self._wait(self._interval_s)

    def stir(self) -> None:
        """There is something to do again. Costs little; may be called before it is started."""
        timer = self._timer
        if timer is not None and self._due > next_beat(asyncio.get_running_loop().time(), self._interval_s):
            timer.cancel()
            self._wait(self._interval_s)

    def close(self) -> None:
        """Idempotent."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _wait(self, interval_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._due = next_beat(loop.time(), interval_s)
        self._timer = loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        has_more = True
        try:
            has_more = self._work(max(0.0, asyncio.get_running_loop().time() - self._due))
        except Exception:
            self._failed()
        if self._timer is not None:
            self._wait(self._interval_s if has_more else self._rest_s)
