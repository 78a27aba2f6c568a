"""Content is written, found, changed and removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.school.errors import Conflict, Denied, NotFound
from signalling.school.library.contents import Wanted
from signalling.school.words import AgeBand, ContentKind, ContentState, PreparationState, Programme, Role
from signalling.search import beginnings, normal
from tests.signalling.school.library.shelf import FILM, Shelf


async def titles(shelf: Shelf, query: str = "", **wanted: object) -> set[str]:
    found, total = await shelf.library.contents.list(
        shelf.head, shelf.kindergarten.organisation, Wanted(query, **wanted), 0, 100
    )
    assert total == len(found)
    return {view.content.title for view in found}


async def test_a_draft(shelf: Shelf) -> None:
    view = await shelf.draft(description="Листопад", age=AgeBand.TO_6, age_mark=6)
    assert view.state is ContentState.DRAFT and view.preparation is PreparationState.NONE
    assert view.authors == {shelf.anna.person} and view.content.revision == 1
    changed = await shelf.library.contents.change(
        shelf.head, view.content.id, shelf.data_of("Зимний лес", programme=Programme.PARENTS)
    )
    assert changed.content.title == "Зимний лес" and changed.content.programme == "parents"
    assert changed.authors == {shelf.anna.person, shelf.head.person} and changed.content.revision == 2
    assert (await shelf.kindergarten.actions())[-2:] == ["content_made", "content_changed"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Ёлка и ёжик", "Autumn Forest", "100% чудес_и"}),
        ("ел", {"Ёлка и ёжик"}),
        ("ЁЛКА ЕЖ", {"Ёлка и ёжик"}),
        ("Е\u0308ж", {"Ёлка и ёжик"}),
        ("autumn", {"Autumn Forest"}),
        ("FOR aut", {"Autumn Forest"}),
        ("orest", set()),
        ("листопад", {"Autumn Forest"}),
        ("%", {"Ёлка и ёжик", "Autumn Forest", "100% чудес_и"}),
        ("100%", {"100% чудес_и"}),
        ("чудес и", {"100% чудес_и"}),
        ("10_", {"100% чудес_и"}),
        ("'; drop table contents", set()),
    ],
)
async def test_search_in_both_languages(shelf: Shelf, query: str, found: set[str]) -> None:
    await shelf.draft(title="Ёлка и ёжик")
    await shelf.draft(title="Autumn Forest", description="Золотой листопад")
    await shelf.draft(title="100% чудес_и")
    assert await titles(shelf, query) == found


async def test_filters(shelf: Shelf) -> None:
    group = (
        await shelf.kindergarten.school.groups.make(
            shelf.head, shelf.kindergarten.organisation, "Радуга", AgeBand.TO_5
        )
    ).group.id
    await shelf.draft(title="a", programme=Programme.PARENTS, age_mark=16)
    await shelf.draft(shelf.head, title="b", groups=[group])
    await shelf.verified(title="c")
    assert await titles(shelf, programme=Programme.PARENTS) == {"a"}
    assert await titles(shelf, group=group) == {"b"}
    assert await titles(shelf, state=ContentState.VERIFIED) == {"c"}
    assert await titles(shelf, age_mark=12) == {"b", "c"}
    assert await titles(shelf, kind=ContentKind.SOUND) == set()
    found, total = await shelf.library.contents.list(
        shelf.head, shelf.kindergarten.organisation, Wanted(), 1, 1
    )
    assert len(found) == 1 and total == 3


async def test_content_of_a_group_is_for_its_teachers(shelf: Shelf) -> None:
    garden = shelf.kindergarten
    groups = garden.school.groups
    mine = (await groups.make(shelf.head, garden.organisation, "Радуга", AgeBand.TO_5)).group.id
    other = (await groups.make(shelf.head, garden.organisation, "Солнышко", AgeBand.TO_5)).group.id
    await groups.add_teacher(shelf.head, mine, shelf.anna.person)
    anna = await garden.actor("anna")
    await shelf.draft(anna, "mine", groups=[mine])
    hidden = (await shelf.draft(shelf.maria, "other", groups=[other])).content.id
    await shelf.draft(shelf.maria, "all")
    found, _ = await shelf.library.contents.list(anna, garden.organisation, Wanted(), 0, 10)
    assert {view.content.title for view in found} == {"mine", "all"}
    with pytest.raises(Denied):
        await shelf.library.contents.get(anna, hidden)
    with pytest.raises(Denied):
        await shelf.draft(anna, "x", groups=[other])
    with pytest.raises(Conflict):
        await shelf.draft(shelf.maria, "x", groups=["0" * 32])


async def test_guardians_and_operators_have_no_business_here(shelf: Shelf) -> None:
    content = (await shelf.draft()).content.id
    for name, role in (("greta", Role.GUARDIAN), ("otto", Role.OPERATOR)):
        somebody = await shelf.kindergarten.add(name, role)
        with pytest.raises(Denied):
            await shelf.library.contents.get(somebody, content)
        with pytest.raises(Denied):
            await shelf.draft(somebody)
        with pytest.raises(Denied):
            await shelf.library.contents.usage(somebody, shelf.kindergarten.organisation)


async def test_only_a_draft_is_changed(shelf: Shelf) -> None:
    content = await shelf.verified()
    with pytest.raises(Conflict) as refused:
        await shelf.library.contents.change(shelf.head, content, shelf.data_of("x"))
    assert refused.value.code == "CONTENT_STATE"


async def test_removed_with_its_files(shelf: Shelf) -> None:
    content = await shelf.verified()
    with pytest.raises(Conflict):
        await shelf.library.contents.remove(shelf.head, content)
    await shelf.library.review.withdraw(shelf.maria, content, "outdated")
    with pytest.raises(Denied):
        await shelf.library.contents.remove(shelf.anna, content)
    assert shelf.folder(content).exists()
    await shelf.library.contents.remove(shelf.maria, content)
    assert not shelf.folder(content).exists()
    with pytest.raises(NotFound):
        await shelf.get(content)


async def test_usage_and_the_most_entries(shelf: Shelf) -> None:
    await shelf.ready()
    usage = await shelf.library.contents.usage(shelf.anna, shelf.kindergarten.organisation)
    assert usage.used == len(FILM)
    shelf.settings = shelf.settings.model_copy(update={"max_contents": 1})
    shelf.library = shelf.another()
    with pytest.raises(Conflict) as refused:
        await shelf.draft()
    assert refused.value.code == "LIBRARY_FULL"


@given(st.text(), st.text())
def test_what_is_searched_for_means_nothing_to_the_database(text: str, query: str) -> None:
    for beginning in beginnings(query):
        assert not set(beginning) & set("%_\\'/")
    assert normal(normal(text)) == normal(text)
    for word in normal(text).split()[:8]:
        assert f" {word[:3]}" in normal(text) and beginnings(word) == [f" {word}"]
