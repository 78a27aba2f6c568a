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
    packets: int


class Plane:
    """A data plane whose workers answer when a test wants it."""

    answers: list[Statistics]

    def __init__(self, **settings: object) -> None:
        self._eventfd = os.eventfd(0)

    def fileno(self) -> int:
        return self._eventfd

    def statistics(self) -> list[Statistics]:
        return self.answers

    def close(self) -> None:
        os.close(self._eventfd)


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> type[Plane]:
    monkeypatch.setattr(module.dataplane, "DataPlane", Plane)
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


async def test_an_engine_that_never_ran_has_none() -> None:
    engine = Engine(EngineSettings(), MediaMetrics(CollectorRegistry()))
    assert engine.statistics() == await engine.sample_statistics() == []
