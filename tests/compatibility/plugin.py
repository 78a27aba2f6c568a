"""Pytest hooks, imported by tests/conftest.py: heavy tests wait for `--heavy`, proofs are written to a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.compatibility.proofs import Proof, proofs_of, write

PROOFS = pytest.StashKey[dict[str, list[Proof]]]()
OUTCOMES = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--heavy", action="store_true", help="run what `make interop` runs, too")
    parser.addoption("--proofs", type=Path, help="write here which test proves what, and its outcome")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "heavy: takes minutes or many cores; run by `make interop`")
    config.addinivalue_line(
        "markers",
        "compatibility(*features, case='good', unimplemented=False): what of LiveKit's protocol a test proves",
    )
    config.stash[PROOFS] = {}
    config.stash[OUTCOMES] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    heavy = pytest.mark.skip(reason="heavy: `make interop` runs it")
    for item in items:
        config.stash[PROOFS][item.nodeid] = proofs_of(item)
        if item.get_closest_marker("heavy") and not config.getoption("--heavy"):
            item.add_marker(heavy)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the report goes through
    report = yield
    outcomes = item.config.stash[OUTCOMES]
    # The worst of set-up, call and tear-down; "passed" is the best.
    if outcomes.get(item.nodeid, "passed") == "passed":
        outcomes[item.nodeid] = report.outcome  # type: ignore[attr-defined]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--proofs")
    if path is None:
        return
    outcomes = session.config.stash[OUTCOMES]
    write(
        path,
        [
            replace(proof, outcome=outcomes.get(node, ""))
            for node, proofs in session.config.stash[PROOFS].items()
            for proof in proofs
        ],
    )
