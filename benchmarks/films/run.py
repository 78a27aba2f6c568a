"""One run: the server without films, with films that nobody watches, and with their viewers."""

import asyncio
import os
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from ..fanout.run import consent_kept, gathered, generate
from ..fanout.servers import Door
from ..joins.doors import JOINS_AT_ONCE, adapter_of
from ..peers.plan import PeerPlan
from ..peers.process import free_port, pinned, python, wait_for_port
from .theatre import SECRET

SETTLE_S = 2.0


@dataclass(frozen=True)
class Outcome:
    """CPU seconds, user + system, of the server for each second."""

    idle: float
    """Rooms, and nothing else."""
    unwatched: float
    """The film plays in every room, and nobody is there."""
    watched: float
    packets_per_second: float
    """Of pictures, that arrived at viewers."""
    loss: float
    """Share of packets that did not arrive, 0 to 1."""
    silent: int = 0
    """Viewers to whom nothing came."""

    @property
    def player_share(self) -> float:
        """Of what the server takes with its viewers: reading ahead, Python's part, packets when they are due."""
        return (self.unwatched - self.idle) / self.watched if self.watched else 0.0


def cpu_s(pid: int) -> float:
    """CPU time of a process with all of its threads (its CPU clock, clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


async def cpu_share(pid: int, seconds: float) -> float:
    """CPU seconds for each second from now on."""
    begun, used = time.monotonic(), cpu_s(pid)
    await asyncio.sleep(seconds)
    return (cpu_s(pid) - used) / (time.monotonic() - begun)


async def run_films(rooms: int, viewers: int, *, seconds: float, warmup: float, log: Path) -> Outcome:
    """`viewers` of each room. Raises what joining raises."""
    http, udp = free_port(), free_port(socket.SOCK_DGRAM)
    folder = log.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    arguments = [python(), "-m", "benchmarks.films.theatre", *map(str, [http, udp, rooms, folder])]
    async with pinned(arguments, log) as process:
        await wait_for_port(http)
        await asyncio.sleep(SETTLE_S)
        idle = await cpu_share(process.pid, seconds)
        os.kill(process.pid, signal.SIGUSR1)
        await asyncio.sleep(SETTLE_S)
        unwatched = await cpu_share(process.pid, seconds)
        async with adapter_of(Door(http, "devkey", SECRET)) as adapter:

            async def watch(number: int) -> PeerPlan:
                plan, _ = await adapter.subscribe(f"bench-{number % rooms}", number, 1)
                return plan

            async with consent_kept(adapter.endpoints):
                plans = await gathered(watch, rooms * viewers, at_once=JOINS_AT_ONCE)
            report = await generate(
                {
                    "server_pids": [process.pid],
                    "warmup_s": warmup,
                    "duration_s": seconds,
                    "rtx_payload_types": [],
                    "publishers": [],
                    "subscribers": plans,
                }
            )
    received, lost = report["received"], report["lost"]
    return Outcome(
        idle=idle,
        unwatched=unwatched,
        watched=report["server_cpu_s"] / report["window_s"],
        packets_per_second=received / report["window_s"],
        loss=lost / (received + lost) if received else 1.0,
        silent=max(0, rooms * viewers - report["streams"]),
    )
