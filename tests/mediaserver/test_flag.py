"""A flag is an event of asyncio."""

from __future__ import annotations

import asyncio

import pytest

from mediaserver.flag import Flag


@pytest.fixture(params=[Flag, asyncio.Event])
def flag(request: pytest.FixtureRequest) -> Flag:
    made: Flag = request.param()
    return made


async def test_all_who_wait_go_on_and_who_comes_later_does_not_wait(flag: Flag) -> None:
    waiting = [asyncio.create_task(flag.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not flag.is_set() and not any(task.done() for task in waiting)
    flag.set()
    flag.set()
    await asyncio.gather(*waiting)
    await flag.wait()
    assert flag.is_set()


async def test_who_waited_goes_on_when_it_is_cleared_at_once(flag: Flag) -> None:
    waiting = asyncio.create_task(flag.wait())
    await asyncio.sleep(0)
    flag.set()
    flag.clear()
    await waiting
    assert not flag.is_set()
    later = asyncio.create_task(flag.wait())
    await asyncio.sleep(0)
    assert not later.done()
    later.cancel()
    await asyncio.gather(later, return_exceptions=True)


async def test_who_gives_up_is_forgotten(flag: Flag) -> None:
    one, other = (asyncio.create_task(flag.wait()) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    await asyncio.gather(one, return_exceptions=True)
    flag.set()
    await other
    assert one.cancelled() and not flag._waiters
