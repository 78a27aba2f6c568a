"""Redundant audio (RFC 2198) between published SDKs: speech survives what the line loses."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest
from livekit import rtc

from .impaired import Line, relay
from .sdk import RATE, camera, joined
from .server import free_port, running_server

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.network, pytest.mark.timeout(90)]
#: Syllables of the sound: the loudness of 20 ms in a pause and in a tone.
FRAME = RATE // 50
LOUD = 1500


def of_microphone(room: rtc.Room) -> rtc.RemoteTrackPublication:
    (participant,) = room.remote_participants.values()
    publications = participant.track_publications.values()
    return next(p for p in publications if p.kind == rtc.TrackKind.KIND_AUDIO)


@pytest.mark.compatibility("media.red")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_lost_speech_is_in_what_comes_next(tmp_path: Path, single: bool) -> None:
    announced = free_port(socket.SOCK_DGRAM)
    ports = {
        "POLYANA_MEDIA__ANNOUNCED_UDP_PORT": str(announced),
        "POLYANA_MEDIA__ANNOUNCED_TCP_PORT": "9",
    }
    line = Line.symmetric(delay_s=0.02)
    with running_server(tmp_path, **ports) as server:
        async with (
            relay(announced, ("127.0.0.1", server.udp_port), line),
            joined(server, "viewer", "red", single=single) as (viewer, received),
            joined(server, "teacher", "red", single=single) as (teacher, _),
            camera(teacher),
        ):
            await received.until(lambda: len(received.speech()) > RATE, "sound on a line without loss")
            assert of_microphone(viewer).mime_type.lower() == "audio/red"
            line.set_loss(0.05)
            first = len(received.speech())
            await received.until(lambda: len(received.speech()) > first + 6 * RATE, "six seconds more")
            sound = received.speech()[first:]
            frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
            loud = np.abs(frames.astype(np.int32)).max(axis=1) > LOUD
            # Half of the time is tone; what is lost for good shows as silence in it.
            assert 0.4 < loud.mean() < 0.65
            events = server.metrics()
            assert events['polyana_data_plane_events_total{name="red_recovered"}'] > 3
            assert not server.problems()
