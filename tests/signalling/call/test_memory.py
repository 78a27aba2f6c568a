"""What a viewer of a webinar takes of Python's memory, so that it does not grow again unseen."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from statistics import mean

import pytest

from tests.signalling.call.test_audience import Webinar

FEW, MANY = 20, 70
#: Of objects that our code and asyncio make for one viewer on a made connection; a little more than it is (2026-11-29).
MOST_BYTES = 17_500


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def held_bytes() -> int:
    """By all but what tests make."""
    for _ in range(10):
        await asyncio.sleep(0)  # tasks that have begun or end
    gc.collect()
    everything = tracemalloc.take_snapshot()
    ours = everything.filter_traces(
        [tracemalloc.Filter(False, "*/tests/*"), tracemalloc.Filter(False, "<*>")]
    )
    return sum(trace.size for trace in ours.traces)


async def test_a_viewer_takes_little_memory(traced: None) -> None:
    webinar = Webinar()
    await webinar.begin(FEW)
    before = await held_bytes()
    for _ in range(MANY - FEW):
        await webinar.join()
    await webinar.settle()
    webinar.forget()
    viewer = (await held_bytes() - before) / (MANY - FEW)
    await webinar.world.close()
    assert 2_000 < viewer < MOST_BYTES


async def test_who_has_left_takes_a_line_in_the_journal(traced: None) -> None:
    webinar = Webinar()
    await webinar.begin(FEW)
    seen = []
    for _ in range(22):
        for _ in range(FEW):
            await webinar.join()
        await webinar.settle()
        for _ in range(FEW):
            await webinar.leave()
        await webinar.settle()
        webinar.forget()
        seen.append(await held_bytes())
    await webinar.world.close()
    # Logs of what happened last are full after six rounds. Means, as what waits to be sent differs from round to round.
    grown = (mean(seen[-4:]) - mean(seen[6:10])) / (12 * FEW)
    assert grown < 150, [value - seen[0] for value in seen]
