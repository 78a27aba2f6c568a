"""Data messages: who gets them, and what happens when a channel is not open or full."""

from typing import cast

from mediaserver.data import LOSSY, RELIABLE, DataOutbox, recipients
from mediaserver.peer_connection import PeerConnection
from tests.mediaserver.room_fakes import FakeConnection, fake, make_participant, make_room


def test_recipients() -> None:
    room = make_room()
    anna, boris, clara = (make_participant(room, name) for name in ("anna", "boris", "clara"))
    everybody = room.participants.values()
    assert list(recipients(everybody, sender=anna)) == [boris, clara]
    assert list(recipients(everybody, sender=anna, identities={"clara", "anna"})) == [clara]
    assert list(recipients(everybody, sender=anna, sids={boris.sid})) == [boris]
    assert list(recipients(everybody, sender=anna, identities={"nobody"})) == []


def outbox() -> tuple[DataOutbox, FakeConnection, PeerConnection]:
    anna = make_participant(make_room(), "anna")
    connection = fake(anna.publisher_connection)
    return (
        DataOutbox(max_waiting_bytes=10, max_buffered_bytes=100),
        connection,
        cast(PeerConnection, connection),
    )


def test_reliable_messages_wait_for_the_channel_in_order() -> None:
    data, connection, peer = outbox()
    for payload in (b"1", b"2", b"3"):
        assert data.send(peer, RELIABLE, payload)
    assert connection.sent == []
    data.opened(peer)
    assert [payload for _, payload in connection.sent] == [b"1", b"2", b"3"]
    assert data.send(peer, RELIABLE, b"4") and connection.sent[-1] == (RELIABLE, b"4")


def test_what_waits_is_bounded() -> None:
    data, _, peer = outbox()
    assert data.send(peer, RELIABLE, b"12345678")
    assert not data.send(peer, RELIABLE, b"123")
    assert data.send(peer, RELIABLE, b"12")
    assert data.dropped == 1


def test_of_a_state_only_the_newest_word_waits() -> None:
    data, connection, peer = outbox()
    assert data.send(peer, RELIABLE, b"first")
    for number in range(20):
        assert data.send(peer, RELIABLE, b"s%02d" % number, state="call")
    assert data.send(peer, RELIABLE, b"z") and data.dropped == 0
    data.opened(peer)
    assert [payload for _, payload in connection.sent] == [b"first", b"s19", b"z"]
    for payload in (b"s20", b"s21"):
        data.send(peer, RELIABLE, payload, state="call")
    assert [payload for _, payload in connection.sent[3:]] == [b"s20", b"s21"]


def test_lossy_messages_never_wait() -> None:
    data, connection, peer = outbox()
    connection.open_channels = set()
    assert not data.send(peer, LOSSY, b"1")
    connection.open_channels = {"_lossy"}
    data.opened(peer)
    assert connection.sent == [] and data.dropped == 1


def test_a_slow_receiver_does_not_fill_the_memory() -> None:
    data, connection, peer = outbox()
    data.opened(peer)
    connection.buffered = 99
    assert data.send(peer, RELIABLE, b"1")
    assert not data.send(peer, RELIABLE, b"12")


def test_what_an_open_channel_does_not_take_is_dropped_and_blocks_nothing() -> None:
    data, connection, peer = outbox()
    data.opened(peer)
    connection.open_channels = set()
    assert not data.send(peer, RELIABLE, b"too large for this peer")
    connection.open_channels = {"_reliable"}
    assert data.send(peer, RELIABLE, b"1") and data.dropped == 1
