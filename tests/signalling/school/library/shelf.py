"""A library for tests: a kindergarten, a worker that needs no encoder, files that pass for films."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signalling.library.pipeline.job import REPORT, FailureCode, Job, Progress
from signalling.library.pipeline.supervisor import PreparationFailed
from signalling.library.renditions.format import LISTING
from signalling.library.settings import LibrarySettings
from signalling.school.door import Actor
from signalling.school.events import ContentEnded
from signalling.school.library import Library
from signalling.school.library.views import ContentData, ContentView
from signalling.school.words import Programme, Role
from tests.signalling.library.clips import RENDITION_S, write_rendition
from tests.signalling.school.kindergarten import Kindergarten

SECONDS = RENDITION_S
FILM = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 40


@dataclass
class Worker:
    """Instead of the pipeline. `failures`: what it says of the next files; `hold`: waits before it ends."""

    failures: list[FailureCode] = field(default_factory=list)
    acceptable: bool = True
    jobs: list[Job] = field(default_factory=list)
    hold: Callable[[], Any] | None = None

    async def prepare(self, job: Job, tell: Callable[[Progress], None]) -> None:
        self.jobs.append(job)
        tell(Progress(step="check", done=0.5))
        if self.hold is not None:
            await self.hold()
        if self.failures:
            raise PreparationFailed(self.failures.pop(0), "as the test says")
        report = {"medium": "film", "duration": float(SECONDS), "acceptable": self.acceptable}
        (job.folder / REPORT).write_text(json.dumps(report))
        if self.acceptable and not (job.folder / LISTING).exists():
            write_rendition(job.folder)


class Shelf:
    """A library; `anna` teaches, `maria` is the methodologist, `head` the head."""

    def __init__(self, kindergarten: Kindergarten, data: Path, **settings: Any) -> None:
        self.kindergarten, self.data = kindergarten, data
        self.clock = kindergarten.clock
        self.settings = LibrarySettings(**settings)
        self.worker = Worker()
        self.library = self.another()

    def another(self) -> Library:
        """As after a restart: on the same database and disk."""
        context = self.kindergarten.school.context
        return Library(context, self.settings, self.data, self.worker.prepare)

    async def start(self) -> "Shelf":
        self.anna = await self.kindergarten.add("anna", Role.TEACHER)
        self.maria = await self.kindergarten.add("maria", Role.METHODOLOGIST)
        self.head = await self.kindergarten.actor("head")
        return self

    def data_of(self, title: str = "Осенний лес", **more: Any) -> ContentData:
        told = {"licence": "CC BY 4.0", "basis": "протокол 3", "programme": Programme.BASIC, "age_mark": 0}
        return ContentData(**{"title": title, **told, **more})

    async def draft(self, by: Actor | None = None, title: str = "Осенний лес", **more: Any) -> ContentView:
        return await self.library.contents.make(
            by or self.anna, self.kindergarten.organisation, self.data_of(title, **more)
        )

    async def upload(self, content: str, by: Actor | None = None, film: bytes = FILM) -> None:
        begun = await self.library.uploads.begin(by or self.anna, content, len(film), "film.mp4")
        await self.library.uploads.append(by or self.anna, begun.id, 0, None, pieces(film))

    async def ready(self, by: Actor | None = None, title: str = "Осенний лес", **more: Any) -> str:
        """The id of a draft whose file is ready."""
        content = (await self.draft(by, title, **more)).content.id
        await self.upload(content, by)
        assert await self.library.preparations.step()
        return content

    async def verified(self, by: Actor | None = None, title: str = "Осенний лес", **more: Any) -> str:
        content = await self.ready(by, title, **more)
        submitted = await self.library.review.submit(by or self.anna, content)
        await self.library.review.verify(self.maria, content, submitted.content.revision)
        return content

    async def get(self, content: str) -> ContentView:
        return await self.library.contents.get(self.head, content)

    def folder(self, content: str) -> Path:
        return self.library.storage.folder(content)

    def ended(self) -> list[str]:
        return [event.content for event in self.kindergarten.heard if isinstance(event, ContentEnded)]


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def broken_off(data: Iterable[bytes], error: Exception) -> AsyncIterator[bytes]:
    for one in data:
        yield one
    raise error


def sha1(data: bytes) -> tuple[str, bytes]:
    return "sha1", hashlib.sha1(data, usedforsecurity=False).digest()
