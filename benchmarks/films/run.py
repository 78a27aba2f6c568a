"""One run: the server without films, with films that nobody watches, and with their viewers."""

import asyncio
import os
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import mediaserver

from ..fanout.run import consent_kept, gathered, generate
from ..fanout.servers import Door
from ..joins.doors import JOINS_AT_ONCE, adapter_of
from ..peers.plan import PeerPlan, Plan
from ..peers.process import free_port, pinned, python, resident_bytes, wait_for_port
from .profile import files_of, own_share, record, samples
from .theatre import SECRET

SETTLE_S = 2.0
KINDS, H264_KINDS = ("video", "audio"), ("h264", "audio")


@dataclass(frozen=True)
class Outcome:
    """CPU seconds, user + system, of the server for each second."""

    idle: float
    """Rooms, and nothing else."""
    unwatched: float
    """The film plays in every room, and nobody is there."""
    python: float
    """Of what a film costs that nobody watches: threads that are not the data plane's."""
    watched: float
    plane_share: float
    """Of the server's CPU with viewers: the player's code in the data plane."""
    python_watched: float
    """CPU seconds for each second with viewers, of threads that are not the data plane's."""
    resident: tuple[int, int, int]
    """Bytes of memory: rooms alone, with the film that nobody watches, after its viewers."""
    packets_per_second: float
    """That arrived at viewers."""
    loss: float
    """Share of packets that did not arrive, 0 to 1."""
    silent: int = 0
    """Streams of which nothing came."""

    @property
    def player_share(self) -> float:
        """Of what the server takes with its viewers: reading ahead, Python's part, packets when they are due."""
        return self.python / self.watched + self.plane_share if self.watched else 0.0


def cpu_s(pid: int) -> float:
    """CPU time of a process with all of its threads (its CPU clock, clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def outside_s(pid: int) -> float:
    """Of its threads that are not the data plane's (proc_pid_schedstat: nanoseconds on a CPU)."""
    threads = [
        thread
        for thread in Path(f"/proc/{pid}/task").iterdir()
        if not (thread / "comm").read_text(encoding="utf-8").startswith("dataplane")
    ]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


async def cpu_shares(pid: int, seconds: float) -> tuple[float, float]:
    """CPU seconds for each second from now on: of all threads, and of those outside the data plane."""
    begun, used, outside = time.monotonic(), cpu_s(pid), outside_s(pid)
    await asyncio.sleep(seconds)
    passed = time.monotonic() - begun
    return (cpu_s(pid) - used) / passed, (outside_s(pid) - outside) / passed


async def run_films(
    rooms: int, viewers: int, *, h264: int, seconds: float, warmup: float, log: Path
) -> Outcome:
    """`viewers` of each room, `h264` of them decode nothing but H.264. Raises what joining raises."""
    http, udp = free_port(), free_port(socket.SOCK_DGRAM)
    folder = log.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    arguments = [python(), "-m", "benchmarks.films.theatre", *map(str, [http, udp, rooms, folder])]
    async with pinned(arguments, log) as process:
        await wait_for_port(http)
        await asyncio.sleep(SETTLE_S)
        idle, outside_idle = await cpu_shares(process.pid, seconds)
        resident = [resident_bytes([process.pid])]
        os.kill(process.pid, signal.SIGUSR1)
        await asyncio.sleep(SETTLE_S)
        unwatched, outside = await cpu_shares(process.pid, seconds)
        resident.append(resident_bytes([process.pid]))
        async with adapter_of(Door(http, "devkey", SECRET)) as adapter:

            async def watch(number: int) -> tuple[PeerPlan, list[int]]:
                kinds = H264_KINDS if number // rooms < h264 else KINDS
                return await adapter.subscribe(f"bench-{number % rooms}", number, len(kinds), kinds)

            async with consent_kept(adapter.endpoints):
                found = await gathered(watch, rooms * viewers, at_once=JOINS_AT_ONCE)
            plan: Plan = {
                "server_pids": [process.pid],
                "warmup_s": warmup,
                "duration_s": seconds,
                "rtx_payload_types": sorted({number for _, types in found for number in types}),
                "publishers": [],
                "subscribers": [peer for peer, _ in found],
            }
            media = asyncio.create_task(generate(plan))
            await asyncio.sleep(warmup)
            _, python_watched = await cpu_shares(process.pid, seconds)
            report = await media
            resident.append(resident_bytes([process.pid]))
            # Again, under perf: it costs too much to be part of the window.
            media = asyncio.create_task(generate(plan))
            await asyncio.sleep(warmup)
            profile = log.with_suffix(".perf")
            await record(process.pid, seconds, profile)
            await media
    total, places = samples(profile)
    library = next(Path(mediaserver.__file__).parent.glob("_dataplane*.so"))
    received, lost = report["received"], report["lost"]
    return Outcome(
        idle=idle,
        unwatched=unwatched,
        python=max(0.0, outside - outside_idle),
        plane_share=own_share(total, places, files_of(library, places)),
        watched=report["server_cpu_s"] / report["window_s"],
        python_watched=python_watched,
        resident=(resident[0], resident[1], resident[2]),
        packets_per_second=received / report["window_s"],
        loss=lost / (received + lost) if received else 1.0,
        silent=max(0, rooms * viewers * len(KINDS) - report["streams"]),
    )
