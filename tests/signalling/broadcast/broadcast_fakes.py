"""A library that a test fills, and films of it in rooms without media."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from mediaserver.clock import Clock
from signalling.api_keys import ApiKeys
from signalling.broadcast.films import FilmEntry, FilmRefused, Refusal
from signalling.broadcast.service import Broadcasts
from signalling.library.broadcast import SealedFilm
from signalling.library.sealing.manifest import SealBroken
from signalling.rtc.attendance import Attendance
from signalling.rtc.gateway import Gateway
from signalling.rtc.metrics import RtcMetrics
from signalling.rtc.settings import RtcSettings
from tests.mediaserver.film_fakes import FakeEngine
from tests.signalling.library.made_film import make_film

SECONDS = 6
BASIC = ("school", "basic")


class FakeFilms:
    """Implements `Films`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, FilmEntry] = {}
        self.refusals: dict[str, Refusal] = {}
        self.broken: list[tuple[str, SealBroken]] = []
        self._listeners: list[Callable[[str], None]] = []
        self._sealed: dict[str, SealedFilm] = {}

    def add(
        self,
        content: str = "c1",
        *,
        title: str = "Hedgehog",
        seconds: int = SECONDS,
        subtitles: Sequence[str] = (),
        backup: bool = False,
        pages: int = 0,
    ) -> FilmEntry:
        folder = self.folder / content
        manifest = make_film(folder, seconds, subtitles, backup=backup)
        self._sealed[content] = SealedFilm(manifest, folder)
        duration_s = self._sealed[content].duration_us / 1e6
        self.entries[content] = FilmEntry(content, title, duration_s, 0, True, "basic", pages)
        return self.entries[content]

    async def allowed(self, organisation: str, programme: str, query: str = "") -> list[FilmEntry]:
        entries = self.entries.values()
        return [e for e in entries if e.programme == programme and query.lower() in e.title.lower()]

    async def open(self, content: str, organisation: str, programme: str) -> tuple[FilmEntry, SealedFilm]:
        if content not in self.entries:
            raise FilmRefused("unknown")
        if content in self.refusals:
            raise FilmRefused(self.refusals[content])
        if self.entries[content].programme != programme:
            raise FilmRefused("wrong_programme")
        return self.entries[content], self._sealed[content]

    async def seal_broken(self, content: str, what: SealBroken) -> None:
        self.broken.append((content, what))
        self.refusals[content] = "seal_broken"

    def on_withdrawn(self, listener: Callable[[str], None]) -> None:
        self._listeners.append(listener)

    def withdraw(self, content: str) -> None:
        self.refusals[content] = "withdrawn"
        for listener in self._listeners:
            listener(content)


def broadcasts_of(
    films: FakeFilms,
    engine: FakeEngine,
    attendance: Attendance,
    clock: Clock,
    metrics: RtcMetrics,
    registry: CollectorRegistry,
    lessons: dict[str, tuple[str, str]],
    **limits: int,
) -> Broadcasts:
    """`lessons`: organisation and programme by room."""

    async def lesson_of(room: str) -> tuple[str, str] | None:
        return lessons.get(room)

    gateway = Gateway(attendance, RtcSettings(), ApiKeys({}), clock, metrics)
    return Broadcasts(gateway, engine.engine, films, lesson_of, registry, **limits)
