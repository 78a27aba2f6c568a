"""A real client sends no more than the operator allows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from .broadcast import SPEECH_BPS, broadcast
from .sdk import joined
from .server import RunningServer, running_server

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(60)]
LIMIT_BPS = 400_000


OVER_LIMIT = 'polyana_data_plane_events_total{name="dropped_over_limit"}'


async def counted(server: RunningServer) -> tuple[float, float]:
    """Bytes of RTP that came in, packets that were dropped for the limit."""
    samples = await asyncio.to_thread(server.metrics)
    return samples['polyana_rtp_bytes_total{direction="in"}'], samples[OVER_LIMIT]


async def test_libwebrtc_obeys(tmp_path: Path) -> None:
    with running_server(tmp_path, POLYANA_RTC__MAX_PUBLISH_BITRATE__VIDEO=str(LIMIT_BPS)) as server:
        async with (
            joined(server, "teacher", "limited", single=True) as (room, _),
            broadcast(room, SPEECH_BPS),
        ):
            await asyncio.sleep(8)  # it has been told, and its encoder has found its rate
            before = await counted(server)
            await asyncio.sleep(8)
            after = await counted(server)
        rate = (after[0] - before[0]) * 8 / 8
        # Sound with redundancy comes beside the pictures.
        assert LIMIT_BPS / 4 < rate < LIMIT_BPS * 1.1 + 80_000
        assert after[1] == before[1]
