"""`python -m benchmarks.fanout`: interleaved rounds of the bare loop, Polyana and the peers that are installed.

Every run is added to `runs.jsonl` at once; the report (Markdown) is written anew after each round. With `--resume` the
runs that are there are kept and only what is missing is measured. See ../README.md for the method.
"""

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from .. import loadgen, machine
from ..peers.process import GENERATOR_CORE
from .report import report
from .results import Run, append, read
from .run import Outcome, limit, run_shape
from .servers import Janus, LiveKit, Polyana, Server
from .shape import NAMES, Shape

ROOT = Path(__file__).resolve().parents[2]
#: The bare loop is steady; more would only make the rounds longer.
LIMIT_S = 5.0
Key = tuple[int, str, int, str]


class Measurement:
    """What is to be measured, and where it goes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.servers = available(arguments.servers)
        self.folder = Path(arguments.output)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = self.folder / "runs.jsonl"
        if not arguments.resume:
            self.lines.unlink(missing_ok=True)
        self.runs = read(self.lines) if self.lines.exists() else []
        self.facts = facts(arguments, self.servers)

    async def measure(self) -> None:
        """All rounds. A run that fails is noted, and the next one begins."""
        for number in range(self.arguments.rounds):
            for name in self.arguments.shapes:
                for receivers in self.arguments.receivers:
                    await self.round(number, Shape.named(name, receivers))
            self.write()

    async def round(self, number: int, shape: Shape) -> None:
        """The limit, then each server; another one begins in each round."""
        first = number % len(self.servers) if self.servers else 0
        await self.run(number, shape, None)
        for server in [*self.servers[first:], *self.servers[:first]]:
            await self.run(number, shape, server)

    async def run(self, number: int, shape: Shape, server: Server | None) -> None:
        name = server.name if server else "limit"
        key = (number, shape.name, shape.receivers, name)
        if any((run.round, run.shape, run.receivers, run.server) == key for run in self.runs):
            return
        load, outcome, failure = machine.load(), None, ""
        try:
            outcome = await self.outcome(key, shape, server)
        except (OSError, RuntimeError, TimeoutError, ValueError) as error:
            failure = f"{type(error).__name__} {error}".strip()
        run = Run(*key, load, outcome, failure)
        self.runs.append(run)
        append(self.lines, run)
        cost = f"{outcome.us_per_packet:.2f} us, {outcome.loss:.2%} loss" if outcome else f"failed: {failure}"
        print(f"round {number + 1}, {shape.name} {shape.receivers}, {name}: {cost}", flush=True)

    async def outcome(self, key: Key, shape: Shape, server: Server | None) -> Outcome:
        seconds = self.arguments.seconds
        if server is None:
            return await limit(shape, min(LIMIT_S, seconds))
        log = self.folder / f"{server.name}-{shape.name}-{shape.receivers}-{key[0]}.log"
        return await run_shape(server, shape, seconds=seconds, warmup=self.arguments.warmup, log=log)

    def write(self) -> None:
        """The report of what there is."""
        Path(self.arguments.report).parent.mkdir(parents=True, exist_ok=True)
        Path(self.arguments.report).write_text(report(self.facts, self.runs), encoding="utf-8")


def available(names: list[str]) -> list[Server]:
    """Those that are installed; the others are named."""
    known: dict[str, Server] = {s.name: s for s in (Polyana(), Janus(0), Janus(1), LiveKit())}
    chosen = []
    for name in names:
        server = known[name]
        if shutil.which(server.program) is None:
            print(f"skipped {name}: {server.program} is not on PATH", file=sys.stderr)
            continue
        chosen.append(server)
    return chosen


def facts(arguments: argparse.Namespace, servers: list[Server]) -> dict[str, str]:
    """For the head of the report."""
    rounds = f"{arguments.rounds} rounds, windows of {arguments.seconds:g} s after {arguments.warmup:g} s"
    versions = {server.name: machine.output([server.program, server.version_option]) for server in servers}
    versions["polyana"] = "this commit"
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts(), "method": rounds} | versions


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.fanout", description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=["video"], choices=NAMES)
    parser.add_argument("--receivers", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--servers", nargs="+", default=["polyana", "janus-1-loop", "livekit"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warmup", type=float, default=3.0)
    parser.add_argument("--resume", action="store_true", help="keep the runs that are there")
    parser.add_argument(
        "--output", default=str(ROOT / "test-results/benchmarks"), help="folder of runs and logs"
    )
    parser.add_argument(
        "--report", default=str(ROOT / f"benchmarks/reports/fanout-{datetime.now(UTC):%Y-%m-%d}.md")
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
    loadgen.build()
    subprocess.run(["taskset", "-cp", GENERATOR_CORE, str(os.getpid())], check=True, capture_output=True)
    measurement = Measurement(arguments)
    asyncio.run(measurement.measure())
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
