"""What all parts share: clients of a running server that join, and what the kernel says of processes and threads."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ..fanout.servers import GCM, Door, client_session
from ..peers.livekit import LiveKitServer
from ..peers.plan import PeerPlan, Traffic

JOINS_AT_ONCE = 16
#: The first joins pay for what is made once: imports, contexts, threads.
WARM_UP = ("warm-up",) * 16
#: Opus, 20 ms.
TRAFFIC: Traffic = {
    "frames_per_second": 50.0,
    "burst": 1,
    "packet_bytes": 120,
    "clock_rate": 48_000,
    "frames": [],
}


@asynccontextmanager
async def adapter_of(door: Door) -> AsyncIterator[LiveKitServer]:
    """Clients of this server; their connections end with the block."""
    async with client_session() as http:
        adapter = LiveKitServer(http, door.websocket, door.key, door.secret, GCM)
        try:
            yield adapter
        finally:
            await adapter.close()


async def publish_in(adapter: LiveKitServer, rooms: Sequence[str]) -> None:
    """A publisher of sound for each room."""
    gate = asyncio.Semaphore(JOINS_AT_ONCE)

    async def publish(number: int, room: str) -> None:
        async with gate:
            await adapter.publish(room, kind="audio", ssrc=10_000 + 10 * number, traffic=TRAFFIC)

    await asyncio.gather(*(publish(number, room) for number, room in enumerate(rooms)))


async def join_many(adapter: LiveKitServer, rooms: Sequence[str], *, first: int = 0) -> list[PeerPlan]:
    """A listener for each entry, `JOINS_AT_ONCE` at a time; they are numbered from `first`."""
    gate = asyncio.Semaphore(JOINS_AT_ONCE)

    async def join(number: int, room: str) -> PeerPlan:
        async with gate:
            plan, _ = await adapter.subscribe(room, number, 1)
            return plan

    return await asyncio.gather(*(join(number, room) for number, room in enumerate(rooms, first)))


def stats(pids: Iterable[int]) -> list[str]:
    """`/proc/PID/stat` of each process."""
    return [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8") for pid in pids]


def thread_stats(pid: int) -> dict[int, str]:
    """`/proc/PID/task/TID/stat` of each thread."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(task.name): (task / "stat").read_text(encoding="utf-8") for task in tasks}
