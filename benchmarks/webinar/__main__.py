"""`python -m benchmarks.webinar`: what a webinar of thousands costs the server. See ../README.md for the method."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .. import loadgen, machine
from ..fanout.report import spread, table
from ..joins.steady import Steady
from ..results import ROOT
from .run import INTERVAL_S, PICTURE, Crowd, Outcome, median, pictures, run_crowd

METHOD = (
    "Server CPU time (user + system), medians, in brackets least to most of the rounds. A join is a WebSocket,"
    " signalling, ICE, the DTLS handshake and the description with which the picture comes; `first` and `last` are"
    " joins when hardly anybody and when nearly everybody is there, `all` has what is told afterwards, too. The first"
    f" picture is timed from opening the WebSocket, of viewers who come every {INTERVAL_S:g} s while all others watch;"
    " the publisher gives a keyframe each second, so half a second of waiting for one is in the median. `idle`: all"
    " are there, nothing is sent."
    " The main thread is Python, all others are the data plane. Clients open no data channels, so what the call tells"
    " over them is made and waits, and is not sent."
)
Rounds = Mapping[tuple[str, int], Sequence[Outcome]]


def report(facts: Mapping[str, str], rounds: Rounds, failures: Sequence[str] = ()) -> str:
    """Markdown. `rounds`: by (kind of room, viewers)."""
    rate = PICTURE["frames_per_second"] * PICTURE["burst"]
    parts = [
        "# Audiences of thousands",
        machine.listed(facts),
        METHOD,
    ]
    parts += ["## Joins, ms of server CPU each", joins_table(rounds)]
    parts += ["## First picture", pictures_table(rounds)]
    parts += [f"## Steady state, {rate:g} packets a second to each viewer", steady_table(rounds)]
    if failures:
        parts += ["## Failed", "\n".join(f"* {failure}" for failure in failures)]
    return "\n\n".join(parts) + "\n"


def joins_table(rounds: Rounds) -> str:
    head = ["room", "viewers", "first", "last", "all", "joins/s", "client ms", "kB of memory each", "rounds"]
    rows = [
        [
            kind,
            str(viewers),
            spread([one.first_ms for one in found]),
            spread([one.last_ms for one in found]),
            spread([one.all_ms for one in found]),
            f"{median(found, 'per_second'):.0f}",
            f"{median(found, 'client_ms'):.1f}",
            f"{median(found, 'bytes_per_viewer') / 1e3:.0f}",
            str(len(found)),
        ]
        for (kind, viewers), found in rounds.items()
        if found
    ]
    return table(head, rows)


def pictures_table(rounds: Rounds) -> str:
    head = ["room", "viewers", "p50 ms", "p95 ms", "newcomers"]
    rows = []
    for (kind, viewers), found in rounds.items():
        if count := sum(len(one.pictures_ms) for one in found):
            p50, p95 = pictures(found)
            rows.append([kind, str(viewers), f"{p50:.0f}", f"{p95:.0f}", str(count)])
    return table(head, rows)


def steady_table(rounds: Rounds) -> str:
    head = [
        "room",
        "viewers",
        "",
        "Python ms/s",
        "us/s a viewer",
        "data plane ms/s",
        "us/s a viewer",
        "packets/s",
        "lost",
    ]
    rows = []
    for (kind, viewers), found in rounds.items():
        for name in ("idle", "steady") if found else ():
            windows: list[Steady] = [getattr(one, name) for one in found]
            python = [one.python_s * 1e3 / one.window_s for one in windows]
            plane = [one.others_s * 1e3 / one.window_s for one in windows]
            steady = name == "steady"
            rows.append(
                [
                    kind,
                    str(viewers),
                    "picture" if steady else "idle",
                    spread(python),
                    spread([1e3 * ms / viewers for ms in python]),
                    spread(plane),
                    spread([1e3 * ms / viewers for ms in plane]),
                    f"{median(found, 'sent_per_second'):.0f}" if steady else "",
                    f"{median(found, 'loss'):.3%}" if steady else "",
                ]
            )
    return table(head, rows)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.webinar", description=__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[200, 1000, 2000])
    parser.add_argument(
        "--rooms", nargs="+", default=["webinar"], choices=["webinar", "open"], help="kinds of rooms"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--newcomers", type=int, default=30, help="while all others watch")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each window")
    parser.add_argument("--warmup", type=float, default=5.0, help="seconds of media before the window")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "test-results/webinar", help="folder of the logs"
    )
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--report", type=Path, default=ROOT / f"benchmarks/reports/webinar-{today}.md")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    loadgen.prepare()
    rounds: dict[tuple[str, int], list[Outcome]] = {}
    failures: list[str] = []
    for number in range(arguments.rounds):
        for kind in arguments.rooms:
            for viewers in arguments.viewers:
                crowd = Crowd(
                    viewers, arguments.newcomers, arguments.seconds, arguments.warmup, kind == "webinar"
                )
                name = f"round {number + 1}, {kind}, {viewers}"
                load = machine.load()
                try:
                    found = asyncio.run(run_crowd(crowd, arguments.output / f"{kind}-{viewers}-{number}.log"))
                except (OSError, RuntimeError, TimeoutError, ExceptionGroup) as error:
                    failures.append(f"{name}: {type(error).__name__} {error}".strip())
                    print(f"{failures[-1]}", flush=True)
                    continue
                rounds.setdefault((kind, viewers), []).append(found)
                print(f"{name}, load {load:.1f}: {found}", flush=True)
        method = (
            f"{number + 1} rounds, windows of {arguments.seconds:g} s, load at the end {machine.load():.1f}"
        )
        facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **machine.facts(), "method": method}
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(report(facts, rounds, failures), encoding="utf-8")
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
