"""One run: start a server, join everybody, let the load generator measure, read what the kernel charged."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..loadgen import binary
from ..peers.endpoint import Endpoint
from ..peers.plan import PeerPlan, Plan, PublisherPlan, Report
from ..peers.process import GENERATOR_CORE, SERVER_CORE, process_tree, resident_bytes
from .servers import Adapter, Server, TwoWayAdapter
from .shape import Shape

#: A publisher mostly waits for its first packets to be sent (`peers/first_media.py`).
PUBLISH_AT_ONCE = 32
JOINS_AT_ONCE = 8
FIRST_SSRC = 10_000
#: Those who have joined show that they are there while others join: servers wait 15 s for a sign of life.
CONSENT_S = 4.0
#: A run with more loss has not carried its load and says nothing (../README.md).
MAX_LOSS = 0.005
Result = TypeVar("Result")


class Unsupported(RuntimeError):
    """The adapter of a server cannot do this shape."""


@dataclass(frozen=True)
class Memory:
    """Resident bytes of the server's processes: without anybody, when all had joined, and after the media."""

    empty: int
    joined: int
    after: int


@dataclass(frozen=True)
class Outcome:
    """What a run showed. CPU time is that of the server's processes for each packet that arrived somewhere."""

    us_per_packet: float
    loss: float
    """Share of packets that did not arrive, 0 to 1."""
    silent: int = 0
    """Subscriptions of which nothing came."""
    corrupt: int = 0
    retransmitted: int = 0
    packets_per_second: float = 0.0
    server_cpu_share: float = 0.0
    generator_cpu_share: float = 0.0
    latency_us: tuple[tuple[float, int], ...] = ()
    """(quantile, microseconds) from the generator's send to the arrival at the receiver's socket."""
    memory_bytes: int = 0
    """Resident, after the media."""
    subscription_bytes: tuple[float, float] | None = None
    """Of `memory_bytes` above the empty server, for each subscription: when all had joined, and after the media."""
    feedbacks_per_second: float = 0.0
    """Transport-wide feedback packets that each receiver gave."""

    @property
    def counts(self) -> bool:
        """Everybody got nearly everything, undamaged."""
        return self.loss <= MAX_LOSS and self.silent == 0 and self.corrupt == 0


async def limit(shape: Shape, seconds: float) -> Outcome:
    """The bare loop on the server's core, at the shape's pace, its receivers drained as the generator does it."""
    media = shape.media
    numbers = [shape.copies, shape.layout.rooms, media.burst, media.packet_bytes]
    pace = [seconds, shape.bursts_per_second, GENERATOR_CORE]
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", SERVER_CORE, str(binary("limit")), *map(str, [*numbers, *pace]),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the bare loop failed with {process.returncode}")
    found = json.loads(output)
    return Outcome(us_per_packet=found["us_per_packet"], loss=found["loss"])


async def run_shape(
    server: Server,
    shape: Shape,
    *,
    seconds: float,
    warmup: float,
    log: Path,
    beside: Callable[[Sequence[int]], AbstractAsyncContextManager[None]] = lambda _: nullcontext(),
) -> Outcome:
    """Joins everybody and measures for `seconds`. `beside`, of the server's processes, runs while media flows. Raises
    what joining raises, Unsupported among it."""
    async with server.running(log) as (pid, adapter):
        empty = resident_bytes(process_tree(pid))
        async with consent_kept(adapter.endpoints):
            publishers, subscribers, rtx_payload_types = await joined(adapter, shape)
        pids = process_tree(pid)
        joined_bytes = resident_bytes(pids)
        async with beside(pids):
            report = await generate(
                {
                    "server_pids": pids,
                    "warmup_s": warmup,
                    "duration_s": seconds,
                    "rtx_payload_types": rtx_payload_types,
                    "publishers": publishers,
                    "subscribers": subscribers,
                }
            )
        return assess(report, shape, Memory(empty, joined_bytes, resident_bytes(pids)))


async def joined(adapter: Adapter, shape: Shape) -> tuple[list[PublisherPlan], list[PeerPlan], list[int]]:
    """Publishers, receivers, and the payload types that are retransmissions. First all publish, then all receive."""
    if shape.layout.two_way and not isinstance(adapter, TwoWayAdapter):
        raise Unsupported("its adapter has no participants that both publish and receive")

    async def publish(number: int) -> PublisherPlan:
        room = f"bench-{number // shape.layout.publishers}"
        return await adapter.publish(room, kind=shape.kind, ssrc=ssrc_of(number), traffic=shape.traffic())

    async def receive(number: int) -> tuple[PeerPlan, list[int]]:
        if shape.layout.two_way and isinstance(adapter, TwoWayAdapter):
            return await adapter.receive_others(ssrc_of(number), shape.tracks)
        return await adapter.subscribe(f"bench-{number // shape.layout.receivers}", number, shape.tracks)

    publishers = await gathered(publish, shape.publishers, at_once=PUBLISH_AT_ONCE)
    found = await gathered(receive, shape.receivers, at_once=JOINS_AT_ONCE)
    return publishers, [peer for peer, _ in found], sorted({number for _, types in found for number in types})


def ssrc_of(publisher: int) -> int:
    """The numbers between are for retransmissions."""
    return FIRST_SSRC + 10 * publisher


async def gathered(work: Callable[[int], Awaitable[Result]], count: int, *, at_once: int) -> list[Result]:
    """Results of 0 to `count` - 1; at most so many work at the same time. The first that fails ends the others."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> Result:
        async with gate:
            return await work(number)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in range(count)]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]


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
    fds = {peer["fd"] for peer in (*plan["publishers"], *plan["subscribers"])}
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", GENERATOR_CORE, str(binary("loadgen")),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=fds,
    )  # fmt: skip
    with yielding():
        output, _ = await process.communicate(json.dumps(plan).encode())
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed with {process.returncode}")
    report: Report = json.loads(output)
    return report


@contextmanager
def yielding() -> Iterator[None]:
    """Inside the block this thread runs only when nobody else wants its core: what signalling says to thousands of
    clients must not hold up the generator, whose packets would then come all at once."""
    usual = os.sched_getscheduler(0)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, usual, os.sched_param(0))


def assess(report: Report, shape: Shape, memory: Memory) -> Outcome:
    """Cost for each packet and what else counts."""
    used_s, window_s, received = report["server_cpu_s"], report["window_s"], report["received"]
    return Outcome(
        us_per_packet=used_s * 1e6 / received if received else float("inf"),
        loss=loss(received, report["lost"], report["sent"] * shape.copies),
        silent=max(0, shape.subscriptions - report["streams"]),
        corrupt=report["corrupt"],
        retransmitted=report["retransmitted"],
        packets_per_second=received / window_s,
        server_cpu_share=used_s / window_s,
        generator_cpu_share=report["own_cpu_s"] / window_s,
        latency_us=tuple((quantile, us) for quantile, us in report["latency_us"]),
        memory_bytes=memory.after,
        subscription_bytes=(
            (memory.joined - memory.empty) / shape.subscriptions,
            (memory.after - memory.empty) / shape.subscriptions,
        ),
        feedbacks_per_second=report["feedbacks"] / window_s / shape.receivers,
    )


def loss(received: int, missing: int, expected: int) -> float:
    """The larger of what did not arrive of what was expected, and of what is missing between what arrived: packets
    that were on their way when measuring began make up for others in the first, not in the second."""
    if not received or not expected:
        return 1.0
    return max(0.0, 1 - received / expected, missing / (received + missing))
