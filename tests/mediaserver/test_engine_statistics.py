"""Statistics of workers that are too busy to answer."""

import asyncio
import os
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry
from room_fakes import FakeClock

from mediaserver import engine as module
from mediaserver.engine import Engine, EngineSettings
from mediaserver.metrics import MediaMetrics


@dataclass
class Statistics:
    worker: int
    cpu_us: int


class Plane:
    """A data plane whose workers answer when a test wants it."""

    answers: list[Statistics]
    asked: tuple[int, ...] = (0,)

    def __init__(self, **settings: object) -> None:
        self._eventfd = os.eventfd(0)
        self._events: list[Statistics] = []

    def fileno(self) -> int:
        return self._eventfd

    def statistics(self) -> list[Statistics]:
        return self.answers

    def ask_statistics(self) -> list[int]:
        self._events = list(self.answers)
        os.eventfd_write(self._eventfd, 1)
        return list(self.asked)

    def poll_events(self, limit: int) -> list[Statistics]:
        os.eventfd_read(self._eventfd)
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        os.close(self._eventfd)


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> type[Plane]:
    monkeypatch.setattr(module.dataplane, "DataPlane", Plane)
    monkeypatch.setattr(module.dataplane, "WorkerStatistics", Statistics)
    return Plane


async def test_a_busy_worker_stands_as_it_was(plane: type[Plane]) -> None:
    engine = Engine(EngineSettings(workers=2), MediaMetrics(CollectorRegistry()))
    await engine.start()
    plane.answers = [Statistics(0, 10), Statistics(1, 20)]
    assert engine.statistics() == plane.answers
    plane.answers = [Statistics(1, 21)]
    assert engine.statistics() == [Statistics(0, 10), Statistics(1, 21)], (
        "a counter that falls looks like a restart"
    )
    plane.answers = [Statistics(0, 11), Statistics(1, 22)]
    assert engine.statistics() == plane.answers
    await engine.close()


async def test_who_asks_soon_after_another_gets_the_same_snapshot(plane: type[Plane]) -> None:
    clock = FakeClock()
    engine = Engine(EngineSettings(), MediaMetrics(CollectorRegistry()), clock)
    await engine.start()
    plane.answers = first = [Statistics(0, 10)]
    assert await asyncio.gather(engine.sample_statistics(), engine.sample_statistics()) == [first, first]
    plane.answers = second = [Statistics(0, 20)]
    clock.now += 0.4
    assert await engine.sample_statistics() == first
    clock.now += 0.2
    assert await engine.sample_statistics() == second
    await engine.close()


async def test_a_busy_worker_holds_up_nobody_for_long(
    plane: type[Plane], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.0)
    clock = FakeClock()
    engine = Engine(EngineSettings(workers=2), MediaMetrics(CollectorRegistry()), clock)
    await engine.start()
    monkeypatch.setattr(plane, "asked", (0, 1))
    plane.answers = [Statistics(0, 10), Statistics(1, 20)]
    assert await engine.sample_statistics() == plane.answers
    clock.now += 1
    plane.answers = [Statistics(1, 21)]
    assert await engine.sample_statistics() == [Statistics(0, 10), Statistics(1, 21)]
    clock.now += 1
    monkeypatch.setattr(plane, "asked", ())
    plane.answers = []
    assert await engine.sample_statistics() == [Statistics(0, 10), Statistics(1, 21)], "all have failed"
    await engine.close()


async def test_an_answer_that_another_has_overtaken_does_not_count(plane: type[Plane]) -> None:
    engine = Engine(EngineSettings(), MediaMetrics(CollectorRegistry()))
    await engine.start()
    plane.answers = [Statistics(0, 10)]
    sample = asyncio.ensure_future(engine.sample_statistics())
    await asyncio.sleep(0)  # it has asked
    plane.answers = [Statistics(0, 11)]
    assert engine.statistics() == plane.answers
    assert await sample == plane.answers
    await engine.close()


async def test_who_waits_for_a_sample_does_not_wait_for_ever_when_the_engine_is_closed(
    plane: type[Plane],
) -> None:
    engine = Engine(EngineSettings(), MediaMetrics(CollectorRegistry()))
    await engine.start()
    plane.answers = []
    sample = asyncio.ensure_future(engine.sample_statistics())
    await asyncio.sleep(0)  # it has asked
    await engine.close()
    assert await sample == []


async def test_an_engine_that_never_ran_has_none() -> None:
    engine = Engine(EngineSettings(), MediaMetrics(CollectorRegistry()))
    assert engine.statistics() == await engine.sample_statistics() == []
