"""Lessons, links and the way in, on both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signalling.school.entry import Entry
from signalling.school.errors import Conflict, Denied, LinkNotFound, SchoolError
from signalling.school.events import LessonCancelled, LinkRevoked
from signalling.school.families import ChildData, FamilyData
from signalling.school.invitations import Link
from signalling.school.lessons import LessonData, LessonView
from signalling.school.recurrence import Recurrence
from signalling.school.words import AgeBand, LessonKind, Programme, Role
from tests.signalling.school.kindergarten import Kindergarten
from tests.signalling.school.test_groups import family, group


def begin(kindergarten: Kindergarten, minutes: float = 5) -> datetime:
    """So many minutes from now."""
    return datetime.fromtimestamp(kindergarten.clock.time(), UTC) + timedelta(minutes=minutes)


def data(kindergarten: Kindergarten, **more: Any) -> LessonData:
    values = {
        "title": "Maths",
        "kind": LessonKind.LESSON,
        "programme": Programme.BASIC,
        "starts_at": begin(kindergarten),
        "minutes": 20,
    }
    return LessonData(**(values | more))


async def plan(kindergarten: Kindergarten, by: str, **more: Any) -> LessonView:
    actor = await kindergarten.actor(by)
    return await kindergarten.school.lessons.plan(
        actor, kindergarten.organisation, data(kindergarten, **more)
    )


class Scene:
    """Anna teaches Rainbow, in which the Petrovs are; Boris teaches Sun."""

    def __init__(self, kindergarten: Kindergarten) -> None:
        self.kindergarten, self.school = kindergarten, kindergarten.school

    async def start(self) -> "Scene":
        kindergarten = self.kindergarten
        await kindergarten.add("anna", Role.TEACHER)
        await kindergarten.add("boris", Role.TEACHER)
        self.rainbow = await group(kindergarten, "Rainbow", "anna")
        self.sun = await group(kindergarten, "Sun", "boris")
        view = await family(kindergarten, FamilyData("Petrov", [], [ChildData("Vera", self.rainbow)]))
        self.petrov = view.family.id
        self.lesson = await plan(kindergarten, "anna", groups=[self.rainbow], age=AgeBand.TO_5)
        return self

    async def link(self, **more: Any) -> Link:
        anna = await self.kindergarten.actor("anna")
        return await self.school.invitations.for_family(anna, self.petrov, **more)

    async def shared(self, **more: Any) -> Link:
        anna = await self.kindergarten.actor("anna")
        return await self.school.invitations.for_lesson(anna, self.lesson.lesson.id, **more)

    async def come(self, code: str, name: str | None = None, device: str = "") -> Entry:
        return (await self.school.entrances.by_link(code, name, device))[0]


@pytest.fixture
async def scene(kindergarten: Kindergarten) -> Scene:
    return await Scene(kindergarten).start()


# Planning


async def test_teachers_plan_for_their_groups(scene: Scene) -> None:
    view = scene.lesson
    assert (view.host, view.host_badge, view.limit) == ("Anna", Role.TEACHER, 20)
    assert view.lesson.time_zone == "Europe/Moscow" and view.lesson.mode == "meeting"
    for more in (
        {"groups": [scene.sun]},
        {"groups": [scene.rainbow, scene.sun]},
        {},
        {"kind": LessonKind.PEDAGOGICAL_COUNCIL},
    ):
        with pytest.raises(Denied):
            await plan(scene.kindergarten, "anna", **more)
    boris = await scene.kindergarten.actor("boris")
    with pytest.raises(Denied):
        await scene.school.lessons.get(boris, view.lesson.id)
    with pytest.raises(Denied):
        await scene.school.lessons.change(boris, view.lesson.id, data(scene.kindergarten))


async def test_a_consultation_with_a_family_of_ones_group(scene: Scene) -> None:
    view = await plan(scene.kindergarten, "anna", kind=LessonKind.CONSULTATION, family=scene.petrov)
    assert view.lesson.mode == "consultation"
    with pytest.raises(Denied):
        await plan(scene.kindergarten, "boris", kind=LessonKind.CONSULTATION, family=scene.petrov)


async def test_a_council_is_for_the_staff(scene: Scene) -> None:
    view = await plan(scene.kindergarten, "head", kind=LessonKind.PEDAGOGICAL_COUNCIL)
    boris = await scene.kindergarten.actor("boris")
    assert (await scene.school.lessons.get(boris, view.lesson.id)).host == "Head"
    await scene.kindergarten.add("maria", Role.GUARDIAN)
    with pytest.raises(Denied):
        await scene.school.lessons.get(await scene.kindergarten.actor("maria"), view.lesson.id)


@pytest.mark.parametrize("more", [{"groups": ["nothing"]}, {"family": "nobody"}, {"host": "nobody"}])
async def test_what_does_not_exist(scene: Scene, more: dict[str, Any]) -> None:
    with pytest.raises(Conflict):
        await plan(scene.kindergarten, "head", **more)


async def test_the_schedule(scene: Scene) -> None:
    kindergarten = scene.kindergarten
    series = Recurrence(frequency="daily", count=5)
    await plan(kindergarten, "boris", groups=[scene.sun], title="Music", recurrence=series)
    now = begin(kindergarten, 0)

    async def seen(name: str) -> list[str]:
        actor = await kindergarten.actor(name)
        found = await scene.school.lessons.schedule(
            actor, kindergarten.organisation, now, now + timedelta(days=3)
        )
        return [one.view.lesson.title for one in found]

    assert await seen("anna") == ["Maths"]
    assert await seen("boris") == ["Music"] * 3
    assert sorted(await seen("head")) == ["Maths", "Music", "Music", "Music"]


async def test_one_time_of_a_series_is_cancelled(scene: Scene) -> None:
    kindergarten, lessons = scene.kindergarten, scene.school.lessons
    view = await plan(
        kindergarten, "anna", groups=[scene.rainbow], recurrence=Recurrence(frequency="daily", count=3)
    )
    anna, starts_at = await kindergarten.actor("anna"), view.lesson.starts_at
    for _ in range(2):
        cancelled = await lessons.cancel(anna, view.lesson.id, starts_at)
    assert len(cancelled.begins(starts_at, starts_at + timedelta(days=9))) == 2
    assert isinstance(kindergarten.heard[-1], LessonCancelled)
    with pytest.raises(Conflict):
        await lessons.cancel(anna, view.lesson.id, starts_at + timedelta(hours=1))
    assert lessons.current(cancelled).starts_at == starts_at + timedelta(days=1)


async def test_states(scene: Scene) -> None:
    lessons, clock = scene.school.lessons, scene.kindergarten.clock
    view = await plan(
        scene.kindergarten, "anna", groups=[scene.rainbow], starts_at=begin(scene.kindergarten, 30)
    )
    states = []
    for minutes in (0, 21, 20, 38, 2):
        clock.advance(minutes * 60)
        states.append(lessons.current(view).state)
    assert states == ["before", "live", "live", "live", "after"]


# Links


async def test_a_personal_link_leads_to_the_familys_lesson(scene: Scene) -> None:
    link = await scene.link()
    assert len(link.code) == 26 and link.name == "Petrov"
    invited = await scene.school.entrances.look(link.code)
    assert (invited.family, invited.organisation) == ("Petrov", "Поляна")
    assert invited.occurrence.view.lesson.title == "Maths" and invited.occurrence.state == "live"
    entry = await scene.come(link.code, name="Teacher Anna")
    assert entry.identity.startswith(f"family:{scene.petrov}:") and entry.name == "Petrov"
    assert (entry.role, entry.badge) == ("family", "")


async def test_the_next_lesson_comes_when_this_one_is_over(scene: Scene) -> None:
    kindergarten = scene.kindergarten
    await plan(kindergarten, "anna", groups=[scene.rainbow], title="Next", starts_at=begin(kindergarten, 600))
    await plan(kindergarten, "boris", groups=[scene.sun], title="Other", starts_at=begin(kindergarten, 300))
    link, titles = await scene.link(), []
    for hours in (0, 2, 8, 24):
        kindergarten.clock.advance(hours * 3600)
        invited = await scene.school.entrances.look(link.code)
        titles.append((invited.occurrence.view.lesson.title, invited.occurrence.state))
    assert titles == [("Maths", "live"), ("Next", "before"), ("Next", "live"), ("Next", "after")]
    with pytest.raises(Conflict) as refused:
        await scene.come(link.code)
    assert refused.value.code == "LESSON_AFTER"


async def test_a_shared_link_makes_guests(scene: Scene) -> None:
    link = await scene.shared()
    with pytest.raises(SchoolError):
        await scene.come(link.code)
    entry = await scene.come(link.code, name="Anna")
    assert entry.identity.startswith("guest:") and (entry.role, entry.badge) == ("guest", "")
    assert (await scene.come(link.code, name="Anna")).identity != entry.identity


@pytest.mark.parametrize("end", ["revoked", "expired", "replaced", "wrong", "role", "family"])
async def test_every_dead_link_gets_the_same_answer(scene: Scene, end: str) -> None:
    kindergarten = scene.kindergarten
    link = await scene.link(expires_at=begin(kindergarten, 60))
    anna, code = await kindergarten.actor("anna"), link.code
    if end == "revoked":
        await scene.school.invitations.revoke(anna, link.invitation.id)
    elif end == "expired":
        kindergarten.clock.advance(3600)
    elif end == "replaced":
        assert (await scene.link()).code != code
    elif end == "role":
        (membership,) = await kindergarten.memberships("anna")
        await scene.school.roles.revoke(await kindergarten.actor("head"), membership.id)
    elif end == "family":
        await scene.school.families.remove(await kindergarten.actor("head"), scene.petrov)
    else:
        code = "a" * 26
    for attempt in (scene.school.entrances.look(code), scene.come(code)):
        with pytest.raises(LinkNotFound) as refused:
            await attempt
        assert (refused.value.code, str(refused.value)) == ("LINK_NOT_FOUND", "Please ask for a new link")


async def test_revoking_is_told_at_once(scene: Scene) -> None:
    link, shared = await scene.link(), await scene.shared()
    (membership,) = await scene.kindergarten.memberships("anna")
    await scene.school.roles.revoke(await scene.kindergarten.actor("head"), membership.id)
    told = [event for event in scene.kindergarten.heard if isinstance(event, LinkRevoked)]
    assert {event.invitation for event in told} == {link.invitation.id, shared.invitation.id}


async def test_devices_are_counted_and_a_stranger_is_told_of(scene: Scene) -> None:
    link = await scene.link(max_devices=2)
    anna, invitations = await scene.kindergarten.actor("anna"), scene.school.invitations
    one = await scene.come(link.code, device="one")
    assert (await scene.come(link.code, device="one")).identity == one.identity
    assert (await invitations.get(anna, link.invitation.id)).invitation.alert_at is None
    await scene.come(link.code, device="two")
    seen = await invitations.get(anna, link.invitation.id)
    assert seen.devices == 2 and seen.invitation.alert_at is not None, "two phones at the same time"
    with pytest.raises(Denied) as refused:
        await scene.come(link.code, device="three")
    assert refused.value.code == "TOO_MANY_DEVICES"
    assert "link_refused" in await scene.kindergarten.actions()
    cleared = await invitations.forget_devices(anna, link.invitation.id)
    assert (cleared.devices, cleared.invitation.alert_at) == (0, None)
    await scene.come(link.code, device="three")


async def test_the_sheet_of_a_group(scene: Scene) -> None:
    kindergarten, invitations = scene.kindergarten, scene.school.invitations
    await family(kindergarten, FamilyData("Ivanov", [scene.rainbow]))
    anna = await kindergarten.actor("anna")
    links = await invitations.for_group(anna, kindergarten.organisation, scene.rainbow)
    again = await invitations.for_group(anna, kindergarten.organisation, scene.rainbow)
    assert [(link.name, link.code) for link in links] == [(link.name, link.code) for link in again]
    assert [link.name for link in links] == ["Ivanov", "Petrov"]
    assert await invitations.for_group(anna, kindergarten.organisation, scene.sun) == []
    boris = await kindergarten.actor("boris")
    for attempt in (
        invitations.for_family(boris, scene.petrov),
        invitations.get(boris, links[0].invitation.id),
        invitations.revoke(boris, links[0].invitation.id),
        invitations.for_lesson(boris, scene.lesson.lesson.id),
    ):
        with pytest.raises(Denied):
            await attempt


# People with accounts


async def test_who_is_what_in_a_call(scene: Scene) -> None:
    kindergarten = scene.kindergarten
    guardian = await kindergarten.add("maria", Role.GUARDIAN)
    head, families = await kindergarten.actor("head"), scene.school.families
    change = FamilyData("Petrov", [scene.rainbow], [], [guardian.person])
    await families.change(head, scene.petrov, change)

    async def enter(name: str, lesson: str = scene.lesson.lesson.id) -> Entry:
        known = await kindergarten.known(await kindergarten.sign_in(name))
        return await scene.school.entrances.by_account(known, lesson)

    anna = await enter("anna")
    assert (anna.role, anna.badge, anna.name) == ("host", "teacher", "Anna")
    assert anna.identity.startswith(f"staff:{kindergarten.people['anna']}:")
    head_entry = await enter("head")
    assert (head_entry.role, head_entry.badge) == ("cohost", "head")
    maria = await enter("maria")
    assert (maria.role, maria.badge, maria.name) == ("family", "", "Petrov")
    assert maria.identity.startswith(f"family:{scene.petrov}:")
    with pytest.raises(Denied):
        await enter("boris")
    event = await plan(kindergarten, "head", kind=LessonKind.EVENT, title="Concert")
    assert (await enter("maria", event.lesson.id)).role == "viewer"
    assert (await enter("boris", event.lesson.id)).role == "viewer"
    expected = await scene.school.entrances.expected(scene.school.lessons.current(scene.lesson))
    assert expected == [(f"family:{scene.petrov}", "Petrov")]


async def test_a_guardian_of_two_families_comes_with_the_right_one(scene: Scene) -> None:
    kindergarten = scene.kindergarten
    guardian = await kindergarten.add("maria", Role.GUARDIAN)
    head, families = await kindergarten.actor("head"), scene.school.families
    await families.change(head, scene.petrov, FamilyData("Petrov", [scene.rainbow], [], [guardian.person]))
    other = await family(kindergarten, FamilyData("Ivanov", [scene.sun], [], [guardian.person]))
    known = await kindergarten.known(await kindergarten.sign_in("maria"))
    for of in (scene.petrov, other.family.id):
        lesson = await plan(kindergarten, "head", kind=LessonKind.CONSULTATION, family=of)
        entry = await scene.school.entrances.by_account(known, lesson.lesson.id)
        assert entry.identity.startswith(f"family:{of}:")
