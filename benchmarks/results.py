"""Runs as lines of JSON: written one by one, so that what was measured survives whatever ends the program."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

ROOT = Path(__file__).resolve().parents[1]
Run = TypeVar("Run")


class Journal(Generic[Run]):
    """`runs`: dataclasses, in the order in which they were measured. `parse`: one from the fields of its line."""

    def __init__(self, path: Path, parse: Callable[[dict[str, Any]], Run], *, resume: bool) -> None:
        """Begins anew, or with `resume` goes on. Raises ValueError or TypeError for a line that is no run."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not resume:
            path.unlink(missing_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._path = path
        self.runs: list[Run] = [parse(json.loads(line)) for line in lines if line.strip()]

    def add(self, run: Run) -> None:
        self.runs.append(run)
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(run)) + "\n")  # type: ignore[call-overload]


def add_options(parser: argparse.ArgumentParser, name: str, folder: str) -> None:
    """--resume, --output and --report of a benchmark that keeps a journal in test-results/`folder`."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--resume", action="store_true", help="keep the runs that are there")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "test-results" / folder, help="folder of runs and logs"
    )
    parser.add_argument("--report", type=Path, default=ROOT / f"benchmarks/reports/{name}-{today}.md")
