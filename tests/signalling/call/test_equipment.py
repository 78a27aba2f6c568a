"""A camera is a source of the host's, a wall screen watches; neither is a person."""

import pytest
from livekit.protocol import models, rtc

from signalling.call.errors import CallError
from tests.signalling.call.call_fakes import CallWorld, hears, matrix
from tests.signalling.rtc.rtc_fakes import Client

MICROPHONE = {"source": models.MICROPHONE}
SCREEN = rtc.AddTrackRequest(cid="s", type=models.TrackType.VIDEO, source=models.SCREEN_SHARE)


async def scene(*, lock: bool = False, **settings: object) -> tuple[CallWorld, dict[str, Client]]:
    """A host, a family, a camera and a wall screen; all who may have a microphone that is on. `lock`: after the family
    has come."""
    world = CallWorld(**settings)
    people = {"host": await world.come("staff:1:a", "host")}
    people["family"] = await world.come("family:1:a")
    world.call.state.entrance.locked = lock
    people["camera"] = await world.come("camera:1:1", "camera")
    people["wall"] = await world.come("wall:1:1", "wall", grants={"can_publish": False})
    for name in ("host", "family", "camera"):
        if people[name].participant.permissions.can_publish:
            await people[name].publish(**MICROPHONE)
    return world, people


@pytest.mark.parametrize("lobby", ["off", "all"])
async def test_equipment_waits_for_nobody_and_a_lock_does_not_stop_it(lobby: str) -> None:
    world, people = await scene(lobby=lobby, lock=True)
    waiting = {one["person"] for one in world.view(people["host"])["lobby"]}
    assert waiting == ({"family:1"} if lobby == "all" else set())
    assert {("host", "wall"), ("camera", "wall"), ("camera", "host")} <= matrix(people)
    await world.close()


async def test_in_a_webinar_a_camera_is_seen_by_all_and_commands_nothing() -> None:
    world, people = await scene(mode="webinar", reach="hosts")
    assert matrix(people) == {(by, to) for by in ("host", "camera") for to in people if by != to}
    shown = {one["person"]: one["power"] for one in world.view(people["family"])["people"]}
    assert shown["camera:1"] == "camera" and "wall:1" not in shown
    assert {one["person"] for one in world.view(people["host"])["people"]} >= {"wall:1", "camera:1"}
    for equipment in ("camera", "wall"):
        with pytest.raises(CallError):
            await world.command(people[equipment], "mute_all")
    with pytest.raises(CallError):
        await world.command(people["camera"], "chat", text="x")
    await world.close()


async def test_a_camera_shows_no_screen_and_a_wall_screen_nothing_at_all() -> None:
    world, people = await scene()
    for equipment in ("camera", "wall"):
        await world.command(people["host"], "set_screen", identity=f"{equipment}:1", allowed=True)
        await people[equipment].request(add_track=SCREEN)
        assert people[equipment].told("request_response")[-1].reason == rtc.RequestResponse.NOT_ALLOWED
    await world.command(people["host"], "promote", identity="wall:1")
    await world.command(people["host"], "make_cohost", identity="camera:1")
    assert not people["wall"].participant.permissions.can_publish
    with pytest.raises(CallError):
        await world.command(people["camera"], "mute_all")
    await world.close()


async def test_everybody_muted_is_not_the_camera_but_it_can_be_muted_itself() -> None:
    world, people = await scene()
    await world.command(people["host"], "mute_all")
    assert hears(people["wall"], people["camera"]) and not hears(people["wall"], people["family"])
    await world.command(people["host"], "mute", identity="camera:1")
    assert not hears(people["wall"], people["camera"])
    await world.close()


async def test_without_a_host_the_camera_is_frozen_too() -> None:
    world, people = await scene()
    assert hears(people["family"], people["camera"])
    await people["host"].request(leave=rtc.LeaveRequest())
    await world.wait(11)
    assert not hears(people["family"], people["camera"]) and not hears(people["wall"], people["family"])
    await world.close()


async def test_a_consultation_is_not_disturbed_by_equipment() -> None:
    world, people = await scene(mode="consultation")
    await world.command(people["host"], "admit", identity="family:1")
    await world.command(people["host"], "next")
    assert hears(people["wall"], people["host"]) and not hears(people["wall"], people["family"])
    await world.close()


async def test_who_sent_it_out_lets_it_in_again() -> None:
    world, people = await scene()
    await world.command(people["host"], "remove", identity="camera:1")
    world.clock.advance(2)
    again = await world.come("camera:1:1", "camera", claims={"nbf": world.clock.time()})
    assert [one["person"] for one in world.view(people["host"])["lobby"]] == ["camera:1"]
    await world.command(people["host"], "admit", identity="camera:1")
    await again.publish(**MICROPHONE)
    assert hears(people["family"], again)
    await world.close()


async def test_nobody_attends_by_equipment() -> None:
    world, _ = await scene()
    await world.service.sample()
    assert {row.person for row in world.service.rows("lesson")} == {"staff:1", "family:1"}
    await world.close()
