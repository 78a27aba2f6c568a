"""What the rounds have given, and the report of it as Markdown."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from .. import machine
from ..fanout.report import NOTHING, spread, table
from .steady import Steady
from .storm import StormOutcome

T = TypeVar("T")
OURS = "polyana"
METHOD = (
    "Server CPU time (user + system) by joins: median (least to most). A join is a WebSocket, signalling, ICE, the DTLS"
    " handshake and the description with which media comes. `joins/s` is what came about beside the client and"
    " whatever else ran; `fit on a core` is 1 s by the CPU time. Ratios are of single rounds."
)


@dataclass
class Results:
    """Of all rounds, in order. A round that failed has None."""

    storms: dict[str, dict[str, list[StormOutcome | None]]] = field(default_factory=dict)
    """By the storm's name and the server's."""
    first_media_ms: dict[str, list[list[float] | None]] = field(default_factory=dict)
    """By the server's name: of each newcomer of a round."""
    steady: dict[str, list[Steady | None]] = field(default_factory=dict)
    """By what was sent to how many."""
    failures: list[str] = field(default_factory=list)


def report(facts: dict[str, str], results: Results, others: int) -> str:
    """`facts`: of the machine and the method, in the order in which they are told."""
    parts = ["# Cost of a join", machine.listed(facts), METHOD]
    for name, servers in results.storms.items():
        parts += [f"## Joins: {name}", storm_table(servers)]
    if results.first_media_ms:
        headline = (
            f"## From the WebSocket's opening to the first packet of sound, {others} others in the room"
        )
        parts += [headline, first_media_table(results.first_media_ms)]
    if results.steady:
        parts += ["## Steady state: Python's share of the server's CPU", steady_table(results.steady)]
    if results.failures:
        parts += ["## Failed", "\n".join(f"* {failure}" for failure in results.failures)]
    return "\n\n".join(parts) + "\n"


def storm_table(servers: dict[str, list[StormOutcome | None]]) -> str:
    """One line for each server."""
    ours = servers.get(OURS, [])
    head = [
        "server",
        "ms/join",
        "x polyana",
        "fit on a core",
        "joins/s",
        "core's share",
        "client ms",
        "rounds",
    ]
    rows = []
    for name, outcomes in servers.items():
        counted = [outcome for outcome in outcomes if outcome]
        rows.append(
            [
                name,
                spread([outcome.server_ms for outcome in counted]),
                spread(ratios(outcomes, ours)) if name != OURS else "1",
                middle(counted, lambda outcome: 1000 / outcome.server_ms, ".0f"),
                middle(counted, lambda outcome: outcome.per_second, ".0f"),
                middle(counted, lambda outcome: outcome.server_share, ".0%"),
                middle(counted, lambda outcome: outcome.client_ms, ".2f"),
                f"{len(counted)} of {len(outcomes)}",
            ]
        )
    return table(head, rows)


def ratios(outcomes: Sequence[StormOutcome | None], base: Sequence[StormOutcome | None]) -> list[float]:
    """Cost by cost of `base` in the same round, for the rounds in which both were measured."""
    return [one.server_ms / two.server_ms for one, two in zip(outcomes, base, strict=False) if one and two]


def first_media_table(servers: dict[str, list[list[float] | None]]) -> str:
    """One line for each server: quantiles of all newcomers, and the spread of the rounds' 95th percentiles."""
    head = ["server", "p50 ms", "p95 ms", "most ms", "p95 of the rounds", "newcomers"]
    rows = []
    for name, rounds in servers.items():
        counted = [found for found in rounds if found]
        pooled = sorted(ms for found in counted for ms in found)
        told = [f"{quantile(pooled, q):.0f}" for q in (0.5, 0.95, 1.0)] if pooled else [NOTHING] * 3
        rows.append([name, *told, spread([quantile(sorted(f), 0.95) for f in counted]), str(len(pooled))])
    return table(head, rows)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least value that this share of all does not exceed."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def steady_table(shapes: dict[str, list[Steady | None]]) -> str:
    """One line for each shape. `Python ms/s`: CPU milliseconds in a second."""
    head = ["media", "Python's share", "Python ms/s", "data plane ms/s", "packets/s", "rounds"]
    rows = []
    for name, outcomes in shapes.items():
        counted = [outcome for outcome in outcomes if outcome]
        rows.append(
            [
                name,
                middle(counted, lambda one: one.python_share, ".1%"),
                spread([one.python_s * 1e3 / one.window_s for one in counted]),
                spread([one.others_s * 1e3 / one.window_s for one in counted]),
                middle(counted, lambda one: one.packets / one.window_s, ".0f"),
                f"{len(counted)} of {len(outcomes)}",
            ]
        )
    return table(head, rows)


def middle(found: Sequence[T], pick: Callable[[T], float], form: str) -> str:
    """Median of what the rounds have."""
    return format(statistics.median(map(pick, found)), form) if found else NOTHING
