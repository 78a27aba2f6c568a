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
#: It must be told first, and its encoder has to find its rate.
SPAN_S, KEPT, SPANS = 3.0, 2, 7


async def counted(server: RunningServer) -> tuple[float, float, float]:
    """When, bytes of RTP that came in, packets that were dropped for the limit."""
    samples = await asyncio.to_thread(server.metrics)
    now = asyncio.get_running_loop().time()
    return now, samples['polyana_rtp_bytes_total{direction="in"}'], samples[OVER_LIMIT]


async def span(server: RunningServer) -> tuple[float, float]:
    """What came in meanwhile, bit/s, and how many packets were dropped."""
    before = await counted(server)
    await asyncio.sleep(SPAN_S)
    seconds, size, dropped = (one - other for one, other in zip(await counted(server), before, strict=True))
    return size * 8 / seconds, dropped


def is_obeyed(rate_bps: float, dropped: float) -> bool:
    # Sound with redundancy comes beside the pictures.
    return LIMIT_BPS / 4 < rate_bps < LIMIT_BPS * 1.1 + 80_000 and dropped == 0


async def test_libwebrtc_obeys(tmp_path: Path) -> None:
    with running_server(tmp_path, POLYANA_RTC__MAX_PUBLISH_BITRATE__VIDEO=str(LIMIT_BPS)) as server:
        async with (
            joined(server, "teacher", "limited", single=True) as (room, _),
            broadcast(room, SPEECH_BPS),
        ):
            kept, spans = 0, list[tuple[float, float]]()
            while kept < KEPT and len(spans) < SPANS:
                spans.append(await span(server))
                kept = kept + 1 if is_obeyed(*spans[-1]) else 0
        assert kept == KEPT, spans
