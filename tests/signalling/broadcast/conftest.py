from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signalling.broadcast.projection import Projection, StopReason
from tests.mediaserver.film_fakes import FakeEngine, settle
from tests.signalling.broadcast.broadcast_fakes import BASIC, FakeFilms, broadcasts_of
from tests.signalling.rtc.rtc_fakes import Client, World

READS = 4
"""Seconds that a film reads one after the other, at most."""


class Seats:
    """An `Audience` that remembers."""

    def __init__(self) -> None:
        self.moves = 0
        self.stops: list[StopReason] = []

    def film_moved(self) -> None:
        self.moves += 1

    def film_stopped(self, reason: StopReason) -> None:
        self.stops.append(reason)


class Cinema(World):
    """Rooms with somebody in them, and films."""

    def __init__(self, folder: Path, **limits: int) -> None:
        super().__init__()
        self.engine = FakeEngine()
        self.films = FakeFilms(folder)
        self.lessons = {"lesson": BASIC}
        self.broadcasts = broadcasts_of(
            self.films,
            self.engine,
            self.attendance,
            self.clock,
            self.metrics,
            self.registry,
            self.lessons,
            **limits,
        )

    async def viewer(self, room: str = "lesson") -> Client:
        self.lessons.setdefault(room, BASIC)
        return await self.join(f"viewer of {room}", room=room)

    async def show(self, content: str = "c1", room: str = "lesson") -> tuple[Projection, Seats]:
        """It plays."""
        seats = Seats()
        shown = await self.broadcasts.show(room, f"film:{room}", content, seats)
        shown.play()
        await self.read()
        return shown, seats

    async def read(self) -> None:
        """Waits for what is read in threads."""
        for _ in range(READS):
            await settle()
            await self.broadcasts.settle()

    async def second(self) -> None:
        """All films play a second."""
        self.clock.advance(1)
        self.engine.plane.pass_second()
        await self.read()

    def tick(self) -> None:
        """What rooms do ten times a second."""
        self.attendance.tick(self.clock.monotonic())

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"polyana_film_{name}", labels) or 0.0

    async def close(self) -> None:
        await self.broadcasts.close()
        await self.attendance.close()


@pytest.fixture
async def cinema(tmp_path: Path) -> AsyncIterator[Cinema]:
    made = Cinema(tmp_path)
    made.films.add()
    yield made
    await made.close()
    assert not made.engine.players and not made.engine.plane.queues
