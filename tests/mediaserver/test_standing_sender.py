"""Tracks take turns on one outgoing stream, which to the peer never ends: through the real data plane."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dataplane_peer import OUT_RTX, OUT_VIDEO, RTX, VIDEO, Peer, number_of

from mediaserver._dataplane import DataPlane
from mediaserver.peer_connection import PeerConnection
from mediaserver.rtp import RtpReceiver
from mediaserver.sdp import RtpCodec
from mediaserver.standing import StandingSender

VP8 = RtpCodec(VIDEO, "video/VP8", 90_000, rtx_payload_type=RTX)
H264 = RtpCodec(VIDEO, "video/H264", 90_000, parameters=(("packetization-mode", "1"),))
PEER_CODECS = [RtpCodec(OUT_VIDEO, "video/VP8", 90_000, rtx_payload_type=OUT_RTX)]


@dataclass
class Stage:
    """A viewer with a standing sender, and publishers that come and go."""

    plane: DataPlane
    viewer: Peer
    sender: StandingSender
    engine: Any

    def publisher(self, transport: int, codec: RtpCodec = VP8) -> tuple[Peer, RtpReceiver]:
        peer = Peer(self.plane, transport, self.viewer.address)
        peer.check()
        receiver_id = self.engine.next_id()
        peer.publish(receiver_id, ssrc=transport)
        connection = cast(PeerConnection, SimpleNamespace(engine=self.engine, id=transport))
        return peer, RtpReceiver(
            receiver_id, "video", "0", connection, codecs=[codec], mime_type=codec.mime_type
        )

    def end(self, source: RtpReceiver) -> None:
        """As a connection ends its receivers."""
        source.release()
        self.plane.remove_receiver(source.id)
        source.ended = True


@pytest.fixture
def stage() -> Iterator[Stage]:
    with closing(DataPlane(udp_binds=["127.0.0.1:0"], tcp_binds=[], workers=1, seed=7)) as plane:
        port = int(plane.udp_addresses[0].rpartition(":")[2])
        viewer = Peer(plane, 1, ("127.0.0.1", port))
        viewer.check()
        ids = itertools.count(10)
        engine = SimpleNamespace(plane=plane, next_id=lambda: next(ids))
        connection = cast(PeerConnection, SimpleNamespace(engine=engine, id=1))
        sender = StandingSender.on(connection, "video", stream_id="viewer", track_id="video")
        sender.mid = "0"
        assert sender.negotiated(PEER_CODECS, [])
        yield Stage(plane, viewer, sender, engine)
        viewer.close()


def send(peer: Peer, number: int, transport: int) -> None:
    """After the worker has done all that it was told: it answers a check when it is through with its mailbox."""
    peer.send(bytes(peer.request()))
    while peer.receive()[0] > 3:  # reports come in between (RFC 7983)
        pass
    peer.send(peer.video(number, transport))


def play(stage: Stage, peer: Peer, transport: int, first: int) -> list[Any]:
    got = []
    for number in range(first, first + 5):
        send(peer, number, transport)
        got.append(stage.viewer.next_video())
    assert [number_of(packet) for packet in got] == list(range(first, first + 5))
    return got


def test_the_stream_goes_on_over_tracks_that_end(stage: Stage) -> None:
    packets = []
    for transport in (2, 3, 4):
        peer, source = stage.publisher(transport)
        assert stage.sender.idle
        stage.sender.replace_source(source)
        assert not stage.sender.idle
        packets += play(stage, peer, transport, 1000 * transport)
        stage.end(source)
        peer.close()
    # They were decrypted by one SRTP context: neither number nor rollover counter went back.
    numbers = [packet.sequence_number for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + 15))
    assert {packet.ssrc for packet in packets} == {stage.sender.ssrc}
    times = [packet.timestamp for packet in packets]
    assert sorted(times) == times


def test_one_track_after_another_that_stays(stage: Stage) -> None:
    (one, first), (other, second) = stage.publisher(2), stage.publisher(3)
    stage.sender.replace_source(first)
    before = play(stage, one, 2, 100)
    stage.sender.replace_source(second)
    assert first.before_end == []
    send(one, 105, 2)  # goes nowhere now
    after = play(stage, other, 3, 500)
    assert after[0].sequence_number == before[-1].sequence_number + 1
    stage.end(first)
    assert stage.sender.source is second
    one.close()
    other.close()


def test_between_tracks_nothing_goes_out(stage: Stage) -> None:
    peer, source = stage.publisher(2)
    stage.sender.replace_source(source)
    play(stage, peer, 2, 100)
    stage.sender.rest()
    assert stage.sender.idle and stage.sender.mapping == []
    send(peer, 105, 2)
    stage.viewer.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        stage.viewer.next_video()
    peer.close()


def test_a_codec_that_the_peer_does_not_know_is_not_sent(stage: Stage) -> None:
    peer, source = stage.publisher(2, H264)
    stage.sender.replace_source(source)
    assert stage.sender.mapping == []
    send(peer, 100, 2)
    stage.viewer.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        stage.viewer.next_video()
    peer.close()
