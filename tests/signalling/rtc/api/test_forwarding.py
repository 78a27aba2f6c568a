"""Participants whose tracks are in another room, too: a teacher who speaks to all groups at once."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, room, rtc

from mediaserver.participant import RemovalReason
from tests.signalling.rtc.api.conftest import Api
from tests.signalling.rtc.rtc_fakes import Client

FORWARD = "twirp.RoomService.ForwardParticipant"
GRANTS = {"room_admin": True, "room": "lesson", "destination_room": "group"}
REQUEST = room.ForwardParticipantRequest(room="lesson", identity="anna", destination_room="group")
DATA_TRACK_PACKET = b"\x18\x00\x00\x07" + bytes(8) + b"beat"
PERMISSIONS = rtc.SubscriptionPermission(all_participants=False)


async def forward(api: Api) -> None:
    await api.call("ForwardParticipant", REQUEST, **GRANTS)


def sids(client: Client) -> set[str]:
    return set(client.participant.subscriber.subscriptions)


def last(client: Client) -> models.ParticipantInfo:
    info: models.ParticipantInfo = client.told("update")[-1].participants[-1]
    return info


async def two_rooms(api: Api) -> tuple[Client, Client, Client]:
    """Anna and Boris in the lesson, Vera in the group."""
    return (
        await api.world.join("anna", v1=False),
        await api.world.join("boris", v1=False),
        await api.world.join("vera", room="group", v1=False),
    )


@pytest.mark.compatibility(FORWARD)
async def test_the_tracks_are_in_both_rooms(api: Api) -> None:
    anna, boris, vera = await two_rooms(api)
    first, of_vera = await anna.publish(), await vera.publish()
    await forward(api)
    assert (sids(vera), sids(boris), sids(anna)) == ({first}, {first}, set())
    assert (last(vera).identity, [track.sid for track in last(vera).tracks]) == ("anna", [first])
    second = await anna.publish("video")
    assert sids(vera) == sids(boris) == {first, second}
    await anna.request(mute=rtc.MuteTrackRequest(sid=first, muted=True))
    await api.world.pass_time(0.5)
    assert last(vera).tracks[0].muted
    assert of_vera not in sids(boris), "one way only"
    await anna.request(subscription_permission=PERMISSIONS)
    assert sids(vera) == sids(boris) == set()


async def test_who_speaks_is_told_in_both_rooms(api: Api) -> None:
    anna, boris, vera = await two_rooms(api)
    track = anna.participant.publisher.tracks[await anna.publish()]
    rooms = api.world.attendance.rooms
    await forward(api)
    assert track.receiver is not None
    rooms.audio_levels([(track.receiver, 0.5)])
    await api.world.pass_time(0.5)
    for client in (boris, vera):
        assert [(s.sid, s.active) for s in client.told("speakers_changed")[-1].speakers] == [
            (anna.participant.sid, True)
        ]
    remove = room.RoomParticipantIdentity(room="group", identity="anna")
    await api.call("RemoveParticipant", remove, room_admin=True, room="group")
    rooms.audio_levels([(track.receiver, 1.0)])
    await api.world.pass_time(0.5)
    assert boris.told("speakers_changed")[-1].speakers[0].level > 0.5
    assert all(s.level <= 0.5 for change in vera.told("speakers_changed") for s in change.speakers)


async def test_those_who_come_later_see_it_too(api: Api) -> None:
    anna, _, _ = await two_rooms(api)
    track = await anna.publish()
    await forward(api)
    dora = await api.world.join("dora", room="group", v1=False)
    assert {p.identity for p in dora.told("join")[0].other_participants} == {"vera", "anna"}
    assert sids(dora) == {track}
    listed = await api.call(
        "ListParticipants", room.ListParticipantsRequest(room="group"), room_admin=True, room="group"
    )
    assert {p.identity for p in listed.participants} == {"vera", "dora", "anna"}


async def test_it_ends_when_the_participant_leaves_its_room(api: Api) -> None:
    anna, _, vera = await two_rooms(api)
    await anna.publish()
    await forward(api)
    anna.session.remove(RemovalReason.CLIENT_INITIATED)
    assert sids(vera) == set()
    assert (last(vera).identity, last(vera).state) == ("anna", models.ParticipantInfo.DISCONNECTED)
    assert not vera.participant.room.forwarded
    assert not vera.participant.room.tracks


@pytest.mark.parametrize("track_ends", [True, False])
async def test_it_ends_when_it_is_removed_there(api: Api, track_ends: bool) -> None:
    anna, boris, vera = await two_rooms(api)
    track = await anna.publish()
    await forward(api)
    if track_ends:
        anna.participant.publisher.unpublish(anna.participant.publisher.tracks[track])
        assert (sids(vera), last(vera).tracks[:]) == (set(), [])
    remove = room.RoomParticipantIdentity(room="group", identity="anna")
    await api.call("RemoveParticipant", remove, room_admin=True, room="group")
    assert (last(vera).state, sids(vera)) == (models.ParticipantInfo.DISCONNECTED, set())
    assert anna.present
    assert sids(boris) == (set() if track_ends else {track}), "in its own room it goes on"
    assert not anna.participant.forwarded_to


async def test_it_ends_with_the_other_room(api: Api) -> None:
    anna, boris, _ = await two_rooms(api)
    track = await anna.publish()
    await forward(api)
    await api.call("DeleteRoom", room.DeleteRoomRequest(room="group"), room_create=True)
    assert not anna.participant.forwarded_to
    assert sids(boris) == {track}


async def test_whoever_moves_there_is_not_there_twice(api: Api) -> None:
    anna, _, vera = await two_rooms(api)
    track = await anna.publish()
    await forward(api)
    move = room.MoveParticipantRequest(room="lesson", identity="anna", destination_room="group")
    await api.call("MoveParticipant", move, **GRANTS)
    assert sids(vera) == {track}
    assert not vera.participant.room.forwarded
    assert last(vera).state != models.ParticipantInfo.DISCONNECTED


async def test_the_person_itself_takes_the_place(api: Api) -> None:
    anna, _, vera = await two_rooms(api)
    await anna.publish()
    await forward(api)
    await api.world.join("anna", room="group")
    assert sids(vera) == set()
    assert anna.present


async def test_twice_is_once(api: Api) -> None:
    anna, _, vera = await two_rooms(api)
    track = await anna.publish()
    await forward(api)
    await forward(api)
    assert sids(vera) == {track}
    assert len(anna.participant.forwarded_to) == 1


async def test_a_name_that_is_taken(api: Api) -> None:
    await two_rooms(api)
    await api.world.join("anna", room="group")
    answer = await api.protobuf("ForwardParticipant", REQUEST, **GRANTS)
    assert (answer.status, answer.code) == (409, "already_exists")


async def test_data_stays_in_its_room(api: Api) -> None:
    anna, boris, vera = await two_rooms(api)
    await forward(api)
    packet = models.DataPacket(user=models.UserPacket(payload=b"x"), sequence=1)
    anna.session.data.received("_reliable", packet.SerializeToString())
    assert len(boris.subscriber.sent) == 1
    vera.session.data.repeat(anna.participant.sid, 0)
    assert not vera.subscriber.sent


async def test_data_tracks_go_along(api: Api) -> None:
    anna, _, vera = await two_rooms(api)
    await forward(api)
    await anna.request(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=7, name="beat"))
    (seen,) = last(vera).data_tracks
    update = rtc.UpdateDataSubscription.Update(track_sid=seen.sid, subscribe=True)
    await vera.request(update_data_subscription=rtc.UpdateDataSubscription(updates=[update]))
    entry = vera.told("data_track_subscriber_handles")[-1].sub_handles[1]
    assert (entry.track_sid, entry.publisher_identity, entry.publisher_sid) == (
        seen.sid,
        "anna",
        anna.participant.sid,
    )
    anna.publisher.receive_data("_data_track", DATA_TRACK_PACKET)
    assert [label for label, _ in vera.subscriber.sent] == ["_data_track"]
    await anna.request(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=7))
    assert not last(vera).data_tracks
    assert not vera.told("data_track_subscriber_handles")[-1].sub_handles


async def test_a_data_track_is_known_before_its_handle(api: Api) -> None:
    anna, _, _ = await two_rooms(api)
    await forward(api)
    eager = await api.world.join("eager", room="group", auto_subscribe_data_tracks=True)
    eager.forget()
    await anna.request(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=7, name="beat"))
    assert eager.kinds() == ["update", "data_track_subscriber_handles"]


@pytest.mark.compatibility(FORWARD, case="malformed")
async def test_what_cannot_be_forwarded(api: Api) -> None:
    same = {"room": "lesson", "identity": "anna", "destination_room": "lesson"}
    answer = await api.json("ForwardParticipant", same, **GRANTS | {"destination_room": "lesson"})
    assert answer.words == "destination room cannot be the same as source room"
    answer = await api.protobuf("ForwardParticipant", REQUEST, **GRANTS)
    assert (answer.status, answer.words) == (404, "participant does not exist")
    assert (await api.json("ForwardParticipant", {"identity": 1}, **GRANTS)).code == "malformed"


@pytest.mark.compatibility(FORWARD, case="refused")
@pytest.mark.parametrize(
    "grants",
    [
        {"room_admin": True, "room": "lesson"},
        {"room_admin": True, "room": "group", "destination_room": "group"},
    ],
)
async def test_without_the_grant_for_both_rooms(api: Api, grants: dict[str, Any]) -> None:
    anna, _, vera = await two_rooms(api)
    await anna.publish()
    answer = await api.protobuf("ForwardParticipant", REQUEST, **grants)
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert sids(vera) == set()
