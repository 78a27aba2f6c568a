"""Backup codecs: who cannot decode the first codec of a track gets another, and publishers encode only what is
watched."""

from typing import Any

import pytest

from mediaserver.dynacast import FIRST_DELAY_S, PAUSE_DELAY_S
from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.participant import Participant
from mediaserver.publisher import PublishRefusal, PublishRefused
from mediaserver.subscriber import BACKUP_TIMEOUT_S, SubscriptionFailure
from mediaserver.subscription import Wishes
from mediaserver.track import BackupCodecPolicy, Track, TrackCodec, TrackSettings
from tests.mediaserver.room_fakes import fake, make_participant, make_room, offer_of, publish, section, told

HIGH, LOW, OFF = VideoQuality.HIGH, VideoQuality.LOW, VideoQuality.OFF
AV1_AND_VP8 = (TrackCodec("video/AV1", "cam"), TrackCodec("video/VP8"))
LAYERS = tuple(VideoLayer(quality, 320 << quality, 180 << quality) for quality in (0, 1, 2))  # type: ignore[arg-type]


async def publish_av1(anna: Participant, policy: BackupCodecPolicy = BackupCodecPolicy.SIMULCAST) -> Track:
    """A camera in AV1 with VP8 as its backup."""
    track: Track = await publish(anna, "video", "cam", codecs=AV1_AND_VP8, backup_codec_policy=policy)
    start(anna, track.main.mid, "video/AV1")
    return track


def start(participant: Participant, mid: str, mime_type: str) -> None:
    fake(participant.publisher_connection).start_media(mid, mime_type)


async def add_backup(anna: Participant, track: Track) -> None:
    """The client sends VP8 too, as it was asked to."""
    anna.publisher.add_codec(track.sid, TrackCodec("video/VP8", "cam-vp8"))
    sections = [section(s.mid, s.kind, s.sdp_track_id) for s in track.streams]
    await anna.publisher.answer_offer(offer_of(*sections, section("b", "video", "cam-vp8")))


def cannot_decode(participant: Participant, *mime_types: str) -> None:
    fake(participant.publisher_connection).unsupported.update(mime_types)


def codec_of(participant: Participant, track: Track) -> str:
    return participant.subscriber.subscriptions[track.sid].stream.codec.mime_type


def asked(participant: Participant) -> list[Any]:
    return [qualities for _, qualities in told(participant, "subscribed_qualities_changed")]


async def test_who_cannot_decode_the_first_codec_gets_the_backup() -> None:
    room = make_room()
    anna, boris, old = (make_participant(room, name) for name in ("anna", "boris", "old"))
    cannot_decode(old, "video/AV1")
    track = await publish_av1(anna)
    room.update_dynacast(1.0)
    assert asked(anna) == [{"video/AV1": HIGH, "video/VP8": HIGH}]
    assert track.sid not in old.subscriber.subscriptions and told(old, "subscription_failed") == []
    await add_backup(anna, track)
    assert (codec_of(boris, track), codec_of(old, track)) == ("video/AV1", "video/VP8")
    assert fake(old.publisher_connection).senders[0].source.mid == "b"
    assert list(room.tracks) == [track.sid], "it is one track for everybody"


@pytest.mark.parametrize("policy", [BackupCodecPolicy.REGRESSION, BackupCodecPolicy.PREFER_REGRESSION])
async def test_with_regression_all_go_to_the_backup_and_the_first_codec_pauses(
    policy: BackupCodecPolicy,
) -> None:
    room = make_room()
    anna, boris, old = (make_participant(room, name) for name in ("anna", "boris", "old"))
    cannot_decode(old, "video/AV1")
    track = await publish_av1(anna, policy)
    room.update_dynacast(1.0)
    (sender,) = fake(boris.publisher_connection).senders
    await add_backup(anna, track)
    assert (codec_of(boris, track), codec_of(old, track)) == ("video/VP8", "video/VP8")
    assert fake(boris.publisher_connection).senders == [sender] and sender.source.mid == "b"
    room.update_dynacast(2.0)
    room.update_dynacast(2.0 + max(PAUSE_DELAY_S, FIRST_DELAY_S))
    assert asked(anna)[-1] == {"video/AV1": OFF, "video/VP8": HIGH}


async def test_when_the_backup_ends_those_who_can_go_back_and_the_others_ask_again() -> None:
    room = make_room()
    anna, boris, old = (make_participant(room, name) for name in ("anna", "boris", "old"))
    cannot_decode(old, "video/AV1")
    track = await publish_av1(anna, BackupCodecPolicy.REGRESSION)
    await add_backup(anna, track)
    await anna.publisher.answer_offer(offer_of(section(track.main.mid, "video", "cam")))
    assert codec_of(boris, track) == "video/AV1"
    assert track.sid not in old.subscriber.subscriptions and track.backups == []
    room.update_dynacast(1.0)
    assert asked(anna)[-1]["video/VP8"] is HIGH


async def test_a_backup_that_does_not_come_is_told_as_a_failure() -> None:
    room = make_room()
    anna, old = make_participant(room, "anna"), make_participant(room, "old")
    cannot_decode(old, "video/AV1")
    track = await publish_av1(anna)
    room.update_dynacast(1.0)
    room.update_dynacast(1.0 + BACKUP_TIMEOUT_S - 0.1)
    assert told(old, "subscription_failed") == []
    room.update_dynacast(1.0 + BACKUP_TIMEOUT_S)
    assert told(old, "subscription_failed") == [(track.sid, SubscriptionFailure.CODEC_UNSUPPORTED)]


async def test_without_a_codec_in_common_the_failure_is_told_at_once() -> None:
    room = make_room()
    anna, old = make_participant(room, "anna"), make_participant(room, "old")
    cannot_decode(old, "video/AV1", "video/VP8")
    track = await publish_av1(anna)
    assert told(old, "subscription_failed") == [(track.sid, SubscriptionFailure.CODEC_UNSUPPORTED)]


async def test_an_answer_that_refuses_the_first_codec_asks_for_the_backup() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    track = await publish_av1(anna)
    connection = fake(boris.publisher_connection)
    connection.refuse(connection.senders[0])
    room.update_dynacast(1.0)
    assert asked(anna) == [{"video/AV1": OFF, "video/VP8": HIGH}]
    await add_backup(anna, track)
    assert codec_of(boris, track) == "video/VP8"


async def test_only_a_published_track_with_a_waiting_codec_takes_a_backup() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    track = await publish_av1(anna)
    plain = await publish(anna, "video", "plain")
    for sid, refusal in [("TR_no", PublishRefusal.NOT_FOUND), (plain.sid, PublishRefusal.UNSUPPORTED)]:
        with pytest.raises(PublishRefused) as refused:
            anna.publisher.add_codec(sid, TrackCodec("video/VP8", "x"))
        assert refused.value.refusal is refusal
    anna.publisher.add_codec(track.sid, TrackCodec("video/VP8", "x"))
    with pytest.raises(PublishRefused):
        anna.publisher.add_codec(track.sid, TrackCodec("video/VP8", "y"))


async def test_a_muted_track_drops_its_backup_too() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    track = await publish_av1(anna)
    await add_backup(anna, track)
    anna.publisher.mute(track, True)
    assert [stream.receiver.enabled for stream in track.streams] == [False, False]  # type: ignore[union-attr]


async def test_layers_that_nobody_watches_are_paused() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    codec = TrackCodec("video/VP8", "cam", LAYERS)
    track = anna.publisher.add_track(
        TrackSettings("cam", "video", codecs=(codec,), layers=LAYERS), muted=False
    )
    await anna.publisher.answer_offer(offer_of(section("0", "video", "cam", rids=["q", "h", "f"])))
    boris.subscriber.set_wishes(track.sid, Wishes(width=320, height=180))
    room.update_dynacast(1.0)
    assert asked(anna) == []
    room.update_dynacast(1.0 + FIRST_DELAY_S)
    assert asked(anna) == [{"video/VP8": LOW}]
    boris.subscriber.set_wishes(track.sid, Wishes(disabled=True))
    room.update_dynacast(20.0)
    room.update_dynacast(20.0 + PAUSE_DELAY_S)
    assert asked(anna)[-1] == {"video/VP8": OFF}
    boris.subscriber.set_wishes(track.sid, Wishes())
    room.update_dynacast(30.0)
    assert asked(anna)[-1] == {"video/VP8": HIGH}
