"""A real client sends no more than the operator allows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from .broadcast import SPEECH_BPS, broadcast
from .sdk import joined
from .server import RunningServer, running_server

pytestmark = [pytest.mark.interop, pytest.mark.timeout(60)]
LIMIT_BPS = 400_000


def received(server: RunningServer) -> float:
    samples = server.metrics().items()
    return sum(value for name, value in samples if "rtp_bytes_in" in name)


async def test_libwebrtc_obeys_the_answer(tmp_path: Path) -> None:
    with running_server(tmp_path, POLYANA_RTC__MAX_PUBLISH_BITRATE__VIDEO=str(LIMIT_BPS)) as server:
        async with (
            joined(server, "teacher", "limited", single=True) as (room, _),
            broadcast(room, SPEECH_BPS),
        ):
            await asyncio.sleep(8)  # the encoder has found its rate
            before = await asyncio.to_thread(received, server)
            await asyncio.sleep(8)
            rate = (await asyncio.to_thread(received, server) - before) * 8 / 8
        # Sound with redundancy comes beside it.
        assert LIMIT_BPS / 4 < rate < LIMIT_BPS * 1.1 + 80_000
        assert not [name for name, value in server.metrics().items() if "over_limit" in name and value]
