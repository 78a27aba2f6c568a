"""Groups and families, on both engines."""

import pytest

from signalling.school import SchoolSettings
from signalling.school.errors import BadRequest, Conflict, Denied, NotFound
from signalling.school.events import FamilyRemoved
from signalling.school.families import ChildData, FamilyData, FamilyView
from signalling.school.words import AgeBand, Role
from signalling.store import Database
from tests.signalling.school.kindergarten import Kindergarten


async def group(kindergarten: Kindergarten, name: str, *teachers: str) -> str:
    head, groups = await kindergarten.actor("head"), kindergarten.school.groups
    made = (await groups.make(head, kindergarten.organisation, name, AgeBand.TO_5)).group.id
    for teacher in teachers:
        await groups.add_teacher(head, made, kindergarten.people[teacher])
    return made


async def family(kindergarten: Kindergarten, data: FamilyData, by: str = "head") -> FamilyView:
    actor = await kindergarten.actor(by)
    return await kindergarten.school.families.make(actor, kindergarten.organisation, data)


# Groups


async def test_the_head_makes_changes_and_removes(kindergarten: Kindergarten) -> None:
    head, groups = await kindergarten.actor("head"), kindergarten.school.groups
    made = await group(kindergarten, "Rainbow")
    changed = await groups.change(head, made, "Sun", AgeBand.TO_7)
    assert (changed.group.name, changed.group.age) == ("Sun", "6-7")
    assert [view.group.name for view in await groups.seen(head, kindergarten.organisation)] == ["Sun"]
    await groups.remove(head, made)
    with pytest.raises(NotFound):
        await groups.get(head, made)


async def test_teachers_see_their_own_groups(kindergarten: Kindergarten) -> None:
    await kindergarten.add("anna", Role.TEACHER)
    mine, other = await group(kindergarten, "Mine", "anna"), await group(kindergarten, "Other")
    anna, groups = await kindergarten.actor("anna"), kindergarten.school.groups
    assert [view.group.id for view in await groups.seen(anna, kindergarten.organisation)] == [mine]
    assert (await groups.get(anna, mine)).teachers == [(anna.person, "Anna")]
    with pytest.raises(Denied):
        await groups.get(anna, other)
    for change in (groups.change(anna, mine, "x", None), groups.remove(anna, mine)):
        with pytest.raises(Denied):
            await change


async def test_only_confirmed_teachers_teach(kindergarten: Kindergarten) -> None:
    head, groups = await kindergarten.actor("head"), kindergarten.school.groups
    made = await group(kindergarten, "Rainbow")
    boris = await kindergarten.add("boris", Role.TEACHER, confirmed=False)
    with pytest.raises(Conflict):
        await groups.add_teacher(head, made, boris.person)
    await kindergarten.add("boris")
    for _ in range(2):
        assert len((await groups.add_teacher(head, made, boris.person)).teachers) == 1
    for _ in range(2):
        assert not (await groups.remove_teacher(head, made, boris.person)).teachers


# Families


async def test_a_family_belongs_to_groups_by_itself_and_by_its_children(kindergarten: Kindergarten) -> None:
    one, two = await group(kindergarten, "One"), await group(kindergarten, "Two")
    view = await family(kindergarten, FamilyData("Petrov", [one], [ChildData("Vera", two), ChildData()]))
    assert view.groups == {one, two}
    assert [(child.first_name, child.group_id) for child in view.children if child.first_name] == [
        ("Vera", two)
    ]
    head, families = await kindergarten.actor("head"), kindergarten.school.families
    for of in (one, two, None):
        assert len(await families.seen(head, kindergarten.organisation, of)) == 1
    assert not await families.seen(head, kindergarten.organisation, "nothing")


async def test_a_change_replaces_all_of_it(kindergarten: Kindergarten) -> None:
    one = await group(kindergarten, "One")
    view = await family(
        kindergarten, FamilyData("Petrov", [], [ChildData("Vera", one), ChildData("Ivan", one)])
    )
    vera = next(child for child in view.children if child.first_name == "Vera")
    head, families = await kindergarten.actor("head"), kindergarten.school.families
    data = FamilyData("Petrovy", [one], [ChildData("Верочка", None, vera.id)])
    changed = await families.change(head, view.family.id, data)
    assert changed.family.name == "Petrovy" and changed.direct_groups == [one]
    assert [(child.id, child.first_name) for child in changed.children] == [(vera.id, "Верочка")]


@pytest.mark.parametrize(
    "data",
    [
        FamilyData("x", ["nothing"]),
        FamilyData("x", [], [ChildData("Vera", "nothing")]),
        FamilyData("x", [], [ChildData("Vera", None, "nothing")]),
        FamilyData("x", guardians=["nobody"]),
    ],
)
async def test_what_does_not_exist_is_refused(kindergarten: Kindergarten, data: FamilyData) -> None:
    with pytest.raises(Conflict):
        await family(kindergarten, data)


async def test_teachers_change_families_of_their_groups_alone(kindergarten: Kindergarten) -> None:
    await kindergarten.add("anna", Role.TEACHER)
    mine, other = await group(kindergarten, "Mine", "anna"), await group(kindergarten, "Other")
    anna, families = await kindergarten.actor("anna"), kindergarten.school.families
    view = await family(kindergarten, FamilyData("Petrov", [mine]), by="anna")
    for data in (FamilyData("x", [other]), FamilyData("x", [mine, other]), FamilyData("x")):
        with pytest.raises(Denied):
            await families.make(anna, kindergarten.organisation, data)
        with pytest.raises(Denied):
            await families.change(anna, view.family.id, data)
    hidden = await family(kindergarten, FamilyData("Hidden", [other]))
    with pytest.raises(Denied):
        await families.get(anna, hidden.family.id)
    with pytest.raises(Denied):
        await families.remove(anna, view.family.id)
    assert [v.family.name for v in await families.seen(anna, kindergarten.organisation)] == ["Petrov"]


async def test_guardians_see_their_family_alone(kindergarten: Kindergarten) -> None:
    guardian = await kindergarten.add("maria", Role.GUARDIAN)
    one = await group(kindergarten, "One")
    mine = await family(kindergarten, FamilyData("Petrov", [one], guardians=[guardian.person]))
    other = await family(kindergarten, FamilyData("Ivanov", [one]))
    maria, families = await kindergarten.actor("maria"), kindergarten.school.families
    assert maria.families == {mine.family.id} and maria.family_groups == {one}
    assert [v.family.name for v in await families.seen(maria, kindergarten.organisation)] == ["Petrov"]
    with pytest.raises(Denied):
        await families.get(maria, other.family.id)
    with pytest.raises(Denied):
        await families.change(maria, mine.family.id, FamilyData("x", [one]))


async def test_a_family_is_removed_with_what_is_its_own(kindergarten: Kindergarten) -> None:
    head, families = await kindergarten.actor("head"), kindergarten.school.families
    one = await group(kindergarten, "One")
    view = await family(kindergarten, FamilyData("Petrov", [one], [ChildData("Vera", one)]))
    await families.remove(head, view.family.id)
    assert kindergarten.heard[-1] == FamilyRemoved(view.family.id)
    with pytest.raises(NotFound):
        await families.get(head, view.family.id)
    await kindergarten.school.groups.remove(head, one)


async def test_without_pupils_data_children_are_refused(database: Database) -> None:
    kindergarten = await Kindergarten(database, SchoolSettings(pupils_data=False)).start()
    one = await group(kindergarten, "One")
    with pytest.raises(BadRequest):
        await family(kindergarten, FamilyData("Petrov", [one], [ChildData("Vera", one)]))
    assert (await family(kindergarten, FamilyData("Petrov", [one]))).groups == {one}
