"""GStreamer of the distribution as a WHIP publisher and a WHEP player (`make interop` installs it)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from .sdk import RATE, camera, joined, token
from .server import RunningServer
from .test_whip import check_tone, full

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.heavy, pytest.mark.timeout(90)]
PYTHON = os.environ.get("GSTREAMER_PYTHON", "/usr/bin/python3")
CLIENT = Path(__file__).parent / "gstreamer_client.py"


@asynccontextmanager
async def gstreamer(
    server: RunningServer, role: str, room: str, codec: str = "vp8"
) -> AsyncIterator[dict[str, int]]:
    """Runs meanwhile; afterwards the mapping tells the frames that it got."""
    arguments = [PYTHON, str(CLIENT), role, f"{server.http}/{role}/v1", token("gstreamer", room), codec]
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    frames: dict[str, int] = {}
    try:
        yield frames
    finally:
        output, errors = await asyncio.wait_for(process.communicate(b""), 20)
    assert process.returncode == 0, errors.decode()
    frames.update(json.loads(output))


@pytest.mark.parametrize("codec", ["vp8", "h264"])
@pytest.mark.compatibility("client.whip_gstreamer")
async def test_gstreamer_publishes(server: RunningServer, codec: str) -> None:
    room_name = f"whip-gstreamer-{codec}"
    async with joined(server, "viewer", room_name, single=True) as (_, received):
        async with gstreamer(server, "whip", room_name, codec):
            await received.until(lambda: len(full(received)) >= 40, "40 pictures at full size")
            await received.until(lambda: len(received.speech()) > 2 * RATE, "two seconds of sound")
            check_tone(received)
        await received.until(lambda: "left" in received.events, "the publisher leaves")


@pytest.mark.compatibility("client.whep_gstreamer")
async def test_gstreamer_plays(server: RunningServer) -> None:
    room_name = "whep-gstreamer"
    async with (
        joined(server, "witness", room_name, single=True) as (_, received),
        joined(server, "teacher", room_name, single=True) as (room, _),
        camera(room, "vp8"),
    ):
        async with gstreamer(server, "whep", room_name) as frames:
            await received.until(
                lambda: "came" in received.events and len(full(received)) >= 120, "six seconds"
            )
        assert frames["video"] >= 40 and frames["audio"] >= 100, frames
