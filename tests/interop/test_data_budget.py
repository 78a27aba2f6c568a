"""A real client with a data budget: what goes over its line in a lesson is what was said, and sound goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from livekit import api

from .broadcast import SPEECH_BPS, broadcast
from .line_process import Way
from .sdk import joined
from .server import RunningServer
from .signal_relay import Behind, behind
from .viewer import Seen, watching

pytestmark = [
    pytest.mark.interop,
    pytest.mark.alone,
    pytest.mark.heavy,
    pytest.mark.network,
    pytest.mark.timeout(150),
]
MINUTE_S = 60.0
MB = 1_000_000


@asynccontextmanager
async def family(server: RunningServer, room: str, megabytes: int) -> AsyncIterator[tuple[Behind, Seen]]:
    """Somebody on a good line who has so much for one minute."""
    grants = api.VideoGrants(room_join=True, room=room)
    attributes = {"polyana.data_budget_mb": str(megabytes), "polyana.data_budget_minutes": "1"}
    made = api.AccessToken("devkey", "secret").with_identity("family").with_grants(grants)
    jwt = made.with_attributes(attributes).with_ttl(timedelta(hours=1)).to_jwt()
    async with (
        behind(server.http, up=Way(delay_s=0.02), down=Way(delay_s=0.02)) as door,
        watching(door.websocket, jwt, single=True) as seen,
    ):
        await seen.until(lambda: len(seen.tracks) == 2, "picture and sound are subscribed")
        yield door, seen


async def passed_bytes(door: Behind) -> int:
    _, record = await door.line.records()
    return sum(one.size for one in record.passed)


@pytest.mark.parametrize("megabytes", [2, 6])
async def test_a_minute_costs_what_was_said(server: RunningServer, megabytes: int) -> None:
    async with (
        joined(server, "teacher", f"budget-{megabytes}", single=True) as (room, _),
        broadcast(room, SPEECH_BPS),
    ):
        await asyncio.sleep(3)  # until all layers are encoded
        loop = asyncio.get_running_loop()
        async with family(server, f"budget-{megabytes}", megabytes) as (door, seen):
            began = loop.time()
            await seen.until(lambda: loop.time() >= began + MINUTE_S + 1, "a minute passes", MINUTE_S + 5)
            spent = await passed_bytes(door)
            # A second of so short a lesson is more than 2 %: what it leaves may be unspent, never overspent.
            assert 0.95 <= spent / (megabytes * MB) <= 1.02
            assert max(seen.gaps((began + 5, began + MINUTE_S)), default=0.0) < 0.2
            after = (began + MINUTE_S + 5, began + MINUTE_S + 10)
            await seen.until(lambda: loop.time() >= after[1], "sound goes on")
            assert seen.during(after) == [] and seen.concealed(after) < 0.05
            assert door.paused(seen.tracks["video"])
