"""Who is in a room, and who hears of it."""

from dataclasses import replace

import pytest

from mediaserver.participant import ParticipantKind, ParticipantState, RemovalReason
from mediaserver.peer_connection import ConnectionState
from mediaserver.room import MAX_EXTRA_FLUSHES, RoomFull
from tests.mediaserver.room_fakes import (
    ALL,
    RecordingRoomObserver,
    fake,
    make_participant,
    make_room,
    publish,
    told,
)


def test_a_join_is_told_to_all_with_the_next_flush() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    make_participant(room, "anna")
    make_participant(room, "boris")
    assert observer.changes == []
    room.flush()
    assert observer.changes == [(["anna", "boris"], ["anna", "boris"])]
    make_participant(room, "clara")
    room.flush()
    assert observer.changes[1:] == [(["clara"], ["anna", "boris"])], "who joins knows"


@pytest.mark.parametrize(
    ("changes", "kind", "counts"),
    [
        ({}, ParticipantKind.STANDARD, True),
        ({"hidden": True}, ParticipantKind.STANDARD, True),
        ({}, ParticipantKind.SIP, True),
        ({"recorder": True}, ParticipantKind.STANDARD, False),
        ({"agent": True}, ParticipantKind.STANDARD, False),
        ({}, ParticipantKind.AGENT, False),
        ({}, ParticipantKind.EGRESS, False),
    ],
)
def test_who_serves_others_is_not_counted(
    changes: dict[str, bool], kind: ParticipantKind, counts: bool
) -> None:
    room = make_room(RecordingRoomObserver())
    make_participant(room, "anna")
    make_participant(room, "boris", replace(ALL, **changes), kind=kind)
    assert room.num_participants == 1 + counts


def test_who_may_record_from_now_on_is_not_counted_any_more() -> None:
    room = make_room(RecordingRoomObserver())
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    boris.set_permissions(replace(ALL, recorder=True))
    assert (room.num_participants, room.active_recording) == (1, True)
    boris.set_permissions(ALL)
    assert (room.num_participants, room.active_recording) == (2, False)
    boris.set_permissions(replace(ALL, agent=True))
    room.remove(boris, RemovalReason.CLIENT_INITIATED)
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert (room.num_participants, room.active_recording) == (0, False)


def test_a_hidden_participant_is_told_to_nobody_but_itself() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    make_participant(room, "anna")
    room.flush()
    observer.changes.clear()
    ghost = make_participant(room, "ghost", replace(ALL, hidden=True))
    room.flush()
    assert observer.changes == []
    ghost.update(name="Ghost")
    room.flush()
    assert observer.changes == [(["ghost"], ["ghost"])]
    observer.changes.clear()
    room.remove(ghost, RemovalReason.CLIENT_INITIATED)
    assert observer.changes == []


async def test_leaving_is_told_once_and_ends_tracks_and_subscriptions_of_others() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    await publish(anna)
    assert len(boris.subscriber.subscriptions) == 1
    observer.changes.clear()
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert observer.changes == [(["anna"], ["boris"])]
    assert anna.state is ParticipantState.DISCONNECTED
    assert boris.subscriber.subscriptions == {}
    assert fake(boris.publisher_connection).senders == []
    assert room.tracks == {}
    assert told(anna, "removed") == [(RemovalReason.CLIENT_INITIATED,)]
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert len(observer.changes) == 1


def test_the_same_identity_replaces_without_telling_that_somebody_left() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    first = make_participant(room, "anna")
    make_participant(room, "boris")
    room.flush()
    observer.changes.clear()
    second = make_participant(room, "anna")
    assert told(first, "removed") == [(RemovalReason.DUPLICATE_IDENTITY,)]
    assert observer.replaced == [first.sid]
    assert observer.changes == []
    assert room.participants["anna"] is second
    room.remove(first, RemovalReason.CONNECTION_TIMEOUT)
    assert room.participants["anna"] is second, "the old presence cannot take the new one along"


def test_seats() -> None:
    room = make_room(max_participants=2)
    make_participant(room, "anna")
    make_participant(room, "agent", kind=ParticipantKind.AGENT)
    room.check_seat("boris", ParticipantKind.STANDARD)
    make_participant(room, "boris")
    with pytest.raises(RoomFull):
        room.check_seat("clara", ParticipantKind.STANDARD)
    room.check_seat("anna", ParticipantKind.STANDARD)
    room.check_seat("recorder", ParticipantKind.EGRESS)


def test_an_empty_room_expires() -> None:
    room = make_room(empty_timeout_s=300, departure_timeout_s=20)
    assert not room.expired(1299)
    assert room.expired(1300)
    anna = make_participant(room, "anna")
    assert not room.expired(5000)
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert not room.expired(5000)
    assert not room.expired(5019)
    make_participant(room, "boris")
    assert not room.expired(5021)


def test_a_room_with_an_agent_only_counts_as_empty() -> None:
    room = make_room(departure_timeout_s=20)
    make_participant(room, "agent", kind=ParticipantKind.AGENT)
    assert not room.expired(2000)
    assert room.expired(2020)


def test_a_participant_is_active_when_its_primary_connection_is() -> None:
    room = make_room()
    anna = make_participant(room, "anna", single=False)
    states = []
    for connection in (anna.publisher_connection, anna.subscriber_connection):
        fake(connection).become(ConnectionState.CONNECTED)
        states.append(anna.state)
    assert states == [ParticipantState.JOINED, ParticipantState.ACTIVE]


def test_without_permission_to_subscribe_the_publisher_connection_is_primary() -> None:
    anna = make_participant(make_room(), "anna", replace(ALL, can_subscribe=False), single=False)
    fake(anna.publisher_connection).become(ConnectionState.CONNECTED)
    assert anna.state is ParticipantState.ACTIVE


def test_updates_delete_attributes_with_empty_values_and_raise_the_version() -> None:
    anna = make_participant(make_room(), "anna", attributes={"a": "1", "b": "2"})
    version = anna.version
    anna.update(name="Anna", attributes={"a": "", "c": "3"})
    assert (anna.name, anna.attributes) == ("Anna", {"b": "2", "c": "3"})
    assert anna.version == version + 1


async def test_a_publisher_that_changes_all_the_time_does_not_make_the_server_talk_all_the_time() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    anna = make_participant(room, "anna")
    make_participant(room, "boris")
    track = await publish(anna)
    room.flush()
    observer.changes.clear()
    for muted in [True, False] * 50:
        anna.publisher.mute(track, muted)
    assert len(observer.changes) == MAX_EXTRA_FLUSHES
    room.flush()
    assert len(observer.changes) == MAX_EXTRA_FLUSHES + 1, "the last state is always told"
    anna.publisher.mute(track, True)
    assert len(observer.changes) == MAX_EXTRA_FLUSHES + 2
