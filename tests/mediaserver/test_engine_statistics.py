"""Statistics of workers that are too busy to answer."""

import os
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

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


def test_an_engine_that_never_ran_has_none() -> None:
    assert Engine(EngineSettings(), MediaMetrics(CollectorRegistry())).statistics() == []
