"""Many join at once: server CPU for each join, with WebSocket, signalling, ICE and DTLS."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from ..fanout.run import consent_kept
from ..fanout.servers import Sfu
from ..peers.process import cpu_seconds, process_tree
from .doors import WARM_UP, adapter_of, join_many, publish_in, stats

#: Updates about the last joins go out within this time; they belong to the cost.
SETTLE_S = 1.0


@dataclass(frozen=True)
class Storm:
    """`joins` newcomers, spread over `rooms` rooms that have a publisher each."""

    name: str
    rooms: int
    joins: int

    def room_names(self) -> list[str]:
        return [f"bench-{number}" for number in range(self.rooms)]

    def destinations(self) -> list[str]:
        """The room of each newcomer: all rooms in turn."""
        names = self.room_names()
        return [names[number % self.rooms] for number in range(self.joins)]


def storms(joins: int, room_size: int) -> list[Storm]:
    """One room that grows to `joins`, and as many joins into rooms of `room_size`."""
    return [
        Storm(f"one room that grows to {joins}", 1, joins),
        Storm(f"rooms of {room_size}", max(1, joins // room_size), joins),
    ]


@dataclass(frozen=True)
class StormOutcome:
    """CPU times are user + system: of the server's processes, and of this one as the client."""

    server_ms: float
    """For each join."""
    client_ms: float
    per_second: float
    """Complete joins, by the time from the first to the last."""
    server_share: float
    """Of one core, meanwhile."""


async def run_storm(server: Sfu, storm: Storm, log: Path) -> StormOutcome:
    """Raises what joining raises."""
    async with server.serving(log) as (process, door), adapter_of(door) as adapter:
        await publish_in(adapter, [WARM_UP[0], *storm.room_names()])
        await join_many(adapter, WARM_UP)
        pids = process_tree(process.pid)
        async with consent_kept(adapter.endpoints):
            charged, own, began = cpu_seconds(stats(pids)), time.process_time(), time.monotonic()
            await join_many(adapter, storm.destinations())
            own, took_s = time.process_time() - own, time.monotonic() - began
            busy = cpu_seconds(stats(pids)) - charged
            await asyncio.sleep(SETTLE_S)
            charged = cpu_seconds(stats(pids)) - charged
        return StormOutcome(
            server_ms=charged * 1e3 / storm.joins,
            client_ms=own * 1e3 / storm.joins,
            per_second=storm.joins / took_s,
            server_share=busy / took_s,
        )
