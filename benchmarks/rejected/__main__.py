"""`python -m benchmarks.rejected`: what a stranger's datagram costs the server, beside a forwarded packet.

In each round a lesson is forwarded (1 -> RECEIVERS, as in `benchmarks.fanout`), then the same server version is flooded
with one kind of datagram after the other. Ends with 1 when a kind costs more than a forwarded packet, or draws answers
that are larger than what was sent.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from .. import loadgen, machine
from ..fanout.report import spread, table
from ..fanout.run import consent_kept, run_shape
from ..fanout.servers import Polyana
from ..fanout.shape import Shape
from ..peers.process import cpu_seconds, process_tree
from .datagrams import Kind, kinds
from .flood import Flood, Target, flood

ROOT = Path(__file__).resolve().parents[2]
SSRC = 10_000
ARRIVED = 'polyana_datagrams_total{direction="in"}'
#: The engine gathers its workers' counters; they stand still this long after the last datagram.
SETTLE_S = 0.6


@dataclass
class Costs:
    """Of one kind over the rounds, in microseconds for each datagram that arrived."""

    us: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    """To the forwarded packet of the same round."""
    floods: list[Flood] = field(default_factory=list)
    arrived: int = 0

    @property
    def harmless(self) -> bool:
        """Costs less than a forwarded packet and gives nobody more than he sent."""
        amplified = any(flood.answered_bytes > flood.sent_bytes for flood in self.floods)
        return statistics.median(self.ratios) < 1 and not amplified


@dataclass(frozen=True)
class Victim:
    """A running server with one connected publisher that is silent."""

    target: Target
    kinds: list[Kind]
    metrics_url: str

    async def arrived(self) -> int:
        """Datagrams that the server has read."""
        await asyncio.sleep(SETTLE_S)
        async with aiohttp.ClientSession() as http, http.get(self.metrics_url) as response:
            lines = (await response.text()).splitlines()
        return int(float(next(line for line in lines if line.startswith(ARRIVED)).rpartition(" ")[2]))

    async def idle_share(self, seconds: float) -> float:
        """CPU share without any datagram."""
        before = cpu_seconds(self._stats())
        await asyncio.sleep(seconds)
        return (cpu_seconds(self._stats()) - before) / seconds

    def _stats(self) -> list[str]:
        return [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8") for pid in self.target.pids]


@asynccontextmanager
async def victim(log: Path) -> AsyncIterator[Victim]:
    """Starts a server with a publisher in it."""
    server = Polyana()
    async with server.running(log) as (pid, adapter):
        traffic = Shape.named("video", 1).traffic()
        plan = await adapter.publish("bench", kind="video", ssrc=SSRC, traffic=traffic)
        (endpoint,) = adapter.endpoints
        target = Target(endpoint.server_address, process_tree(pid), endpoint.fd)
        found = kinds(endpoint.server_ufrag, SSRC, plan["payload_type"])
        url = f"http://127.0.0.1:{server.port}/metrics"
        async with consent_kept(adapter.endpoints):
            yield Victim(target, found, url)


async def one_round(arguments: argparse.Namespace, number: int, costs: dict[str, Costs]) -> float:
    """Adds to `costs`; the cost of a forwarded packet."""
    folder = Path(arguments.output)
    shape = Shape.named("video", arguments.receivers)
    log = folder / f"rejected-forwarded-{number}.log"
    forwarded = await run_shape(Polyana(), shape, seconds=arguments.seconds, warmup=2.0, log=log)
    if not forwarded.counts:
        raise RuntimeError(f"the forwarded lesson does not count: {forwarded}")
    async with victim(folder / f"rejected-{number}.log") as found:
        idle = await found.idle_share(arguments.seconds)
        for kind in found.kinds:
            before = await found.arrived()
            done = await flood(found.target, kind, per_second=arguments.rate, seconds=arguments.seconds)
            arrived = await found.arrived() - before
            us = max(0.0, done.cpu_s - idle * done.window_s) * 1e6 / arrived
            row = costs.setdefault(kind.name, Costs())
            row.us.append(us)
            row.ratios.append(us / forwarded.us_per_packet)
            row.floods.append(done)
            row.arrived += arrived
            print(f"round {number + 1}, {kind.name}: {us:.2f} us, {done.answers} answers", flush=True)
    return forwarded.us_per_packet


def report(arguments: argparse.Namespace, forwarded: list[float], costs: dict[str, Costs]) -> str:
    """Markdown."""
    head = ["kind", "us/datagram", f"x forwarded (1 -> {arguments.receivers})", "read", "answers", "harmless"]
    rows = [["forwarded packet", spread(forwarded), "1", "-", "-", "-"]]
    for name, row in costs.items():
        sent = sum(flood.sent for flood in row.floods)
        answers = sum(flood.answers for flood in row.floods)
        verdict = "yes" if row.harmless else "NO"
        rows.append(
            [name, spread(row.us), spread(row.ratios), f"{row.arrived / sent:.1%}", str(answers), verdict]
        )
    facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts()}
    facts["method"] = (
        f"{arguments.rounds} rounds, floods of {arguments.seconds:g} s at {arguments.rate:g} datagrams a second"
    )
    listed = machine.listed(facts)
    return f"# Cost of a datagram that nobody vouches for\n\n{listed}\n\n{table(head, rows)}\n"


async def measure(arguments: argparse.Namespace) -> tuple[list[float], dict[str, Costs]]:
    """Costs of forwarded packets, and of every kind."""
    costs: dict[str, Costs] = {}
    return [await one_round(arguments, number, costs) for number in range(arguments.rounds)], costs


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.rejected", description=__doc__)
    parser.add_argument("--receivers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=100_000.0, help="datagrams a second")
    parser.add_argument("--output", default=str(ROOT / "test-results/benchmarks"))
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--report", default=str(ROOT / f"benchmarks/reports/rejected-{today}.md"))
    arguments = parser.parse_args()
    loadgen.prepare()
    forwarded, costs = asyncio.run(measure(arguments))
    text = report(arguments, forwarded, costs)
    Path(arguments.report).parent.mkdir(parents=True, exist_ok=True)
    Path(arguments.report).write_text(text, encoding="utf-8")
    print(text)
    sys.exit(0 if all(row.harmless for row in costs.values()) else 1)


if __name__ == "__main__":
    main()
