"""Joining: what a client is told, and in which order."""

import asyncio

import pytest
from livekit.protocol import models, rtc

from mediaserver.peer_connection import ConnectionState
from signalling.rtc.errors import RoomNotFound, ServerFull
from signalling.rtc.node_load import NodeLoad
from signalling.rtc.sessions import GO_ANSWER_DELAY_S
from signalling.rtc.settings import RtcSettings
from tests.mediaserver.room_fakes import offer_of, section
from tests.signalling.rtc.rtc_fakes import FakeSink, World


@pytest.mark.compatibility("signal.response.join", "claim.name", "claim.attributes", "claim.identity")
async def test_the_join_response_comes_first_and_describes_the_room(world: World) -> None:
    await world.join("anna", claims={"name": "Anna", "attributes": {"role": "teacher"}})
    boris = await world.join("boris")
    assert boris.kinds()[0] == "join"
    (join,) = boris.told("join")
    assert join.room.name == "lesson" and join.room.sid.startswith("RM_")
    assert join.participant.identity == "boris" and join.participant.state == models.ParticipantInfo.JOINED
    (other,) = join.other_participants
    assert (other.identity, other.name, dict(other.attributes)) == ("anna", "Anna", {"role": "teacher"})
    assert (join.ping_interval, join.ping_timeout) == (5, 15)
    assert join.server_info.version == join.server_version != ""
    assert [codec.mime for codec in join.enabled_publish_codecs] == list(world.settings.enabled_codecs)
    assert join.fast_publish and not join.subscriber_primary


async def test_who_may_never_publish_pings_seldom_and_is_given_longer(world: World) -> None:
    viewer = await world.join("viewer", grants={"can_publish": False})
    viewer.media_connects()
    (join,) = viewer.told("join")
    assert (join.ping_interval, join.ping_timeout) == (15, 30)
    await world.sessions_hear(viewer)
    await world.pass_time(29)
    assert viewer.sink.closed is None
    await world.pass_time(3)
    assert viewer.sink.closed is not None


@pytest.mark.compatibility("signal.response.update", "signal.response.room_update")
async def test_others_hear_of_a_join_in_one_update(world: World) -> None:
    anna = await world.join("anna")
    await world.pass_time(1)
    anna.forget()
    await world.join("boris")
    await world.join("clara")
    await world.pass_time(1)
    (update,) = anna.told("update")
    assert sorted(p.identity for p in update.participants) == ["boris", "clara"]
    (room_update,) = anna.told("room_update")
    assert room_update.room.num_participants == 3


@pytest.mark.compatibility("signal.response.offer")
async def test_v0_gets_an_offer_at_once(world: World) -> None:
    anna = await world.join("anna", v1=False)
    assert anna.kinds()[:2] == ["join", "offer"]
    assert anna.told("join")[0].subscriber_primary
    assert anna.told("offer")[0].id == 1


async def test_v0_without_permission_to_subscribe_offers_itself(world: World) -> None:
    anna = await world.join("anna", v1=False, grants={"can_subscribe": False})
    assert not anna.told("join")[0].subscriber_primary
    assert anna.told("offer") == []


@pytest.mark.compatibility("signal.response.answer", "join.request.publisher_offer")
async def test_v1_with_an_offer_is_answered_at_once_with_what_is_there(world: World) -> None:
    sid = await (await world.join("anna")).publish("audio")
    offer = rtc.SessionDescription(type="offer", sdp=offer_of(free_audio=3, free_video=3), id=4)
    boris = await world.join("boris", publisher_offer=offer)
    assert boris.kinds()[:2] == ["join", "answer"]
    (answer,) = boris.told("answer")
    assert answer.id == 4 and dict(answer.mid_to_track_id) == {"a0": sid}
    assert boris.told("media_sections_requirement") == []


@pytest.mark.compatibility("client.go_v1")
async def test_the_go_sdk_gets_time_to_apply_its_offer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    told_before: list[list[str | None]] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        (session,) = world.sessions
        assert isinstance(session.sink, FakeSink)
        told_before.append([r.WhichOneof("message") for r in session.sink.responses])

    monkeypatch.setattr("signalling.rtc.session.asyncio.sleep", pause)
    offer = rtc.SessionDescription(type="offer", sdp=offer_of(), id=1)
    anna = await world.join("anna", publisher_offer=offer, sdk=models.ClientInfo.GO)
    assert pauses == [GO_ANSWER_DELAY_S] and told_before == [["join"]]
    assert anna.kinds()[:2] == ["join", "answer"]


@pytest.mark.compatibility("join.request.add_track_requests")
async def test_v1_join_with_tracks(world: World) -> None:
    offer = rtc.SessionDescription(type="offer", sdp=offer_of(section("0", "audio", "mic")), id=1)
    request = rtc.AddTrackRequest(cid="mic", type=models.TrackType.AUDIO)
    anna = await world.join("anna", publisher_offer=offer, add_track_requests=(request,))
    assert anna.kinds()[:3] == ["join", "track_published", "answer"]
    assert anna.participant.is_publisher


async def test_connecting_makes_active_and_is_measured(world: World) -> None:
    anna = await world.join("anna")
    world.clock.advance(1.5)
    anna.publisher.become(ConnectionState.CONNECTED)
    anna.publisher.become(ConnectionState.CONNECTED)
    await world.pass_time(1)
    assert anna.told("update")[-1].participants[0].state == models.ParticipantInfo.ACTIVE
    assert world.metric("polyana_rtc_join_to_connected_seconds_count") == 1
    assert world.metric("polyana_rtc_join_to_connected_seconds_sum") == 1.5


@pytest.mark.compatibility("disconnect_reason.DUPLICATE_IDENTITY", "leave_action.DISCONNECT")
async def test_the_same_identity_replaces_and_is_told_why(world: World) -> None:
    boris = await world.join("boris")
    first = await world.join("anna")
    await world.pass_time(1)
    boris.forget()
    second = await world.join("anna")
    (leave,) = first.told("leave")
    assert leave.reason == models.DisconnectReason.DUPLICATE_IDENTITY
    assert leave.action == rtc.LeaveRequest.DISCONNECT
    await world.pass_time(1)
    updates = [p for update in boris.told("update") for p in update.participants]
    assert {p.sid for p in updates} == {second.participant.sid}, "nobody sees anna leave"
    assert world.metric("polyana_rtc_reconnects_total", kind="full") == 1
    assert len(list(world.sessions)) == 2


async def test_old_clients_are_told_that_a_replaced_participant_left(world: World) -> None:
    boris = await world.join("boris", protocol=9)
    first = await world.join("anna")
    boris.forget()
    await world.join("anna")
    (update,) = boris.told("update")
    assert (update.participants[0].sid, update.participants[0].state) == (
        first.participant.sid,
        models.ParticipantInfo.DISCONNECTED,
    )


@pytest.mark.compatibility("grant.hidden")
async def test_a_hidden_participant_is_not_told_to_others(world: World) -> None:
    anna = await world.join("anna")
    await world.pass_time(1)
    anna.forget()
    ghost = await world.join("ghost", grants={"hidden": True})
    await world.pass_time(1)
    assert anna.told("update") == []
    boris = await world.join("boris")
    assert [p.identity for p in boris.told("join")[0].other_participants] == ["anna"]
    ghost.publisher.become(ConnectionState.CONNECTED)
    await world.pass_time(1)
    assert any(p.identity == "ghost" for update in ghost.told("update") for p in update.participants)


async def test_rooms_are_made_on_demand_and_end(world: World) -> None:
    anna = await world.join("anna")
    await anna.request(leave=rtc.LeaveRequest())
    await world.pass_time(world.settings.departure_timeout_s - 2)
    assert len(world.attendance.rooms) == 1
    await world.pass_time(4)
    assert len(world.attendance.rooms) == 0


@pytest.mark.compatibility("grant.room_create")
async def test_without_auto_create_a_room_needs_a_grant() -> None:
    world = World(auto_create=False)
    with pytest.raises(RoomNotFound):
        await world.join("anna")
    await world.join("head", grants={"room_create": True})
    await world.join("anna")
    await world.attendance.close()


async def test_limits_of_rooms_and_seats() -> None:
    world = World(max_rooms=1, max_participants=1)
    await world.join("anna")
    await world.join("anna")
    with pytest.raises(ServerFull):
        await world.join("boris")
    with pytest.raises(ServerFull):
        await world.join("boris", room="other")
    await world.attendance.close()


async def test_nobody_joins_above_the_servers_limit_of_tracks() -> None:
    world = World(max_tracks=2)
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    anna.media_connects()
    boris.media_connects()
    await anna.publish()  # one in, one out
    with pytest.raises(ServerFull):
        await world.join("clara", room="other")
    await world.resume(boris)
    assert boris.present, "who is there stays"
    await world.attendance.close()


def test_the_servers_limit_of_bytes() -> None:
    load = NodeLoad(RtcSettings(max_bytes_per_s=1000))
    load.observe(5000, 10.0)
    load.check([])
    load.observe(6998, 12.0)
    load.check([])
    load.observe(8998, 14.0)
    with pytest.raises(ServerFull):
        load.check([])
    load.observe(0, 16.0)  # a worker began anew
    load.check([])


@pytest.mark.compatibility("disconnect_reason.JOIN_FAILURE")
async def test_who_never_connects_is_removed(world: World) -> None:
    anna = await world.join("anna")
    for _ in range(13):
        await world.pass_time(5)
        await world.sessions_hear(anna)
    (leave,) = anna.told("leave")
    assert leave.reason == models.DisconnectReason.JOIN_FAILURE


@pytest.mark.compatibility("signal.response.leave", "disconnect_reason.SERVER_SHUTDOWN")
async def test_shutdown_tells_everybody_to_come_back(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    await world.attendance.close()
    for client in (anna, boris):
        (leave,) = client.told("leave")
        assert leave.reason == models.DisconnectReason.SERVER_SHUTDOWN
        assert leave.action == rtc.LeaveRequest.RECONNECT
        assert client.publisher.closed and client.subscriber.closed and client.sink.closed is not None
    with pytest.raises(ServerFull):
        await world.join("clara")


async def test_media_end_after_the_client_has_read_that_it_must_leave(world: World) -> None:
    anna = await world.join("anna")
    anna.sink.session = None  # it has not read it yet
    closing = asyncio.create_task(world.attendance.close())
    for _ in range(20):
        await asyncio.sleep(0)
    assert anna.told("leave") and anna.sink.closed is not None and not anna.publisher.closed
    anna.session.detach(anna.sink)
    await closing
    assert anna.publisher.closed


async def test_shutdown_can_end_the_call() -> None:
    world = World(reconnect_on_shutdown=False)
    anna = await world.join("anna", protocol=12)
    await world.attendance.close()
    (leave,) = anna.told("leave")
    assert not leave.can_reconnect and leave.action == rtc.LeaveRequest.DISCONNECT
