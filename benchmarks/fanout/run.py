"""One run: start a server, join everybody, let the load generator measure, read what the kernel charged."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ..loadgen import binary
from ..peers.endpoint import Endpoint
from ..peers.plan import PeerPlan, Plan, Report
from ..peers.process import GENERATOR_CORE, SERVER_CORE, cpu_seconds, process_tree, resident_bytes
from .servers import Server
from .shape import Shape

JOINS_AT_ONCE = 8
#: Those who have joined show that they are there while others join: servers wait 15 s for a sign of life.
CONSENT_S = 4.0
#: A run with more loss has not carried its load and says nothing (../README.md).
MAX_LOSS = 0.005


@dataclass(frozen=True)
class Outcome:
    """What a run showed. CPU time is that of the server's processes for each packet that arrived somewhere."""

    us_per_packet: float
    loss: float
    """Share of packets that did not arrive, 0 to 1."""
    silent: int = 0
    """Receivers that got nothing."""
    corrupt: int = 0
    retransmitted: int = 0
    packets_per_second: float = 0.0
    server_cpu_share: float = 0.0
    generator_cpu_share: float = 0.0
    latency_us: tuple[tuple[float, int], ...] = ()
    """(quantile, microseconds) from the generator's send to its receive."""
    memory_bytes: int = 0

    @property
    def counts(self) -> bool:
        """Everybody got nearly everything, undamaged."""
        return self.loss <= MAX_LOSS and self.silent == 0 and self.corrupt == 0


async def limit(shape: Shape, seconds: float) -> Outcome:
    """The bare loop on the server's core, at the shape's pace, its receivers drained as the generator does it."""
    pace = shape.frames_per_second * shape.publishers
    numbers = [shape.receivers, shape.burst, shape.packet_bytes, seconds, pace, GENERATOR_CORE]
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", SERVER_CORE, str(binary("limit")), *map(str, numbers),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the bare loop failed with {process.returncode}")
    found = json.loads(output)
    return Outcome(us_per_packet=found["us_per_packet"], loss=found["loss"])


async def run_shape(server: Server, shape: Shape, *, seconds: float, warmup: float, log: Path) -> Outcome:
    """Joins everybody and measures for `seconds`. Raises what joining raises."""
    async with server.running(log) as (process, adapter):
        publishers = [
            await adapter.publish(
                "bench", kind=shape.kind, ssrc=10_000 + 10 * number, traffic=shape.traffic()
            )
            for number in range(shape.publishers)
        ]
        gate = asyncio.Semaphore(JOINS_AT_ONCE)

        async def join(number: int) -> tuple[PeerPlan, list[int]]:
            async with gate:
                return await adapter.subscribe("bench", number, shape.publishers)

        async with consent_kept(adapter.endpoints):
            joined = await asyncio.gather(*(join(number) for number in range(shape.receivers)))
        pids = process_tree(process.pid)
        report = await generate(
            {
                "server_pids": pids,
                "warmup_s": warmup,
                "duration_s": seconds,
                "rtx_payload_types": sorted({number for _, types in joined for number in types}),
                "publishers": publishers,
                "subscribers": [peer for peer, _ in joined],
            }
        )
        return assess(report, shape, resident_bytes(pids))


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


async def generate(plan: Plan) -> Report:
    """Hands the sockets over to the generator and waits for its report."""
    fds = [peer["fd"] for peer in (*plan["publishers"], *plan["subscribers"])]
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", GENERATOR_CORE, str(binary("loadgen")),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=fds,
    )  # fmt: skip
    output, _ = await process.communicate(json.dumps(plan).encode())
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed with {process.returncode}")
    report: Report = json.loads(output)
    return report


def assess(report: Report, shape: Shape, memory_bytes: int) -> Outcome:
    """Cost for each packet and what else counts."""
    before, after = report["server_stat"]
    used_s = cpu_seconds(after) - cpu_seconds(before)
    received, expected = report["received"], report["sent"] * shape.receivers
    return Outcome(
        us_per_packet=used_s * 1e6 / received if received else float("inf"),
        loss=max(0.0, 1 - received / expected) if expected else 1.0,
        silent=report["silent"],
        corrupt=report["corrupt"],
        retransmitted=report["retransmitted"],
        packets_per_second=received / report["window_s"],
        server_cpu_share=used_s / report["window_s"],
        generator_cpu_share=report["own_cpu_s"] / report["window_s"],
        latency_us=tuple((quantile, us) for quantile, us in report["latency_us"]),
        memory_bytes=memory_bytes,
    )
