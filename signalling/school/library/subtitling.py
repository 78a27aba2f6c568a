"""Subtitles of a draft, given and taken away by those who may change it."""

import asyncio
from collections.abc import Mapping

from signalling.library.storage import Storage
from signalling.library.subtitles import given
from signalling.library.subtitles.cues import Cue, SubtitlesError, read
from signalling.school.context import Context
from signalling.school.door import Action, Actor
from signalling.school.errors import Conflict, NotFound, SchoolError
from signalling.school.library.contents import Contents, must_be
from signalling.school.library.preparation import Preparations
from signalling.school.library.views import ContentView, add_author, find, get
from signalling.school.words import ContentState, PreparationState

MOST_LANGUAGES = 8


class BadSubtitles(SchoolError):
    """These are no subtitles"""

    code, status = "BAD_SUBTITLES", 400


class Subtitling:
    """They are renditions like others: what is given goes through the queue, which puts it in and seals anew."""

    def __init__(
        self, context: Context, contents: Contents, preparations: Preparations, storage: Storage
    ) -> None:
        self._context, self._contents = context, contents
        self._preparations, self._storage = preparations, storage

    async def languages(self, by: Actor, content: str) -> Mapping[str, int]:
        """With the number of cues of each. Raises `Denied`, `NotFound`, also of what is not prepared."""
        async with self._context.database.read() as session:
            await find(session, by, Action.SEE_CONTENT, content)
        folder = await self._storage.fetch(content)
        try:
            return await asyncio.to_thread(given.languages, folder)
        except (FileNotFoundError, SubtitlesError):
            raise NotFound from None

    async def put(self, by: Actor, content: str, language: str, text: str) -> ContentView:
        """`text`: SubRip or WebVTT. In place of those that there are in this language. Raises `BadSubtitles`, `Denied`,
        `NotFound`, `Conflict`."""
        known = await self._known(by, content)
        if language not in known and len(known) >= MOST_LANGUAGES:
            raise Conflict("There are too many languages", "TOO_MANY_SUBTITLES")
        try:
            cues = await asyncio.to_thread(read, text.encode())
        except (SubtitlesError, UnicodeEncodeError) as error:
            raise BadSubtitles(str(error)) from error
        return await self._give(by, content, language, cues)

    async def remove(self, by: Actor, content: str, language: str) -> ContentView:
        """Raises `Denied`, `NotFound`, `Conflict`."""
        if language not in await self._known(by, content):
            raise NotFound
        return await self._give(by, content, language, None)

    async def _known(self, by: Actor, content: str) -> Mapping[str, int]:
        async with self._context.database.read() as session:
            _check(await find(session, by, Action.CHANGE_CONTENT, content))
        return await self.languages(by, content)

    async def _give(self, by: Actor, content: str, language: str, cues: list[Cue] | None) -> ContentView:
        """The file first: once the content is in the queue, all that was given is there."""
        folder = await self._storage.fetch(content)
        await asyncio.to_thread(given.give, folder, language, cues)
        try:
            found = await self._queue(by, content, language)
        except SchoolError:
            await asyncio.to_thread(given.take_back, folder, language)
            raise
        self._preparations.wake()
        return found

    async def _queue(self, by: Actor, content: str, language: str) -> ContentView:
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            _check(view)
            row = view.content
            row.preparation, row.failure, row.attempts = PreparationState.QUEUED, None, 0
            row.queued_at = self._context.now()
            row.revision += 1
            await add_author(session, view, by)
            await self._contents.note(session, by.person, "content_subtitles_changed", row, language=language)
            return await get(session, content)


def _check(view: ContentView) -> None:
    must_be(view, ContentState.DRAFT)
    if view.pages:
        raise Conflict("Pages have no subtitles", "NO_SUBTITLES")
    if view.preparation is not PreparationState.READY:
        raise Conflict("Its file is not ready", "NOT_READY")
