"""The packet path needs no more instructions than recorded. No timing: the same figure on a busy machine."""

import shutil
from pathlib import Path

import pytest

from benchmarks.instructions import build, per_packet
from benchmarks.recorded import OWN, TOLERANCE


@pytest.fixture(scope="module")
def program() -> Path:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not on PATH")
    return build()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shape", OWN)
def test_a_packet_takes_no_more_instructions_than_recorded(program: Path, shape: str) -> None:
    found = per_packet(program, shape, short=60, long=160)
    assert found.own <= OWN[shape] * (1 + TOLERANCE), f"{found.own:.0f}: what made the path longer?"
    assert found.own > OWN[shape] / 2, f"{found.own:.0f}: record the new figure in benchmarks/recorded.py"
