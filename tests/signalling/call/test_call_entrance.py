"""Lobby, lock, removal, bans, consultation and the end: who is in, and what the others never learn."""

import pytest
from livekit.protocol import models, rtc

from mediaserver.participant import RemovalReason
from signalling.call import CallSettings
from signalling.call.errors import CallError
from signalling.call.settings import Expected
from signalling.rtc.errors import PermissionDenied, Unauthorised
from tests.signalling.call.call_fakes import CallWorld, hears, packets


async def refused(world: CallWorld, *arguments: object, **fields: object) -> str:
    with pytest.raises(CallError) as error:
        await world.command(*arguments, **fields)  # type: ignore[arg-type]
    return error.value.code


async def test_a_waiting_guest_sees_and_hears_nothing(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    family = await lesson.come("family:1:a")
    await teacher.publish(source=models.MICROPHONE)
    guest = await lesson.come("guest:x", "guest", claims={"name": "Aunt"})
    await family.publish(source=models.MICROPHONE)
    await lesson.wait(2)

    (join,) = guest.told("join")
    assert not join.other_participants and join.room.num_participants == 1
    assert not join.participant.permission.can_publish
    assert {p.identity for u in guest.told("update") for p in u.participants} <= {"guest:x"}
    assert not guest.told("subscription_permission_update") and not guest.told("speakers_changed")
    assert not guest.participant.subscriber.subscriptions
    assert all(
        r.room_update.room.num_participants <= 1 for r in guest.sink.responses if r.HasField("room_update")
    )
    assert lesson.view(guest)["you"] == {"person": "guest:x", "power": "waiting"}
    assert packets(guest, "polyana.call")[-1].keys() == {"version", "now", "you"}
    others = [p.identity for u in family.told("update") for p in u.participants]
    assert "guest:x" not in others
    assert [one["name"] for one in lesson.view(teacher)["lobby"]] == ["Aunt"]
    assert "lobby" not in lesson.view(family)
    for kind in ("raise_hand", "chat", "react", "vote", "admit"):
        fields = {
            "chat": {"text": "x"},
            "react": {"emoji": "👍"},
            "vote": {"poll": "p1", "options": [0]},
            "admit": {"identity": "guest:x"},
        }
        assert await refused(lesson, guest, kind, **fields.get(kind, {})) == "FORBIDDEN"
    add = rtc.AddTrackRequest(cid="c", type=models.TrackType.AUDIO, source=models.MICROPHONE)
    await guest.request(add_track=add)
    assert guest.told("request_response")[-1].reason == rtc.RequestResponse.NOT_ALLOWED

    guest.forget()
    await lesson.command(teacher, "admit", identity="guest:x")
    assert {p.identity for u in guest.told("update") for p in u.participants} >= {"staff:1:a", "family:1:a"}
    assert hears(guest, teacher) and hears(guest, family)
    await guest.publish(source=models.MICROPHONE)
    assert hears(teacher, guest)
    assert lesson.view(teacher)["lobby"] == []


async def test_admit_all_expected() -> None:
    world = CallWorld(
        lobby="all", expected=[Expected(person="family:1", name="Fox"), Expected(person="family:3")]
    )
    teacher = await world.come("staff:1:a", "host")
    for identity in ("family:1:a", "family:2:a"):
        await world.come(identity)
    view = world.view(teacher)
    assert [(one["person"], one["expected"]) for one in view["lobby"]] == [
        ("family:1", True),
        ("family:2", False),
    ]
    assert [(one["person"], one["here"]) for one in view["expected"]] == [
        ("family:1", True),
        ("family:3", False),
    ]
    await world.command(teacher, "admit_expected")
    assert [one["person"] for one in world.view(teacher)["lobby"]] == ["family:2"]
    await world.command(teacher, "admit_all")
    assert world.view(teacher)["lobby"] == []
    tablet = await world.come("family:1:b")
    assert world.view(tablet)["you"]["power"] == "member"  # a person is admitted, not a device
    await world.close()


async def test_deny_and_block(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    guest = await lesson.come("guest:x", "guest")
    await lesson.command(teacher, "deny", identity="guest:x")
    assert not guest.present
    lesson.clock.advance(1)
    with pytest.raises(Unauthorised):
        await lesson.come("guest:x", "guest", claims={"nbf": lesson.clock.time() - 100})
    again = await lesson.come("guest:x", "guest", claims={"nbf": lesson.clock.time()})
    await lesson.command(teacher, "block", identity="guest:x")
    assert not again.present
    lesson.clock.advance(1000)
    with pytest.raises(PermissionDenied, match="removed"):
        await lesson.come("guest:x", "guest", claims={"nbf": lesson.clock.time()})
    assert [one["person"] for one in lesson.view(teacher)["blocked"]] == ["guest:x"]
    await lesson.command(teacher, "unblock", identity="guest:x")
    assert lesson.view(teacher)["blocked"] == []
    back = await lesson.come("guest:x", "guest", claims={"nbf": lesson.clock.time()})
    assert lesson.view(back)["you"]["power"] == "waiting"


async def test_the_removed_are_out_with_all_devices(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    phone, tablet = await lesson.come("family:1:a"), await lesson.come("family:1:b")
    await phone.publish(source=models.MICROPHONE)
    await lesson.command(teacher, "remove", identity="family:1:a")
    assert not phone.present and not tablet.present
    assert phone.told("leave")[0].reason == models.DisconnectReason.PARTICIPANT_REMOVED
    assert not teacher.participant.subscriber.subscriptions
    for identity in ("family:1:a", "family:1:b"):
        with pytest.raises(Unauthorised):
            await lesson.come(identity, claims={"nbf": lesson.clock.time()})
    lesson.clock.advance(1)
    back = await lesson.come("family:1:a", claims={"nbf": lesson.clock.time()})
    assert lesson.view(back)["you"]["power"] == "waiting"
    await lesson.command(teacher, "block", identity="family:1:a")
    lesson.clock.advance(1000)
    for identity in ("family:1:a", "family:1:c"):
        with pytest.raises(PermissionDenied):
            await lesson.come(identity, claims={"nbf": lesson.clock.time()})


async def test_the_lock(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    family = await lesson.come("family:1:a")
    await lesson.command(teacher, "set_lock", locked=True)
    for identity, role in (("family:2:a", "family"), ("guest:x", "guest")):
        with pytest.raises(PermissionDenied, match="locked"):
            await lesson.come(identity, role)
    family.session.remove(RemovalReason.CLIENT_INITIATED)
    assert (await lesson.come("family:1:a")).present
    assert (await lesson.come("staff:2:a", "cohost")).present
    await lesson.command(teacher, "set_lock", locked=False)
    assert (await lesson.come("family:2:a")).present


async def test_a_consultation_is_with_one_family() -> None:
    world = CallWorld(mode="consultation", lobby="off")
    teacher = await world.come("staff:1:a", "host")
    one, two = await world.come("family:1:a"), await world.come("family:2:a")
    await teacher.publish(source=models.MICROPHONE)
    assert await refused(world, teacher, "admit_all") == "ONE_BY_ONE"
    await world.command(teacher, "next")
    assert hears(one, teacher) and not hears(two, teacher)
    assert await refused(world, teacher, "admit", identity="family:2") == "OCCUPIED"
    await world.command(teacher, "next")
    assert hears(two, teacher) and not hears(one, teacher)
    assert not one.participant.subscriber.subscriptions
    assert [p["person"] for p in world.view(two)["people"]] == ["staff:1", "family:2"]
    await world.command(teacher, "next")
    await world.command(teacher, "next")
    assert not hears(one, teacher) or not hears(two, teacher)
    await world.close()


async def test_the_end(lesson: CallWorld) -> None:
    teacher, cohost = await lesson.come("staff:1:a", "host"), await lesson.come("staff:2:a", "cohost")
    family = await lesson.come("family:1:a")
    assert await refused(lesson, cohost, "end") == "FORBIDDEN"
    await lesson.command(teacher, "end")
    assert not family.present and not teacher.present
    for identity, role in (("family:1:a", "family"), ("staff:1:a", "host")):
        with pytest.raises(PermissionDenied, match="ended"):
            await lesson.come(identity, role)


async def test_rooms_of_plain_tokens_are_not_touched() -> None:
    world = CallWorld()
    anna, boris = await world.come("anna", "", room="plain"), await world.come("boris", "", room="plain")
    await anna.publish()
    assert hears(boris, anna) and "plain" not in world.service.calls
    assert not world.attendance.rooms.get("plain").policy.controlled  # type: ignore[union-attr]
    with_role = await world.join("family:1:a", room="new", claims={"attributes": {"polyana.role": "family"}})
    assert with_role.present and world.attendance.rooms.get("new").policy.controlled  # type: ignore[union-attr]
    await world.close()


async def test_a_call_that_is_opened_late_takes_over() -> None:
    world = CallWorld()
    anna, boris = await world.come("anna", "", room="later"), await world.come("boris", "", room="later")
    await anna.publish()
    assert hears(boris, anna)
    world.service.open("later", CallSettings())
    await world.work()
    assert not hears(boris, anna) and not anna.participant.publisher.tracks  # guests without a role wait
    await world.close()


async def test_a_role_that_is_revoked_in_the_call(lesson: CallWorld) -> None:
    teacher, other = await lesson.come("staff:1:a", "host"), await lesson.come("staff:2:a", "host")
    lesson.service.revoke_role("staff:1")
    await lesson.work()
    assert not teacher.present
    assert teacher.participant.attributes == {"polyana.role": "guest"}
    assert lesson.events[-1].action == "role_revoked" and lesson.events[-1].target == "staff:1"
    lesson.clock.advance(1000)
    back = await lesson.come("staff:1:b", "host", claims={"nbf": lesson.clock.time()})
    assert lesson.view(back)["you"]["power"] == "waiting"
    assert lesson.view(other)["lobby"][0]["role"] == "guest"
    elsewhere = await lesson.join(
        "staff:1:b", room="another", claims={"attributes": {"polyana.role": "host"}}
    )
    assert (
        lesson.service.calls["another"].state.persons["staff:1"].role.value == "guest" and elsewhere.present
    )
