"""What comes in of a track is copied, on a real data plane."""

from __future__ import annotations

import select
import struct
import time
from contextlib import closing

import pytest

from mediaserver._dataplane import Chunk, CodecParameters, DataPlane, Encoding, Tapped

FILM, PICTURE, TAP = 900, 901, 902
FRAMES, FRAME_US = 40, 5_000


def chunk() -> Chunk:
    """Frames of one packet; the first is a keyframe of VP8."""
    payloads = (b"\x90\x80" + bytes([frame, frame > 0, 7, frame]) + bytes(20) for frame in range(FRAMES))
    return Chunk(
        b"".join(
            struct.pack("!IBBH", FRAME_US * frame, 0, 1, len(payload)) + payload
            for frame, payload in enumerate(payloads)
        )
    )


def next_chunk(plane: DataPlane) -> Tapped:
    """The next chunk of the tap; nothing for five seconds is a failure."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        select.select([plane.fileno()], [], [], 1)
        for event in plane.poll_events(1):
            if isinstance(event, Tapped):
                return event
    raise AssertionError("nothing was copied")


def test_what_comes_in_is_copied_until_the_tap_is_removed() -> None:
    with closing(DataPlane(udp_binds=["127.0.0.1:0"], tcp_binds=[], workers=1, seed=7)) as plane:
        plane.add_transport(FILM, 0, "film", "nobody connects to it")
        plane.set_receiver(
            FILM,
            PICTURE,
            kind="video",
            mid="",
            codecs=[CodecParameters(96, "video/VP8", 90_000, None)],
            encodings=[Encoding(ssrc=6000)],
            extensions=[],
            nack=False,
        )
        plane.set_player(FILM, [(PICTURE, 0, 96, 90_000)])
        plane.add_tap(TAP, PICTURE)
        began = plane.now_us
        plane.play_chunk(FILM, chunk(), media_us=0)
        plane.set_playing(FILM, playing=True)
        first = next_chunk(plane)
        assert (first.tap, first.ended, first.lost, first.dropped) == (TAP, False, 0, 0)
        arrival, _, _, length, flags, encoding, payload_type = struct.unpack_from("<QQIHBBB", first.records)
        assert (length, flags, encoding, payload_type) == (8, 4, 0, 96), "what a sender report would say"
        assert began <= arrival <= plane.now_us
        packet = struct.unpack_from("<QQIHBBB", first.records, 25 + 8)
        assert packet[3:] == (26, 1 | 2, 0, 96), "a keyframe, with which the stream begins"
        plane.remove_tap(TAP)
        last = next_chunk(plane)
        while not last.ended:
            last = next_chunk(plane)
        with pytest.raises(ValueError, match="no tap"):
            plane.remove_tap(TAP)
        with pytest.raises(ValueError, match="no receiver"):
            plane.add_tap(TAP, 12345)
