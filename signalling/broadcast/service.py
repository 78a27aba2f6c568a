"""All films that are shown now: opened by the rules of the lesson, shared by rooms, watched, and stopped at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from mediaserver.participant import ParticipantKind
from signalling.beat import beat
from signalling.broadcast.films import FilmEntry, FilmRefused, Films
from signalling.broadcast.metrics import BroadcastMetrics
from signalling.broadcast.projection import Audience, Projection, StopReason
from signalling.broadcast.reading import MAX_BYTES, Chunks, OpenFilm
from signalling.library.sealing.manifest import SealBroken
from signalling.rtc.errors import RoomNotFound

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from mediaserver.engine import Engine
    from mediaserver.film import Moment
    from signalling.library.broadcast import SealedFilm
    from signalling.rtc.gateway import Gateway

WATCH_S = 0.5
"""How often files are looked at: shorter than the interval of keyframes."""
MAX_LISTED = 100
"""Films in one answer."""
LessonOf = Callable[[str], Awaitable[tuple[str, str] | None]]
"""Organisation and programme of the lesson that is held in a room; None: it is of no lesson."""


class Watcher(Protocol):
    """Who follows all films that are shown."""

    def film_moved(self, room: str, entry: FilmEntry, film: SealedFilm, moment: Moment) -> None:
        """It is shown, and is somewhere else than one would expect."""

    def film_stopped(self, room: str) -> None:
        """It is gone."""


@dataclass
class _Shown:
    film: OpenFilm
    digest: str
    projections: list[Projection] = field(default_factory=list)


class Broadcasts:
    """Belongs to one event loop. Nothing is decided by clients: what may be shown follows from the room."""

    def __init__(
        self,
        gateway: Gateway,
        engine: Engine,
        films: Films,
        lesson_of: LessonOf,
        registry: CollectorRegistry,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.metrics = BroadcastMetrics(registry)
        self.watchers: list[Watcher] = []
        self._gateway, self._engine = gateway, engine
        self._films, self._lesson_of = films, lesson_of
        self._chunks = Chunks(self.metrics, max_bytes)
        self._shown: dict[str, list[_Shown]] = {}
        """By content; more than one if it was sealed anew meanwhile."""
        self._showing = asyncio.Event()
        """Something is, or has just been."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger(__name__)
        films.on_withdrawn(self._withdrawn)

    async def settle(self) -> None:
        """Waits for what is being read, and for what follows from it."""
        while await self._chunks.settle() or self._tasks:
            await asyncio.gather(*self._tasks)

    async def allowed(self, room: str, query: str) -> list[FilmEntry]:
        """What may be shown in a room. Raises `FilmRefused`."""
        organisation, programme = await self._lesson(room)
        return (await self._films.allowed(organisation, programme, query))[:MAX_LISTED]

    async def show(self, room: str, identity: str, content: str, audience: Audience) -> Projection:
        """The film stands at its first picture. Raises `FilmRefused`, or a `JoinError`."""
        organisation, programme = await self._lesson(room)
        try:
            entry, sealed = await self._films.open(content, organisation, programme)
        except SealBroken as broken:
            await self._seal_broken(content, broken)
            raise FilmRefused("seal_broken") from broken
        if self._gateway.attendance.rooms.get(room) is None:
            raise RoomNotFound
        shown = self._of(content, sealed.digest) or _Shown(OpenFilm(sealed, self._chunks), sealed.digest)
        admission = self._gateway.admit_own(room, identity, entry.title, kind=ParticipantKind.INGRESS)
        projection = Projection(
            admission, self._gateway, self._engine, shown.film, entry, audience, self._moved, self._ended
        )
        projection.open()
        if not shown.projections:
            self._shown.setdefault(content, []).append(shown)
            self._showing.set()
        shown.projections.append(projection)
        self.metrics.shown.inc()
        return projection

    async def run(self) -> None:
        """Watches the files of what is shown, until it is cancelled."""
        while True:
            if not self._shown:
                self._showing.clear()
                await self._showing.wait()
            await beat(WATCH_S)
            await self.watch()

    async def watch(self) -> None:
        """To be called about every half second."""
        films = [(content, one.film) for content, shown in self._shown.items() for one in shown]
        for content, film in films:
            try:
                await film.watch()
            except SealBroken as broken:
                self._stop_broken(content, broken)
            except Exception:
                self._log.exception("a film could not be watched", content=content)

    async def close(self) -> None:
        """Leaves no task behind. Idempotent."""
        for content in list(self._shown):
            self._stop(content, StopReason.REMOVED)
        await asyncio.gather(*self._tasks)
        await self._chunks.close()

    async def _lesson(self, room: str) -> tuple[str, str]:
        lesson = await self._lesson_of(room)
        if lesson is None:
            raise FilmRefused("no_lesson")
        return lesson

    def _of(self, content: str, digest: str) -> _Shown | None:
        return next((one for one in self._shown.get(content, ()) if one.digest == digest), None)

    def _stop(self, content: str, reason: StopReason) -> None:
        for shown in list(self._shown.get(content, ())):
            for projection in list(shown.projections):
                projection.stop(reason)

    def _withdrawn(self, content: str) -> None:
        self._stop(content, StopReason.WITHDRAWN)

    def _moved(self, projection: Projection) -> None:
        for watcher in self.watchers:
            watcher.film_moved(projection.room, projection.entry, projection.film.sealed, projection.moment)

    def _ended(self, projection: Projection, error: Exception | None) -> None:
        content = projection.entry.content
        for watcher in self.watchers:
            watcher.film_stopped(projection.room)
        for shown in self._shown.get(content, []):
            if projection in shown.projections:
                shown.projections.remove(projection)
                self.metrics.shown.dec()
        left = [shown for shown in self._shown.pop(content, []) if shown.projections]
        if left:
            self._shown[content] = left
        self.metrics.stops.labels(projection.reason.value).inc()
        if isinstance(error, SealBroken):
            self._stop_broken(content, error)
        elif error is not None:
            self._log.error("a film could not be played", content=content, exc_info=error)

    def _stop_broken(self, content: str, broken: SealBroken) -> None:
        """In all rooms, at once; then people are told."""
        self._stop(content, StopReason.SEAL_BROKEN)
        task = asyncio.create_task(self._seal_broken(content, broken), name=f"seal-broken-{content}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _seal_broken(self, content: str, broken: SealBroken) -> None:
        self.metrics.seals_broken.inc()
        self._log.error("the seal of a film is broken", content=content, file=broken.file, what=str(broken))
        try:
            await self._films.seal_broken(content, broken)
        except Exception:
            self._log.exception("nobody could be told of a broken seal", content=content)
