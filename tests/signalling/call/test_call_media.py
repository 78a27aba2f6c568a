"""Who hears whom: holds, freezes, the guardian rule, panic, time, direction, groups, webinar, screens."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, rtc

from mediaserver.participant import RemovalReason
from mediaserver.peer_connection import ConnectionState
from signalling.call.errors import CallError
from tests.mediaserver.room_fakes import fake
from tests.signalling.call.call_fakes import CallWorld, hears, matrix, packets
from tests.signalling.rtc.rtc_fakes import Client

MICROPHONE, CAMERA = {"source": models.MICROPHONE}, {"source": models.CAMERA}


async def everybody(world: CallWorld, *families: str) -> dict[str, Client]:
    """A teacher `t` and families with microphones that are on."""
    clients = {"t": await world.come("staff:1:a", "host")}
    for name in families:
        clients[name] = await world.come(f"family:{name}:x")
    for client in clients.values():
        await client.publish(**MICROPHONE)
    return clients


def complete(*names: str) -> set[tuple[str, str]]:
    return {(by, to) for by in names for to in names if by != to}


async def test_a_muted_family_stays_muted_until_it_is_asked(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a", "b")
    teacher, family = people["t"], people["a"]
    (track,) = family.participant.publisher.tracks.values()
    await lesson.command(teacher, "mute", identity="family:a:x")
    assert family.told("mute")[-1].muted and not hears(teacher, family)
    await family.request(mute=rtc.MuteTrackRequest(sid=track.sid, muted=False))
    assert track.muted and not hears(teacher, family) and family.told("mute")[-1].muted
    await family.publish(**MICROPHONE)  # nor by another track
    assert not hears(teacher, family)
    assert lesson.view(family)["you"]["held"] == ["audio"]

    await lesson.command(teacher, "ask_unmute", identity="family:a:x")
    assert lesson.view(family)["you"] | {"held": [], "asked": ["audio"]} == lesson.view(family)["you"]
    assert not hears(teacher, family)  # nobody else switches it on
    await family.request(mute=rtc.MuteTrackRequest(sid=track.sid, muted=False))
    assert hears(teacher, family) and lesson.view(family)["you"]["asked"] == []
    (seen,) = [one for one in lesson.view(teacher)["people"] if one["person"] == "family:a"]
    assert seen["asked"] == []
    assert hears(teacher, people["b"])


async def test_an_answer_is_told_without_a_command(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a")
    teacher, family = people["t"], people["a"]
    (track,) = family.participant.publisher.tracks.values()
    await lesson.command(teacher, "mute", identity="family:a")
    await lesson.command(teacher, "ask_unmute", identity="family:a")
    lesson.clock.advance(5)
    lesson.service.tick()
    asked = packets(family, "polyana.call")[-1]["you"]["asked"]
    await family.request(mute=rtc.MuteTrackRequest(sid=track.sid, muted=False))
    lesson.clock.advance(1)
    lesson.service.tick()
    assert (asked, packets(family, "polyana.call")[-1]["you"]["asked"]) == (["audio"], [])


async def test_mute_all_and_who_comes_later(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a", "b")
    await lesson.command(people["t"], "mute_all")
    late = await lesson.come("family:c:x")
    await late.publish(**MICROPHONE)
    assert matrix(people | {"c": late}) == {("t", "a"), ("t", "b"), ("t", "c")}
    await lesson.command(people["t"], "set_self_unmute", allowed=True)
    (track,) = late.participant.publisher.tracks.values()
    await late.request(mute=rtc.MuteTrackRequest(sid=track.sid, muted=False))
    assert hears(people["a"], late)
    await lesson.command(people["t"], "mute_all")
    assert not hears(people["a"], late)
    await late.request(mute=rtc.MuteTrackRequest(sid=track.sid, muted=False))
    assert hears(people["a"], late)  # once only


async def test_a_camera_is_stopped_and_asked_for(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a")
    family = people["a"]
    await family.publish("video", **CAMERA)
    await lesson.command(people["t"], "stop_camera", identity="family:a")
    assert not hears(people["t"], family, "video") and hears(people["t"], family)
    await family.publish("video", cid="again", **CAMERA)
    assert not hears(people["t"], family, "video")
    await lesson.command(people["t"], "ask_camera", identity="family:a")
    await lesson.command(family, "answer", medium="video")
    assert lesson.view(family)["you"]["asked"] == []


async def test_screens_only_when_they_are_granted(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a")
    family, share = people["a"], {"source": models.SCREEN_SHARE}
    request = rtc.AddTrackRequest(cid="s", type=models.TrackType.VIDEO, **share)
    await family.request(add_track=request)
    assert family.told("request_response")[-1].reason == rtc.RequestResponse.NOT_ALLOWED
    await lesson.command(people["t"], "set_screen", identity="family:a", allowed=True)
    await family.publish("video", **share)
    assert hears(people["t"], family, "video") and lesson.view(family)["you"]["may_share_screen"]
    await lesson.command(people["t"], "set_screen", identity="family:a", allowed=False)
    assert not hears(people["t"], family, "video") and hears(people["t"], family)


async def test_the_guardian_rule() -> None:
    world = CallWorld()
    a, b = await world.come("family:a:x"), await world.come("family:b:x")
    people = {"a": a, "b": b}
    for client in people.values():
        await client.publish(**MICROPHONE)
    await world.wait(1)
    assert matrix(people) == set() and world.view(a)["attended"] is False  # no host has come yet
    teacher = await world.come("staff:1:a", "host")
    people["t"] = teacher
    await teacher.publish(**MICROPHONE)
    (muted,) = b.participant.publisher.tracks.values()
    await b.request(mute=rtc.MuteTrackRequest(sid=muted.sid, muted=True))
    before = matrix(people)
    assert before == complete("t", "a", "b") - {("b", "a"), ("b", "t")}

    teacher.session.remove(RemovalReason.CONNECTION_TIMEOUT)
    await world.wait(9.8)
    assert matrix({"a": a, "b": b}) == {("a", "b")}
    await world.wait(1.2)
    assert matrix({"a": a, "b": b}) == set()
    assert world.view(a)["you"]["reasons"] == ["unattended"] and not a.participant.may_send_data
    with pytest.raises(CallError) as refused:
        await world.command(a, "chat", text="hello?")
    assert refused.value.code == "FORBIDDEN"
    await world.command(a, "raise_hand")  # which harms nobody
    assert [e.action for e in world.events if "attended" in e.action] == ["attended", "unattended"]

    people["t"] = teacher = await world.come("staff:1:b", "host")
    await teacher.publish(**MICROPHONE)
    assert matrix(people) == before and world.view(a)["attended"] is True
    (track,) = b.participant.publisher.tracks.values()
    assert track.muted and not a.told("mute")
    await world.close()


async def test_who_counts_as_an_adult_host(lesson: CallWorld) -> None:
    """Not a co-host that was made here, a hidden one, a film, or one whose media are not connected."""
    teacher = await lesson.come("staff:1:a", "host")
    family, other = await lesson.come("family:a:x"), await lesson.come("family:b:x")
    await family.publish(**MICROPHONE)
    await lesson.command(teacher, "make_cohost", identity="family:b:x")
    await lesson.come("staff:7:x", "host", grants={"hidden": True})
    await lesson.come("staff:8:x", "host", claims={"kind": "ingress"})
    connecting = await lesson.come("staff:9:x", "cohost", media=False)
    fake(teacher.participant.primary_connection).become(ConnectionState.DISCONNECTED)
    await lesson.wait(11.2)
    assert not hears(other, family)
    connecting.media_connects()
    await lesson.wait(0.2)
    assert hears(other, family)


async def test_panic_and_calm(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a", "b")
    await lesson.command(people["t"], "mute", identity="family:b")
    before = matrix(people)
    await lesson.command(people["t"], "panic")
    assert matrix(people) == set()
    for client in people.values():
        with pytest.raises(CallError):
            await lesson.command(client, "chat", text="x")
        assert not client.participant.may_send_data
        await client.publish(**MICROPHONE)
    assert matrix(people) == set()
    await lesson.command(people["t"], "calm")
    assert matrix(people) == before


async def test_time_runs_out_softly() -> None:
    world = CallWorld(limit_minutes=15, soft_stop_s=60)
    a = await world.come("family:a:x")
    assert world.view(a)["time"] is None  # it has not begun
    teacher = await world.come("staff:1:a", "host")
    cohost = await world.come("staff:2:a", "cohost")
    people = {"t": teacher, "a": a}
    for client in people.values():
        await client.publish(**MICROPHONE)
    seen = []
    for seconds in (779, 2, 120, 60):
        await world.wait(seconds)
        seen.append((world.view(a)["time"]["phase"], hears(teacher, a), hears(a, teacher)))
    assert seen == [
        ("running", True, True),
        ("warning", True, True),
        ("over", True, True),
        ("stopped", False, True),
    ]
    with pytest.raises(CallError):
        await world.command(cohost, "extend", minutes=5, reason="song")
    await world.command(teacher, "extend", minutes=5, reason="one more song")
    assert hears(teacher, a) and world.view(a)["time"]["phase"] == "running"
    event = world.events[-1]
    assert (event.action, event.actor) == ("extend", "staff:1:a")
    assert event.details == {"minutes": 5.0, "reason": "one more song"}
    actions = [e.action for e in world.events if e.action.startswith("time")]
    assert actions == ["time_warning", "time_over", "time_stopped"]
    await world.close()


async def test_children_reach_only_hosts_and_a_host_one_child(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a", "b", "c")
    teacher = people["t"]
    await lesson.command(teacher, "set_reach", reach="hosts")
    to_teacher = {(name, "t") for name in "abc"}
    assert matrix(people) == to_teacher | {("t", name) for name in "abc"}
    await lesson.command(teacher, "direct", identity="staff:1:a", to=["family:b:x"])
    assert matrix(people) == to_teacher | {("t", "b")}
    await lesson.command(teacher, "direct", identity="family:a", to=["family:b", "family:c"])
    assert matrix(people) == {("b", "t"), ("c", "t"), ("t", "b"), ("a", "b"), ("a", "c")}
    for name in ("staff:1", "family:a"):
        await lesson.command(teacher, "direct", identity=name, to="default")
    await lesson.command(teacher, "set_reach", reach="everyone")
    assert matrix(people) == complete("t", "a", "b", "c")


async def test_groups_and_a_host_who_visits_and_speaks_to_all() -> None:
    world = CallWorld(participant_data=True)
    people = await everybody(world, "a", "b", "c", "d")
    teacher, a = people["t"], people["a"]
    senders = {name: list(fake(c.participant.primary_connection).senders) for name, c in people.items()}
    negotiated = {name: len(fake(c.participant.primary_connection).answers) for name, c in people.items()}
    groups: list[dict[str, Any]] = [
        {"name": "Mice", "identities": ["family:a", "family:b"]},
        {"name": "Cats", "identities": ["family:c"]},
    ]
    await world.command(teacher, "open_groups", groups=groups)
    assert matrix(people) == complete("a", "b") | complete("t", "d")
    room = a.participant.room
    assert [p.identity for p in room.policy.data_recipients(a.participant)] == ["family:b:x"]
    assert [g["name"] for g in world.view(a)["groups"]] == ["Mice"]
    assert [g["people"] for g in world.view(teacher)["groups"]] == [["family:a", "family:b"], ["family:c"]]
    await world.command(teacher, "visit", group="g2")
    assert matrix(people) == complete("a", "b") | complete("t", "c")
    await world.command(teacher, "announce", on=True)
    assert matrix(people) == complete("a", "b") | {("t", name) for name in "abcd"} | {("c", "t")}
    await world.command(teacher, "announce", on=False)
    await world.command(teacher, "move", identity="family:d", group="g1")
    assert matrix(people) == complete("a", "b", "d") | complete("t", "c")
    await world.command(teacher, "close_groups")
    assert matrix(people) == complete("t", "a", "b", "c", "d")
    for name, client in people.items():  # nothing was negotiated: the first packet is heard
        connection = fake(client.participant.primary_connection)
        assert list(connection.senders) == senders[name] and len(connection.answers) == negotiated[name]
    await world.close()


async def test_a_webinar_has_a_stage() -> None:
    world = CallWorld(mode="webinar", lobby="off")
    people = {"t": await world.come("staff:1:a", "host")}
    await people["t"].publish(**MICROPHONE)
    for name in "ab":
        people[name] = await world.come(f"family:{name}:x")
    a, b, teacher = people["a"], people["b"], people["t"]
    await a.request(add_track=rtc.AddTrackRequest(cid="m", type=models.TrackType.AUDIO, **MICROPHONE))
    assert a.told("request_response")[-1].reason == rtc.RequestResponse.NOT_ALLOWED
    assert [p["person"] for p in world.view(a)["people"]] == ["family:a", "staff:1"]
    assert len(world.view(teacher)["people"]) == 3
    await world.command(b, "raise_hand")
    await world.command(a, "raise_hand")
    assert world.view(teacher)["hands"] == ["family:b", "family:a"] and world.view(a)["you"]["hand"] == 2
    await world.command(teacher, "promote", identity="family:a:x")
    assert world.view(teacher)["hands"] == ["family:b"]
    await a.publish(**MICROPHONE)
    assert hears(b, a) and hears(teacher, a)
    assert [p["person"] for p in world.view(b)["people"]] == ["family:b", "staff:1", "family:a"]
    await world.command(teacher, "demote", identity="family:a:x")
    assert not a.participant.publisher.tracks and a.told("track_unpublished")
    assert not b.participant.subscriber.subscriptions.keys() & a.participant.publisher.tracks.keys()
    with pytest.raises(CallError):
        await world.command(a, "promote", identity="family:a:x")
    await world.close()


async def test_a_viewer_is_promoted_in_a_meeting(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a")
    viewer = await lesson.come("family:v:x", "viewer", grants={"can_publish": False})
    assert lesson.view(viewer)["you"]["power"] == "viewer"
    await lesson.command(people["t"], "promote", identity="family:v:x")
    await viewer.publish(**MICROPHONE)
    assert hears(people["a"], viewer)


async def test_cohosts(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a", "b")
    teacher, a = people["t"], people["a"]
    await lesson.command(teacher, "make_cohost", identity="family:a:x")
    await lesson.command(a, "mute", identity="family:b")
    for kind in ("mute", "remove", "stop_camera", "demote"):
        with pytest.raises(CallError):
            await lesson.command(a, kind, identity="staff:1:a")
    with pytest.raises(CallError):
        await lesson.command(a, "make_cohost", identity="family:b")
    await lesson.command(teacher, "drop_cohost", identity="family:a")
    with pytest.raises(CallError):
        await lesson.command(a, "mute", identity="family:b")
    await lesson.come("guest:x", "guest")
    with pytest.raises(CallError):
        await lesson.command(teacher, "make_cohost", identity="guest:x")


async def test_one_is_frozen_and_thawed_as_it_was(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a", "b")
    await people["a"].publish("video", **CAMERA)
    await lesson.command(people["t"], "freeze", identity="family:a", media=["video", "data"])
    assert hears(people["b"], people["a"]) and not hears(people["b"], people["a"], "video")
    with pytest.raises(CallError):
        await lesson.command(people["a"], "chat", text="x")
    await lesson.command(people["t"], "freeze", identity="family:a", media=[])
    assert hears(people["b"], people["a"], "video") and people["a"].participant.may_send_data


async def test_spotlight(lesson: CallWorld) -> None:
    people = await everybody(lesson, "a")
    await lesson.command(people["t"], "spotlight", identities=["family:a:x"])
    assert lesson.view(people["a"])["spotlight"] == ["family:a"]
    assert people["a"].participant.priority > people["t"].participant.priority > 0
    with pytest.raises(CallError):
        await lesson.command(people["t"], "spotlight", identities=["nobody"])
