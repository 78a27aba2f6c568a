"""Previews and commits, on both engines."""

import pytest

from signalling.school import SchoolSettings
from signalling.school.errors import Conflict, Denied
from signalling.school.roster import Plan
from signalling.school.words import AgeBand, Role
from signalling.store import Database
from tests.signalling.school.kindergarten import Kindergarten
from tests.signalling.school.roster.test_reading import CLASSES, ONEROSTER, SIMPLE, USERS

FILES = {"roster.csv": SIMPLE}


async def preview(kindergarten: Kindergarten, files: dict[str, str]) -> Plan:
    head = await kindergarten.actor("head")
    return await kindergarten.school.roster.preview(head, kindergarten.organisation, files)


async def commit(kindergarten: Kindergarten, files: dict[str, str]) -> Plan:
    plan, head = await preview(kindergarten, files), await kindergarten.actor("head")
    return await kindergarten.school.roster.commit(
        head, kindergarten.organisation, files, plan.digest, AgeBand.TO_7
    )


async def families(kindergarten: Kindergarten) -> dict[str, list[str | None]]:
    head = await kindergarten.actor("head")
    found = await kindergarten.school.families.seen(head, kindergarten.organisation)
    return {view.family.name: [child.first_name for child in view.children] for view in found}


async def test_a_preview_writes_nothing(kindergarten: Kindergarten) -> None:
    plan = await preview(kindergarten, FILES)
    assert (plan.groups.new, plan.families.new, plan.children.new) == (2, 2, 2)
    assert await families(kindergarten) == {}


async def test_a_commit_writes_it_once(kindergarten: Kindergarten) -> None:
    await commit(kindergarten, FILES)
    assert await families(kindergarten) == {"Ivanov": [], "Petrov": ["Ivan", "Vera"]}
    groups = await kindergarten.school.groups.seen(
        await kindergarten.actor("head"), kindergarten.organisation
    )
    assert [(view.group.name, view.group.age) for view in groups] == [("Rainbow", "4-5"), ("Sun", "6-7")]
    again = await commit(kindergarten, FILES)
    for counts in (again.groups, again.families, again.children):
        assert (counts.new, counts.changed, counts.same) == (0, 0, 2)
    assert len(await families(kindergarten)) == 2


async def test_what_is_new_is_added_and_nothing_is_removed(kindergarten: Kindergarten) -> None:
    await commit(kindergarten, FILES)
    more = {"roster.csv": "group,family,child\nSun,Petrov,Vera\nRainbow,Orlov,Lev\n"}
    plan = await commit(kindergarten, more)
    assert (plan.families.new, plan.children.new, plan.children.changed) == (1, 1, 1)
    assert await families(kindergarten) == {"Ivanov": [], "Orlov": ["Lev"], "Petrov": ["Ivan", "Vera"]}


async def test_a_roster_with_faults_is_not_written(kindergarten: Kindergarten) -> None:
    with pytest.raises(Conflict) as refused:
        await commit(kindergarten, {"roster.csv": SIMPLE + "x,,,\n"})
    assert refused.value.code == "ROSTER_FAULTS" and await families(kindergarten) == {}


async def test_what_changed_since_the_preview_is_not_overwritten(kindergarten: Kindergarten) -> None:
    plan, head = await preview(kindergarten, FILES), await kindergarten.actor("head")
    await kindergarten.school.groups.make(head, kindergarten.organisation, "Rainbow", AgeBand.TO_5)
    with pytest.raises(Conflict) as refused:
        await kindergarten.school.roster.commit(
            head, kindergarten.organisation, FILES, plan.digest, AgeBand.TO_5
        )
    assert refused.value.code == "ROSTER_CHANGED"


async def test_oneroster_keeps_its_ids(kindergarten: Kindergarten) -> None:
    await kindergarten.add("anna", Role.TEACHER)
    plan = await commit(kindergarten, ONEROSTER)
    assert plan.unknown_teachers == []
    assert len((await kindergarten.actor("anna")).teaches) == 1
    renamed = ONEROSTER | {
        CLASSES: ONEROSTER[CLASSES].replace("Rainbow", "Радуга"),
        USERS: ONEROSTER[USERS].replace("Vera,Petrova", "Верочка,Petrova"),
    }
    again = await commit(kindergarten, renamed)
    assert (again.groups.changed, again.families.same, again.children.changed) == (1, 2, 1)
    assert (await families(kindergarten))["Petrova"] == ["Ivan", "Верочка"]


async def test_teachers_who_are_not_here(kindergarten: Kindergarten) -> None:
    assert (await commit(kindergarten, ONEROSTER)).unknown_teachers == ["anna@example.org"]


async def test_only_the_head_imports(kindergarten: Kindergarten) -> None:
    teacher = await kindergarten.add("anna", Role.TEACHER)
    with pytest.raises(Denied):
        await kindergarten.school.roster.preview(teacher, kindergarten.organisation, FILES)


async def test_without_pupils_data_families_get_their_groups(database: Database) -> None:
    kindergarten = await Kindergarten(database, SchoolSettings(pupils_data=False)).start()
    plan = await commit(kindergarten, FILES)
    assert plan.children.new == 0 and await families(kindergarten) == {"Ivanov": [], "Petrov": []}
    head = await kindergarten.actor("head")
    found = await kindergarten.school.families.seen(head, kindergarten.organisation)
    assert all(len(view.direct_groups) == 1 for view in found)
