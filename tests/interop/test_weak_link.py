"""Real clients behind a line that loses 5 % of the datagrams and takes 40 ms, each way."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest

from .impaired import Line, relay
from .sdk import FPS, camera, joined
from .server import RunningServer, free_port, running_server

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.network, pytest.mark.timeout(90)]
PICTURES = 120
#: Without retransmissions there would be one for every burst of losses, ten and more.
MAX_KEYFRAMES = 2
#: A lost packet comes again after one round trip or two; in the seeded network of the core every loss is saved in this
#: time (losses_are_recovered.rs).
FREEZE_S = 0.5
#: A tenth of the attempts is lost on this line. Once in a while a packet needs five, and the picture stands for longer.
LONG_FREEZES, LONGEST_FREEZE_S = 1, 1.0


@pytest.fixture(scope="module")
def announced() -> int:
    return free_port(socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def far_server(tmp_path_factory: pytest.TempPathFactory, announced: int) -> Iterator[RunningServer]:
    """A server whose clients know only the relay's port, and for TCP one where nobody listens."""
    folder = tmp_path_factory.mktemp("far-server")
    with running_server(
        folder, POLYANA_MEDIA__ANNOUNCED_UDP_PORT=str(announced), POLYANA_MEDIA__ANNOUNCED_TCP_PORT="9"
    ) as running:
        yield running


@pytest.mark.compatibility("media.transport_wide_feedback", "media.nack_rtx")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_pictures_keep_moving(far_server: RunningServer, announced: int, single: bool) -> None:
    line = Line.symmetric(delay_s=0.04)
    room_name = f"weak-{single}"
    async with (
        relay(announced, ("127.0.0.1", far_server.udp_port), line),
        joined(far_server, "viewer", room_name, single=single) as (_, received),
        joined(far_server, "teacher", room_name, single=single) as (room, _),
        camera(room),
    ):
        await received.until(lambda: len(received.pictures) >= 2 * FPS, "pictures on a line without loss")
        asked_before = far_server.metrics()['polyana_plis_total{direction="out"}']
        line.set_loss(0.05)
        first = len(received.pictures)
        await received.until(lambda: len(received.pictures) >= first + PICTURES, f"{PICTURES} pictures")
        asked = far_server.metrics()['polyana_plis_total{direction="out"}'] - asked_before
        gaps = np.diff(received.pictures_at[first : first + PICTURES])
        assert line.lost > 50
        assert (gaps > FREEZE_S).sum() <= LONG_FREEZES
        assert gaps.max() <= LONGEST_FREEZE_S
        assert asked <= MAX_KEYFRAMES, "almost all that was lost came again"
