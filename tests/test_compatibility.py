"""docs/compatibility.md says what the tests prove, about everything that the protocol has."""

from fnmatch import fnmatch

import pytest

from tests.compatibility.__main__ import DOCUMENT, collected
from tests.compatibility.proofs import Proof
from tests.compatibility.protocol import features
from tests.compatibility.table import Table

#: Cells ("feature case") that no test proves yet. The list only shrinks.
OPEN: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(collected())


def test_marks_name_what_exists(table: Table) -> None:
    assert not table.strangers


def test_no_feature_is_both_served_and_unimplemented(table: Table) -> None:
    assert not table.contradictions()


def test_every_feature_is_proven(table: Table) -> None:
    cells = table.open()
    assert not [cell for cell in cells if not any(fnmatch(cell, pattern) for pattern in OPEN)]
    assert not [pattern for pattern in OPEN if not any(fnmatch(cell, pattern) for cell in cells)], (
        "proven now"
    )


def test_the_document_is_current(table: Table) -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == table.render(), "python -m tests.compatibility"


def test_the_protocol_is_read_from_its_descriptors() -> None:
    names = features()
    assert {"signal.request.add_track", "signal.response.join", "twirp.RoomService.CreateRoom"} <= set(names)
    assert {"data.rpc_request", "simulate.node_failure", "grant.can_publish", "claim.sha256"} <= set(names)
    assert len(names) > 300


def test_what_is_wrong_is_found() -> None:
    good = Proof("signal.request.leave", "good", "tests/a.py::test_a")
    no = Proof("signal.request.leave", "good", "tests/a.py::test_b", unimplemented=True, outcome="passed")
    stranger = Proof("signal.request.dance", "good", "tests/a.py::test_c", outcome="passed")
    impossible = Proof("signal.request.ping", "refused", "tests/a.py::test_d", outcome="passed")
    table = Table([good, no, stranger, impossible])
    assert table.strangers == [stranger, impossible]
    assert table.contradictions() == ["signal.request.leave"]
    assert table.unproven() == ["tests/a.py::test_a: not run"]
    assert "signal.request.leave malformed" in table.open()


def test_a_row_shows_its_tests() -> None:
    proofs = [
        Proof("signal.request.ping", "good", "tests/a.py::test_ping"),
        Proof("signal.response.trickle", "good", "tests/a.py::test_no", unimplemented=True),
    ]
    text = Table(proofs).render()
    assert "| `ping` | served | `a.py::test_ping` | — | — |" in text
    assert "| `trickle` | unimplemented | `a.py::test_no` |" in text
    assert "| `pong` | open | **open** |" in text
