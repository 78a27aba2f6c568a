"""Consents, retention, what a family may take with it; on both engines."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from signalling.call import PresenceRecord
from signalling.school.consents import DocumentData
from signalling.school.entry import Entry
from signalling.school.errors import Conflict, Denied, NotFound
from signalling.school.families import FamilyData
from signalling.school.words import ConsentPurpose, Role
from signalling.store.tables import ChatLine, Consent, InvitationDevice, Presence
from signalling.store.types import new_id
from tests.signalling.school.kindergarten import Kindergarten
from tests.signalling.school.test_lessons import Scene

RECORDING = ConsentPurpose.RECORDING


def document_data(text: str = "Text") -> DocumentData:
    return DocumentData(RECORDING, "Recording", text)


@pytest.fixture
async def scene(kindergarten: Kindergarten) -> Scene:
    """Maria is the guardian of the Petrovs."""
    scene = await Scene(kindergarten).start()
    guardian = await kindergarten.add("maria", Role.GUARDIAN)
    data = FamilyData("Petrov", [scene.rainbow], [], [guardian.person])
    await scene.school.families.change(await kindergarten.actor("head"), scene.petrov, data)
    return scene


async def count(scene: Scene, table: type) -> int:
    async with scene.kindergarten.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def was_there(scene: Scene, entry: Entry, days_ago: float = 0) -> None:
    at = scene.kindergarten.clock.time() - days_ago * 86_400
    person = ":".join(entry.identity.split(":")[:2])
    record = PresenceRecord(new_id(), entry.occurrence.room, person, entry.name, at, at + 600, 590)
    await scene.school.attendance.keep([record])
    async with scene.kindergarten.database.write() as session:
        line = ChatLine(
            room=entry.occurrence.room, at=datetime.fromtimestamp(at, UTC), person=person, name="P"
        )
        line.badge, line.text, line.audience, line.place = "", "Hello", "everyone", "main"
        session.add(line)


async def test_a_consent_from_the_document_to_the_withdrawal(scene: Scene) -> None:
    head, maria = await scene.kindergarten.actor("head"), await scene.kindergarten.actor("maria")
    consents, organisation = scene.school.consents, scene.kindergarten.organisation
    document = await consents.publish(head, organisation, document_data())
    assert await consents.without(head, organisation, RECORDING) == [scene.petrov]
    for _ in range(2):
        await consents.give(maria, scene.petrov, document.id)
    assert await consents.without(head, organisation, RECORDING) == [] and await count(scene, Consent) == 1
    newer = await consents.publish(head, organisation, document_data("Other text"))
    assert newer.version == 2 and await consents.without(head, organisation, RECORDING) == [scene.petrov]
    with pytest.raises(Conflict):
        await consents.give(maria, scene.petrov, document.id)
    await consents.give(maria, scene.petrov, newer.id)
    for _ in range(2):
        withdrawn = await consents.withdraw(maria, scene.petrov, newer.id)
    assert withdrawn.consent.withdrawn_at is not None
    assert await consents.without(head, organisation, RECORDING) == [scene.petrov]
    given = await consents.of_family(head, scene.petrov)
    assert sorted((one.document.version, one.consent.withdrawn_at is None) for one in given) == [
        (1, True),
        (2, False),
    ]
    assert [one.version for one in await consents.documents(head, organisation)] == [2]


async def test_only_guardians_agree_and_only_the_head_publishes(scene: Scene) -> None:
    head, anna = await scene.kindergarten.actor("head"), await scene.kindergarten.actor("anna")
    consents, organisation = scene.school.consents, scene.kindergarten.organisation
    document = await consents.publish(head, organisation, document_data())
    for attempt in (
        consents.give(head, scene.petrov, document.id),
        consents.give(anna, scene.petrov, document.id),
        consents.of_family(anna, scene.petrov),
        consents.publish(anna, organisation, document_data()),
    ):
        with pytest.raises(Denied):
            await attempt
    maria = await scene.kindergarten.actor("maria")
    for missing in (
        consents.give(maria, scene.petrov, "nothing"),
        consents.withdraw(maria, scene.petrov, document.id),
    ):
        with pytest.raises(NotFound):
            await missing


async def test_what_is_old_is_removed(scene: Scene) -> None:
    entry = await scene.come((await scene.link()).code)
    await was_there(scene, entry, days_ago=366)
    await was_there(scene, entry, days_ago=10)
    await scene.school.retention.expire()
    assert (await count(scene, Presence), await count(scene, ChatLine)) == (1, 1)
    assert await count(scene, InvitationDevice) == 1
    scene.kindergarten.clock.advance(91 * 86_400)
    await scene.school.retention.expire()
    assert await count(scene, InvitationDevice) == 0


async def test_a_family_takes_all_that_is_known_of_it(scene: Scene) -> None:
    link = await scene.link()
    await was_there(scene, await scene.come(link.code))
    head, maria = await scene.kindergarten.actor("head"), await scene.kindergarten.actor("maria")
    document = await scene.school.consents.publish(head, scene.kindergarten.organisation, document_data())
    await scene.school.consents.give(maria, scene.petrov, document.id)
    found = json.loads(json.dumps(await scene.school.retention.export_family(maria, scene.petrov)))
    assert found["family"]["name"] == "Petrov" and found["guardians"][0]["email"] == "maria@example.org"
    assert [len(found[part]) for part in ("consents", "attendance", "chat", "links")] == [1, 1, 1, 1]
    assert link.code not in json.dumps(found)
    assert found["log"][-1]["action"] == "family_exported"
    with pytest.raises(Denied):
        await scene.school.retention.export_family(await scene.kindergarten.actor("anna"), scene.petrov)


async def test_a_family_is_forgotten(scene: Scene) -> None:
    await was_there(scene, await scene.come((await scene.link()).code))
    head = await scene.kindergarten.actor("head")
    await scene.school.families.remove(head, scene.petrov)
    assert [await count(scene, table) for table in (Presence, ChatLine, InvitationDevice)] == [0, 0, 0]
