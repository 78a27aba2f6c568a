"""Subtitles that are given to a draft: they are sealed like all else, and nobody verifies what changed meanwhile."""

import pytest

from signalling.library.subtitles import given
from signalling.school.door import Actor
from signalling.school.errors import Conflict, Denied, NotFound, SchoolError
from signalling.school.library.subtitling import MOST_LANGUAGES, BadSubtitles
from signalling.school.words import PreparationState, Role
from tests.signalling.school.library.shelf import Shelf

SRT = "1\n00:00:00,500 --> 00:00:01,500\n<i>Привет</i>\n\n2\n00:00:02,000 --> 00:00:03,000\nи ты\n"


async def put(shelf: Shelf, content: str, language: str = "ru", by: Actor | None = None) -> None:
    await shelf.library.subtitling.put(by or shelf.anna, content, language, SRT)
    assert await shelf.library.preparations.step()


async def test_given_and_taken_away(shelf: Shelf) -> None:
    content = await shelf.ready()
    before = await shelf.get(content)
    assert await shelf.library.subtitling.languages(shelf.anna, content) == {}
    view = await shelf.library.subtitling.put(shelf.anna, content, "ru", SRT)
    assert view.preparation is PreparationState.QUEUED
    assert view.content.revision == before.content.revision + 1
    assert await shelf.library.preparations.step()
    assert (await shelf.get(content)).preparation is PreparationState.READY
    assert await shelf.library.subtitling.languages(shelf.maria, content) == {"ru": 2}
    path = await shelf.library.material.rendition(shelf.maria, content, "subtitles-ru.vtt")
    assert "<i>" not in path.read_text() and "Привет" in path.read_text()
    seal = await shelf.library.material.seal(shelf.maria, content)
    assert [one.kind for one in seal.manifest.renditions] == ["vp8", "webvtt"]
    await shelf.library.seals.check(content)
    await shelf.library.subtitling.remove(shelf.anna, content, "ru")
    assert await shelf.library.preparations.step()
    assert await shelf.library.subtitling.languages(shelf.anna, content) == {}
    assert not path.exists()
    await shelf.library.seals.check(content)
    assert (await shelf.kindergarten.actions()).count("content_subtitles_changed") == 2


async def test_who_gives_subtitles_verifies_nothing(shelf: Shelf) -> None:
    content = await shelf.ready()
    await put(shelf, content, by=shelf.maria)
    submitted = await shelf.library.review.submit(shelf.anna, content)
    with pytest.raises(Denied) as refused:
        await shelf.library.review.verify(shelf.maria, content, submitted.content.revision)
    assert refused.value.code == "OWN_CONTENT"


async def test_only_drafts_that_are_ready_take_them(shelf: Shelf) -> None:
    empty = (await shelf.draft()).content.id
    submitted = await shelf.ready()
    await shelf.library.review.submit(shelf.anna, submitted)
    for content, code in ((empty, "NOT_READY"), (submitted, "CONTENT_STATE")):
        for refused in (
            shelf.library.subtitling.put(shelf.anna, content, "ru", SRT),
            shelf.library.subtitling.remove(shelf.anna, content, "ru"),
        ):
            with pytest.raises(Conflict) as found:
                await refused
            assert found.value.code == code
    assert not list(shelf.folder(submitted).glob(".given*"))


async def test_who_may_not_change_content_gives_it_nothing(shelf: Shelf) -> None:
    content = await shelf.ready()
    greta = await shelf.kindergarten.add("greta", Role.GUARDIAN)
    vera = await shelf.kindergarten.add("vera", Role.TEACHER)  # sees what is for all staff
    for by in (greta, vera):
        for refused in (
            shelf.library.subtitling.put(by, content, "ru", SRT),
            shelf.library.subtitling.remove(by, content, "ru"),
        ):
            with pytest.raises(Denied):
                await refused
    with pytest.raises(Denied):
        await shelf.library.subtitling.languages(greta, content)
    assert await shelf.library.subtitling.languages(vera, content) == {}


@pytest.mark.parametrize("text", ["no subtitles", "\ud800", "1\n00:00:05,000 --> 00:00:01,000\nback\n"])
async def test_what_is_no_subtitles(shelf: Shelf, text: str) -> None:
    content = await shelf.ready()
    with pytest.raises(BadSubtitles):
        await shelf.library.subtitling.put(shelf.anna, content, "ru", text)
    assert (await shelf.get(content)).preparation is PreparationState.READY


async def test_languages_are_bounded(shelf: Shelf) -> None:
    content = await shelf.ready()
    for number in range(MOST_LANGUAGES):
        await put(shelf, content, f"x{chr(ord('a') + number)}")
    with pytest.raises(Conflict) as refused:
        await shelf.library.subtitling.put(shelf.anna, content, "ru", SRT)
    assert refused.value.code == "TOO_MANY_SUBTITLES"
    await put(shelf, content, "xa")  # in place of those that there are
    with pytest.raises(NotFound):
        await shelf.library.subtitling.remove(shelf.anna, content, "ru")


async def test_a_server_that_ended_half_way_does_the_rest(shelf: Shelf) -> None:
    content = await shelf.ready()
    await shelf.library.subtitling.put(shelf.anna, content, "ru", SRT)
    given.apply(shelf.folder(content), 4.0)
    library = shelf.another()
    await library.preparations.resume()
    assert await library.preparations.step()
    assert await library.subtitling.languages(shelf.anna, content) == {"ru": 2}
    await library.seals.check(content)


async def test_what_was_refused_meanwhile_leaves_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = await shelf.ready()
    languages = shelf.library.subtitling.languages

    async def submitted(by: Actor, content: str) -> dict[str, int]:
        found = dict(await languages(by, content))
        await shelf.library.review.submit(by, content)
        return found

    monkeypatch.setattr(shelf.library.subtitling, "languages", submitted)
    with pytest.raises(SchoolError) as refused:
        await shelf.library.subtitling.put(shelf.anna, content, "ru", SRT)
    assert refused.value.code == "CONTENT_STATE"
    assert not list(shelf.folder(content).glob(".given*"))
