"""`python -m benchmarks.joins`: what a join costs, how soon a newcomer hears something, Python's share in steady state.

Rounds of Polyana and LiveKit are interleaved, another begins in each; the report (Markdown) is written anew after each
round. See ../README.md for the method.
"""

import argparse
import asyncio
import shutil
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import aiohttp

from .. import loadgen, machine
from ..fanout.servers import LiveKit, Polyana, Sfu
from ..fanout.shape import Shape
from .first_media import first_media_ms
from .results import Results, report
from .steady import run_steady
from .storm import run_storm, storms

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("storm", "first-media", "steady")
T = TypeVar("T")


class Measurement:
    """What is to be measured, and where it goes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        known: dict[str, Sfu] = {server.name: server for server in (Polyana(), LiveKit())}
        self.servers = [known[name] for name in arguments.servers if shutil.which(known[name].program)]
        self.folder = Path(arguments.output)
        self.results = Results()

    async def measure(self) -> None:
        """All rounds. A part that fails is noted, and the next one begins."""
        for number in range(self.arguments.rounds):
            first = number % len(self.servers)
            servers = [*self.servers[first:], *self.servers[:first]]
            if "storm" in self.arguments.parts:
                await self.storms(number, servers)
            if "first-media" in self.arguments.parts:
                await self.first_media(number, servers)
            if "steady" in self.arguments.parts:
                await self.steady(number)
            self.write()

    async def storms(self, number: int, servers: list[Sfu]) -> None:
        for storm in storms(self.arguments.joins, self.arguments.room_size):
            for server in servers:
                log = self.folder / f"storm-{storm.rooms}-{server.name}-{number}.log"
                name = f"round {number + 1}, {storm.name}, {server.name}"
                found = await self.attempt(name, run_storm(server, storm, log))
                self.results.storms.setdefault(storm.name, {}).setdefault(server.name, []).append(found)

    async def first_media(self, number: int, servers: list[Sfu]) -> None:
        for server in servers:
            log = self.folder / f"first-media-{server.name}-{number}.log"
            others, newcomers = self.arguments.others, self.arguments.newcomers
            name = f"round {number + 1}, first media, {server.name}"
            found = await self.attempt(name, first_media_ms(server, others, newcomers, log))
            self.results.first_media_ms.setdefault(server.name, []).append(found)

    async def steady(self, number: int) -> None:
        arguments = self.arguments
        for subscribers in arguments.subscribers:
            shape = Shape.named("video", subscribers)
            log = self.folder / f"steady-{subscribers}-{number}.log"
            run = run_steady(shape, seconds=arguments.seconds, warmup=arguments.warmup, log=log)
            name = f"video, 1 -> {subscribers}"
            found = await self.attempt(f"round {number + 1}, {name}", run)
            self.results.steady.setdefault(name, []).append(found)

    async def attempt(self, name: str, run: Awaitable[T]) -> T | None:
        """What it gives; None, with a note, when it fails."""
        load = machine.load()
        try:
            found = await run
        except (
            OSError,
            RuntimeError,
            TimeoutError,
            ValueError,
            aiohttp.ClientError,
            ExceptionGroup,
        ) as error:
            failure = told(error)
            self.results.failures.append(f"{name}: {failure}")
            print(f"{name}: failed: {failure}", flush=True)
            return None
        print(f"{name}, load {load:.1f}: {found}", flush=True)
        return found

    def write(self) -> None:
        """The report of what there is."""
        arguments = self.arguments
        method = f"{arguments.rounds} rounds of {arguments.joins} joins, load at the end {machine.load():.1f}"
        facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts(), "method": method}
        path = Path(arguments.report)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report(facts, self.results, arguments.others), encoding="utf-8")


def told(error: Exception) -> str:
    """What went wrong, in a line; of a group, its members."""
    if isinstance(error, ExceptionGroup):
        return ", ".join(map(told, error.exceptions))
    return f"{type(error).__name__} {error}".strip()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.joins", description=__doc__)
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--servers", nargs="+", default=["polyana", "livekit"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--joins", type=int, default=200, help="newcomers of a storm")
    parser.add_argument("--room-size", type=int, default=4, help="newcomers for each of the small rooms")
    parser.add_argument("--others", type=int, default=200, help="in the room when a single newcomer comes")
    parser.add_argument("--newcomers", type=int, default=50, help="one after the other")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1000], help="in steady state")
    parser.add_argument("--seconds", type=float, default=20.0, help="of steady state")
    parser.add_argument("--warmup", type=float, default=5.0, help="seconds before steady state is measured")
    parser.add_argument("--output", default=str(ROOT / "test-results/joins"), help="folder of the logs")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--report", default=str(ROOT / f"benchmarks/reports/joins-{today}.md"))
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    loadgen.prepare()
    asyncio.run(Measurement(arguments).measure())
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
