"""`python -m tests.interop.soak --minutes 120 --round 10`: load and rests in turns, then a judgement."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from signalling import memory
from signalling.app import REST_INTERVAL_S
from tests.interop.load import load_tester
from tests.interop.server import ROOT, RunningServer, running_server
from tests.interop.soak.rest import MIB, Rest, growth_bytes, objects_of, problems, report

#: Until what was left abruptly is given up (the reconnect and empty timeouts below, and the ticks between).
EMPTY_TIMEOUT_S = 120.0
#: A crowd that does not come to its end is ended.
STRAGGLERS_S = 180.0
#: After that: a server that nobody uses gives its free memory back, and gauges are sampled.
SETTLE_S = memory.REST_AFTER_S + 2 * REST_INTERVAL_S + 5.0
SETTINGS = {
    "POLYANA_HTTP__REQUEST_BURST": "100000",
    "POLYANA_RTC__JOIN_BURST": "100000",
    "POLYANA_RTC__JOINS_PER_S": "10000",
    "POLYANA_RTC__MAX_CONNECTIONS_PER_ADDRESS": "10000",
    "POLYANA_RTC__ALLOW_SIMULATE": "true",
    "POLYANA_RTC__DEPARTURE_TIMEOUT_S": "5",
    "POLYANA_RTC__EMPTY_TIMEOUT_S": "5",
    "POLYANA_RTC__SIGNAL_LOST_TIMEOUT_S": "15",
}


@dataclass(frozen=True)
class Plan:
    """`round`: minutes of load before each rest."""

    minutes: float
    round: float
    seed: int
    audience: int


def sample(server: RunningServer) -> Rest:
    """What the server holds now."""
    metrics = server.metrics()
    return Rest(
        resident_bytes=int(metrics["process_resident_memory_bytes"]),
        descriptors=int(metrics["process_open_fds"]),
        threads=len(list(Path(f"/proc/{server.pid}/task").iterdir())),
        tasks=int(metrics["polyana_event_loop_tasks"]),
        objects=objects_of(metrics),
    )


def rested(server: RunningServer) -> Rest:
    """Waits until nobody is there any more, or for as long as may be needed."""
    end = time.monotonic() + EMPTY_TIMEOUT_S
    while objects_of(server.metrics()) and time.monotonic() < end:
        time.sleep(1)
    time.sleep(SETTLE_S)
    return sample(server)


def crowd(server: RunningServer, seconds: float, seed: int, audience: int, tester: Sequence[str]) -> str:
    """Load by a process of its own. What it says at its end; if it dies, its participants vanish, which is load too."""
    command = [sys.executable, "-m", "tests.interop.soak.crowd"]
    command += map(str, (server.port, seconds, seed, audience))
    with server.log.with_name("crowd.log").open("a", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                [*command, *tester],
                cwd=ROOT,
                check=False,
                stdout=subprocess.PIPE,
                stderr=output,
                timeout=seconds + STRAGGLERS_S,
            )
        except subprocess.TimeoutExpired:
            return "the crowd did not end"
    said = done.stdout.decode().splitlines()
    return f"the crowd ended with {done.returncode}" if done.returncode else said[-1]


def soak(server: RunningServer, plan: Plan) -> tuple[list[str], str]:
    """Runs all rounds; gives what is wrong, and a report."""
    tester = load_tester(server, server.log.parent)
    print(f"load tester: {tester[0] if tester else 'none, as there is no lk and no go'}", flush=True)
    before = rested(server)
    print(f"before: {before}", flush=True)
    rests, said = list[Rest](), list[str]()
    for number in range(max(1, round(plan.minutes / plan.round))):
        said.append(crowd(server, plan.round * 60, plan.seed + number, plan.audience, tester))
        rests.append(rested(server))
        print(f"round {number + 1}: {rests[-1]}; {said[-1]}", flush=True)
    print(f"growth of memory: {growth_bytes(rests) / MIB:.1f} MiB")
    found = problems(before, rests)
    return found, report(before, rests, said, found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.interop.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--round", type=float, default=5, help="minutes of load before each rest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--audience", type=int, default=100, help="viewers who come to one picture at once, and go"
    )
    parser.add_argument("--folder", type=Path, help="for the server's log")
    parser.add_argument("--report", type=Path, help="Markdown")
    arguments = parser.parse_args()
    plan = Plan(arguments.minutes, arguments.round, arguments.seed, arguments.audience)
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    print(f"log: {folder / 'server.log'}", flush=True)
    with running_server(folder, **SETTINGS) as server:
        found, told = soak(server, plan)
    if arguments.report is not None:
        arguments.report.write_text(told, encoding="utf-8")
    print(*(found or ["nothing is left behind"]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
