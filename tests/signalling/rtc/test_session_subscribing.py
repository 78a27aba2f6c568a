"""subscription, track_setting, subscription_permission, speakers."""

import pytest
from livekit.protocol import models, rtc

from tests.signalling.rtc.rtc_fakes import World


@pytest.mark.compatibility("signal.response.track_subscribed")
async def test_the_publisher_hears_of_its_first_subscriber(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    sid = await anna.publish("audio")
    assert anna.told("track_subscribed") == [rtc.TrackSubscribed(track_sid=sid)]
    assert list(boris.participant.subscriber.subscriptions) == [sid]


@pytest.mark.compatibility("signal.request.subscription", "join.query.auto_subscribe")
async def test_manual_subscription(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False, auto_subscribe=False)
    first, second = await anna.publish("audio"), await anna.publish("video")
    assert boris.subscriber.senders == []
    tracks = [models.ParticipantTracks(participant_sid=anna.participant.sid, track_sids=[second, first])]
    update = rtc.UpdateSubscription(track_sids=[first], participant_tracks=tracks, subscribe=True)
    await boris.request(subscription=update)
    assert {sender.track_id for sender in boris.subscriber.senders} == {first, second}
    await boris.request(subscription=rtc.UpdateSubscription(track_sids=[first], subscribe=False))
    assert [sender.track_id for sender in boris.subscriber.senders] == [second]


@pytest.mark.compatibility("signal.response.subscription_response", "subscription_error.SE_TRACK_NOTFOUND")
@pytest.mark.compatibility("signal.request.subscription", case="malformed")
async def test_subscribing_to_what_is_not_there(world: World) -> None:
    boris = await world.join("boris", v1=False)
    await boris.request(subscription=rtc.UpdateSubscription(track_sids=["TR_no"], subscribe=True))
    error = models.SubscriptionError.SE_TRACK_NOTFOUND
    assert boris.told("subscription_response") == [rtc.SubscriptionResponse(track_sid="TR_no", err=error)]


@pytest.mark.compatibility("subscription_error.SE_CODEC_UNSUPPORTED")
async def test_a_codec_that_cannot_be_decoded(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    boris.subscriber.unsupported = {"video/VP8"}
    anna.participant.publisher_connection.answer  # noqa: B018  (the fake learns codecs when media starts)
    sid = await anna.publish("video")
    boris.participant.subscriber.close()
    anna.publisher.start_media("v0", "video/VP8")
    boris.participant.subscriber.reconcile_all()
    error = models.SubscriptionError.SE_CODEC_UNSUPPORTED
    assert boris.told("subscription_response") == [rtc.SubscriptionResponse(track_sid=sid, err=error)]
    failures = world.metric("polyana_rtc_subscription_failures_total", failure="codec_unsupported")
    assert failures == 1


@pytest.mark.compatibility("signal.request.track_setting", case="malformed")
@pytest.mark.compatibility("signal.request.track_setting", "media.adaptive_stream")
async def test_track_settings(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    layers = [models.VideoLayer(quality=q, width=w, height=w) for q, w in ((0, 100), (1, 200), (2, 400))]  # type: ignore[arg-type]
    sid = await anna.publish("video", layers=layers, simulcast_codecs=[rtc.SimulcastCodec(codec="vp9")])
    (sender,) = boris.subscriber.senders
    await boris.request(
        track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.LOW)
    )
    assert sender.target["max_spatial"] == 0
    settings = rtc.UpdateTrackSettings(
        track_sids=[sid], width=150, height=150, quality=models.VideoQuality.HIGH, fps=10
    )
    await boris.request(track_setting=settings)
    assert (sender.target["max_spatial"], sender.target["max_temporal"]) == (1, 1)
    await boris.request(track_setting=rtc.UpdateTrackSettings(track_sids=[sid, "TR_no"], disabled=True))
    assert sender.target["enabled"] is False
    await boris.request(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=99))  # type: ignore[arg-type]
    assert sender.target["enabled"] is True


@pytest.mark.compatibility(
    "signal.request.subscription_permission", "signal.response.subscription_permission_update"
)
async def test_subscription_permission(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", v1=False)
    sid = await anna.publish("audio")
    await anna.request(subscription_permission=rtc.SubscriptionPermission(all_participants=False))
    assert boris.subscriber.senders == []
    allowed = rtc.TrackPermission(participant_identity="boris", track_sids=[sid])
    await anna.request(subscription_permission=rtc.SubscriptionPermission(track_permissions=[allowed]))
    assert len(boris.subscriber.senders) == 1
    assert [u.allowed for u in boris.told("subscription_permission_update")] == [False, True]
    assert boris.told("subscription_permission_update")[0].participant_sid == anna.participant.sid


@pytest.mark.compatibility("signal.request.subscription_permission", case="malformed")
async def test_an_endless_permission_is_ignored(world: World) -> None:
    anna = await world.join("anna")
    endless = [rtc.TrackPermission(participant_identity=str(n)) for n in range(3000)]
    await anna.request(subscription_permission=rtc.SubscriptionPermission(track_permissions=endless))
    assert anna.participant.publisher.subscription_permissions.all_participants
    assert world.metric("polyana_rtc_signal_errors_total", kind="limit") == 1


@pytest.mark.compatibility("signal.response.speakers_changed", "media.active_speakers", "grant.can_subscribe")
async def test_speakers(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    deaf = await world.join("deaf", grants={"can_subscribe": False})
    sid = await anna.publish("audio")
    receiver = anna.participant.publisher.tracks[sid].receiver
    assert receiver is not None
    world.attendance.rooms.audio_levels([(receiver, 0.5)])
    await world.pass_time(0.5)
    for client in (anna, boris):
        ((speaker,),) = [list(change.speakers) for change in client.told("speakers_changed")]
        assert (speaker.sid, speaker.active) == (anna.participant.sid, True)
    assert deaf.told("speakers_changed") == []
    late = await world.join("late")
    assert [s.sid for s in late.told("speakers_changed")[0].speakers] == [anna.participant.sid]
    await world.pass_time(4)
    assert boris.told("speakers_changed")[-1].speakers[0].active is False


async def test_a_muted_participant_does_not_speak(world: World) -> None:
    anna = await world.join("anna")
    sid = await anna.publish("audio")
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    receiver = anna.participant.publisher.tracks[sid].receiver
    assert receiver is not None
    world.attendance.rooms.audio_levels([(receiver, 0.5)])
    await world.pass_time(1)
    assert anna.told("speakers_changed") == []
