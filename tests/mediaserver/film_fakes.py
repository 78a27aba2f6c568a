"""A data plane that plays films when a test says so, and films that are numbers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from prometheus_client import CollectorRegistry

from mediaserver.engine import Chunk, Engine
from mediaserver.film import FilmStream
from mediaserver.metrics import MediaMetrics
from mediaserver.sdp import RtpCodec

VP8, OPUS = RtpCodec(96, "video/VP8", 90_000), RtpCodec(111, "audio/opus", 48_000, 2)
H264 = RtpCodec(102, "video/H264", 90_000, parameters=(("packetization-mode", "1"),))
SECOND_US = 1_000_000


class FakePlane:
    """Does with chunks what `player.rs` does; all other commands are only remembered."""

    def __init__(self, engine: FakeEngine) -> None:
        self.commands: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.queues: dict[int, deque[int]] = {}
        """By transport: begins of the chunks that wait, the first one playing."""
        self.chunks: dict[int, dict[int, object]] = {}
        """By transport and begin: what was given last, and neither replaced nor too late."""
        self.playing: set[int] = set()
        self._engine = engine

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **named: self.commands.append((name, arguments, named))

    def play_chunk(self, transport: int, chunk: object, *, media_us: int, restart: bool = False) -> None:
        queue = self.queues.setdefault(transport, deque())
        if restart:
            queue.clear()
        queue.append(media_us)
        self.chunks.setdefault(transport, {})[media_us] = chunk

    def replace_chunk(self, transport: int, chunk: object, *, media_us: int) -> None:
        if media_us in list(self.queues[transport])[1:]:
            self.chunks[transport][media_us] = chunk

    def set_playing(self, transport: int, *, playing: bool) -> None:
        (self.playing.add if playing else self.playing.discard)(transport)

    def remove_transport(self, transport: int) -> None:
        self.queues.pop(transport, None)
        self.playing.discard(transport)

    def pass_second(self) -> None:
        """Every film that plays gets through one chunk."""
        for transport in self.playing & self.queues.keys():
            if self.queues[transport]:
                self._engine.players[transport](self.queues[transport].popleft())


class FakeEngine:
    """As `Engine`, without threads and sockets."""

    running = True

    def __init__(self) -> None:
        self.metrics = MediaMetrics(CollectorRegistry())
        self.players: dict[int, Callable[[int], None]] = {}
        self.plane = FakePlane(self)
        self._last = 0

    def next_id(self) -> int:
        self._last += 1
        return self._last

    def register_player(self, transport: int, handler: Callable[[int], None]) -> None:
        self.players[transport] = handler

    def unregister_player(self, transport: int) -> None:
        self.players.pop(transport, None)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None

    @property
    def engine(self) -> Engine:
        return cast(Engine, self)


class NumberedFilm:
    """A `FilmSource` whose chunks are their numbers, negative with backup codecs. Chunks in `held` come only when they
    are let go."""

    def __init__(self, seconds: int, streams: tuple[FilmStream, ...] = ()) -> None:
        self.streams = streams
        self.starts = tuple(number * SECOND_US for number in range(seconds))
        self.duration_us = seconds * SECOND_US - 400_000
        self.held: dict[int, asyncio.Event] = {}
        self.broken: dict[int, Exception] = {}
        self.asked: list[int] = []

    async def chunk(self, number: int, *, backups: bool) -> Chunk:
        self.asked.append(number)
        if number in self.held:
            await self.held[number].wait()
        if number in self.broken:
            raise self.broken[number]
        return cast(Chunk, -number if backups else number)


async def settle() -> None:
    """Lets everything happen that follows from what was done."""
    for _ in range(20):
        await asyncio.sleep(0)
