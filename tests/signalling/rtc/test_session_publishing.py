"""add_track, mute and the updates of tracks."""

from typing import Any

import pytest
from livekit.protocol import models, rtc

from tests.mediaserver.room_fakes import offer_of, section
from tests.signalling.rtc.rtc_fakes import Client, World

NOT_ALLOWED = rtc.RequestResponse.NOT_ALLOWED
NOT_FOUND = rtc.RequestResponse.NOT_FOUND


def others_view(client: Client, sid: str) -> models.TrackInfo:
    """The newest description of a track that a client was told."""
    tracks: list[models.TrackInfo] = [
        t for u in client.told("update") for p in u.participants for t in p.tracks if t.sid == sid
    ]
    return tracks[-1]


@pytest.mark.compatibility(
    "signal.request.add_track", "signal.response.track_published", "signal.response.update"
)
async def test_a_track_is_described_to_its_publisher_at_once_and_to_others_when_it_is_there(
    world: World,
) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    layers = [
        models.VideoLayer(quality=models.VideoQuality.HIGH, width=640, height=320, rid="f"),
        models.VideoLayer(quality=models.VideoQuality.LOW, width=160, height=80, rid="q"),
    ]
    request = rtc.AddTrackRequest(
        cid="cam",
        name="camera",
        type=models.TrackType.VIDEO,
        source=models.TrackSource.CAMERA,
        width=640,
        height=320,
        layers=layers,
        simulcast_codecs=[rtc.SimulcastCodec(codec="h264", cid="cam")],
        encryption=models.Encryption.GCM,
        packet_trailer_features=[models.PacketTrailerFeature.PTF_USER_TIMESTAMP],
    )
    await anna.request(add_track=request)
    (published,) = anna.told("track_published")
    info = published.track
    assert published.cid == "cam" and info.sid.startswith("TR_")
    assert (info.name, info.source, info.stream) == ("camera", models.TrackSource.CAMERA, "camera")
    assert [layer.rid for layer in info.layers] == ["q", "f"] and info.simulcast
    assert info.encryption == models.Encryption.GCM and info.codecs[0].mime_type == "video/H264"
    assert list(info.packet_trailer_features) == [models.PacketTrailerFeature.PTF_USER_TIMESTAMP]
    assert boris.told("update") == []
    sid = await anna.publish("video", "cam2")
    seen = others_view(boris, sid)
    assert (seen.mid, seen.mime_type) == ("v0", "video/VP8")
    assert boris.told("update")[-1].participants[0].is_publisher


@pytest.mark.compatibility("signal.request.update_audio_track", "media.opus_stereo", "media.opus_dtx")
async def test_audio_features_are_completed(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    sid = await anna.publish("audio", stereo=True, disable_dtx=True)
    features = {models.AudioTrackFeature.TF_STEREO, models.AudioTrackFeature.TF_NO_DTX}
    assert set(others_view(boris, sid).audio_features) == features
    update = rtc.UpdateLocalAudioTrack(
        track_sid=sid, features=[models.AudioTrackFeature.TF_NOISE_SUPPRESSION]
    )
    await anna.request(update_audio_track=update)
    info = others_view(boris, sid)
    assert list(info.audio_features) == [models.AudioTrackFeature.TF_NOISE_SUPPRESSION]
    assert not info.stereo and not info.disable_dtx


@pytest.mark.compatibility("signal.request.add_track", case="refused")
@pytest.mark.compatibility("signal.request.add_track", case="malformed")
@pytest.mark.compatibility(
    "grant.can_publish",
    "grant.can_publish_sources",
    "request_response.NOT_ALLOWED",
    "request_response.UNSUPPORTED_TYPE",
    "request_response.INVALID_REQUEST",
)
@pytest.mark.parametrize(
    ("grants", "request_fields", "reason"),
    [
        ({"can_publish": False}, {}, NOT_ALLOWED),
        ({"can_publish_sources": ("camera",)}, {"source": models.TrackSource.MICROPHONE}, NOT_ALLOWED),
        ({}, {"type": models.TrackType.DATA}, rtc.RequestResponse.UNSUPPORTED_TYPE),
        ({}, {"type": 99}, rtc.RequestResponse.UNSUPPORTED_TYPE),
        ({}, {"sid": "TR_backup"}, rtc.RequestResponse.NOT_FOUND),
        ({}, {"cid": ""}, rtc.RequestResponse.INVALID_REQUEST),
        ({}, {"cid": "x" * 300}, rtc.RequestResponse.INVALID_REQUEST),
        ({}, {"name": "x" * 300}, rtc.RequestResponse.LIMIT_EXCEEDED),
    ],
)
async def test_refused_tracks(
    world: World, grants: dict[str, Any], request_fields: dict[str, Any], reason: int
) -> None:
    anna = await world.join("anna", grants=grants)
    request = rtc.AddTrackRequest(**{"cid": "c", **request_fields})
    await anna.request(add_track=request)
    assert anna.told("track_published") == []
    (response,) = anna.told("request_response")
    assert response.reason == reason and response.add_track == request


async def test_numbers_that_this_version_does_not_know_do_no_harm(world: World) -> None:
    anna = await world.join("anna")
    request = rtc.AddTrackRequest(
        cid="c",
        source=77,  # type: ignore[arg-type]
        encryption=9,  # type: ignore[arg-type]
        backup_codec_policy=9,  # type: ignore[arg-type]
        audio_features=[55],  # type: ignore[list-item]
        layers=[models.VideoLayer(quality=9)],  # type: ignore[arg-type]
    )
    await anna.request(add_track=request)
    info = anna.told("track_published")[0].track
    assert info.source == models.TrackSource.UNKNOWN and info.encryption == models.Encryption.CUSTOM
    assert list(info.audio_features) == [55] and list(info.layers) == []


async def test_a_disabled_codec_is_replaced() -> None:
    world = World(enabled_codecs=("audio/opus", "video/VP8"))
    anna = await world.join("anna")
    codecs = [rtc.SimulcastCodec(codec=name, cid="c") for name in ("av1", "vp9", "VP8")]
    await anna.request(
        add_track=rtc.AddTrackRequest(cid="c", type=models.TrackType.VIDEO, simulcast_codecs=codecs)
    )
    assert [c.mime_type for c in anna.told("track_published")[0].track.codecs] == ["video/VP8"]
    await world.attendance.close()


@pytest.mark.compatibility("request_response.LIMIT_EXCEEDED")
async def test_too_many_tracks() -> None:
    world = World(max_tracks_per_participant=2)
    anna = await world.join("anna")
    for number in range(3):
        await anna.request(add_track=rtc.AddTrackRequest(cid=str(number)))
    assert len(anna.told("track_published")) == 2
    assert anna.told("request_response")[0].reason == rtc.RequestResponse.LIMIT_EXCEEDED
    await world.attendance.close()


@pytest.mark.compatibility("signal.request.mute", "media.mute_at_the_server")
async def test_mute(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    sid = await anna.publish("audio")
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    assert others_view(boris, sid).muted
    assert not anna.publisher.receivers["a0"].enabled
    count = len(boris.told("update"))
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    assert len(boris.told("update")) == count, "nothing changed"
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=False))
    assert not others_view(boris, sid).muted and anna.publisher.receivers["a0"].enabled


@pytest.mark.compatibility("request_response.NOT_FOUND")
@pytest.mark.compatibility("signal.request.mute", case="refused")
async def test_nobody_mutes_the_track_of_another(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    sid = await anna.publish("audio")
    await boris.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    assert boris.told("request_response")[0].reason == NOT_FOUND
    assert not anna.participant.publisher.tracks[sid].muted


@pytest.mark.compatibility("signal.response.mute")
async def test_the_server_mutes(world: World) -> None:
    anna = await world.join("anna")
    sid = await anna.publish("audio")
    anna.participant.publisher.mute(anna.participant.publisher.tracks[sid], True, by_server=True)
    assert anna.told("mute") == [rtc.MuteTrackRequest(sid=sid, muted=True)]


async def test_unpublishing(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    await anna.publish("audio")
    await anna.request(
        offer=rtc.SessionDescription(type="offer", sdp='{"media": [], "free": {"audio": 0, "video": 0}}')
    )
    assert list(boris.told("update")[-1].participants[0].tracks) == []
    assert anna.told("track_unpublished") == [], "the client knows"


@pytest.mark.compatibility("signal.request.update_video_track", "signal.request.update_layers")
async def test_new_sizes(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    sid = await anna.publish("video")
    await anna.request(update_video_track=rtc.UpdateLocalVideoTrack(track_sid=sid, width=100, height=50))
    assert (others_view(boris, sid).width, others_view(boris, sid).height) == (100, 50)
    layers = [models.VideoLayer(quality=models.VideoQuality.HIGH, width=10, height=5)]
    await anna.request(update_layers=rtc.UpdateVideoLayers(track_sid=sid, layers=layers))
    assert others_view(boris, sid).layers[0].width == 10


@pytest.mark.compatibility(
    "signal.request.update_audio_track",
    "signal.request.update_video_track",
    "signal.request.update_layers",
    case="malformed",
)
async def test_updates_of_unknown_tracks(world: World) -> None:
    anna = await world.join("anna")
    sid = await anna.publish("audio")
    await anna.request(update_audio_track=rtc.UpdateLocalAudioTrack(track_sid="TR_no"))
    await anna.request(update_video_track=rtc.UpdateLocalVideoTrack(track_sid=sid))
    await anna.request(update_layers=rtc.UpdateVideoLayers(track_sid="TR_no"))
    assert [r.reason for r in anna.told("request_response")] == [NOT_FOUND, NOT_FOUND]


async def test_the_real_codec_is_told(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    sid = await anna.publish("video")
    anna.publisher.start_media("v0", "video/H264")
    info = others_view(boris, sid)
    assert info.mime_type == "video/H264" and info.codecs[0].mime_type == "video/H264"


@pytest.mark.compatibility("signal.response.subscribed_quality_update", "media.dynacast")
async def test_a_publisher_learns_which_codecs_and_layers_are_watched(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    codecs = [rtc.SimulcastCodec(codec="av1", cid="cam"), rtc.SimulcastCodec(codec="vp8")]
    boris.publisher.unsupported.add("video/AV1")
    await boris.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of()))
    sid = await anna.publish("video", "cam", simulcast_codecs=codecs)
    await world.pass_time(0.5)
    (update,) = anna.told("subscribed_quality_update")
    assert update.track_sid == sid
    assert {c.codec: [q.enabled for q in c.qualities] for c in update.subscribed_codecs} == {
        "av1": [False] * 3,
        "vp8": [True] * 3,
    }
    assert list(update.subscribed_qualities) == list(update.subscribed_codecs[0].qualities)


@pytest.mark.compatibility("media.backup_codec")
async def test_a_backup_codec_is_published_under_the_same_sid(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    codecs = [rtc.SimulcastCodec(codec="av1", cid="cam"), rtc.SimulcastCodec(codec="vp8")]
    boris.publisher.unsupported.add("video/AV1")
    await boris.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of()))
    sid = await anna.publish("video", "cam", simulcast_codecs=codecs)
    request = rtc.AddTrackRequest(
        cid="cam-vp8",
        sid=sid,
        type=models.TrackType.VIDEO,
        simulcast_codecs=[{"codec": "vp8", "cid": "cam-vp8"}],
    )
    await anna.request(add_track=request)
    published = anna.told("track_published")[-1]
    assert (published.cid, published.track.sid) == ("cam-vp8", sid)
    sections = [section("v0", "video", "cam"), section("b", "video", "cam-vp8")]
    await anna.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of(*sections)))
    await world.pass_time(0.5)
    (track,) = anna.session.info.tracks
    assert [(c.mime_type, c.mid, c.cid) for c in track.codecs] == [
        ("video/AV1", "v0", "cam"),
        ("video/VP8", "b", "cam-vp8"),
    ]
    assert [s.source.mid for s in boris.publisher.senders] == ["b"]
