"""`python -m benchmarks.hotspots`: where the time of a forwarded packet goes.

A run of the fan-out (`benchmarks/fanout`) with perf beside it: samples of the server's threads by the CPU clock, each
counted for the first group of `GROUPS` that its functions belong to. Shares of the samples times what a packet cost in
the same run.
"""

import argparse
import asyncio
import re
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from . import loadgen, machine
from .fanout.report import headline, table
from .fanout.run import Outcome, run_shape
from .fanout.servers import Polyana
from .fanout.shape import Shape
from .results import ROOT

FREQUENCY = 1999
"""Samples a second of a thread that always runs."""
OTHER = "everything else"
KERNEL = 1 << 63
"""Addresses above are the kernel's."""
#: The first that fits counts: in the kernel by any function of a sample, else by the one that was running.
GROUPS: Sequence[tuple[str, str]] = (
    ("kernel: the receivers' side of the loopback", r"netif_receive_skb|process_backlog|ip_local_deliver|udp_queue"),
    ("kernel: routes of what is sent", r"ip_route_output|fib_table_lookup|rt_dst_alloc|dst_release"),
    ("kernel: copying what is sent", r"ip_generic_getfrag|ip_append_data|__ip_append|skb_copy|_copy_from_iter"),
    ("kernel: sending", r"sendm+sg|sendto"),
    ("kernel: reading", r"recvm+sg|recvfrom"),
    ("kernel: sleeping and waking", r"epoll|nanosleep|futex|schedule|eventfd|tick_|hrtimer"),
    ("kernel: freeing what was sent, interrupts", r"softirq|irq_exit|skb_free|kfree|__slab_free|skb_release"),
    ("encrypting and decrypting", r"aes|gcm|ghash|aead|EVP_|CRYPTO_|init_IV"),
    ("what comes of feedback and reports", r"feedback|[Cc]ongestion|rtcp|receive|report|ReceiveArena|estimate"),
    ("forwarding", r"Core>?::poll|polyana_core::(sender|batch)|polyana_wire::srtp|memcpy|memmove"),
    ("the worker's own loop and clocks", r"Worker|clock_gettime|backtrace|hashbrown|sendm+sg|recvm+sg|pthread"),
)  # fmt: skip
PYTHON = "Python: the control plane"
_FRAME = re.compile(r"\s+([0-9a-f]+) (.+)")


@dataclass(frozen=True)
class Sample:
    """One moment of a thread. `frames`: address and function, the running one first."""

    thread: str
    frames: tuple[tuple[int, str], ...]


def samples(lines: Iterable[str]) -> Iterator[Sample]:
    """Of `perf script -F comm,tid,ip,sym`: a line for the thread, one for each frame, an empty one. What is neither is
    passed over."""
    thread, frames = "", list[tuple[int, str]]()
    for line in [*lines, ""]:
        if not line.strip():
            if thread and frames:
                yield Sample(thread, tuple(frames))
            thread, frames = "", []
        elif (found := _FRAME.fullmatch(line.rstrip())) is not None:
            frames.append((int(found[1], 16), found[2]))
        else:
            thread = line.strip().rpartition(" ")[0].strip() or line.strip()


def group(sample: Sample) -> str:
    """Where a sample counts. All of a thread that is not of the data plane is Python's, its kernel with it."""
    if not sample.thread.startswith("dataplane"):
        return PYTHON
    address, running = sample.frames[0]
    is_kernel = address >= KERNEL  # beyond a function of ours, frames are guesses
    names = [function for _, function in sample.frames] if is_kernel else [running]
    for name, pattern in GROUPS:
        if name.startswith("kernel") == is_kernel and any(re.search(pattern, one) for one in names):
            return name
    return OTHER


@asynccontextmanager
async def recorded(pids: Sequence[int], file: Path, *, after_s: float, seconds: float) -> AsyncIterator[None]:
    """perf looks at these processes from `after_s` on, while the block runs. Raises RuntimeError if it cannot."""
    process = await asyncio.create_subprocess_exec(
        "perf", "record", "--quiet", "-e", "cpu-clock", "-F", str(FREQUENCY), "-g", "-D", str(round(after_s * 1000)),
        "-p", ",".join(map(str, pids)), "-o", str(file), "--", "sleep", str(after_s + seconds),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    yield
    _, words = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"perf failed with {process.returncode}: {words.decode(errors='replace').strip()}")


async def read(file: Path) -> Counter[str]:
    """Samples of a recording by group."""
    process = await asyncio.create_subprocess_exec(
        "perf", "script", "-i", str(file), "-F", "comm,tid,ip,sym",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    return Counter(group(sample) for sample in samples(output.decode(errors="replace").splitlines()))


async def measured(shape: Shape, arguments: argparse.Namespace) -> tuple[Outcome, Counter[str]]:
    """A run with what it spent its time on."""
    file = arguments.output / f"{shape.name}-{shape.size}.perf"
    outcome = await run_shape(
        Polyana(),
        shape,
        seconds=arguments.seconds,
        warmup=arguments.warmup,
        log=file.with_suffix(".log"),
        beside=lambda pids: recorded(pids, file, after_s=arguments.warmup, seconds=arguments.seconds),
    )
    if not outcome.counts:
        raise RuntimeError(f"the run does not count: {outcome}")
    return outcome, await read(file)


def report(found: Sequence[tuple[Shape, Outcome, Counter[str]]], facts: dict[str, str]) -> str:
    """Markdown: a column of nanoseconds for each shape, dearest first by the last one."""
    parts = [
        "# Where the time of a forwarded packet goes",
        machine.listed(facts),
        "Nanoseconds of server CPU for each packet that arrived, and their share of all.",
    ]
    names = sorted({name for *_, counted in found for name in counted}, key=lambda name: -found[-1][2][name])
    rows = [[name, *(cell(outcome, counted, name) for _, outcome, counted in found)] for name in names]
    rows.append(["all", *(f"{outcome.us_per_packet * 1000:.0f}" for _, outcome, _ in found)])
    parts.append(table(["", *(headline((shape.name, shape.size)) for shape, *_ in found)], rows))
    return "\n\n".join(parts) + "\n"


def cell(outcome: Outcome, counted: Counter[str], name: str) -> str:
    share = counted[name] / max(1, counted.total())
    return f"{share * outcome.us_per_packet * 1000:.0f} ({share:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.hotspots", description=__doc__)
    parser.add_argument("--shape", default="video")
    parser.add_argument("--receivers", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--seconds", type=float, default=15.0, help="of the window")
    parser.add_argument("--warmup", type=float, default=5.0, help="seconds of media before it")
    parser.add_argument("--output", type=Path, default=ROOT / "test-results" / "hotspots")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--report", type=Path, default=ROOT / f"benchmarks/reports/hotspots-{today}.md")
    arguments = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("perf is not on PATH (Debian: linux-perf)")
    loadgen.prepare()
    arguments.output.mkdir(parents=True, exist_ok=True)
    found = []
    for size in arguments.receivers:
        shape = Shape.named(arguments.shape, size)
        found.append((shape, *asyncio.run(measured(shape, arguments))))
    method = f"{FREQUENCY} samples a second of running threads for {arguments.seconds:g} s after {arguments.warmup:g} s"
    facts = {"date": today, **machine.facts(), "method": method}
    arguments.report.write_text(report(found, facts), encoding="utf-8")
    print(f"report: {arguments.report}")


if __name__ == "__main__":
    main()
