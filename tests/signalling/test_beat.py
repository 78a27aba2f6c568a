"""Regular work falls on the same moments."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.beat import PART, PAUSE_S, Ticker, beat, in_parts, repeat


class FakeTimeLoop(asyncio.SelectorEventLoop):
    """Its clock jumps to the next timer when nothing else is to be done."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if not self._ready and scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, min(timer.when() for timer in scheduled))
        super()._run_once()  # type: ignore[misc]


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    loop = FakeTimeLoop(1000.03)
    yield loop.run_until_complete
    loop.close()


def _now() -> float:
    return asyncio.get_running_loop().time()


@given(st.floats(0, 1e7), st.sampled_from([0.1, 0.5, 1.0, 3.0, 60.0]))
def test_a_beat_is_the_next_multiple_and_half_an_interval_away_at_least(
    start: float, interval_s: float
) -> None:
    loop = FakeTimeLoop(start)
    try:
        assert loop.run_until_complete(beat(interval_s)) == pytest.approx(0)
        multiple = loop.now / interval_s
        assert multiple == pytest.approx(round(multiple), abs=1e-6)
        assert 0.5 - 1e-6 <= (loop.now - start) / interval_s <= 1.5 + 1e-6
    finally:
        loop.close()


def test_who_is_a_little_late_keeps_the_beat(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    async def work() -> list[float]:
        moments = []
        for late in (0.0, 0.04, 0.06, 0.0):
            await beat(0.1)
            moments.append(_now())
            asyncio.get_running_loop().now += late  # type: ignore[attr-defined]
        return moments

    assert run(work()) == pytest.approx([1000.1, 1000.2, 1000.3, 1000.5])


@pytest.mark.parametrize("size", [PART, 16])
@pytest.mark.parametrize("count", [0, 1, PART, PART + 1, 3 * PART])
def test_what_is_done_for_everybody_is_done_in_parts_with_pauses(
    run: Callable[[Coroutine[Any, Any, Any]], Any], count: int, size: int
) -> None:
    everybody = list(range(count))

    async def work() -> list[tuple[float, list[int]]]:
        found = []
        async for part in in_parts(everybody, size):
            found.append((_now(), part))
            everybody.clear()  # who leaves meanwhile was there
        return found

    parts = run(work())
    assert [item for _, part in parts for item in part] == list(range(count))
    assert all(len(part) <= size for _, part in parts)
    before = count > size  # each part
    assert [at for at, _ in parts] == pytest.approx(
        [1000.03 + PAUSE_S * (n + before) for n in range(-(-count // size))]
    )


def test_it_says_how_late_the_loop_was(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    async def work() -> float:
        def block() -> None:
            asyncio.get_running_loop().now += 0.7  # type: ignore[attr-defined]

        asyncio.get_running_loop().call_later(0.5, block)
        return await beat(1.0)

    assert run(work()) == pytest.approx(1000.03 + 0.5 + 0.7 - 1001, abs=1e-6)


def test_work_of_several_intervals_falls_together_and_goes_on_after_a_failure(
    run: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    moments: dict[str, list[float]] = {"quick": [], "slow": []}
    failures: list[float] = []

    async def quick() -> None:
        moments["quick"].append(_now())

    async def slow() -> None:
        moments["slow"].append(_now())
        raise ValueError

    async def both() -> None:
        tasks = [
            asyncio.create_task(repeat(0.1, quick, lambda: None)),
            asyncio.create_task(repeat(0.5, slow, lambda: failures.append(_now()))),
        ]
        await asyncio.sleep(2.02)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    run(both())
    assert len(moments["quick"]) == 20
    assert moments["slow"] == failures == pytest.approx([1000.5, 1001.0, 1001.5, 1002.0])
    assert all(any(abs(one - other) < 1e-6 for other in moments["quick"]) for one in moments["slow"])


class Ticked:
    """A ticker, and when it worked; what is in `answers` is returned or raised in turn, then False."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.moments: list[float] = []
        self.late: list[float] = []
        self.failures = 0
        self.ticker = Ticker(0.1, 0.5, self._work, self._failed)
        self._answers = list(answers)

    def _work(self, late_s: float) -> bool:
        self.moments.append(_now())
        self.late.append(late_s)
        answer = self._answers.pop(0) if self._answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _failed(self) -> None:
        self.failures += 1


def test_a_ticker_is_quick_while_there_is_more_to_do(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    ticked = Ticked(True, ValueError(), True, False)

    async def work() -> None:
        ticked.ticker.start()
        ticked.ticker.start()
        await asyncio.sleep(2)

    run(work())
    assert ticked.moments == pytest.approx([1000.1, 1000.2, 1000.3, 1000.4, 1001.0, 1001.5, 1002.0])
    assert ticked.failures == 1 and ticked.late == pytest.approx([0] * 7)


def test_who_stirs_a_ticker_need_not_wait(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    ticked = Ticked(False, True, False)

    async def work() -> None:
        ticked.ticker.stir()  # before it has begun
        ticked.ticker.start()
        for _ in range(3):
            ticked.ticker.stir()
        await asyncio.sleep(0.1)
        for _ in range(3):
            ticked.ticker.stir()
        await asyncio.sleep(0.3)
        ticked.ticker.close()
        ticked.ticker.stir()
        await asyncio.sleep(5)

    run(work())
    assert ticked.moments == pytest.approx([1000.1, 1000.2, 1000.3])


def test_a_ticker_may_be_closed_by_its_work(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    moments = []

    def once(_: float) -> bool:
        moments.append(_now())
        ticker.close()
        return True

    ticker = Ticker(0.1, 0.5, once, lambda: None)

    async def work() -> None:
        ticker.start()
        await asyncio.sleep(2)

    run(work())
    assert len(moments) == 1
