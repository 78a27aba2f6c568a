"""A lost WebSocket: waiting, coming back, giving up."""

import pytest
from livekit.protocol import models, rtc

from mediaserver.participant import ParticipantState
from mediaserver.peer_connection import ConnectionState
from tests.signalling.rtc.rtc_fakes import Client, World


async def connected(world: World, identity: str, **admission: object) -> Client:
    client = await world.join(identity, **admission)
    client.media_connects()
    await world.pass_time(1)
    return client


@pytest.mark.compatibility(
    "signal.response.reconnect", "join.request.reconnect", "join.request.participant_sid"
)
async def test_a_resumed_client_is_told_everything_anew(world: World) -> None:
    anna, boris = await connected(world, "anna"), await connected(world, "boris")
    clara = await connected(world, "clara")
    sid = await anna.publish("audio")
    boris.session.detach(boris.sink)
    await clara.request(leave=rtc.LeaveRequest())
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    back = await world.resume(boris)
    assert back.session is boris.session
    assert back.kinds()[:3] == ["reconnect", "update", "room_update"]
    infos = {p.identity: p for p in back.told("update")[0].participants}
    assert infos["clara"].state == models.ParticipantInfo.DISCONNECTED
    assert infos["anna"].tracks[0].muted and "boris" in infos
    assert back.told("reconnect")[0].server_info.version == world.settings.server_version
    assert world.metric("polyana_rtc_reconnects_total", kind="resume") == 1
    again = await world.resume(back)
    assert "clara" not in {p.identity for p in again.told("update")[0].participants}


@pytest.mark.compatibility("join.query.reconnect", "media.ice_restart")
async def test_v0_gets_a_fresh_offer_with_new_ice(world: World) -> None:
    anna = await connected(world, "anna", v1=False)
    anna.session.detach(anna.sink)
    back = await world.resume(anna)
    (offer,) = back.told("offer")
    assert offer.id == 2 and anna.subscriber.ice_restarts == 1


async def test_v1_waits_for_the_offer_of_the_client(world: World) -> None:
    anna = await connected(world, "anna")
    anna.session.detach(anna.sink)
    back = await world.resume(anna)
    assert back.told("offer") == [] and back.told("media_sections_requirement") == []


async def test_changes_while_away_are_negotiated_after_the_resume(world: World) -> None:
    anna, boris = await connected(world, "anna"), await connected(world, "boris")
    await boris.request(
        offer=rtc.SessionDescription(type="offer", sdp='{"media": [], "free": {"audio": 0, "video": 0}}')
    )
    boris.session.detach(boris.sink)
    await anna.publish("audio")
    back = await world.resume(boris)
    await back.request(
        offer=rtc.SessionDescription(type="offer", sdp='{"media": [], "free": {"audio": 0, "video": 0}}')
    )
    (requirement,) = back.told("media_sections_requirement")
    assert requirement.num_audios == 1


async def test_who_does_not_come_back_is_removed(world: World) -> None:
    anna, boris = await connected(world, "anna"), await connected(world, "boris")
    anna.publisher.become(ConnectionState.DISCONNECTED)
    await world.pass_time(world.settings.reconnect_timeout_s - 2)
    await world.sessions_hear(boris)
    assert anna.present
    await world.pass_time(4)
    assert not anna.present
    gone = boris.told("update")[-1].participants[0]
    assert (gone.identity, gone.state) == ("anna", models.ParticipantInfo.DISCONNECTED)


async def test_while_media_flows_signalling_may_be_away_longer(world: World) -> None:
    anna = await connected(world, "anna")
    anna.session.detach(anna.sink)
    await world.pass_time(world.settings.signal_lost_timeout_s - 2)
    assert anna.present
    await world.pass_time(4)
    assert not anna.present


@pytest.mark.compatibility("leave_action.RESUME", "disconnect_reason.CONNECTION_TIMEOUT")
async def test_a_client_whose_media_is_lost_is_told_to_resume(world: World) -> None:
    anna = await connected(world, "anna")
    anna.publisher.become(ConnectionState.DISCONNECTED)
    (leave,) = anna.told("leave")
    assert leave.action == rtc.LeaveRequest.RESUME and anna.sink.closed is not None
    back = await world.resume(anna)
    back.media_connects()
    back.session.detach(back.sink)
    await world.pass_time(world.settings.reconnect_timeout_s + 5)
    assert anna.participant.state is ParticipantState.ACTIVE


@pytest.mark.compatibility("disconnect_reason.SIGNAL_CLOSE")
async def test_who_never_had_media_does_not_stay(world: World) -> None:
    anna = await world.join("anna")
    anna.session.detach(anna.sink)
    assert anna.participant.state is ParticipantState.DISCONNECTED


async def test_a_client_that_never_pings_is_left_to_its_websocket(world: World) -> None:
    """As LiveKit's Go SDK."""
    anna = await connected(world, "anna")
    await world.pass_time(10 * world.settings.ping_timeout_s)
    assert anna.sink.closed is None


async def test_a_silent_client_is_dropped_and_may_come_back(world: World) -> None:
    anna = await connected(world, "anna")
    await world.sessions_hear(anna)
    await world.pass_time(world.settings.ping_timeout_s + 2)
    assert anna.sink.closed is not None and anna.told("leave") == []
    assert anna.participant.state is ParticipantState.ACTIVE
    back = await world.resume(anna)
    assert back.told("reconnect")


async def test_the_old_socket_is_closed_and_its_end_means_nothing(world: World) -> None:
    anna = await connected(world, "anna")
    back = await world.resume(anna)
    assert anna.sink.closed is not None
    anna.session.detach(anna.sink)
    assert back.session.connected


async def test_nothing_to_resume(world: World) -> None:
    anna = await connected(world, "anna")
    await anna.request(leave=rtc.LeaveRequest())
    back = await world.resume(anna)
    (leave,) = back.told("leave")
    assert leave.action == rtc.LeaveRequest.RECONNECT
    assert leave.reason == models.DisconnectReason.STATE_MISMATCH and back.sink.closed is not None
    assert world.metric("polyana_rtc_reconnects_total", kind="refused") == 1


async def test_nothing_to_resume_for_an_old_client(world: World) -> None:
    anna = await connected(world, "anna")
    await anna.request(leave=rtc.LeaveRequest())
    (leave,) = (await world.resume(anna, protocol=9)).told("leave")
    assert leave.can_reconnect


@pytest.mark.compatibility("join.query.sid")
async def test_an_older_presence_cannot_take_over_the_newer(world: World) -> None:
    old = await connected(world, "anna")
    old_sid = old.participant.sid
    new = await connected(world, "anna")
    back = await world.resume(new, participant_sid=old_sid)
    (leave,) = back.told("leave")
    assert leave.reason == models.DisconnectReason.DUPLICATE_IDENTITY
    assert leave.action == rtc.LeaveRequest.DISCONNECT
    assert new.session.connected and new.participant.state is ParticipantState.ACTIVE


@pytest.mark.compatibility("signal.request.sync_state")
async def test_sync_state_restores_subscriptions(world: World) -> None:
    anna, boris = await connected(world, "anna"), await connected(world, "boris", v1=False)
    first, second = await anna.publish("audio"), await anna.publish("video")
    state = rtc.SyncState(
        subscription=rtc.UpdateSubscription(track_sids=[first, "TR_gone"], subscribe=False),
        track_sids_disabled=[second],
    )
    await boris.request(sync_state=state)
    (sender,) = boris.subscriber.senders
    assert sender.track_id == second and sender.target["enabled"] is False
    assert boris.told("subscription_response") == []


@pytest.mark.compatibility("signal.request.sync_state", case="malformed")
async def test_sync_state_with_an_unknown_track_needs_a_full_reconnect(world: World) -> None:
    anna = await connected(world, "anna")
    sid = await anna.publish("audio")
    known = rtc.TrackPublishedResponse(track=models.TrackInfo(sid=sid))
    await anna.request(sync_state=rtc.SyncState(publish_tracks=[known]))
    assert anna.told("leave") == []
    unknown = rtc.TrackPublishedResponse(track=models.TrackInfo(sid="TR_old"))
    await anna.request(sync_state=rtc.SyncState(publish_tracks=[known, unknown]))
    (leave,) = anna.told("leave")
    assert leave.action == rtc.LeaveRequest.RECONNECT


@pytest.mark.compatibility("signal.response.refresh_token")
async def test_tokens_are_refreshed(world: World) -> None:
    from signalling.rtc.tokens import verify_token
    from tests.signalling.rtc.rtc_fakes import KEYS

    anna = await connected(
        world, "anna", grants={"can_publish": False}, claims={"jti": "c-1", "name": "Anna"}
    )
    for _ in range(62):
        await world.pass_time(5)
        await world.sessions_hear(anna)
    (token,) = anna.told("refresh_token")
    claims = verify_token(token, KEYS, now=world.clock.time(), leeway_s=0)
    assert (claims.identity, claims.name, claims.correlation_id) == ("anna", "Anna", "c-1")
    assert claims.video is not None and claims.video.room == "lesson" and claims.video.can_publish is False


async def test_a_token_is_refreshed_with_a_key_that_lives(world: World) -> None:
    from signalling.rtc.tokens import verify_token
    from tests.signalling.rtc.rtc_fakes import NEW_KEYS

    anna = await connected(world, "anna")
    world.keys.replace(NEW_KEYS)
    anna.session.refresh_token()
    (token,) = anna.told("refresh_token")
    claims = verify_token(token, NEW_KEYS, now=world.clock.time(), leeway_s=0)
    assert (claims.identity, claims.api_key) == ("anna", "newkey") and anna.present


async def test_a_connection_that_failed_needs_a_full_reconnect(world: World) -> None:
    anna = await connected(world, "anna")
    anna.publisher.become(ConnectionState.FAILED)
    (leave,) = anna.told("leave")
    assert leave.action == rtc.LeaveRequest.RECONNECT
    assert anna.participant.state is ParticipantState.DISCONNECTED


async def test_after_a_worker_failed_its_people_come_back_to_their_room(world: World) -> None:
    anna = await connected(world, "anna")
    anna.publisher.become(ConnectionState.FAILED)
    again = await connected(world, "anna")
    assert again.participant.room is anna.participant.room
