"""Files of content for those who may see them, and what anybody may know of verified content."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signalling.library.pipeline.job import SHEET
from signalling.library.sealing.keys import KeyFault
from signalling.library.sealing.manifest import Seal, SealBroken
from signalling.library.storage import SOURCE, Storage
from signalling.school.context import Context
from signalling.school.door import Action, Actor
from signalling.school.errors import NotFound
from signalling.school.library.preparation import read_report
from signalling.school.library.seals import Seals
from signalling.school.library.views import ContentView, find, get

PICTURE = re.compile(r"contact-sheet|evidence-[0-9]{2}|page-[0-9]{3}")
LANGUAGE = re.compile(r"[a-z]{2,3}")
RENDITION = re.compile(
    r"(?:video-[0-9]|h264-[0-9]|sound)\.prtp|hls-(?:video-[0-9]|sound)\.(?:mp4|m3u8)|film\.m3u8"
    r"|hls-subtitles-[a-z]{2,3}\.m3u8|subtitles-[a-z]{2,3}\.vtt"
)


@dataclass(frozen=True)
class Source:
    """`name` as its owner calls it."""

    path: Path
    media_type: str
    name: str


class Material:
    """Paths are of files that are there."""

    def __init__(self, context: Context, storage: Storage, seals: Seals) -> None:
        self._context, self._storage, self._seals = context, storage, seals

    async def report(self, by: Actor, content: str) -> dict[str, Any]:
        """Raises `NotFound`, also before it was checked."""
        folder = await self._folder(by, content)
        try:
            return await asyncio.to_thread(read_report, folder)
        except FileNotFoundError:
            raise NotFound from None

    async def picture(self, by: Actor, content: str, name: str) -> Path:
        """A JPEG: the contact sheet, one of the report's evidence, or a page."""
        if not PICTURE.fullmatch(name):
            raise NotFound
        folder = await self._folder(by, content)
        return await _existing(folder / (SHEET if name == "contact-sheet" else f"{name}.jpg"))

    async def source(self, by: Actor, content: str) -> Source:
        """As it was uploaded."""
        view = await self._view(by, content)
        path = await _existing(await self._storage.fetch(content) / SOURCE)
        return Source(
            path, view.content.media_type or "application/octet-stream", view.content.file_name or "file"
        )

    async def rendition(self, by: Actor, content: str, name: str) -> Path:
        """As it is broadcast: its pieces are what the seal names."""
        if not RENDITION.fullmatch(name):
            raise NotFound
        return await _existing(await self._folder(by, content) / name)

    async def seal(self, by: Actor, content: str) -> Seal:
        """Raises `NotFound` without one."""
        await self._view(by, content)
        return await self._read_seal(content)

    async def public_seal(self, content: str) -> Seal:
        """Of verified content, for anybody who knows its id."""
        async with self._context.database.read() as session:
            view = await get(session, content)
        if not view.has_badge(self._context.now()):
            raise NotFound
        return await self._read_seal(content)

    async def _read_seal(self, content: str) -> Seal:
        try:
            return await self._seals.read(content)
        except (SealBroken, KeyFault, OSError):
            raise NotFound from None

    async def _view(self, by: Actor, content: str) -> ContentView:
        async with self._context.database.read() as session:
            return await find(session, by, Action.SEE_CONTENT, content)

    async def _folder(self, by: Actor, content: str) -> Path:
        await self._view(by, content)
        return await self._storage.fetch(content)


async def _existing(path: Path) -> Path:
    if not await asyncio.to_thread(path.is_file):
        raise NotFound
    return path
