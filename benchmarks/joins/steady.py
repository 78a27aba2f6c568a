"""Nothing but media: what of the server's CPU is Python."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..fanout.run import consent_kept, generate
from ..fanout.servers import Polyana
from ..fanout.shape import Shape
from ..peers.process import cpu_seconds
from .doors import adapter_of, join_many, thread_stats

ROOM = "bench"


@dataclass(frozen=True)
class Steady:
    """CPU seconds of a window, user + system."""

    python_s: float
    others_s: float
    """All other threads: the data plane's workers."""
    window_s: float
    packets: int = 0
    """That arrived."""

    @property
    def python_share(self) -> float:
        """Of the server's CPU time."""
        used = self.python_s + self.others_s
        return self.python_s / used if used else 0.0


def split(pid: int, before: Mapping[int, str], after: Mapping[int, str], window_s: float) -> Steady:
    """The main thread (Python's event loop; its id is the process's) and the others, by `/proc/PID/task/TID/stat`. A
    thread that ended in the window is left out, one that began counts from zero."""
    used = {
        thread: cpu_seconds([stat]) - cpu_seconds([before[thread]] if thread in before else [])
        for thread, stat in after.items()
    }
    python_s = used.pop(pid)
    return Steady(python_s, sum(used.values()), window_s)


async def window(pid: int, seconds: float) -> Steady:
    """What its threads use from now on for so long."""
    before = thread_stats(pid)
    await asyncio.sleep(seconds)
    return split(pid, before, thread_stats(pid), seconds)


async def run_steady(shape: Shape, *, seconds: float, warmup: float, log: Path) -> Steady:
    """One publisher, `shape.receivers` who receive it. Raises what joining raises."""
    async with Polyana().serving(log) as (process, door), adapter_of(door) as adapter:
        publisher = await adapter.publish(ROOM, kind=shape.kind, ssrc=10_000, traffic=shape.traffic())
        async with consent_kept(adapter.endpoints):
            plans = await join_many(adapter, [ROOM] * shape.receivers)
        media = asyncio.create_task(
            generate(
                {
                    "server_pids": [process.pid],
                    "warmup_s": warmup,
                    "duration_s": seconds,
                    "rtx_payload_types": [],
                    "publishers": [publisher],
                    "subscribers": plans,
                }
            )
        )
        await asyncio.sleep(warmup)
        found = await window(process.pid, seconds)
        report = await media
        return Steady(found.python_s, found.others_s, seconds, report["received"])
