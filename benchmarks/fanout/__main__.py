"""`python -m benchmarks.fanout`: interleaved rounds of the bare loop, Polyana and the peers that are installed.

Writes JSON lines (one run each) and a Markdown summary. See benchmarks/README.md for the method.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from ..peers.process import GENERATOR_CORE, SERVER_CORE
from .servers import Janus, LiveKit, Polyana, Server
from .shape import Shape, run_shape

ROOT = Path(__file__).resolve().parents[2]
LOADGEN = ROOT / "benchmarks/loadgen/target/release"
MAX_LOSS = 0.005


def build() -> None:
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT / "benchmarks/loadgen", check=True)


def limit(shape: Shape, seconds: float) -> dict[str, object]:
    """The bare loop on the server's core, at the shape's pace, its receivers drained as the generator does it."""
    command = ["taskset", "-c", SERVER_CORE, str(LOADGEN / "limit")]
    pace = shape.frames_per_second * shape.publishers
    numbers = [shape.receivers, shape.burst, shape.packet_bytes, seconds, pace, GENERATOR_CORE]
    done = subprocess.run([*command, *map(str, numbers)], check=True, capture_output=True, text=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


async def measure(arguments: argparse.Namespace) -> list[dict[str, object]]:
    servers = available(arguments.servers)
    runs: list[dict[str, object]] = []
    for round_number in range(arguments.rounds):
        for receivers in arguments.receivers:
            shape = Shape.named(arguments.shape, receivers)
            results = [("limit", limit(shape, min(5.0, arguments.seconds)))]
            for server in servers:
                results.append((server.name, await one_run(server, shape, arguments, round_number)))
            for name, result in results:
                run = {
                    "round": round_number,
                    "shape": shape.name,
                    "receivers": receivers,
                    "server": name,
                    **result,
                }
                runs.append(run)
                print(json.dumps(run), flush=True)
    return runs


async def one_run(
    server: Server, shape: Shape, arguments: argparse.Namespace, number: int
) -> dict[str, object]:
    log = Path(arguments.output) / f"{server.name}-{shape.name}-{shape.receivers}-{number}.log"
    return await run_shape(
        server,
        shape,
        seconds=arguments.seconds,
        warmup=arguments.warmup,
        loadgen=LOADGEN / "loadgen",
        log=log,
    )


def available(names: list[str]) -> list[Server]:
    known: dict[str, Server] = {s.name: s for s in (Polyana(), Janus(0), Janus(1), LiveKit())}
    chosen = []
    for name in names:
        server = known[name]
        if shutil.which(server.program) is None and not Path(server.program).exists():
            print(f"skipped {name}: {server.program} is not on PATH", file=sys.stderr)
            continue
        chosen.append(server)
    return chosen


def summary(runs: list[dict[str, object]]) -> str:
    """Medians, spread and the median of the ratios to Polyana of the same round."""
    cells: dict[tuple[str, int, str], list[dict[str, object]]] = defaultdict(list)
    for run in runs:
        cells[(str(run["shape"]), int(str(run["receivers"])), str(run["server"]))].append(run)
    lines = [
        "| shape | receivers | server | us/packet median (min-max) | x limit | x polyana | loss max | memory MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (shape, receivers, server), rows in cells.items():
        costs = [float(str(row["us_per_packet"])) for row in rows]
        loss = max(float(str(row["loss"])) for row in rows)
        memory = max((int(str(row.get("memory_bytes", 0))) for row in rows), default=0) / 1e6
        note = "" if loss <= MAX_LOSS else " (does not count)"
        lines.append(
            f"| {shape} | {receivers} | {server} | {statistics.median(costs):.2f} ({min(costs):.2f}-{max(costs):.2f})"
            f" | {ratio(cells, (shape, receivers), rows, 'limit')}"
            f" | {ratio(cells, (shape, receivers), rows, 'polyana')}"
            f" | {loss * 100:.2f} %{note} | {memory:.0f} |"
        )
    return "\n".join(lines)


def ratio(
    cells: dict[tuple[str, int, str], list[dict[str, object]]],
    key: tuple[str, int],
    rows: list[dict[str, object]],
    base: str,
) -> str:
    """Median over rounds of cost / cost of `base` in the same round."""
    others = {row["round"]: float(str(row["us_per_packet"])) for row in cells.get((*key, base), [])}
    ratios = [float(str(r["us_per_packet"])) / others[r["round"]] for r in rows if others.get(r["round"])]
    return f"{statistics.median(ratios):.2f}" if ratios else "-"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.fanout", description=__doc__)
    parser.add_argument("--shape", default="video", choices=["video", "single", "audio"])
    parser.add_argument("--receivers", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--servers", nargs="+", default=["polyana", "janus", "janus-1-loop", "livekit"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warmup", type=float, default=3.0)
    parser.add_argument("--output", default=str(ROOT / "test-results/benchmarks"))
    arguments = parser.parse_args()
    Path(arguments.output).mkdir(parents=True, exist_ok=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
    build()
    subprocess.run(["taskset", "-cp", GENERATOR_CORE, str(os.getpid())], check=True, capture_output=True)
    runs = asyncio.run(measure(arguments))
    table = summary(runs)
    (Path(arguments.output) / "runs.jsonl").write_text("\n".join(map(json.dumps, runs)) + "\n")
    (Path(arguments.output) / "summary.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
