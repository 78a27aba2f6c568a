"""The table: rows from the protocol, proofs from the tests, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.compatibility.proofs import Proof
from tests.compatibility.protocol import CASES, Case, Feature, Group, groups

GENERATED = "<!-- Written by `make compatibility` from the marks and results of the tests. Do not edit. -->"
INTRODUCTION = """
# Compatibility with LiveKit

Polyana speaks LiveKit's client protocol and server API; it is not affiliated with LiveKit. Each row names what the
protocol has and the tests that prove what this server does with it. **served**: works as in LiveKit's own server.
**unimplemented**: the server says so, by a status, an error code or a response that clients understand. **open**: not
proven yet.

A test says what it proves by a mark: `@pytest.mark.compatibility("signal.request.mute", case="refused")`; a test that
shows a clear "no" adds `unimplemented=True`. Paths are below [tests/](../tests).
"""


@dataclass
class Row:
    """One feature and who proves it."""

    feature: Feature
    proofs: list[Proof] = field(default_factory=list)

    @property
    def unimplemented(self) -> bool:
        return bool(self.proofs) and all(proof.unimplemented for proof in self.proofs)

    @property
    def state(self) -> str:
        return "open" if self.missing() else "unimplemented" if self.unimplemented else "served"

    def needs(self) -> tuple[Case, ...]:
        """A "no" needs one proof only."""
        return ("good",) if self.unimplemented else self.feature.cases

    def missing(self) -> list[Case]:
        return [case for case in self.needs() if not self.tests(case)]

    def tests(self, case: Case) -> list[str]:
        return sorted({p.test for p in self.proofs if p.case == case})


class Table:
    """All rows. `proofs` of features that do not exist are kept apart."""

    def __init__(self, proofs: Iterable[Proof]) -> None:
        self.groups: list[tuple[Group, list[Row]]] = [
            (group, [Row(feature) for feature in group.features]) for group in groups()
        ]
        self.rows = {row.feature.name: row for _, rows in self.groups for row in rows}
        self.strangers: list[Proof] = []
        for proof in sorted(proofs):
            known = proof.feature in self.rows and proof.case in self.rows[proof.feature].feature.cases
            (self.rows[proof.feature].proofs if known else self.strangers).append(proof)

    def open(self) -> set[str]:
        """Cells without a test, as "feature case"."""
        return {f"{name} {case}" for name, row in self.rows.items() for case in row.missing()}

    def contradictions(self) -> list[str]:
        """Features that some tests show to be served and others to be unimplemented."""
        return [name for name, row in self.rows.items() if len({p.unimplemented for p in row.proofs}) > 1]

    def unproven(self) -> list[str]:
        """Tests that are named and did not pass, with what became of them (parameters count each)."""
        named = (proof for row in self.rows.values() for proof in row.proofs)
        return sorted({f"{p.test}: {p.outcome or 'not run'}" for p in named if p.outcome != "passed"})

    def render(self) -> str:
        lines = [GENERATED, *INTRODUCTION.splitlines()]
        for group, rows in self.groups:
            lines += ["", f"## {group.title}", "", *_table(rows)]
        return "\n".join(lines) + "\n"


def _table(rows: list[Row]) -> list[str]:
    if all(row.unimplemented for row in rows) and len({tuple(row.tests("good")) for row in rows}) == 1:
        names = ", ".join(f"`{_short(row)}`" for row in rows)
        return [f"**unimplemented**: {names}", "", f"Tests: {_cell(rows[0], 'good')}"]
    cases = [case for case in CASES if any(case in row.feature.cases for row in rows)]
    titles = ["", "State", *(["Tests"] if len(cases) == 1 else [case.capitalize() for case in cases])]
    lines = [_line(titles), _line(["---"] * len(titles))]
    lines += [_line([f"`{_short(row)}`", row.state, *(_cell(row, case) for case in cases)]) for row in rows]
    return lines


def _short(row: Row) -> str:
    return row.feature.name.rpartition(".")[2]


def _cell(row: Row, case: Case) -> str:
    if case not in row.needs() and not row.tests(case):
        return "—"
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in row.tests(case)) or "**open**"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
