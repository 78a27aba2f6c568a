"""One run: start a server, join everybody, let the load generator measure, read what the kernel charged."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ..peers.endpoint import Endpoint
from ..peers.process import GENERATOR_CORE, cpu_seconds, resident_bytes
from .servers import Server

JOINS_AT_ONCE = 8
#: Those who have joined show that they are there while others join: servers wait 15 s for a sign of life.
CONSENT_S = 4.0


@dataclass(frozen=True)
class Shape:
    """What is sent: bursts of equal packets, `frames_per_second` times a second."""

    name: str
    kind: str
    receivers: int
    publishers: int
    frames_per_second: float
    burst: int
    packet_bytes: int
    clock_rate: int

    @classmethod
    def named(cls, name: str, receivers: int) -> "Shape":
        if name == "video":  # 25 fps, 8 packets a frame: 1.9 Mbit/s
            return cls(name, "video", receivers, 1, 25.0, 8, 1200, 90_000)
        if name == "single":  # the same rate, packets one at a time
            return cls(name, "video", receivers, 1, 200.0, 1, 1200, 90_000)
        if name == "audio":  # Opus, 20 ms, everyone speaks to everyone
            return cls(name, "audio", receivers, receivers, 50.0, 1, 120, 48_000)
        raise ValueError(f"no shape {name}")

    def settings(self) -> dict[str, object]:
        return {
            "frames_per_second": self.frames_per_second,
            "burst": self.burst,
            "packet_bytes": self.packet_bytes,
            "clock_rate": self.clock_rate,
        }


async def run_shape(
    server: Server, shape: Shape, *, seconds: float, warmup: float, loadgen: Path, log: Path
) -> dict[str, object]:
    """CPU microseconds for each packet that arrived, and what else the run showed."""
    async with server.running(log) as (process, adapter):
        publishers = [
            await adapter.publish(
                "bench", kind=shape.kind, ssrc=10_000 + 10 * number, settings=shape.settings()
            )
            for number in range(shape.publishers)
        ]
        gate = asyncio.Semaphore(JOINS_AT_ONCE)

        async def join(number: int) -> tuple[dict[str, object], list[int]]:
            async with gate:
                return await adapter.subscribe("bench", number, shape.publishers)

        async with consent_kept(adapter.endpoints):
            joined = await asyncio.gather(*(join(number) for number in range(shape.receivers)))
        plan = {
            "server_pid": process.pid,
            "warmup_s": warmup,
            "duration_s": seconds,
            "rtx_payload_types": sorted({number for _, types in joined for number in types}),
            "publishers": publishers,
            "subscribers": [peer for peer, _ in joined],
        }
        report = await generate(loadgen, plan)
        memory = resident_bytes(process.pid)
    return assess(report, shape, memory)


@asynccontextmanager
async def consent_kept(endpoints: Sequence[Endpoint]) -> AsyncIterator[None]:
    """Refreshes consent of all endpoints again and again inside the block, and once more at its end."""

    def refresh() -> None:
        for endpoint in endpoints:
            endpoint.refresh_consent()

    async def keep() -> None:
        while True:
            await asyncio.sleep(CONSENT_S)
            refresh()

    keeper = asyncio.create_task(keep())
    try:
        yield
        refresh()
    finally:
        keeper.cancel()


async def generate(loadgen: Path, plan: dict[str, object]) -> dict[str, object]:
    peers = [*plan["publishers"], *plan["subscribers"]]  # type: ignore[misc]
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", GENERATOR_CORE, str(loadgen),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        pass_fds=[int(peer["fd"]) for peer in peers],
    )  # fmt: skip
    output, _ = await process.communicate(json.dumps(plan).encode())
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed with {process.returncode}")
    report: dict[str, object] = json.loads(output)
    return report


def assess(report: dict[str, object], shape: Shape, memory: int) -> dict[str, object]:
    before, after = report["server_stat"]  # type: ignore[misc]
    used = cpu_seconds(after) - cpu_seconds(before)
    received, sent = int(str(report["received"])), int(str(report["sent"]))
    expected = sent * shape.receivers
    return {
        "us_per_packet": used * 1e6 / received if received else float("inf"),
        "loss": max(0.0, 1 - received / expected) if expected else 1.0,
        "missing": report["lost"],
        "silent": report["silent"],
        "corrupt": report["corrupt"],
        "decrypted": report["decrypted"],
        "retransmitted": report["retransmitted"],
        "packets_per_second": received / float(str(report["window_s"])),
        "server_cpu_share": used / float(str(report["window_s"])),
        "generator_cpu_s": report["own_cpu_s"],
        "latency_us": report["latency_us"],
        "memory_bytes": memory,
    }
