"""Films from prepared packets, on a real socket, and what is no chunk."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator
from contextlib import closing

import pytest
from dataplane_peer import Peer
from hypothesis import given
from hypothesis import strategies as st

from mediaserver._dataplane import Chunk, ChunkPlayed, CodecParameters, DataPlane, Encoding

FILM, PICTURE = 900, 901
SSRC, PAYLOAD_TYPE, FRAME_US, FRAMES = 6000, 96, 10_000, 5


@pytest.fixture
def plane() -> Iterator[DataPlane]:
    made = DataPlane(udp_binds=["127.0.0.1:0"], tcp_binds=[], workers=1, seed=7)
    with closing(made):
        yield made


def record(at_us: int, stream: int, marker: bool, payload: bytes) -> bytes:
    return struct.pack("!IBBH", at_us, stream, marker, len(payload)) + payload


def pictures(number: int) -> Chunk:
    """Some frames of one packet; the first is a keyframe."""
    descriptor = b"\x90\x80"
    frames = (
        record(FRAME_US * frame, 0, True, descriptor + bytes([frame, frame > 0, number, frame]) + bytes(20))
        for frame in range(FRAMES)
    )
    return Chunk(b"".join(frames))


def test_a_film_reaches_a_peer_and_its_chunks_are_told(plane: DataPlane) -> None:
    host, _, port = plane.udp_addresses[0].rpartition(":")
    peer = Peer(plane, 1, (host, int(port)))
    plane.add_transport(FILM, 0, "film", "nobody connects to it")
    plane.set_receiver(
        FILM,
        PICTURE,
        kind="video",
        mid="",
        codecs=[CodecParameters(PAYLOAD_TYPE, "video/VP8", 90_000, None)],
        encodings=[Encoding(ssrc=SSRC)],
        extensions=[],
        nack=False,
    )
    plane.set_player(FILM, [(PICTURE, 0, PAYLOAD_TYPE, 90_000)])
    peer.check()
    peer.subscribe(1, receiver=PICTURE, ssrc=500)
    for number in range(2):
        plane.play_chunk(FILM, pictures(number), media_us=number * FRAME_US * FRAMES)
    plane.set_playing(FILM, playing=True)
    got = [peer.next_video() for _ in range(2 * FRAMES)]
    assert [tuple(packet.payload[4:6]) for packet in got] == [
        (number, frame) for number in range(2) for frame in range(FRAMES)
    ]
    first = got[0]
    assert [packet.sequence_number - first.sequence_number for packet in got] == list(range(2 * FRAMES))
    assert all(packet.ssrc == 500 and packet.marker for packet in got)
    steps = {(b.timestamp - a.timestamp) % 2**32 for a, b in itertools.pairwise(got)}
    assert steps <= set(range(895, 2000)), "ten milliseconds, and what passed between the two chunks"
    played = [event for event in plane.poll_events() if isinstance(event, ChunkPlayed)]
    assert [(event.transport, event.media_us) for event in played] == [(FILM, 0), (FILM, 50_000)]
    peer.close()


RECORDS = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=1300)),
    max_size=5,
)


@given(RECORDS, st.integers(0, 40))
def test_bytes_are_a_chunk_exactly_when_all_records_are_right(
    records: list[tuple[int, int, int, bytes]], cut: int
) -> None:
    whole = b"".join(struct.pack("!IBBH", at, s, f, len(payload)) + payload for at, s, f, payload in records)
    data = whole[: len(whole) - cut]
    times = [at for at, *_ in records]
    right = (
        bool(records)
        and data == whole
        and times == sorted(times)
        and all(s < 16 and f in (0, 1) and 1 <= len(payload) <= 1200 for _, s, f, payload in records)
    )
    if data == whole and not right:
        with pytest.raises(ValueError, match=r"record|payload|packets"):
            Chunk(data)
    elif right and data == whole:
        Chunk(data)
    else:
        with contextlib.suppress(ValueError):  # what is cut off may leave whole records
            Chunk(data)
