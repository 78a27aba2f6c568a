"""Data tracks: who gets the packets of whom, under which handle."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.data_tracks import (
    MAX_HANDLE,
    DataTrack,
    DataTrackRefusal,
    DataTrackRefused,
    DataTrackSettings,
)
from mediaserver.participant import Participant, RemovalReason
from mediaserver.permissions import SubscriptionPermissions
from tests.mediaserver.room_fakes import ALL, fake, make_participant, make_room, told


def publish(participant: Participant, handle: int = 7, name: str = "heartbeat") -> DataTrack:
    return participant.data_publisher.publish(DataTrackSettings(handle, name))


def packet(handle: int, payload: bytes = b"payload") -> bytes:
    """Flags, handle, sequence and frame number, timestamp, payload."""
    return b"\x18\x00" + handle.to_bytes(2, "big") + b"\x00\x01\x00\x02\x00\x00\x00\x03" + payload


def received(participant: Participant) -> list[bytes]:
    return [sent for label, sent in fake(participant.publisher_connection).sent if label == "_data_track"]


def handles(participant: Participant) -> list[dict[int, Any]]:
    """What the client was told, newest last."""
    return [tracks for (tracks,) in told(participant, "data_track_handles_changed")]


def forwarded() -> tuple[Participant, Participant, Participant]:
    """Anna, forwarded from her room with Boris to that of Vera; both take all data tracks."""
    lesson, group = make_room(), make_room()
    anna = make_participant(lesson, "anna")
    boris = make_participant(lesson, "boris", auto_subscribe_data_tracks=True)
    vera = make_participant(group, "vera", auto_subscribe_data_tracks=True)
    group.forward(anna)
    return anna, boris, vera


def test_packets_reach_those_who_subscribe_under_their_own_handles() -> None:
    room = make_room()
    anna, boris, clara = (make_participant(room, name) for name in ("anna", "boris", "clara"))
    first, second = publish(anna), publish(boris, 7, "other")
    assert clara.data_subscriber.request(second.sid, True)
    assert clara.data_subscriber.request(first.sid, True)
    assert boris.data_subscriber.request(first.sid, True)
    assert anna.data_publisher.received(packet(7)) == 0
    assert received(clara) == [packet(2)] and received(boris) == [packet(1)] and received(anna) == []
    assert clara.data_subscriber.tracks == {1: second, 2: first}
    assert len(handles(clara)) == 2


def test_nobody_gets_packets_of_no_track() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    boris.data_subscriber.request(publish(anna).sid, True)
    for garbage in (packet(8), packet(7)[:11], b"", b"\x00"):
        assert anna.data_publisher.received(garbage) is None
    assert received(boris) == []


def test_who_wants_all_data_tracks_gets_those_before_and_after_joining() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    before = publish(anna)
    boris = make_participant(room, "boris", auto_subscribe_data_tracks=True)
    after = publish(anna, 8, "later")
    assert boris.data_subscriber.tracks == {1: before, 2: after}
    boris.data_subscriber.request(before.sid, False)
    assert boris.data_subscriber.tracks == {2: after}


def test_the_end_of_a_track_frees_its_handles_but_not_for_the_next_one() -> None:
    room = make_room()
    anna, boris = (
        make_participant(room, "anna"),
        make_participant(room, "boris", auto_subscribe_data_tracks=True),
    )
    track = publish(anna)
    assert anna.data_publisher.unpublish(7) is track
    assert room.data_tracks == {} and boris.data_subscriber.tracks == {}
    again = publish(anna)
    assert boris.data_subscriber.tracks == {2: again}
    assert not boris.data_subscriber.request(track.sid, True)


def test_who_leaves_takes_tracks_and_subscriptions_along() -> None:
    room = make_room()
    anna, boris = (
        make_participant(room, "anna"),
        make_participant(room, "boris", auto_subscribe_data_tracks=True),
    )
    track = publish(anna)
    room.remove(boris, RemovalReason.CLIENT_INITIATED)
    assert track.handles == {}
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert room.data_tracks == {}


def test_the_publisher_and_the_server_decide_who_may_receive() -> None:
    room = make_room()
    anna, boris = (
        make_participant(room, "anna"),
        make_participant(room, "boris", auto_subscribe_data_tracks=True),
    )
    track = publish(anna)
    anna.publisher.allow_subscribers(SubscriptionPermissions(all_participants=False))
    assert boris.data_subscriber.tracks == {}
    anna.publisher.allow_subscribers(SubscriptionPermissions())
    assert list(boris.data_subscriber.tracks.values()) == [track]
    boris.set_permissions(replace(ALL, can_subscribe=False))
    assert boris.data_subscriber.tracks == {}
    boris.set_permissions(ALL)
    assert list(boris.data_subscriber.tracks.values()) == [track]


def test_without_the_right_to_publish_data_the_tracks_end() -> None:
    room = make_room()
    anna = make_participant(room, "anna")
    track = publish(anna)
    anna.set_permissions(replace(ALL, can_publish_data=False))
    assert room.data_tracks == {} and told(anna, "data_track_unpublished") == [(track,)]
    with pytest.raises(DataTrackRefused):
        publish(anna)


@pytest.mark.parametrize(
    ("handle", "name", "refusal"),
    [
        (0, "new", DataTrackRefusal.INVALID_HANDLE),
        (MAX_HANDLE + 1, "new", DataTrackRefusal.INVALID_HANDLE),
        (8, "", DataTrackRefusal.INVALID_NAME),
        (8, "x" * 257, DataTrackRefusal.INVALID_NAME),
        (7, "new", DataTrackRefusal.DUPLICATE_HANDLE),
        (8, "heartbeat", DataTrackRefusal.DUPLICATE_NAME),
    ],
)
def test_refused_data_tracks(handle: int, name: str, refusal: DataTrackRefusal) -> None:
    anna = make_participant(make_room(), "anna")
    publish(anna)
    with pytest.raises(DataTrackRefused) as refused:
        publish(anna, handle, name)
    assert refused.value.refusal is refusal and len(anna.data_publisher.tracks) == 1


def test_handles_wrap_around_and_skip_those_in_use() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    boris.data_subscriber.request(publish(anna, 1, "first").sid, True)
    boris.data_subscriber._last_handle = MAX_HANDLE
    boris.data_subscriber.request(publish(anna, 2, "second").sid, True)
    assert sorted(boris.data_subscriber.tracks) == [1, 2]


@given(st.binary(max_size=64))
def test_any_packet_is_forwarded_with_nothing_but_its_handle_changed(payload: bytes) -> None:
    room = make_room()
    anna, boris = (
        make_participant(room, "anna"),
        make_participant(room, "boris", auto_subscribe_data_tracks=True),
    )
    publish(anna, 513)
    anna.data_publisher.received(packet(513, payload))
    anna.data_publisher.received(payload)
    assert received(boris)[:1] == [packet(1, payload)]


def test_data_tracks_of_a_forwarded_participant_are_in_both_rooms() -> None:
    lesson, group = make_room(), make_room()
    anna, vera = make_participant(lesson, "anna"), make_participant(group, "vera")
    eager = make_participant(group, "eager", auto_subscribe_data_tracks=True)
    before = publish(anna)
    assert not vera.data_subscriber.request(before.sid, True)
    group.forward(anna)
    after = publish(anna, 8, "later")
    late = make_participant(group, "late", auto_subscribe_data_tracks=True)
    assert eager.data_subscriber.tracks == late.data_subscriber.tracks == {1: before, 2: after}
    assert vera.data_subscriber.request(after.sid, True)
    anna.data_publisher.received(packet(8))
    assert (received(vera), received(eager), received(late)) == ([packet(1)], [packet(2)], [packet(2)])
    of_vera = publish(vera)
    assert not anna.data_subscriber.request(of_vera.sid, True), "one way only"


def test_a_forwarded_data_track_ends_in_both_rooms() -> None:
    anna, boris, vera = forwarded()
    publish(anna)
    anna.data_publisher.unpublish(7)
    assert boris.data_subscriber.tracks == vera.data_subscriber.tracks == {}
    assert vera.room.data_tracks == {} and handles(vera)[-1] == {}


def test_the_end_of_a_forwarding_ends_data_tracks_in_the_other_room_only() -> None:
    anna, boris, vera = forwarded()
    track = publish(anna)
    vera.room.end_forwarding(anna)
    assert vera.data_subscriber.tracks == vera.room.data_tracks == {}
    assert track.handles == {boris: 1}
    publish(anna, 8, "later")
    assert vera.data_subscriber.tracks == {}


def test_a_forwarded_participant_that_leaves_takes_its_data_tracks_along() -> None:
    anna, _, vera = forwarded()
    publish(anna)
    anna.room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert vera.data_subscriber.tracks == vera.room.data_tracks == {}


def test_a_forwarded_participant_that_moves_has_its_data_tracks_where_it_is() -> None:
    anna, boris, vera = forwarded()
    track = publish(anna)
    anna.room.release(anna)
    assert track.handles == {}
    vera.room.admit(anna)
    vera.room.introduce(anna)
    assert boris.data_subscriber.tracks == boris.room.data_tracks == {}
    assert list(vera.data_subscriber.tracks.values()) == [track]


def test_who_leaves_the_other_room_gets_no_packets_of_a_forwarded_track() -> None:
    anna, boris, vera = forwarded()
    track = publish(anna)
    vera.room.remove(vera, RemovalReason.CLIENT_INITIATED)
    assert track.handles == {boris: 1}


def test_permissions_count_in_both_rooms() -> None:
    anna, boris, vera = forwarded()
    track = publish(anna)
    anna.publisher.allow_subscribers(SubscriptionPermissions(all_participants=False))
    assert boris.data_subscriber.tracks == vera.data_subscriber.tracks == {}
    anna.publisher.allow_subscribers(SubscriptionPermissions())
    assert set(track.handles) == {boris, vera}
    vera.set_permissions(replace(ALL, can_subscribe=False))
    assert set(track.handles) == {boris}
    anna.set_permissions(replace(ALL, can_publish_data=False))
    assert boris.room.data_tracks == vera.room.data_tracks == {}
