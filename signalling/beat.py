"""Regular work of the whole process falls on the same moments: multiples of its interval on the loop's clock.

A server that does a little of everything would else be woken for each of it alone, dozens of times a second, and a
woken process finds its memory out of the cache: that costs more than the work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import floor


async def beat(interval_s: float) -> float:
    """Sleeps to the next multiple of the interval, which is half of it away at least: 0.5 to 1.5 of it. Who is a little
    late keeps the beat; who is later loses one. Returns how late the loop has woken it, seconds."""
    loop = asyncio.get_running_loop()
    now = loop.time()
    due = (floor(now / interval_s + 0.5) + 1) * interval_s
    await asyncio.sleep(due - now)
    return max(0.0, loop.time() - due)


async def repeat(
    interval_s: float, work: Callable[[], Awaitable[None] | None], failed: Callable[[], None]
) -> None:
    """Does it on each beat, until it is cancelled. `failed` is called while an exception of the work is handled."""
    while True:
        await beat(interval_s)
        try:
            result = work()
            if result is not None:
                await result
        except Exception:
            failed()
