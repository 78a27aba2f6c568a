"""All broadcasts that can be watched by HLS: told where films are, asked by viewers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from signalling.hls.channel import Channel, open_files
from signalling.hls.reading import Reader
from signalling.library.hls.timeline import Position, Timeline
from signalling.library.sealing.manifest import Manifest, SealBroken

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.film import Moment
    from signalling.broadcast.films import FilmEntry
    from signalling.hls.settings import HlsSettings
    from signalling.library.broadcast import SealedFilm

ID_BYTES = 9
MOST_OVER = 100
Broken = Callable[[str, SealBroken], Awaitable[None]]


@dataclass(frozen=True)
class OnAir:
    """A film that is shown: its manifest, whose signature was checked, and where its files are."""

    content: str
    title: str
    manifest: Manifest
    folder: Path


class HlsService:
    """Belongs to one event loop. `seal_broken` is told of a film that is not what was sealed."""

    def __init__(self, settings: HlsSettings, clock: Clock, seal_broken: Broken) -> None:
        self.settings = settings
        self.clock = clock
        self.reader = Reader(settings.memory_bytes)
        self.waiting = 0
        """Requests that are held."""
        self._seal_broken = seal_broken
        self._channels: dict[str, Channel] = {}
        self._opening: dict[str, tuple[str, asyncio.Task[None]]] = {}
        """By room: the content and the task that opens it."""
        self._over: dict[str, Channel] = {}
        self._last: dict[str, Position] = {}
        """By room."""
        self._log = structlog.get_logger(__name__)

    def channel(self, room: str) -> Channel | None:
        """What can be watched in a room now."""
        return self._channels.get(room)

    def find(self, room: str, identifier: str) -> Channel | None:
        """A channel of a room; one that is over is kept for a while, so that players learn it."""
        for channel in (self._channels.get(room), self._over.get(room)):
            if channel is not None and channel.id == identifier:
                return channel
        return None

    # A `broadcast.Watcher`

    def film_moved(self, room: str, entry: FilmEntry, film: SealedFilm, moment: Moment) -> None:
        shown = OnAir(entry.content, entry.title, film.manifest, film.folder)
        media = moment.position_at(self.clock.time()) / 1e6
        self.moved(room, shown, media, playing=moment.moving)

    def film_stopped(self, room: str) -> None:
        self.stopped(room)

    def moved(self, room: str, film: OnAir, media: float, *, playing: bool) -> None:
        """The film is at `media` s now, and plays or stands. Films without segments for HLS are passed over."""
        position = Position(self.clock.time(), media, playing)
        self._last[room] = position
        channel = self._channels.get(room)
        if channel is not None and channel.content == film.content:
            channel.moved(position)
            return
        opening = self._opening.get(room)
        if opening is None or opening[0] != film.content:
            self.stopped(room)
            self._last[room] = position
            task = asyncio.create_task(self._open(room, film), name=f"hls-{film.content}")
            self._opening[room] = film.content, task

    def stopped(self, room: str) -> None:
        """No film is shown in a room any more."""
        self._last.pop(room, None)
        if (opening := self._opening.pop(room, None)) is not None:
            opening[1].cancel()
        if (channel := self._channels.pop(room, None)) is not None:
            channel.finished()
            self._over[room] = channel
            if len(self._over) > MOST_OVER:
                del self._over[next(iter(self._over))]

    async def broken(self, room: str, error: SealBroken) -> None:
        """Nothing of this film leaves any more."""
        channel = self._channels.get(room)
        self.stopped(room)
        self._over.pop(room, None)
        if channel is not None:
            await self._seal_broken(channel.content, error)

    async def settle(self) -> None:
        """Waits for what is being opened."""
        await asyncio.gather(*(task for _, task in self._opening.values()), return_exceptions=True)

    async def close(self) -> None:
        """Idempotent."""
        tasks = [task for _, task in self._opening.values()]
        for room in [*self._opening, *self._channels]:
            self.stopped(room)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self, room: str, film: OnAir) -> None:
        try:
            found, files, subtitles = await asyncio.to_thread(open_files, film.manifest, film.folder)
        except SealBroken as error:
            self._log.error("the seal of a film is broken", content=film.content, what=str(error))
            del self._opening[room]
            await self._seal_broken(film.content, error)
            return
        del self._opening[room]
        if not found.renditions:
            return
        channel = Channel(
            secrets.token_urlsafe(ID_BYTES),
            film.content,
            film.title,
            found,
            files,
            subtitles,
            Timeline(found.seconds),
            self.clock,
            self._last[room],
        )
        # It has been shown since then: what was shown meanwhile is published now.
        channel.moved(self._last[room])
        self._channels[room] = channel
        self._log.info("a film can be watched by HLS", room=room, content=film.content)
