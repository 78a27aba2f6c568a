"""Participants taken to other rooms, with their connections."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, room, rtc

from signalling.rtc.settings import RtcSettings
from signalling.rtc.tokens import verify_token
from tests.signalling.rtc.api.conftest import Api
from tests.signalling.rtc.rtc_fakes import Client

MOVE = "twirp.RoomService.MoveParticipant"
GRANTS = {"room_admin": True, "room": "lesson", "destination_room": "group"}
REQUEST = room.MoveParticipantRequest(room="lesson", identity="anna", destination_room="group")


async def move(api: Api) -> None:
    await api.call("MoveParticipant", REQUEST, **GRANTS)


def sids(client: Client) -> set[str]:
    return set(client.participant.subscriber.subscriptions)


@pytest.mark.compatibility(MOVE, "signal.response.room_moved", "grant.destination_room")
async def test_the_client_is_told_where_it_is_now(api: Api) -> None:
    anna = await api.world.join("anna", claims={"name": "Anna"})
    await api.world.join("vera", room="group")
    connection, sid = anna.publisher, anna.participant.sid
    await move(api)
    (moved,) = anna.told("room_moved")
    assert (moved.room.name, moved.room.num_participants) == ("group", 2)
    assert (moved.participant.sid, moved.participant.name) == (sid, "Anna")
    assert [other.identity for other in moved.other_participants] == ["vera"]
    claims = verify_token(moved.token, api.world.keys, now=api.world.clock.time(), leeway_s=0)
    assert claims.video is not None
    assert (claims.identity, claims.video.room, claims.video.room_join) == ("anna", "group", True)
    assert anna.publisher is connection
    assert not connection.closed


async def test_everybody_sees_and_hears_whom_they_should(api: Api) -> None:
    anna = await api.world.join("anna", v1=False)
    boris = await api.world.join("boris", v1=False)
    vera = await api.world.join("vera", room="group", v1=False)
    of_anna, of_boris, of_vera = [await client.publish() for client in (anna, boris, vera)]
    assert sids(anna) == {of_boris}
    await anna.request(answer=rtc.SessionDescription(type="answer", sdp="answer"))
    await anna.request(answer=rtc.SessionDescription(type="answer", sdp="answer"))
    for client in (anna, boris, vera):
        client.forget()
    await move(api)
    assert (sids(anna), sids(boris), sids(vera)) == ({of_vera}, set(), {of_anna})
    (gone,) = boris.told("update")[-1].participants
    assert (gone.identity, gone.state) == ("anna", models.ParticipantInfo.DISCONNECTED)
    come = vera.told("update")[-1].participants[0]
    assert (come.identity, [track.sid for track in come.tracks]) == ("anna", [of_anna])
    assert anna.kinds().index("room_moved") < anna.kinds().index("offer"), "tracks of whom it knows"
    track = anna.participant.publisher.tracks[of_anna]
    assert track.subscribers == {vera.participant}
    assert not anna.told("track_unpublished"), "what it publishes goes on"
    await anna.request(mute=rtc.MuteTrackRequest(sid=of_anna, muted=True))
    assert vera.told("update")[-1].participants[0].tracks[0].muted


async def test_what_was_chosen_in_one_room_does_not_count_in_the_next(api: Api) -> None:
    anna = await api.world.join("anna", v1=False)
    boris = await api.world.join("boris")
    of_boris = await boris.publish()
    await anna.request(subscription=rtc.UpdateSubscription(track_sids=[of_boris], subscribe=False))
    assert sids(anna) == set()
    await move(api)
    await api.call(
        "MoveParticipant",
        room.MoveParticipantRequest(room="group", identity="anna", destination_room="lesson"),
        room_admin=True,
        room="group",
        destination_room="lesson",
    )
    assert sids(anna) == {of_boris}


async def test_whoever_had_the_name_there_goes(api: Api) -> None:
    earlier = await api.world.join("anna", room="group")
    anna = await api.world.join("anna")
    await move(api)
    assert earlier.told("leave")[-1].reason == models.DisconnectReason.DUPLICATE_IDENTITY
    assert anna.present


async def test_data_goes_to_the_new_room_only(api: Api) -> None:
    anna, boris = await api.world.join("anna"), await api.world.join("boris")
    vera = await api.world.join("vera", room="group")
    packet = models.DataPacket(user=models.UserPacket(payload=b"before"), sequence=1)
    anna.session.data.received("_reliable", packet.SerializeToString())
    await move(api)
    anna.session.data.received(
        "_reliable",
        models.DataPacket(user=models.UserPacket(payload=b"after"), sequence=2).SerializeToString(),
    )
    assert [payload for _, payload in boris.publisher.sent if b"after" in payload] == []
    assert len([payload for _, payload in vera.publisher.sent if b"after" in payload]) == 1
    vera.session.data.repeat(anna.participant.sid, 0)
    assert [payload for _, payload in vera.publisher.sent if b"before" in payload] == []


async def test_a_client_that_was_away_learns_it_when_it_comes_back(api: Api) -> None:
    anna = await api.world.join("anna")
    anna.media_connects()
    anna.session.drop_connection("lost")
    await move(api)
    back = await api.world.resume(anna)  # with the token of the old room
    assert back.session is anna.session
    assert back.told("room_moved")[-1].room.name == "group"
    again = await api.world.resume(back, room="group")
    assert not again.told("room_moved"), "it has the new token already"


async def test_nobody_else_comes_in_by_an_old_room(api: Api) -> None:
    anna = await api.world.join("anna")
    sid = anna.participant.sid
    await move(api)
    stranger = await api.world.resume(anna, participant_sid="PA_another")
    assert stranger.told("leave")[-1].action == rtc.LeaveRequest.RECONNECT
    assert anna.participant.sid == sid


async def test_a_new_room_is_made(api: Api) -> None:
    anna = await api.world.join("anna")
    await move(api)
    assert anna.participant.room.settings.empty_timeout_s == RtcSettings().empty_timeout_s
    await api.world.pass_time(25)
    assert api.world.attendance.rooms.get("lesson") is None, "nobody is left there"


@pytest.mark.compatibility(MOVE, case="malformed")
async def test_where_nobody_can_be_taken(api: Api) -> None:
    answer = await api.json(
        "MoveParticipant",
        {"room": "lesson", "identity": "anna", "destination_room": "lesson"},
        **GRANTS | {"destination_room": "lesson"},
    )
    assert (answer.status, answer.code) == (400, "invalid_argument")
    assert answer.words == "destination room cannot be the same as source room"
    answer = await api.protobuf("MoveParticipant", REQUEST, **GRANTS)
    assert (answer.status, answer.words) == (404, "participant does not exist")
    nowhere = {"room": "lesson", "identity": "anna"}
    answer = await api.json("MoveParticipant", nowhere, room_admin=True, room="lesson")
    assert (answer.status, answer.words) == (400, "no room name")
    assert (await api.json("MoveParticipant", {"room": []}, **GRANTS)).code == "malformed"


async def test_a_full_room(api: Api) -> None:
    await api.call("CreateRoom", room.CreateRoomRequest(name="group", max_participants=1), room_create=True)
    anna = await api.world.join("anna")
    await api.world.join("vera", room="group")
    answer = await api.protobuf("MoveParticipant", REQUEST, **GRANTS)
    assert (answer.status, answer.code) == (429, "resource_exhausted")
    assert anna.participant.room.name == "lesson"


@pytest.mark.compatibility(MOVE, case="refused")
@pytest.mark.parametrize(
    "grants",
    [
        {"room_admin": True, "room": "lesson"},
        {"room_admin": True, "room": "lesson", "destination_room": "other"},
        {"room_admin": True, "room": "group", "destination_room": "group"},
        {"room_create": True, "room": "lesson", "destination_room": "group"},
    ],
)
async def test_without_the_grant_for_both_rooms(api: Api, grants: dict[str, Any]) -> None:
    anna = await api.world.join("anna")
    answer = await api.protobuf("MoveParticipant", REQUEST, **grants)
    assert (answer.status, answer.json) == (401, {"code": "unauthenticated", "msg": "permissions denied"})
    assert anna.participant.room.name == "lesson"
    assert not anna.told("room_moved")
