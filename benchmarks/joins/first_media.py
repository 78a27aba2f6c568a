"""How soon a newcomer hears something: from opening the WebSocket to the first packet."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from ..fanout.run import consent_kept, generate
from ..fanout.servers import Door, Sfu
from .doors import TRAFFIC, adapter_of, join_many

#: Newcomers come at this pace, whether or not the one before hears anything yet.
INTERVAL_S = 0.5
WARMUP_S = 2.0
#: Media goes on for so long after the last one came.
LATEST_S = 10.0
ROOM = "bench"


async def first_media_ms(server: Sfu, others: int, newcomers: int, log: Path) -> list[float]:
    """Of each newcomer, in a room with a publisher of sound and `others` who hear it. Raises what joining raises."""
    async with server.serving(log) as (_, door), adapter_of(door) as adapter:
        publisher = await adapter.publish(ROOM, kind="audio", ssrc=10_000, traffic=TRAFFIC)
        async with consent_kept(adapter.endpoints):
            plans = await join_many(adapter, [ROOM] * others)
        async with asyncio.TaskGroup() as group:
            group.create_task(
                generate(
                    {
                        "server_pids": [],
                        "warmup_s": WARMUP_S,
                        "duration_s": newcomers * INTERVAL_S + LATEST_S,
                        "rtx_payload_types": [],
                        "publishers": [publisher],
                        "subscribers": plans,
                    }
                )
            )
            began = time.monotonic() + WARMUP_S
            heard = []
            for number in range(newcomers):
                await asyncio.sleep(began + number * INTERVAL_S - time.monotonic())
                heard.append(group.create_task(newcomer_ms(door, others + number)))
        return [task.result() for task in heard]


async def newcomer_ms(
    door: Door, number: int, *, kind: str = "audio", attributes: Mapping[str, str] | None = None
) -> float:
    """Joins, hears (or sees), leaves. `attributes`: of its token."""
    async with adapter_of(door) as adapter:
        adapter.kind, adapter.viewers_attributes = kind, attributes or {}
        began = time.monotonic()
        await adapter.subscribe(ROOM, number, 1)
        await adapter.endpoints[0].first_media()
        took = time.monotonic() - began
        await adapter.leave()
        return took * 1e3
