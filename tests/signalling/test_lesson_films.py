"""The library as the calls of lessons see it."""

from pathlib import Path

import pytest

from signalling.broadcast.films import FilmRefused
from signalling.broadcast.service import Broadcasts
from signalling.lesson_calls import settings_of
from signalling.lesson_films import LessonFilms
from signalling.library.sealing.manifest import SealBroken
from signalling.school.lessons import LessonData
from signalling.school.settings import SchoolSettings
from signalling.school.words import AgeBand, LessonKind, Programme
from signalling.store import Database
from tests.signalling.school.kindergarten import Kindergarten
from tests.signalling.school.library.shelf import SECONDS, Shelf
from tests.signalling.served import Served

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
async def shelf(database: Database, tmp_path: Path) -> Shelf:
    return await Shelf(await Kindergarten(database).start(), tmp_path / "data").start()


@pytest.fixture
def films(shelf: Shelf) -> LessonFilms:
    return LessonFilms(shelf.kindergarten.school, shelf.library)


async def test_the_lesson_of_a_room(shelf: Shelf, films: LessonFilms) -> None:
    school = shelf.kindergarten.school
    planned = LessonData(
        "Лес", LessonKind.LESSON, Programme.ADDITIONAL, school.context.now(), 20, age=AgeBand.TO_6
    )
    view = await school.lessons.plan(shelf.head, shelf.kindergarten.organisation, planned)
    current = school.lessons.current(view)
    assert await films.lesson_of(current.room) == (shelf.kindergarten.organisation, "additional")
    assert await films.lesson_of("maths") is None
    assert await films.lesson_of(current.room.replace(view.lesson.id, "0" * 32)) is None
    limits = settings_of(current, [], SchoolSettings(), {}).screen_limits
    assert limits["film"].at_a_time_minutes == 5


async def test_what_may_be_shown(shelf: Shelf, films: LessonFilms) -> None:
    organisation = shelf.kindergarten.organisation
    verified, draft = await shelf.verified(title="Осень"), await shelf.ready(title="Осенние дела")
    listed = await films.allowed(organisation, "basic", "осен")
    assert [(one.content, one.title, one.duration_s, one.verified) for one in listed] == [
        (verified, "Осень", SECONDS, True)
    ]
    assert {one.content for one in await films.allowed(organisation, "parents")} == {verified, draft}
    entry, film = await films.open(verified, organisation, "basic")
    assert entry == listed[0] and film.seconds == SECONDS
    with pytest.raises(FilmRefused) as refused:
        await films.open(draft, organisation, "basic")
    assert refused.value.code == "not_verified"


async def test_what_ends_is_told(shelf: Shelf, films: LessonFilms) -> None:
    heard: list[str] = []
    films.on_withdrawn(heard.append)
    first, second = await shelf.verified(), await shelf.verified()
    await shelf.library.review.withdraw(shelf.maria, first, "outdated")
    await films.seal_broken(second, SealBroken("changed", "video-0.prtp"))
    assert heard == [first, second]
    for content, code in ((first, "withdrawn"), (second, "seal_broken")):
        with pytest.raises(FilmRefused) as refused:
            await films.open(content, shelf.kindergarten.organisation, "basic")
        assert refused.value.code == code


async def test_calls_of_the_server_show_films_of_its_library(served: Served, store_url: str) -> None:
    assert isinstance(served.server.calls.projector, Broadcasts)
    with pytest.raises(FilmRefused) as refused:
        await served.server.broadcasts.allowed("maths", "")
    assert refused.value.code == "no_lesson"
