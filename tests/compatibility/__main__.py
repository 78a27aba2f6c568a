"""`python -m tests.compatibility [PROOFS]` writes docs/compatibility.md.

PROOFS: a file that `pytest --proofs` wrote. With it, every test that the table names must have passed; without it,
the tests are only collected.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.compatibility.proofs import Proof, read
from tests.compatibility.table import Table

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/compatibility.md"


def collected() -> list[Proof]:
    """The proofs of all tests, none of which is run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proofs.json"
        command = [sys.executable, "-m", "pytest", "-q", "--collect-only", f"--proofs={path}", "tests"]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return read(path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compatibility", description=__doc__)
    parser.add_argument(
        "proofs", nargs="?", type=Path, help="results of a run; else tests are only collected"
    )
    arguments = parser.parse_args()
    table = Table(read(arguments.proofs) if arguments.proofs else collected())
    problems = [f"no such feature or case: {p.feature} {p.case} in {p.test}" for p in table.strangers]
    problems += [f"served and unimplemented: {name}" for name in table.contradictions()]
    problems += [f"did not pass: {test}" for test in table.unproven()] if arguments.proofs else []
    if problems:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    DOCUMENT.write_text(table.render(), encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)}: {len(table.rows)} rows, {len(table.open())} cells open")
    return 0


if __name__ == "__main__":
    sys.exit(main())
