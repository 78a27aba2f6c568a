"""`python -m benchmarks.quality`: what receivers behind weak lines get from Polyana and from LiveKit's server.

Every run is added to `runs.jsonl` at once; the report (Markdown with charts) is written anew after each cell. With
`--resume` the runs that are there are kept and only what is missing is measured. See ../README.md for the method.
"""

import argparse
import asyncio
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from livekit import rtc

from .. import machine
from ..fanout.servers import LiveKit, Polyana, Sfu
from ..results import Journal, add_options
from .cells import SETS, Cell
from .chart import chart
from .report import report
from .results import Run, parse
from .run import Outcome, run_cell

#: As it is shipped, and with what its makers' cloud uses: estimates of the sender's side, tracks that may be paused.
SEND_SIDE = ("congestion_control:", "  use_send_side_bwe: true", "  allow_pause: true")
CELL_S = 120.0


class Measurement:
    """What is to be measured, and where it goes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.cells = chosen(arguments)
        self.servers = available(arguments.servers)
        self.journal = Journal(arguments.output / "runs.jsonl", parse, resume=arguments.resume)
        self.runs = self.journal.runs

    async def measure(self) -> None:
        """All cells, on one server after the other. A run that fails is noted, and the next one begins."""
        for cell in self.cells:
            for server in self.servers:
                await self.run(server, cell)
            self.write()

    async def run(self, server: Sfu, cell: Cell) -> None:
        if any((run.server, run.cell) == (server.name, cell.name) for run in self.runs):
            return
        load, outcome, failure = machine.load(), None, ""
        try:
            async with asyncio.timeout(CELL_S):
                log = self.arguments.output / f"{server.name}-{cell.name}.log"
                outcome = await run_cell(server, cell, log, single=self.arguments.single)
        except (OSError, RuntimeError, TimeoutError, ValueError, rtc.ConnectError) as error:
            failure = f"{type(error).__name__} {error}".strip()
        self.journal.add(Run(server.name, cell.name, load, outcome, failure))
        print(f"{cell.name}, {server.name}: {told(outcome) if outcome else f'failed: {failure}'}", flush=True)

    def write(self) -> None:
        """The report of what there is."""
        path: Path = self.arguments.report
        pictures = path.with_suffix("")
        pictures.mkdir(parents=True, exist_ok=True)
        servers = {run.server: "" for run in self.runs}
        for cell in self.cells:
            found = {
                run.server: next(iter(run.outcome.receivers.values()))
                for run in self.runs
                if run.cell == cell.name and run.outcome
            }
            if found:
                (pictures / f"{cell.name}.svg").write_text(chart(cell, found), encoding="utf-8")
        text = report(facts(list(servers)), self.cells, self.runs, pictures.name)
        path.write_text(text, encoding="utf-8")


def told(outcome: Outcome) -> str:
    """In one line."""
    return "; ".join(
        f"{name} {one.used_kbps:.0f} kbit/s, {one.fps:.1f} fps, {one.height:.0f} lines, {one.freezes_per_minute:.0f} "
        f"freezes/min, {one.gaps} gaps, queue p95 {one.queue_p95_ms:.0f} ms"
        for name, one in outcome.receivers.items()
    )


def chosen(arguments: argparse.Namespace) -> list[Cell]:
    """The set, or those of every set that are named."""
    if not arguments.cells:
        return list(SETS["quick" if arguments.quick else arguments.set])
    known = {cell.name: cell for cells in SETS.values() for cell in cells}
    return [known[name] for name in arguments.cells]


def available(names: list[str]) -> list[Sfu]:
    """Those that are installed; the others are named."""
    known: dict[str, Sfu] = {
        s.name: s for s in (Polyana(), LiveKit(), LiveKit("livekit-send-side", SEND_SIDE))
    }
    found = []
    for name in names:
        if shutil.which(known[name].program) is None:
            print(f"skipped {name}: {known[name].program} is not on PATH", file=sys.stderr)
            continue
        found.append(known[name])
    return found


def facts(servers: list[str]) -> dict[str, str]:
    """For the head of the report."""
    found = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts(), "polyana": "this commit"}
    if "livekit" in servers:
        found["livekit"] = (
            f"{machine.output([LiveKit.program, '--version'])}, as it is shipped (pauses nothing)"
        )
    if "livekit-send-side" in servers:
        found["livekit-send-side"] = "the same with `use_send_side_bwe` and `allow_pause`"
    return found


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    parser.add_argument(
        "--set", default="star", choices=SETS, help="every: each rate with each delay and loss"
    )
    parser.add_argument("--quick", action="store_true", help="four rates, two steps, one bad among good")
    parser.add_argument("--cells", nargs="+", help="by their names, such as 500-100ms-0")
    parser.add_argument("--servers", nargs="+", default=["polyana", "livekit", "livekit-send-side"])
    parser.add_argument("--single", action="store_true", help="one peer connection for both directions (v1)")
    add_options(parser, "quality", "quality")
    return parser.parse_args()


def main() -> None:
    arguments = options()
    asyncio.run(Measurement(arguments).measure())
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
