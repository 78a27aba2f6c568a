"""Who receives what, and how much of it."""

from dataclasses import replace

import pytest

from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.permissions import SubscriptionPermissions, TrackPermission
from mediaserver.subscriber import SubscriptionFailure
from mediaserver.subscription import UNLIMITED, Target, Wishes, target_for
from mediaserver.track import TrackSettings, TrackSource
from tests.mediaserver.room_fakes import (
    ALL,
    fake,
    make_participant,
    make_room,
    offer_of,
    publish,
    section,
    told,
)

LAYERS = (
    VideoLayer(VideoQuality.LOW, 320, 180),
    VideoLayer(VideoQuality.MEDIUM, 640, 360),
    VideoLayer(VideoQuality.HIGH, 1280, 720),
)


async def test_who_comes_later_receives_what_is_there() -> None:
    room = make_room()
    track = await publish(make_participant(room, "anna"))
    boris = make_participant(room, "boris")
    assert list(boris.subscriber.subscriptions) == [track.sid]


async def test_nothing_is_subscribed_to_before_the_connection_takes_senders() -> None:
    room = make_room()
    track = await publish(make_participant(room, "anna"))
    boris = make_participant(room, "boris")
    boris.subscriber.close()
    boris.subscriber.started = False
    boris.subscriber.reconcile(track)
    assert boris.subscriber.subscriptions == {}


async def test_nobody_receives_its_own_track() -> None:
    anna = make_participant(make_room(), "anna")
    await publish(anna)
    assert anna.subscriber.subscriptions == {}


async def test_beyond_the_limit_of_its_kind_a_track_waits_until_another_one_ends() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    boris = make_participant(room, "boris", max_subscriptions={"video": 2})
    first, second, third = [await publish(anna, "video", cid) for cid in ("one", "two", "three")]
    sound = await publish(anna, "audio", "sound")
    assert set(boris.subscriber.subscriptions) == {first.sid, second.sid, sound.sid}
    assert not told(boris, "subscription_failed")
    boris.subscriber.request(first.sid, False)
    room.update_dynacast(1000.0)
    assert set(boris.subscriber.subscriptions) == {second.sid, third.sid, sound.sid}
    boris.subscriber.request(first.sid, True)
    assert first.sid not in boris.subscriber.subscriptions
    anna.publisher.unpublish(second)
    room.update_dynacast(1001.0)
    assert set(boris.subscriber.subscriptions) == {first.sid, third.sid, sound.sid}


async def test_who_waits_and_no_longer_wants_to_gets_nothing() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    boris = make_participant(room, "boris", max_subscriptions={"audio": 1})
    first, second = await publish(anna, "audio", "one"), await publish(anna, "audio", "two")
    boris.subscriber.request(second.sid, False)
    boris.subscriber.request(first.sid, False)
    room.update_dynacast(1000.0)
    assert not boris.subscriber.subscriptions


async def test_without_auto_subscribe_a_track_must_be_asked_for() -> None:
    room = make_room()
    boris = make_participant(room, "boris", auto_subscribe=False)
    track = await publish(make_participant(room, "anna"))
    assert boris.subscriber.subscriptions == {}
    boris.subscriber.request(track.sid, True)
    assert list(boris.subscriber.subscriptions) == [track.sid]
    boris.subscriber.request(track.sid, False)
    assert boris.subscriber.subscriptions == {} and track.subscribers == set()


async def test_without_permission_nothing_is_received() -> None:
    room = make_room()
    boris = make_participant(room, "boris", replace(ALL, can_subscribe=False))
    track = await publish(make_participant(room, "anna"))
    boris.subscriber.request(track.sid, True)
    assert boris.subscriber.subscriptions == {}
    boris.set_permissions(ALL)
    assert list(boris.subscriber.subscriptions) == [track.sid]
    boris.set_permissions(replace(ALL, can_subscribe=False))
    assert boris.subscriber.subscriptions == {}


async def test_a_publisher_chooses_who_may_receive() -> None:
    room = make_room()
    anna, boris, clara = (make_participant(room, name) for name in ("anna", "boris", "clara"))
    recorder = make_participant(room, "recorder", replace(ALL, recorder=True, hidden=True))
    track = await publish(anna)
    only_boris = SubscriptionPermissions(False, (TrackPermission(identity="boris", all_tracks=True),))
    anna.publisher.allow_subscribers(only_boris)
    assert {p.identity for p in track.subscribers} == {"boris", "recorder"}
    assert told(clara, "subscription_permission_changed") == [(track, False)]
    anna.publisher.allow_subscribers(
        SubscriptionPermissions(False, (TrackPermission(sid=clara.sid, track_sids=frozenset({track.sid})),))
    )
    assert {p.identity for p in track.subscribers} == {"clara", "recorder"}
    assert told(clara, "subscription_permission_changed") == [(track, False), (track, True)]
    assert told(boris, "subscription_permission_changed") == [(track, False)]
    assert told(recorder, "subscription_permission_changed") == []


async def test_a_rule_that_names_nobody_allows_nobody() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    await publish(anna)
    anna.publisher.allow_subscribers(SubscriptionPermissions(False, (TrackPermission(all_tracks=True),)))
    assert boris.subscriber.subscriptions == {}


async def test_a_codec_that_the_subscriber_cannot_decode_is_reported_once() -> None:
    room = make_room()
    boris = make_participant(room, "boris")
    connection = fake(boris.publisher_connection)
    connection.unsupported = {"video/H264"}
    anna = make_participant(room, "anna")
    await publish(anna, "audio", "mic")
    fake(anna.publisher_connection).start_media("a-anna-0", "video/H264")
    boris.subscriber.close()
    boris.subscriber.reconcile_all()
    boris.subscriber.reconcile_all()
    (track_sid,) = room.tracks
    assert told(boris, "subscription_failed") == [(track_sid, SubscriptionFailure.CODEC_UNSUPPORTED)]
    connection.unsupported = set()
    boris.subscriber.request(track_sid, True)
    assert list(boris.subscriber.subscriptions) == [track_sid], "asking again tries again"


async def test_a_codec_that_the_answer_refuses_ends_the_subscription() -> None:
    room = make_room()
    boris = make_participant(room, "boris")
    track = await publish(make_participant(room, "anna"), "video")
    connection = fake(boris.publisher_connection)
    connection.refuse(connection.senders[0])
    assert boris.subscriber.subscriptions == {} and track.subscribers == set()
    assert told(boris, "subscription_failed") == [(track.sid, SubscriptionFailure.CODEC_UNSUPPORTED)]
    boris.subscriber.reconcile_all()
    assert connection.senders == []


def test_subscribing_to_nothing_fails() -> None:
    boris = make_participant(make_room(), "boris")
    boris.subscriber.request("TR_no", True)
    assert told(boris, "subscription_failed") == [("TR_no", SubscriptionFailure.TRACK_NOT_FOUND)]
    boris.subscriber.restore(["TR_gone"], True)
    assert len(told(boris, "subscription_failed")) == 1


async def test_the_first_subscriber_is_told_to_the_publisher() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    make_participant(room, "boris")
    make_participant(room, "clara")
    track = await publish(anna)
    assert told(anna, "track_subscribed") == [(track,)]


async def test_wishes_reach_the_sender() -> None:
    room = make_room()
    boris = make_participant(room, "boris")
    anna = make_participant(room, "anna")
    track = await publish(anna, "video", "cam", layers=LAYERS)
    await anna.publisher.answer_offer(offer_of(section(track.main.mid, "video", "cam", rids=["q", "h", "f"])))
    sender = boris.subscriber.subscriptions[track.sid].sender
    boris.subscriber.set_wishes(track.sid, Wishes(quality=VideoQuality.MEDIUM))
    assert sender.target == {"enabled": True, "max_spatial": 1, "max_temporal": UNLIMITED}  # type: ignore[attr-defined]
    boris.subscriber.set_wishes(track.sid, Wishes(disabled=True))
    assert sender.target["enabled"] is False  # type: ignore[attr-defined]


async def test_adaptive_stream_starts_with_the_lowest_layer() -> None:
    room = make_room()
    boris = make_participant(room, "boris", adaptive_stream=True)
    anna = make_participant(room, "anna")
    anna.publisher.add_track(TrackSettings("cam", "video", layers=LAYERS), muted=False)
    await anna.publisher.answer_offer(offer_of(section("0", "video", "cam", rids=["q", "h", "f"])))
    (sender,) = fake(boris.publisher_connection).senders
    assert sender.target["max_spatial"] == 0


async def test_wishes_count_before_the_subscription() -> None:
    room = make_room()
    boris = make_participant(room, "boris", auto_subscribe=False)
    track = await publish(make_participant(room, "anna"))
    boris.subscriber.set_wishes(track.sid, Wishes(disabled=True))
    boris.subscriber.set_wishes("TR_made_up", Wishes(disabled=True))
    boris.subscriber.request(track.sid, True)
    (sender,) = fake(boris.publisher_connection).senders
    assert sender.paused and sender.target == {"enabled": False}


@pytest.mark.parametrize(
    ("wishes", "encodings", "spatial"),
    [
        (Wishes(), 3, UNLIMITED),
        (Wishes(quality=VideoQuality.LOW), 3, 0),
        (Wishes(quality=VideoQuality.MEDIUM), 3, 1),
        (Wishes(quality=VideoQuality.LOW), 1, 0),  # three layers in one encoding: SVC
        (Wishes(width=100, height=100), 3, 0),
        (Wishes(width=640, height=361), 3, UNLIMITED),
        (Wishes(width=360, height=640), 3, 1),  # portrait
        (Wishes(width=4000, height=4000), 3, UNLIMITED),
        (Wishes(quality=VideoQuality.LOW), 2, 0),  # more layers than encodings: only the order is known
        (Wishes(quality=VideoQuality.MEDIUM), 2, UNLIMITED),
    ],
)
def test_targets_by_size_and_quality(wishes: Wishes, encodings: int, spatial: int) -> None:
    assert target_for(wishes, LAYERS, encodings) == Target(True, spatial, UNLIMITED)


def test_targets_without_layers() -> None:
    low, medium = Wishes(quality=VideoQuality.LOW), Wishes(quality=VideoQuality.MEDIUM)
    assert target_for(low, (), 3).max_spatial == 0
    assert target_for(medium, (), 3).max_spatial == 1
    assert target_for(low, (), 1).max_spatial == UNLIMITED
    assert target_for(Wishes(quality=VideoQuality.OFF), (), 3) == Target(False)


def test_two_layers_called_low_and_high() -> None:
    layers = (LAYERS[0], LAYERS[2])
    assert target_for(Wishes(quality=VideoQuality.MEDIUM), layers, 2).max_spatial == 0
    assert target_for(Wishes(quality=VideoQuality.HIGH), layers, 2).max_spatial == UNLIMITED


@pytest.mark.parametrize(
    ("fps", "temporal"), [(0, UNLIMITED), (30, UNLIMITED), (16, UNLIMITED), (15, 1), (8, 1), (7, 0)]
)
def test_targets_by_frame_rate(fps: int, temporal: int) -> None:
    assert target_for(Wishes(fps=fps), LAYERS, 3).max_temporal == temporal


async def test_every_track_has_a_stream_of_its_own() -> None:
    room = make_room()
    boris, anna = make_participant(room, "boris"), make_participant(room, "anna")
    await publish(anna, "audio", source=TrackSource.MICROPHONE)
    await publish(anna, "video", source=TrackSource.CAMERA)
    streams = [sender.stream_id for sender in fake(boris.publisher_connection).senders]
    assert streams == [f"{anna.sid}|{sid}" for sid in room.tracks]


async def test_tracks_to_keep_in_step_share_a_stream_where_the_client_can_take_it() -> None:
    room = make_room()
    boris, clara = make_participant(room, "boris", sync_streams=True), make_participant(room, "clara")
    anna = make_participant(room, "anna")
    await publish(anna, "audio", source=TrackSource.MICROPHONE, stream="camera")
    await publish(anna, "video", source=TrackSource.CAMERA, stream="camera")
    shared = [sender.sync_stream_id for sender in fake(boris.publisher_connection).senders]
    assert shared == [f"{anna.sid}|camera"] * 2
    assert {sender.sync_stream_id for sender in fake(clara.publisher_connection).senders} == {None}


@pytest.mark.parametrize(
    "stream", ["", "unknown", "TR_x", "two words", "line\r\na=candidate", "x" * 33, "камера"]
)
async def test_stream_names_that_cannot_stand_in_a_description_are_not_used(stream: str) -> None:
    room = make_room()
    boris, anna = make_participant(room, "boris", sync_streams=True), make_participant(room, "anna")
    await publish(anna, "audio", stream=stream)
    assert [sender.sync_stream_id for sender in fake(boris.publisher_connection).senders] == [None]
