"""From an announcement and an offer to a track of the room, and back."""

from dataclasses import replace

import pytest

from mediaserver.permissions import Permissions
from mediaserver.publisher import PublishRefusal, PublishRefused
from mediaserver.sdp import SdpError
from mediaserver.track import TrackCodec, TrackSettings, TrackSource
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


async def test_a_track_is_published_when_an_offer_brings_its_section() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    track = anna.publisher.add_track(TrackSettings("cam", "video"), muted=False)
    assert room.tracks == {}
    await anna.publisher.answer_offer(offer_of(section("0", "video", "cam", rids=["q", "h", "f"])))
    assert room.tracks == {track.sid: track}
    assert (track.main.mid, track.main.rids, track.mime_type) == ("0", ("q", "h", "f"), "video/VP8")
    assert anna.is_publisher
    (sender,) = fake(boris.publisher_connection).senders
    assert (sender.stream_id, sender.track_id) == (f"{anna.sid}|{track.sid}", track.sid)


async def test_firefox_writes_other_ids_than_it_announces() -> None:
    anna = make_participant(make_room(), "anna")
    mic = anna.publisher.add_track(TrackSettings("mic", "audio"), muted=False)
    cam = anna.publisher.add_track(TrackSettings("cam", "video"), muted=False)
    screen = anna.publisher.add_track(TrackSettings("screen", "video"), muted=False)
    sections = [section("0", "audio", "{1}"), section("1", "video", "{2}"), section("2", "video", "screen")]
    await anna.publisher.answer_offer(offer_of(*sections))
    assert (mic.main.mid, cam.main.mid, screen.main.mid) == ("0", "1", "2")
    await anna.publisher.answer_offer(offer_of(*sections))
    assert (mic.main.mid, cam.main.mid, screen.main.mid) == ("0", "1", "2")
    assert set(anna.publisher.tracks) == {mic.sid, cam.sid, screen.sid}


async def test_a_section_that_stops_sending_ends_its_track() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    track = await publish(anna, "video", "cam")
    await anna.publisher.answer_offer(offer_of())
    assert room.tracks == {} and anna.publisher.tracks == {} and boris.subscriber.subscriptions == {}
    assert not track.receiver.enabled


async def test_publishing_the_same_track_again_in_the_same_section_gives_a_new_sid() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    first = await publish(anna, "video", "cam")
    second = anna.publisher.add_track(TrackSettings("cam", "video"), muted=False)
    await anna.publisher.answer_offer(offer_of(section(first.main.mid, "video", "cam")))
    assert list(room.tracks) == [second.sid] and second.sid != first.sid
    assert list(boris.subscriber.subscriptions) == [second.sid]


async def test_a_track_may_move_to_another_section() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    track = await publish(anna, "video", "cam")
    await anna.publisher.answer_offer(offer_of(section("9", "video", "cam")))
    assert list(room.tracks) == [track.sid] and track.main.mid == "9"
    assert boris.subscriber.subscriptions[track.sid].sender.source is track.receiver


async def test_nobody_receives_a_section_that_was_not_announced() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    await anna.publisher.answer_offer(offer_of(section("0", "video", "sneaky")))
    assert room.tracks == {}
    assert not fake(anna.publisher_connection).receivers["0"].enabled


async def test_an_announcement_after_the_offer_is_enough() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    await anna.publisher.answer_offer(offer_of(section("0", "video", "cam")))
    track = anna.publisher.add_track(TrackSettings("cam", "video"), muted=False)
    anna.publisher.bind_late()
    assert list(room.tracks) == [track.sid]
    assert fake(anna.publisher_connection).receivers["0"].enabled


async def test_the_first_codec_of_the_announcement_is_preferred_in_the_answer() -> None:
    anna = make_participant(make_room(), "anna")
    settings = TrackSettings("cam", "video", codecs=(TrackCodec("video/H264", "cam"),))
    track = anna.publisher.add_track(settings, muted=False)
    await anna.publisher.answer_offer(offer_of(section("0", "video", "cam")))
    assert fake(anna.publisher_connection).codecs == {"0": "video/H264"}
    assert track.mime_type == "video/H264"
    fake(anna.publisher_connection).start_media("0", "video/VP8")
    assert track.mime_type == "video/VP8", "what comes counts, not what was wished for"


@pytest.mark.parametrize(
    "permissions",
    [
        Permissions(),
        replace(ALL, can_publish=False),
        replace(ALL, can_publish_sources=frozenset({TrackSource.MICROPHONE})),
    ],
)
def test_publishing_without_permission_is_refused(permissions: Permissions) -> None:
    anna = make_participant(make_room(), "anna", permissions)
    with pytest.raises(PublishRefused) as refused:
        anna.publisher.add_track(TrackSettings("cam", "video", source=TrackSource.CAMERA), muted=False)
    assert refused.value.refusal is PublishRefusal.NOT_ALLOWED


def test_too_many_tracks_are_refused() -> None:
    anna = make_participant(make_room(), "anna", max_tracks=1)
    anna.publisher.add_track(TrackSettings("1", "audio"), muted=False)
    with pytest.raises(PublishRefused) as refused:
        anna.publisher.add_track(TrackSettings("2", "audio"), muted=False)
    assert refused.value.refusal is PublishRefusal.LIMIT_EXCEEDED


async def test_a_muted_track_is_dropped_at_the_data_plane() -> None:
    anna = make_participant(make_room(), "anna")
    track = await publish(anna)
    anna.publisher.mute(track, True)
    assert not track.receiver.enabled and told(anna, "track_muted") == []
    anna.publisher.mute(track, False)
    assert track.receiver.enabled
    anna.publisher.mute(track, True, by_server=True)
    assert not track.receiver.enabled and told(anna, "track_muted") == [(track,)]


async def test_a_blocked_track_stays_dropped_whatever_its_client_says() -> None:
    anna = make_participant(make_room(), "anna")
    track = await publish(anna)
    track.blocked = True
    track.enforce()
    anna.publisher.mute(track, True)
    anna.publisher.mute(track, False)
    assert not track.receiver.enabled


async def test_a_track_announced_as_muted_starts_dropped() -> None:
    anna = make_participant(make_room(), "anna")
    track = anna.publisher.add_track(TrackSettings("mic", "audio"), muted=True)
    await anna.publisher.answer_offer(offer_of(section("0", "audio", "mic")))
    assert track.muted and not fake(anna.publisher_connection).receivers["0"].enabled


async def test_a_permission_that_is_taken_away_ends_the_track() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    cam = await publish(anna, "video", "cam", source=TrackSource.CAMERA)
    mic = await publish(anna, "audio", "mic", source=TrackSource.MICROPHONE)
    anna.set_permissions(replace(ALL, can_publish_sources=frozenset({TrackSource.MICROPHONE})))
    assert list(room.tracks) == [mic.sid] == list(boris.subscriber.subscriptions)
    assert not cam.receiver.enabled and told(anna, "track_unpublished") == [(cam,)]


async def test_an_invalid_offer_changes_nothing() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    track = await publish(anna)
    with pytest.raises(SdpError):
        await anna.publisher.answer_offer("nonsense")
    assert list(room.tracks) == [track.sid]
