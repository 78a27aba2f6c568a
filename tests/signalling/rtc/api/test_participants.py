"""Participants listed, changed, muted and removed from outside."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, room, rtc

from signalling.rtc.errors import Unauthorised
from tests.mediaserver.room_fakes import fake
from tests.signalling.rtc.api.conftest import ADMIN, Api
from tests.signalling.rtc.rtc_fakes import Client, World

ANNA = {"room": "lesson", "identity": "anna"}


def twirp(*names: str, case: str = "good") -> Any:
    return pytest.mark.compatibility(*(f"twirp.RoomService.{name}" for name in names), case=case)


@twirp("ListParticipants", "GetParticipant")
async def test_who_is_there(api: Api) -> None:
    await api.world.join("anna", claims={"name": "Anna", "attributes": {"seat": "1"}})
    await api.world.join("boris", grants={"hidden": True})
    listed = await api.call("ListParticipants", room.ListParticipantsRequest(room="lesson"))
    assert {p.identity for p in listed.participants} == {"anna", "boris"}, "an admin sees everybody"
    anna = await api.call("GetParticipant", room.RoomParticipantIdentity(**ANNA))
    assert (anna.name, dict(anna.attributes)) == ("Anna", {"seat": "1"})
    assert anna.state == models.ParticipantInfo.JOINED


async def test_nobody_is_in_a_room_that_does_not_exist(api: Api) -> None:
    assert (await api.json("ListParticipants", {"room": "lesson"}, **ADMIN)).json == {"participants": []}


@twirp("RemoveParticipant")
@pytest.mark.compatibility("disconnect_reason.PARTICIPANT_REMOVED")
async def test_who_is_removed_is_told_so(api: Api) -> None:
    anna, boris = await api.world.join("anna"), await api.world.join("boris")
    await api.call("RemoveParticipant", room.RoomParticipantIdentity(**ANNA))
    (leave,) = anna.told("leave")
    assert (leave.reason, leave.action) == (
        models.DisconnectReason.PARTICIPANT_REMOVED,
        rtc.LeaveRequest.DISCONNECT,
    )
    assert not anna.present
    assert boris.present


async def join_with(world: World, not_before: float) -> Client:
    return await world.join("anna", claims={"nbf": not_before})


async def test_who_was_removed_does_not_come_back_with_the_old_token(api: Api) -> None:
    world, now = api.world, api.world.clock.time()
    await join_with(world, now)
    await api.call("RemoveParticipant", room.RoomParticipantIdentity(**ANNA))
    leeway_s = world.settings.token_leeway_s
    for old in (0, now, now + leeway_s - 1):
        with pytest.raises(Unauthorised):
            world.attendance.check(world.admission("anna", claims={"nbf": old}))
    await world.join("boris")
    await join_with(world, now + leeway_s)


async def test_until_when_tokens_are_taken_back_may_be_said(api: Api) -> None:
    world, now = api.world, int(api.world.clock.time())
    await join_with(world, now)
    request = room.RoomParticipantIdentity(**ANNA, revoke_token_ts=now - 100)
    await api.call("RemoveParticipant", request)
    await join_with(world, now)
    with pytest.raises(Unauthorised):
        world.attendance.check(world.admission("anna", claims={"nbf": now - 101}))


@twirp("MutePublishedTrack")
async def test_a_track_is_muted_at_the_data_plane(api: Api) -> None:
    anna, boris = await api.world.join("anna"), await api.world.join("boris")
    sid = await anna.publish("audio")
    answer = await api.call(
        "MutePublishedTrack", room.MuteRoomTrackRequest(**ANNA, track_sid=sid, muted=True)
    )
    assert (answer.track.sid, answer.track.muted) == (sid, True)
    track = anna.participant.publisher.tracks[sid]
    assert not fake(anna.participant.publisher_connection).receivers[track.main.mid].enabled
    assert anna.told("mute")[-1] == rtc.MuteTrackRequest(sid=sid, muted=True)
    assert boris.told("update")[-1].participants[0].tracks[0].muted


async def test_to_unmute_needs_the_settings(api: Api) -> None:
    anna = await api.world.join("anna")
    sid = await anna.publish("audio", muted=True)
    answer = await api.json("MutePublishedTrack", {**ANNA, "track_sid": sid, "muted": False}, **ADMIN)
    assert (answer.status, answer.code, answer.words) == (
        412,
        "failed_precondition",
        "remote unmute not enabled",
    )
    assert anna.participant.publisher.tracks[sid].muted


@twirp("MutePublishedTrack", case="malformed")
async def test_a_track_that_does_not_exist(api: Api) -> None:
    await api.world.join("anna")
    answer = await api.json("MutePublishedTrack", {**ANNA, "track_sid": "TR_no", "muted": True}, **ADMIN)
    assert (answer.status, answer.code, answer.words) == (404, "not_found", "track is not found")


@twirp("UpdateParticipant")
async def test_what_everybody_sees_is_changed(api: Api) -> None:
    anna = await api.world.join("anna", claims={"attributes": {"seat": "1", "hand": "up"}})
    boris = await api.world.join("boris")
    request = room.UpdateParticipantRequest(
        **ANNA, name="Anna", metadata="m", attributes={"hand": "", "group": "2"}
    )
    changed = await api.call("UpdateParticipant", request)
    assert (changed.name, changed.metadata) == ("Anna", "m")
    assert dict(changed.attributes) == {"seat": "1", "group": "2"}
    await api.world.pass_time(1)
    assert boris.told("update")[-1].participants[0].name == "Anna"
    assert anna.told("refresh_token"), "who must join anew brings the profile along"


async def test_permissions_take_effect_at_once(api: Api) -> None:
    anna, boris = await api.world.join("anna"), await api.world.join("boris", v1=False)
    microphone = await anna.publish("audio", source=models.TrackSource.MICROPHONE)
    screen = await anna.publish("video", source=models.TrackSource.SCREEN_SHARE)
    allowed = models.ParticipantPermission(
        can_publish=True, can_publish_sources=[models.TrackSource.MICROPHONE], can_publish_data=True
    )
    changed = await api.call("UpdateParticipant", room.UpdateParticipantRequest(**ANNA, permission=allowed))
    assert changed.permission == allowed
    assert [t.sid for t in changed.tracks] == [microphone]
    assert anna.told("track_unpublished")[-1].track_sid == screen
    assert list(boris.participant.subscriber.subscriptions) == [microphone]
    assert not anna.participant.permissions.can_subscribe
    await anna.request(add_track=rtc.AddTrackRequest(cid="c", type=1, source=models.TrackSource.CAMERA))
    assert anna.told("request_response")[-1].reason == rtc.RequestResponse.NOT_ALLOWED


@twirp("UpdateParticipant", case="malformed")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "x" * 257}, "name length exceeds limits 256"),
        ({"metadata": "x" * 65_537}, "metadata size exceeds limits 65536"),
        ({"attributes": {"a": "x" * 65_536}}, "attribute size exceeds limits 65536"),
    ],
)
async def test_what_is_too_long_for_everybody(api: Api, fields: dict[str, Any], words: str) -> None:
    anna = await api.world.join("anna")
    answer = await api.json("UpdateParticipant", {**ANNA, **fields}, **ADMIN)
    assert (answer.status, answer.code, answer.words) == (400, "invalid_argument", words)
    assert (anna.participant.name, anna.participant.attributes) == ("", {})


@twirp("UpdateSubscriptions")
async def test_what_somebody_receives_is_chosen_for_them(api: Api) -> None:
    anna, boris = await api.world.join("anna", v1=False), await api.world.join("boris")
    first, second = await boris.publish("audio"), await boris.publish("video")
    subscribed = anna.participant.subscriber.subscriptions
    assert set(subscribed) == {first, second}
    tracks = models.ParticipantTracks(participant_sid=boris.participant.sid, track_sids=[second])
    request = room.UpdateSubscriptionsRequest(**ANNA, track_sids=[first], participant_tracks=[tracks])
    await api.call("UpdateSubscriptions", request)
    assert not subscribed
    request.subscribe = True
    await api.call("UpdateSubscriptions", request)
    assert set(subscribed) == {first, second}


METHODS = [
    "GetParticipant",
    "RemoveParticipant",
    "MutePublishedTrack",
    "UpdateParticipant",
    "UpdateSubscriptions",
]


@twirp(*METHODS, case="malformed")
@pytest.mark.parametrize("method", METHODS)
async def test_somebody_who_is_not_there(api: Api, method: str) -> None:
    for _ in range(2):
        answer = await api.json(method, {**ANNA, "track_sid": "x", "muted": True}, **ADMIN)
        assert (answer.status, answer.code, answer.words) == (404, "not_found", "participant does not exist")
        await api.world.join("boris")
    assert (await api.json(method, {**ANNA, "identity": 3}, **ADMIN)).code == "malformed"


@twirp("ListParticipants", case="malformed")
async def test_a_room_that_is_no_name(api: Api) -> None:
    assert (await api.json("ListParticipants", {"room": ["lesson"]}, **ADMIN)).code == "malformed"


@twirp("ListParticipants", *METHODS, case="refused")
@pytest.mark.compatibility("grant.room_admin", "grant.room")
@pytest.mark.parametrize("method", ["ListParticipants", *METHODS])
@pytest.mark.parametrize(
    "grants",
    [
        {"room_create": True, "room_list": True, "room": "lesson"},
        {"room_admin": True, "room": "other"},
        {"room_admin": True},
    ],
)
async def test_without_the_grant_for_this_room(api: Api, method: str, grants: dict[str, Any]) -> None:
    anna = await api.world.join("anna")
    sid = await anna.publish("audio")
    fields = {**ANNA, "track_sid": sid, "muted": True, "name": "x", "subscribe": True}
    answer = await api.json(method, fields, **grants)
    assert (answer.status, answer.json) == (401, {"code": "unauthenticated", "msg": "permissions denied"})
    assert anna.present
    assert (anna.participant.name, anna.participant.publisher.tracks[sid].muted) == ("", False)
