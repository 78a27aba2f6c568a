"""`python -m benchmarks.fanout`: interleaved rounds of the bare loop, Polyana and the peers that are installed.

Every run is added to `runs.jsonl` at once; the report (Markdown with charts) is written anew after each round. With
`--resume` the runs that are there are kept and only what is missing is measured. See ../README.md for the method.
"""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from .. import instructions, loadgen, machine
from ..instructions import PerPacket
from ..results import Journal, add_options
from .chart import chart
from .report import report
from .results import Run, cells, parse
from .run import Outcome, Unsupported, limit, run_shape
from .servers import Janus, LiveKit, Mediasoup, Polyana, Server
from .shape import SHAPES, Pattern, Shape

#: The bare loop is steady; more would only make the rounds longer.
LIMIT_S = 5.0
#: Rounds, seconds of a window and before it: estimates of the lines have grown to what a meeting takes by then.
WHOLE, QUICK = (5, 10.0, 5.0), (1, 4.0, 4.0)
Key = tuple[int, str, int, str]


class Measurement:
    """What is to be measured, and where it goes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.cells = chosen(arguments)
        self.servers = available(arguments.servers)
        self.journal = Journal(arguments.output / "runs.jsonl", parse, resume=arguments.resume)
        self.facts = facts(arguments, self.servers)

    async def measure(self) -> None:
        """All rounds. A run that fails is noted, and the next one begins."""
        for number in range(self.arguments.rounds):
            for name, size in self.cells:
                await self.round(number, Shape.named(name, size))
            self.write()

    async def round(self, number: int, shape: Shape) -> None:
        """The limit, then each server; another one begins in each round."""
        first = number % len(self.servers) if self.servers else 0
        await self.run(number, shape, None)
        for server in [*self.servers[first:], *self.servers[:first]]:
            await self.run(number, shape, server)

    async def run(self, number: int, shape: Shape, server: Server | None) -> None:
        name = server.name if server else "limit"
        key = (number, shape.name, shape.size, name)
        if any((run.round, run.shape, run.size, run.server) == key for run in self.journal.runs):
            return
        load, outcome, failure = machine.load(), None, ""
        try:
            outcome = await self.outcome(key, shape, server)
        except Unsupported as error:
            failure = str(error)
        except (OSError, RuntimeError, TimeoutError, ValueError) as error:
            failure = f"{type(error).__name__} {error}".strip()
        self.journal.add(Run(*key, load, outcome, failure))
        cost = f"{outcome.us_per_packet:.2f} us, {outcome.loss:.2%} loss" if outcome else f"failed: {failure}"
        print(f"round {number + 1}, {shape.name} {shape.size}, {name}: {cost}", flush=True)

    async def outcome(self, key: Key, shape: Shape, server: Server | None) -> Outcome:
        seconds = self.arguments.seconds
        if server is None:
            return await limit(shape, min(LIMIT_S, seconds))
        log = self.arguments.output / f"{server.name}-{shape.name}-{shape.size}-{key[0]}.log"
        return await run_shape(server, shape, seconds=seconds, warmup=self.arguments.warmup, log=log)

    def write(self, counted: Mapping[str, PerPacket] | None = None) -> None:
        """The report of what there is. `counted`: instructions of the packet path."""
        path, runs = self.arguments.report, self.journal.runs
        pictures = path.with_suffix("")
        pictures.mkdir(parents=True, exist_ok=True)
        found = cells(runs)
        for name in {shape for shape, _ in found}:
            sizes = {size: servers for (shape, size), servers in found.items() if shape == name}
            (pictures / f"{name}.svg").write_text(chart(sizes), encoding="utf-8")
        text = report(self.facts, runs, instructions=counted, pictures=pictures.name)
        path.write_text(text, encoding="utf-8")


def chosen(arguments: argparse.Namespace) -> list[tuple[str, int]]:
    """Shapes with their sizes."""

    def sizes(pattern: Pattern) -> Sequence[int]:
        usual = pattern.quick if arguments.quick else ()
        return arguments.receivers or usual or pattern.sizes

    return [(name, size) for name in arguments.shapes for size in sizes(SHAPES[name])]


def available(names: list[str]) -> list[Server]:
    """Those that are installed; the others are named."""
    servers = (Polyana(), Polyana(workers=2), Janus(0), Janus(1), LiveKit(), Mediasoup())
    known: dict[str, Server] = {server.name: server for server in servers}
    chosen = []
    for name in names:
        server = known[name]
        if shutil.which(server.program) is None:
            print(f"skipped {name}: {server.program} is not on PATH", file=sys.stderr)
            continue
        chosen.append(server)
    return chosen


def count_instructions(*, quick: bool) -> dict[str, PerPacket]:
    """Of our packet path; empty without the tools."""
    missing = [name for name in ("valgrind", "cargo") if shutil.which(name) is None]
    if missing:
        print(f"instructions are not counted: no {' and no '.join(missing)}", file=sys.stderr)
        return {}
    program = instructions.build()
    length = {"short": 60, "long": 160} if quick else {}
    return {shape: instructions.per_packet(program, shape, **length) for shape in instructions.SHAPES}


def facts(arguments: argparse.Namespace, servers: list[Server]) -> dict[str, str]:
    """For the head of the report."""
    rounds = f"{arguments.rounds} rounds, windows of {arguments.seconds:g} s after {arguments.warmup:g} s"
    versions = {server.name: server.version() for server in servers if not isinstance(server, Polyana)}
    versions["polyana"] = "this commit"
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts(), "method": rounds} | versions


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.fanout", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of the shapes that say most")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, help="else all")
    parser.add_argument(
        "--receivers", type=int, nargs="+", help="sizes: of the audience, the meeting, or how many rooms"
    )
    parser.add_argument("--servers", nargs="+", default=["polyana", "mediasoup", "janus-1-loop", "livekit"])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of the window")
    parser.add_argument("--warmup", type=float, help="seconds of media before it")
    add_options(parser, "fanout", "benchmarks")
    arguments = parser.parse_args()
    rounds, seconds, warmup = QUICK if arguments.quick else WHOLE
    arguments.rounds = arguments.rounds or rounds
    arguments.seconds = arguments.seconds or seconds
    arguments.warmup = arguments.warmup or warmup
    arguments.shapes = arguments.shapes or [
        name for name, pattern in SHAPES.items() if pattern.quick or not arguments.quick
    ]
    return arguments


def main() -> None:
    arguments = options()
    loadgen.prepare()
    measurement = Measurement(arguments)
    asyncio.run(measurement.measure())
    measurement.write(count_instructions(quick=arguments.quick))
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
