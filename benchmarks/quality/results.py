"""Runs as lines of JSON: written one by one, so that what was measured survives whatever ends the program."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

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


def append(path: Path, run: Run) -> None:
    """Adds one line."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(run)) + "\n")


def read(path: Path) -> list[Run]:
    """All runs of a file. Raises ValueError or TypeError for a line that is no run."""
    return [parse(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def parse(line: str) -> Run:
    fields = json.loads(line)
    if (outcome := fields["outcome"]) is not None:
        receivers = {name: Figures(**found) for name, found in outcome["receivers"].items()}
        fields["outcome"] = Outcome(receivers, outcome["publisher_fps"])
    return Run(**fields)
