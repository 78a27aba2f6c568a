"""The line to a participant is shared among the pictures that it receives. Rates are bit/s."""

from __future__ import annotations

from typing import Any

import pytest

from mediaserver.allocation import PAUSE_AFTER_S
from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.participant import Participant, ParticipantKind
from mediaserver.room import Room
from mediaserver.stream_allocator import BEGINNING_S
from mediaserver.subscription import UNLIMITED, Wishes
from mediaserver.track import Track, TrackSource
from tests.mediaserver.room_fakes import fake, make_participant, make_room, publish, told

LAYERS = (
    VideoLayer(VideoQuality.LOW, 320, 180, 100_000),
    VideoLayer(VideoQuality.MEDIUM, 640, 360, 400_000),
    VideoLayer(VideoQuality.HIGH, 1280, 720, 1_600_000),
)


async def a_lesson(*cameras: str, **viewer: Any) -> tuple[Room, Participant, list[Track]]:
    """Cameras of participants with these names, in the order of their names; Zoe watches."""
    room = make_room()
    tracks = [await publish(make_participant(room, name), "video", layers=LAYERS) for name in cameras]
    zoe = make_participant(room, "zoe", **viewer)
    return room, zoe, tracks


def has_begun(room: Room, viewer: Participant) -> None:
    """Something has gone over the line."""
    estimate(viewer, 100_000_000)
    room.update_allocations(-BEGINNING_S)


def estimate(viewer: Participant, bits_per_second: int) -> None:
    fake(viewer.subscriber_connection).estimate(bits_per_second)


def target(viewer: Participant, track: Track) -> Any:
    """None: nothing is forwarded; else the highest spatial layer."""
    sender: Any = viewer.subscriber.subscriptions[track.sid].sender
    return sender.target["max_spatial"] if sender.target["enabled"] else None


def states(viewer: Participant) -> list[dict[Track, bool]]:
    return [call[0] for call in told(viewer, "stream_states_changed")]


async def test_without_an_estimate_nothing_is_limited_and_nothing_is_done() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    zoe.subscriber.set_wishes(anna.sid, Wishes(quality=VideoQuality.MEDIUM))
    assert not room.unallocated
    room.update_allocations(1.0)
    assert target(zoe, anna) == 1 and fake(zoe.subscriber_connection).wanted_bitrate == 0


async def test_a_narrow_line_gets_lower_layers_then_fewer_pictures() -> None:
    room, zoe, (anna, boris) = await a_lesson("anna", "boris")
    has_begun(room, zoe)
    estimate(zoe, 900_000)
    room.update_allocations(1.0)
    assert [target(zoe, track) for track in (anna, boris)] == [1, 1]
    assert not states(zoe) and not zoe.subscriber.allocator.paused
    estimate(zoe, 150_000)
    room.update_allocations(1.1)
    assert [target(zoe, track) for track in (anna, boris)] == [0, 0], "for a while"
    assert not states(zoe) and room.deficient
    room.update_allocations(1.1 + PAUSE_AFTER_S)
    first, second = sorted((anna, boris), key=lambda track: track.sid)
    assert (target(zoe, first), target(zoe, second)) == (0, None)
    assert states(zoe) == [{second: True}] and zoe.subscriber.allocator.paused == {second.sid}
    estimate(zoe, 10_000_000)
    room.update_allocations(5.0)
    assert [target(zoe, track) for track in (anna, boris)] == [UNLIMITED, UNLIMITED]
    assert states(zoe) == [{second: True}, {second: False}] and not room.deficient


async def test_who_must_not_be_paused_gets_the_lowest_layer() -> None:
    room, zoe, tracks = await a_lesson("anna", "boris", allow_pause=False)
    estimate(zoe, 1)
    room.update_allocations(1.0)
    assert [target(zoe, track) for track in tracks] == [0, 0] and not states(zoe)


async def test_sound_is_never_touched() -> None:
    room, zoe, _ = await a_lesson("anna")
    (anna,) = (p for p in room.participants.values() if p.identity == "anna")
    voice = await publish(anna, "audio")
    estimate(zoe, 1)
    room.update_allocations(1.0)
    sender: Any = zoe.subscriber.subscriptions[voice.sid].sender
    assert sender.target == {"enabled": True}


async def test_what_is_wanted_is_told_with_a_margin_when_it_changes() -> None:
    room, zoe, (anna, boris) = await a_lesson("anna", "boris")
    connection = fake(zoe.subscriber_connection)
    estimate(zoe, 500_000)
    room.update_allocations(1.0)
    assert connection.wanted_bitrate == 3_520_000
    zoe.subscriber.set_wishes(anna.sid, Wishes(quality=VideoQuality.LOW))
    room.update_allocations(1.1)
    assert connection.wanted_bitrate == 1_870_000
    boris.main.bitrates.observe({(2, 0): 1_620_000})
    room.bandwidth_changed(boris)
    room.update_allocations(1.2)
    assert connection.wanted_bitrate == 1_870_000, "not for a twentieth"
    for track in (anna, boris):
        zoe.subscriber.request(track.sid, False)
    room.update_allocations(1.3)
    assert connection.wanted_bitrate == 0


async def test_an_ample_line_is_not_shared_anew_before_costs_could_exceed_it() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    has_begun(room, zoe)
    estimate(zoe, 2_000_000)
    room.update_allocations(1.0)
    for growth in (1.0, 1.1):
        room.bandwidth_changed(anna, growth)
        estimate(zoe, 2_000_000)
        assert not room.unallocated, "1.6 Mbit/s, and a tenth more each time"
    room.bandwidth_changed(anna, 1.1)
    assert room.unallocated
    room.update_allocations(1.1)
    room.bandwidth_changed(anna, 1.1)
    assert not room.unallocated, "the cost is counted anew"
    estimate(zoe, 1_700_000)
    assert room.unallocated


async def test_a_line_that_begins_carries_the_lowest_picture_of_everybody_and_is_soon_known() -> None:
    room, zoe, (anna, boris) = await a_lesson("anna", "boris")
    estimate(zoe, 20_000)
    room.update_allocations(1.0)
    assert [target(zoe, track) for track in (anna, boris)] == [0, 0] and not states(zoe)
    room.update_allocations(1.0 + BEGINNING_S)
    assert [target(zoe, track) for track in (anna, boris)] == [None, None]
    assert states(zoe) == [{anna: True, boris: True}]


async def test_a_line_that_is_seen_to_be_narrow_does_not_wait_until_it_has_begun() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    estimate(zoe, 300_000)
    room.update_allocations(1.0)
    estimate(zoe, 250_000)
    room.update_allocations(1.1)
    assert target(zoe, anna) == 0
    estimate(zoe, 20_000)
    room.update_allocations(1.2)
    assert target(zoe, anna) is None and states(zoe) == [{anna: True}]


async def test_a_line_that_carried_everything_is_put_to_the_test_before_anything_is_paused() -> None:
    room, zoe, _ = await a_lesson()
    size_only = (VideoLayer(VideoQuality.LOW, 320, 180, 0),)
    anna = await publish(make_participant(room, "anna"), "video", layers=size_only)
    estimate(zoe, 300_000)
    room.update_allocations(1.0)
    for rate, now in ((1_000_000, 10.0), (1_100_000, 10.0 + BEGINNING_S / 2)):
        anna.main.bitrates.observe({(0, 0): rate})
        room.bandwidth_changed(anna, 10.0)
        room.update_allocations(now)
        assert target(zoe, anna) == UNLIMITED and not states(zoe), "nothing is known beyond 300 kbit/s"
    for rate, now in ((1_100_000, 10.0 + BEGINNING_S), (1_200_000, 20.0)):
        anna.main.bitrates.observe({(0, 0): rate})
        room.bandwidth_changed(anna, 10.0)
        room.update_allocations(now)
        assert states(zoe) == [{anna: True}], "it is known now"


async def test_a_line_that_becomes_narrower_is_no_guess_even_when_more_comes_at_the_same_moment() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    has_begun(room, zoe)
    estimate(zoe, 110_000)
    boris = await publish(make_participant(room, "boris"), "video", layers=LAYERS)
    room.update_allocations(10.0)
    assert states(zoe) == [{max(anna, boris, key=lambda track: track.sid): True}]


async def test_what_somebody_has_set_holds_from_the_beginning() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    estimate(zoe, 20_000)
    zoe.subscriber.allocator.cap(50_000)
    room.update_allocations(1.0)
    assert target(zoe, anna) is None


async def test_muted_and_disabled_pictures_take_nothing_and_are_not_paused() -> None:
    room, zoe, (anna, boris) = await a_lesson("anna", "boris")
    has_begun(room, zoe)
    estimate(zoe, 110_000)
    room.update_allocations(1.0)
    paused = next(track for track in (anna, boris) if target(zoe, track) is None)
    other = next(track for track in (anna, boris) if track is not paused)
    other.publisher.publisher.mute(other, True)
    room.update_allocations(2.5)
    assert target(zoe, paused) == 0 and states(zoe)[-1] == {paused: False}
    other.publisher.publisher.mute(other, False)
    zoe.subscriber.set_wishes(paused.sid, Wishes(disabled=True))
    room.update_allocations(5.0)
    assert target(zoe, other) == 0 and target(zoe, paused) is None
    assert len(states(zoe)) == 2 and not zoe.subscriber.allocator.paused


async def test_the_publisher_encodes_what_is_wished_not_what_fits() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    estimate(zoe, 110_000)
    room.update_allocations(1.0)
    assert target(zoe, anna) == 0
    room.update_dynacast(1.0)
    room.update_dynacast(100.0)
    assert not told(anna.publisher, "subscribed_qualities_changed"), "HIGH, as from the beginning"


async def test_a_cap_stands_in_for_an_estimate() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    zoe.subscriber.allocator.cap(450_000)
    room.update_allocations(1.0)
    assert target(zoe, anna) == 1
    estimate(zoe, 150_000)
    room.update_allocations(2.0)
    assert target(zoe, anna) == 0, "the lower one counts"
    estimate(zoe, 5_000_000)
    zoe.subscriber.allocator.cap(0)
    room.update_allocations(10.0)
    assert target(zoe, anna) == UNLIMITED


async def test_order_client_then_source_then_policy_then_speech_then_size() -> None:
    room = make_room()
    people = {name: make_participant(room, name) for name in ("anna", "boris", "clara", "dora", "emil")}
    film = make_participant(room, "film", kind=ParticipantKind.INGRESS)
    tracks = {name: await publish(person, "video", layers=LAYERS[:1]) for name, person in people.items()}
    tracks["film"] = await publish(film, "video", layers=LAYERS[:1])
    tracks["screen"] = await publish(
        people["emil"], "video", "screen", layers=LAYERS[:1], source=TrackSource.SCREEN_SHARE
    )
    zoe = make_participant(room, "zoe")
    people["anna"].priority = 1
    room.observe_levels({people["boris"].sid: 1.0}, 1.0)
    room.update_speakers(1.0)
    zoe.subscriber.set_wishes(tracks["clara"].sid, Wishes(width=1280, height=720))
    zoe.subscriber.set_wishes(tracks["dora"].sid, Wishes(width=320, height=180))
    zoe.subscriber.set_wishes(tracks["emil"].sid, Wishes(priority=2))
    has_begun(room, zoe)
    shown = []
    for number in range(1, 8):
        estimate(zoe, number * 100_000 * 100 // 95 + 1)
        room.update_allocations(number * 10.0)
        shown.append({name for name, track in tracks.items() if target(zoe, track) is not None})
    gained = [sorted(after - before) for before, after in zip([set(), *shown], shown, strict=False)]
    assert gained == [["screen"], ["film"], ["emil"], ["anna"], ["boris"], ["clara"], ["dora"]]


async def test_a_line_that_cannot_carry_everything_is_looked_at_every_second() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    estimate(zoe, 450_000)
    room.update_allocations(1.0)
    estimate(zoe, 5_000_000)
    room.update_allocations(1.1)
    estimate(zoe, 450_000)
    room.update_allocations(2.0)
    estimate(zoe, 5_000_000)
    room.update_allocations(2.1)
    assert target(zoe, anna) == 1, "the last raise was in vain"
    room.update_allocations(3.0)
    room.update_allocations(4.2)
    assert target(zoe, anna) == UNLIMITED
    assert not room.deficient and not room.unallocated


@pytest.mark.parametrize("leave", [False, True])
async def test_nothing_is_left_behind(leave: bool) -> None:
    room, zoe, _ = await a_lesson("anna")
    estimate(zoe, 1)
    room.update_allocations(1.0)
    assert room.deficient
    zoe.subscriber.leave() if leave else zoe.subscriber.close()
    assert not room.deficient and not room.unallocated and not zoe.subscriber.allocator.states()


async def test_a_new_subscription_begins_unpaused() -> None:
    room, zoe, (anna,) = await a_lesson("anna")
    has_begun(room, zoe)
    estimate(zoe, 1)
    room.update_allocations(1.0)
    assert zoe.subscriber.allocator.states() == {anna: True}
    zoe.subscriber.request(anna.sid, False)
    assert not zoe.subscriber.allocator.states()
    zoe.subscriber.request(anna.sid, True)
    room.update_allocations(1.1)
    assert states(zoe) == [{anna: True}, {anna: True}]


async def test_the_estimate_of_the_other_connection_is_none_of_ours() -> None:
    room, zoe, (anna,) = await a_lesson("anna", single=False)
    fake(zoe.publisher_connection).estimate(1)
    room.update_allocations(1.0)
    assert target(zoe, anna) == UNLIMITED
    has_begun(room, zoe)
    estimate(zoe, 1)
    room.update_allocations(1.1)
    assert target(zoe, anna) is None
