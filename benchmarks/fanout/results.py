"""Runs of the forwarding suite, and ratios between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .run import Outcome


@dataclass(frozen=True)
class Run:
    """One server under one shape in one round; `outcome` is None when it failed, `failure` says how."""

    round: int
    shape: str
    size: int
    server: str
    load_before: float
    """Processes that wanted to run before it began, mean of a minute (/proc/loadavg)."""
    outcome: Outcome | None
    failure: str = ""

    @property
    def cost_us(self) -> float | None:
        """Microseconds for each packet, if the run counts."""
        return self.outcome.us_per_packet if self.outcome and self.outcome.counts else None


def parse(fields: dict[str, Any]) -> Run:
    """From the fields of a line of the journal."""
    outcome = fields["outcome"]
    if outcome is not None:
        latency = tuple(map(tuple, outcome.pop("latency_us")))
        memory = outcome.pop("subscription_bytes")
        outcome = Outcome(latency_us=latency, subscription_bytes=tuple(memory) if memory else None, **outcome)
    return Run(**{**fields, "outcome": outcome})


Cell = tuple[str, int]
"""Shape and size."""


def cells(runs: Iterable[Run]) -> dict[Cell, dict[str, list[Run]]]:
    """Runs by shape and size, then by server; everything in the order in which it was measured first."""
    found: dict[Cell, dict[str, list[Run]]] = {}
    for run in runs:
        found.setdefault((run.shape, run.size), {}).setdefault(run.server, []).append(run)
    return found


def ratios(runs: Iterable[Run], base: Iterable[Run]) -> list[float]:
    """Cost by cost of `base` in the same round, for the rounds in which both count."""
    costs = {run.round: run.cost_us for run in base}
    return [
        run.cost_us / divisor for run in runs if run.cost_us is not None and (divisor := costs.get(run.round))
    ]
