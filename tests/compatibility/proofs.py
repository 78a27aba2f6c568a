"""Which test proves what, collected from the marks of the tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.compatibility.protocol import CASES, Case

MARK = "compatibility"


@dataclass(frozen=True, order=True)
class Proof:
    """One claim of one test. `test`: its node id without parameters."""

    feature: str
    case: Case
    test: str
    unimplemented: bool = False
    """The test shows that the server says that it does not have this."""
    outcome: str = ""
    """What became of the test; empty if it was only collected."""


def proofs_of(item: pytest.Item) -> list[Proof]:
    """What the marks of one test claim. Raises `pytest.UsageError` for a mark that says nothing."""
    test = item.nodeid.split("[")[0]
    found = []
    for mark in item.iter_markers(MARK):
        case = mark.kwargs.get("case", "good")
        unimplemented = mark.kwargs.get("unimplemented", False)
        if not mark.args or case not in CASES or set(mark.kwargs) - {"case", "unimplemented"}:
            raise pytest.UsageError(f"{item.nodeid}: what does {mark} prove?")
        found += [Proof(str(name), case, test, unimplemented) for name in mark.args]
    return found


def write(path: Path, proofs: Iterable[Proof]) -> None:
    path.write_text(json.dumps([asdict(proof) for proof in sorted(proofs)], indent=1), encoding="utf-8")


def read(path: Path) -> list[Proof]:
    return [Proof(**proof) for proof in json.loads(path.read_text(encoding="utf-8"))]
