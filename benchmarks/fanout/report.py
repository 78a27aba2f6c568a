"""The report of a measurement as Markdown: medians, spread, ratios within each round, what did not count."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

from .. import machine
from ..instructions import PerPacket
from ..recorded import OWN
from .results import Cell, Run, cells, ratios
from .run import MAX_LOSS
from .shape import SHAPES

OURS = "polyana"
LIMIT = "limit"
NOTHING = "-"
METHOD = f"""\
Server CPU time (user + system) in the window by the packets that arrived, in microseconds: median (least to most). A
run with more than {MAX_LOSS:.1%} loss, a subscription of which nothing came or a damaged packet does not count.
Ratios are medians of the ratios of single rounds; only they compare from machine to machine. Of mediasoup one worker is
counted, not the Node process that tells it who joins.

* **p50, p99**: from the publisher's write to the arrival at a receiver's socket, as the kernel noted it.
* **MB**: resident memory after the media. **KiB/subscription**: of what is above the empty server's, when all had
  joined, and after the media; a share of each participant's connection is in it.
* **server, generator**: share of a core. **feedback**: packets a second with which each receiver told the server what
  arrived when (transport-wide congestion control), where the server agreed to it.\
"""
INSTRUCTIONS = """\
Counted by callgrind on the sans-IO core, so the same on a busy machine (`python -m benchmarks.instructions`). `own` is
without the crypto library, which cannot use VAES there, and libc; `recorded` is what the tests hold us to.\
"""


def report(
    facts: Mapping[str, str],
    runs: Sequence[Run],
    *,
    instructions: Mapping[str, PerPacket] | None = None,
    pictures: str = "",
) -> str:
    """`facts`: of the machine and the programs, in the order in which they are told. `instructions`: of our packet
    path by shape. `pictures`: folder of the charts beside the report, one for each shape."""
    found = cells(runs)
    parts = [
        "# Cost of a forwarded packet",
        machine.listed(facts),
        METHOD,
    ]
    if len(found) > 1:
        parts += ["## In short", overview(found)]
    for shape in dict.fromkeys(shape for shape, _ in found):
        parts.append(f"## {shape}")
        if pictures:
            parts.append(f"![{shape}]({pictures}/{shape}.svg)")
        for cell, servers in found.items():
            if cell[0] == shape:
                parts += [f"### {headline(cell)}", summary(servers), rounds(servers)]
    if instructions:
        parts += ["## Instructions", INSTRUCTIONS, instruction_table(instructions)]
    return "\n\n".join(parts) + "\n"


def headline(cell: Cell) -> str:
    shape, size = cell
    return f"{shape}, {SHAPES[shape].layout(size).words}"


def overview(found: Mapping[Cell, dict[str, list[Run]]]) -> str:
    """Medians: ours by the bare loop, each peer by ours."""
    peers = list(dict.fromkeys(name for servers in found.values() for name in servers))
    peers = [name for name in peers if name not in (OURS, LIMIT)]
    head = ["shape", f"{OURS}, us", f"{OURS} : {LIMIT}", *(f"{name} : {OURS}" for name in peers)]
    return table(head, [overview_row(cell, servers, peers) for cell, servers in found.items()])


def overview_row(cell: Cell, servers: dict[str, list[Run]], peers: Iterable[str]) -> list[str]:
    ours = servers.get(OURS, [])
    by_limit = ratios(ours, servers.get(LIMIT, []))
    by_ours = [ratios(servers.get(name, []), ours) for name in peers]
    costs = [run.cost_us for run in ours if run.cost_us is not None]
    medians = [
        f"{statistics.median(values):.2f}" if values else NOTHING for values in (costs, by_limit, *by_ours)
    ]
    return [headline(cell), *medians]


def summary(servers: dict[str, list[Run]]) -> str:
    """One line for each server."""
    head = [
        "server", "us/packet", "x limit", "x polyana", "loss, most", "p50 ms", "p99 ms", "MB", "KiB/subscription",
        "server", "generator", "feedback", "rounds",
    ]  # fmt: skip
    return table(head, [summary_row(name, runs, servers) for name, runs in servers.items()])


def summary_row(name: str, runs: Sequence[Run], servers: dict[str, list[Run]]) -> list[str]:
    counted = [run for run in runs if run.cost_us is not None]
    costs = [run.cost_us for run in counted if run.cost_us is not None]
    return [
        name,
        spread(costs),
        spread(ratios(runs, servers.get(LIMIT, []))) if name != LIMIT else "1",
        spread(ratios(runs, servers.get(OURS, []))) if name != OURS else "1",
        most_loss(runs),
        middle(counted, lambda run: latency_ms(run, 0.5), ".2f"),
        middle(counted, lambda run: latency_ms(run, 0.99), ".2f"),
        middle(counted, lambda run: run.outcome.memory_bytes / 1e6 if run.outcome else None, ".0f"),
        subscription_kib(counted),
        middle(counted, lambda run: run.outcome.server_cpu_share if run.outcome else None, ".0%"),
        middle(counted, lambda run: run.outcome.generator_cpu_share if run.outcome else None, ".0%"),
        middle(counted, lambda run: run.outcome.feedbacks_per_second if run.outcome else None, ".0f"),
        f"{len(counted)} of {len(runs)}",
    ]


def subscription_kib(runs: Iterable[Run]) -> str:
    """When all had joined, and after the media."""
    pairs = [pair for run in runs if run.outcome and (pair := run.outcome.subscription_bytes)]
    if not pairs:
        return NOTHING
    return ", ".join(f"{statistics.median(values) / 1024:.0f}" for values in zip(*pairs, strict=True))


def instruction_table(instructions: Mapping[str, PerPacket]) -> str:
    rows = [
        [shape, f"{found.instructions:.0f}", f"{found.own:.0f}", str(OWN.get(shape, NOTHING))]
        for shape, found in instructions.items()
    ]
    return table(["shape", "instructions/packet", "own", "recorded"], rows)


def rounds(servers: dict[str, list[Run]]) -> str:
    """Every round: the load that it found, costs, and each cost by ours."""
    numbers = sorted({run.round for runs in servers.values() for run in runs})
    peers = [name for name in servers if name not in (OURS, LIMIT)]
    head = ["round", "load before", *servers, *(f"{name} : {OURS}" for name in peers)]
    return table(head, [round_row(number, servers, peers) for number in numbers])


def round_row(number: int, servers: dict[str, list[Run]], peers: Iterable[str]) -> list[str]:
    found = {name: next((run for run in runs if run.round == number), None) for name, runs in servers.items()}
    load = max((run.load_before for run in found.values() if run), default=0.0)
    ours = found.get(OURS)
    row = [str(number + 1), f"{load:.1f}", *(told(run) for run in found.values())]
    for name in peers:
        run = found[name]
        one = ratios([run], [ours]) if run and ours else []
        row.append(f"{one[0]:.2f}" if one else NOTHING)
    return row


def told(run: Run | None) -> str:
    """A cost, or why there is none."""
    if run is None:
        return NOTHING
    if run.outcome is None:
        return f"failed: {run.failure}"
    if run.cost_us is not None:
        return f"{run.cost_us:.2f}"
    reasons = [f"{run.outcome.loss:.1%} loss"] if run.outcome.loss > MAX_LOSS else []
    reasons += [f"{run.outcome.silent} silent"] if run.outcome.silent else []
    reasons += [f"{run.outcome.corrupt} damaged"] if run.outcome.corrupt else []
    return f"({run.outcome.us_per_packet:.2f}: {', '.join(reasons)})"


def spread(values: Sequence[float]) -> str:
    """Median with the least and the most."""
    if not values:
        return NOTHING
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def most_loss(runs: Iterable[Run]) -> str:
    losses = [run.outcome.loss for run in runs if run.outcome]
    return f"{max(losses):.2%}" if losses else NOTHING


def latency_ms(run: Run, quantile: float) -> float | None:
    found = dict(run.outcome.latency_us) if run.outcome else {}
    return found[quantile] / 1000 if quantile in found else None


def middle(runs: Iterable[Run], pick: Callable[[Run], float | None], form: str) -> str:
    """Median of what the runs have."""
    values = [value for run in runs if (value := pick(run))]
    return format(statistics.median(values), form) if values else NOTHING


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
