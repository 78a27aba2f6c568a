"""`python -m benchmarks.films`: what playing one film in many rooms takes of the server's CPU. See ../README.md."""

import argparse
import asyncio
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .. import loadgen, machine
from ..results import ROOT
from .run import Outcome, run_films

GOAL = 0.02
COLUMNS = (
    "run",
    "rooms alone",
    "film, nobody watches",
    "of that Python",
    "with viewers",
    "packets/s",
    "lost",
    "player in the data plane",
    "player's share",
    "Python with viewers",
    "memory, MB",
)


def report(facts: Mapping[str, str], runs: Sequence[Outcome], rooms: int, viewers: int, h264: int = 0) -> str:
    """Markdown: every run, and the median of the player's share."""
    others = f", {h264} of them in H.264" if h264 else ""
    lines = [f"# One film in {rooms} rooms of {viewers} viewers{others}", "", machine.listed(facts)]
    lines += [
        "",
        "CPU in percent of a core; memory of rooms alone, with the film, and after its viewers.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
    ]
    for number, run in enumerate(runs, 1):
        shares = [run.idle, run.unwatched, run.python, run.watched]
        cells = [f"{100 * share:.2f}" for share in shares]
        cells += [f"{run.packets_per_second:.0f}", f"{run.loss:.3%}"]
        cells += [f"{run.plane_share:.2%}", f"{run.player_share:.2%}", f"{100 * run.python_watched:.2f}"]
        cells.append(" / ".join(f"{size / 1e6:.0f}" for size in run.resident))
        lines.append(f"| {number} | {' | '.join(cells)} |")
    share = statistics.median(run.player_share for run in runs)
    verdict = "is kept" if share < GOAL else "is missed"
    lines += [
        "",
        f"The player takes {share:.2%} of the server's CPU; the goal, below {GOAL:.0%}, {verdict}.",
        "",
    ]
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.films", description=__doc__)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--viewers", type=int, default=50, help="of each room")
    parser.add_argument("--h264", type=int, default=0, help="of them that decode nothing else")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each window")
    parser.add_argument("--warmup", type=float, default=5.0, help="seconds with viewers before the window")
    parser.add_argument("--output", type=Path, default=ROOT / "test-results/films", help="folder of the logs")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--report", type=Path, help="by default benchmarks/reports/films[-h264]-DATE.md")
    found = parser.parse_args()
    name = f"films{'-h264' if found.h264 else ''}-{today}.md"
    found.report = found.report or ROOT / "benchmarks/reports" / name
    return found


def main() -> None:
    arguments = parse()
    loadgen.prepare()
    runs: list[Outcome] = []
    for number in range(arguments.rounds):
        log = arguments.output / f"theatre-{number}.log"
        found = asyncio.run(
            run_films(
                arguments.rooms,
                arguments.viewers,
                h264=arguments.h264,
                seconds=arguments.seconds,
                warmup=arguments.warmup,
                log=log,
            )
        )
        print(f"round {number + 1}, load {machine.load():.1f}: {found.player_share:.2%} {found}", flush=True)
        runs.append(found)
    method = (
        f"{arguments.rounds} rounds, windows of {arguments.seconds:g} s, load at the end {machine.load():.1f}"
    )
    facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts(), "method": method}
    arguments.report.write_text(
        report(facts, runs, arguments.rooms, arguments.viewers, arguments.h264), encoding="utf-8"
    )
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
