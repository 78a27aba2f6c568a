"""What a client may not do, or says wrongly: it is told so where the protocol has words for it, and nothing changes."""

from typing import Any

import pytest
from livekit.protocol import models, rtc

from tests.mediaserver.room_fakes import offer_of
from tests.signalling.rtc.rtc_fakes import Client, World

R = rtc.RequestResponse


def reasons(client: Client) -> list[int]:
    return [response.reason for response in client.told("request_response")]


@pytest.mark.compatibility("signal.request.subscription", case="refused")
async def test_who_may_not_subscribe_receives_nothing(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    deaf = await world.join("deaf", v1=False, grants={"can_subscribe": False})
    sid = await anna.publish("audio")
    nobody = rtc.SubscriptionPermission(all_participants=False)
    await anna.request(subscription_permission=nobody)
    for client in (boris, deaf):
        await client.request(subscription=rtc.UpdateSubscription(track_sids=[sid], subscribe=True))
        assert client.subscriber.senders == [] and not client.participant.subscriber.subscriptions


async def others_track(world: World, kind: str) -> tuple[Client, Client, str]:
    anna, boris = await world.join("anna"), await world.join("boris")
    sid = await anna.publish(kind, width=640, height=320, stereo=True)
    boris.forget()
    return anna, boris, sid


@pytest.mark.compatibility("signal.request.update_audio_track", case="refused")
async def test_nobody_describes_the_sound_of_another(world: World) -> None:
    anna, boris, sid = await others_track(world, "audio")
    await boris.request(update_audio_track=rtc.UpdateLocalAudioTrack(track_sid=sid))
    assert reasons(boris) == [R.NOT_FOUND]
    assert anna.participant.publisher.tracks[sid].settings.stereo


@pytest.mark.compatibility("signal.request.update_video_track", case="refused")
@pytest.mark.compatibility("signal.request.update_layers", case="refused")
async def test_nobody_describes_the_picture_of_another(world: World) -> None:
    anna, boris, sid = await others_track(world, "video")
    before = anna.participant.publisher.tracks[sid].settings
    layers = [models.VideoLayer(quality=models.VideoQuality.HIGH, width=1, height=1)]
    await boris.request(update_video_track=rtc.UpdateLocalVideoTrack(track_sid=sid, width=1, height=1))
    await boris.request(update_layers=rtc.UpdateVideoLayers(track_sid=sid, layers=layers))
    assert reasons(boris) == [R.NOT_FOUND], "update_layers is of clients that know no answers"
    assert anna.participant.publisher.tracks[sid].settings == before


@pytest.mark.compatibility("signal.request.mute", case="malformed")
@pytest.mark.parametrize("sid", ["", "TR_no", "x" * 10_000])
async def test_a_track_that_is_none_cannot_be_muted(world: World, sid: str) -> None:
    anna = await world.join("anna")
    track = await anna.publish("audio")
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    assert reasons(anna) == [R.NOT_FOUND] and not anna.participant.publisher.tracks[track].muted


async def published(client: Client, handle: int = 7, name: str = "beat") -> models.DataTrackInfo:
    request = rtc.PublishDataTrackRequest(pub_handle=handle, name=name)
    await client.request(publish_data_track_request=request)
    info: models.DataTrackInfo = client.told("publish_data_track_response")[-1].info
    return info


@pytest.mark.compatibility("signal.request.unpublish_data_track_request", case="refused")
async def test_nobody_ends_the_data_track_of_another(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await published(anna)
    await boris.request(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=7))
    assert reasons(boris) == [R.NOT_FOUND] and list(anna.participant.data_publisher.tracks) == [7]


@pytest.mark.compatibility("signal.request.update_data_subscription", case="refused")
async def test_who_may_not_subscribe_receives_no_data_track(world: World) -> None:
    anna, deaf = await world.join("anna"), await world.join("deaf", grants={"can_subscribe": False})
    sid = (await published(anna)).sid
    update = rtc.UpdateDataSubscription.Update(track_sid=sid, subscribe=True)
    await deaf.request(update_data_subscription=rtc.UpdateDataSubscription(updates=[update]))
    assert deaf.told("data_track_subscriber_handles") == []
    anna.publisher.receive_data("_data_track", b"\x18\x00\x00\x07" + bytes(8) + b"beat")
    assert deaf.publisher.sent == []


@pytest.mark.compatibility("request_response.DUPLICATE_HANDLE", "request_response.DUPLICATE_NAME")
@pytest.mark.parametrize(
    ("handle", "name", "reason"), [(7, "other", R.DUPLICATE_HANDLE), (8, "beat", R.DUPLICATE_NAME)]
)
async def test_a_data_track_that_is_there_already(world: World, handle: int, name: str, reason: int) -> None:
    anna = await world.join("anna")
    await published(anna)
    request = rtc.PublishDataTrackRequest(pub_handle=handle, name=name)
    await anna.request(publish_data_track_request=request)
    assert reasons(anna) == [reason] and len(anna.participant.data_publisher.tracks) == 1


@pytest.mark.compatibility("signal.request.get_data_blob_request", case="malformed")
@pytest.mark.parametrize("key", [{}, {"generic": ""}, {"generic": "x" * 10_000}])
async def test_a_data_blob_without_a_key(world: World, key: dict[str, Any]) -> None:
    anna = await world.join("anna")
    request = rtc.GetDataBlobRequest(participant_identity="anna", key=key, request_id=3)  # type: ignore[arg-type]
    await anna.request(get_data_blob_request=request)
    (response,) = anna.told("request_response")
    assert (response.reason, response.request_id) == (R.INVALID_REQUEST, 3)


@pytest.mark.compatibility("signal.request.simulate", case="malformed")
async def test_a_simulation_of_nothing_is_counted() -> None:
    world = World(allow_simulate=True)
    anna = await world.join("anna")
    anna.forget()
    await anna.request(simulate=rtc.SimulateScenario())
    assert anna.kinds() == [] and anna.present
    assert world.metric("polyana_rtc_unhandled_messages_total", kind="simulate_None") == 1
    await world.attendance.close()


@pytest.mark.compatibility("simulate.migration")
async def test_a_simulated_migration_ends_without_a_word() -> None:
    world = World(allow_simulate=True)
    anna, boris = await world.join("anna"), await world.join("boris")
    anna.media_connects()
    await anna.request(simulate=rtc.SimulateScenario(migration=True))
    assert anna.sink.closed == "simulated" and anna.told("leave") == [] and not anna.present
    (leave,) = (await world.resume(anna)).told("leave")
    assert leave.action == rtc.LeaveRequest.RECONNECT and boris.present
    await world.attendance.close()


REASONS = [
    pytest.param(number, marks=pytest.mark.compatibility(f"reconnect_reason.{name}"), id=name)
    for name, number in models.ReconnectReason.items()
]


@pytest.mark.compatibility("join.request.reconnect_reason")
@pytest.mark.parametrize("reason", REASONS)
async def test_whatever_the_reason_who_comes_back_is_at_home(world: World, reason: int) -> None:
    anna = await world.join("anna")
    anna.media_connects()
    anna.session.detach(anna.sink)
    back = await world.resume(anna, reconnect_reason=reason)
    assert back.kinds()[0] == "reconnect" and back.session is anna.session


@pytest.mark.compatibility("join.request.sync_state")
async def test_the_state_may_come_with_the_join_request(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await boris.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of(free_audio=1)))
    sid = await anna.publish("audio")
    for client in (anna, boris):
        client.media_connects()
    assert sid in boris.participant.subscriber.subscriptions
    unwanted = rtc.UpdateSubscription(track_sids=[sid], subscribe=False)
    await world.resume(boris, sync_state=rtc.SyncState(subscription=unwanted))
    assert sid not in boris.participant.subscriber.subscriptions
    unknown = rtc.TrackPublishedResponse(track=models.TrackInfo(sid="TR_old"))
    back = await world.resume(anna, sync_state=rtc.SyncState(publish_tracks=[unknown]))
    assert back.told("leave")[0].action == rtc.LeaveRequest.RECONNECT and not anna.present


@pytest.mark.compatibility("disconnect_reason.ROOM_CLOSED")
async def test_who_serves_others_leaves_with_the_last_of_them(world: World) -> None:
    """A room in which only agents and recorders are left ends (LiveKit's departure timeout)."""
    anna, agent = await world.join("anna"), await world.join("agent", claims={"kind": "agent"})
    for client in (anna, agent):
        client.media_connects()
    await anna.request(leave=rtc.LeaveRequest())
    for _ in range(12):
        await world.pass_time(world.settings.departure_timeout_s / 10)
        if agent.present:
            await world.sessions_hear(agent)
    (leave,) = agent.told("leave")
    assert leave.reason == models.DisconnectReason.ROOM_CLOSED and len(world.attendance.rooms) == 0


@pytest.mark.compatibility("disconnect_reason.UNKNOWN_REASON")
async def test_a_leave_without_a_reason_is_a_request_to_resume() -> None:
    world = World(allow_simulate=True)
    anna = await world.join("anna")
    tcp = rtc.SimulateScenario(switch_candidate_protocol=rtc.CandidateProtocol.TCP)
    await anna.request(simulate=tcp)
    (leave,) = anna.told("leave")
    assert (leave.reason, leave.action) == (models.DisconnectReason.UNKNOWN_REASON, rtc.LeaveRequest.RESUME)
    assert anna.present
    await world.attendance.close()
