"""Between the library and broadcasts: what may be shown in the call of a lesson, and what ends there."""

from collections.abc import Callable

from signalling.broadcast.films import FilmEntry, FilmRefused
from signalling.library.broadcast import SealedFilm
from signalling.library.sealing.manifest import SealBroken
from signalling.school import School
from signalling.school.attendance import lesson_of_room
from signalling.school.events import ContentEnded, SchoolEvent
from signalling.school.library import Library
from signalling.school.library.showing import NotShown
from signalling.school.library.views import ContentView
from signalling.school.words import Programme


class LessonFilms:
    """The library as broadcasts see it (`broadcast.films.Films`)."""

    def __init__(self, school: School, library: Library) -> None:
        self._school, self._library = school, library
        self._listeners: list[Callable[[str], None]] = []
        school.events.listen(self._heard)

    async def lesson_of(self, room: str) -> tuple[str, str] | None:
        """Organisation and programme of the lesson in a room."""
        found = lesson_of_room(room)
        return None if found is None else await self._school.lessons.programme(found[0])

    async def allowed(self, organisation: str, programme: str, query: str = "") -> list[FilmEntry]:
        """What a host of a lesson of this programme may show, newest first."""
        found = await self._library.showing.allowed(organisation, Programme(programme), query)
        return [self._entry(view) for view in found]

    async def open(self, content: str, organisation: str, programme: str) -> tuple[FilmEntry, SealedFilm]:
        """Raises `FilmRefused`, `SealBroken`."""
        try:
            view, film = await self._library.showing.open(content, organisation, Programme(programme))
        except NotShown as refused:
            raise FilmRefused(refused.reason) from refused
        return self._entry(view), film

    async def seal_broken(self, content: str, what: SealBroken) -> None:
        """The badge goes, the log says why."""
        await self._library.review.seal_broken(content, what)

    def on_withdrawn(self, listener: Callable[[str], None]) -> None:
        """`listener` gets the content of each film that may be shown no longer."""
        self._listeners.append(listener)

    def _entry(self, view: ContentView) -> FilmEntry:
        content = view.content
        verified = self._library.showing.is_verified(view)
        return FilmEntry(
            content.id,
            content.title,
            content.duration_s or 0.0,
            content.age_mark,
            verified,
            content.programme,
            view.pages,
        )

    def _heard(self, event: SchoolEvent) -> None:
        if isinstance(event, ContentEnded):
            for listener in self._listeners:
                listener(event.content)
