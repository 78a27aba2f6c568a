"""Runs of cells on servers."""

from dataclasses import dataclass
from typing import Any

from .figures import Figures
from .run import Outcome


@dataclass(frozen=True)
class Run:
    """One cell on one server; `outcome` is None when it failed, `failure` says how."""

    server: str
    cell: str
    load_before: float
    """Processes that wanted to run before it began, mean of a minute (/proc/loadavg)."""
    outcome: Outcome | None
    failure: str = ""


def parse(fields: dict[str, Any]) -> Run:
    """From the fields of a line of the journal."""
    outcome = fields["outcome"]
    if outcome is not None:
        receivers = {name: Figures(**found) for name, found in outcome["receivers"].items()}
        outcome = Outcome(receivers, outcome["publisher_fps"])
    return Run(**{**fields, "outcome": outcome})
