"""Runs as lines of JSON: written one by one, so that what was measured survives whatever ends the program."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .run import Outcome


@dataclass(frozen=True)
class Run:
    """One server under one shape in one round; `outcome` is None when it failed, `failure` says how."""

    round: int
    shape: str
    receivers: int
    server: str
    load_before: float
    """Processes that wanted to run before it began, mean of a minute (/proc/loadavg)."""
    outcome: Outcome | None
    failure: str = ""

    @property
    def cost_us(self) -> float | None:
        """Microseconds for each packet, if the run counts."""
        return self.outcome.us_per_packet if self.outcome and self.outcome.counts else None


def append(path: Path, run: Run) -> None:
    """Adds one line."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(run)) + "\n")


def read(path: Path) -> list[Run]:
    """All runs of a file. Raises ValueError or TypeError for a line that is no run."""
    return [parse(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def parse(line: str) -> Run:
    fields = json.loads(line)
    if fields["outcome"] is not None:
        latency = fields["outcome"].pop("latency_us")
        fields["outcome"] = Outcome(latency_us=tuple(map(tuple, latency)), **fields["outcome"])
    return Run(**fields)


Cell = tuple[str, int]
"""Shape and receivers."""


def cells(runs: Iterable[Run]) -> dict[Cell, dict[str, list[Run]]]:
    """Runs by shape and size, then by server; everything in the order in which it was measured first."""
    found: dict[Cell, dict[str, list[Run]]] = {}
    for run in runs:
        found.setdefault((run.shape, run.receivers), {}).setdefault(run.server, []).append(run)
    return found


def ratios(runs: Iterable[Run], base: Iterable[Run]) -> list[float]:
    """Cost by cost of `base` in the same round, for the rounds in which both count."""
    costs = {run.round: run.cost_us for run in base}
    return [
        run.cost_us / divisor for run in runs if run.cost_us is not None and (divisor := costs.get(run.round))
    ]
