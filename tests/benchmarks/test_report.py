"""The report of the fan-out benchmark: what counts, ratios within rounds, files that can be gone on with."""

from pathlib import Path

import pytest

from benchmarks.fanout.report import report
from benchmarks.fanout.results import Run, append, cells, ratios, read
from benchmarks.fanout.run import Outcome
from benchmarks.peers.process import cpu_seconds


def run(number: int, server: str, cost: float, *, loss: float = 0.0, silent: int = 0) -> Run:
    outcome = Outcome(
        cost, loss, silent=silent, latency_us=((0.5, 1500), (0.99, 4000)), memory_bytes=50_000_000
    )
    return Run(number, "video", 50, server, 0.3, outcome)


def rows(text: str, first: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [line for line in lines if line[0] == first]


def test_ratios_are_those_of_single_rounds() -> None:
    # The machine was twice as slow in the second round: the ratio does not see it.
    ours = [run(0, "polyana", 4.0), run(1, "polyana", 8.0)]
    peer = [run(0, "janus", 12.0), run(1, "janus", 24.0)]
    assert ratios(peer, ours) == [3.0, 3.0]
    text = report({}, [*ours, *peer])
    ((_, costs, limit, ratio, *_),) = rows(text, "janus")
    assert (costs, limit, ratio) == ("18.00 (12.00 to 24.00)", "-", "3.00 (3.00 to 3.00)")


@pytest.mark.parametrize(("loss", "silent", "told"), [(0.02, 0, "2.0% loss"), (0.0, 3, "3 silent")])
def test_a_run_that_did_not_carry_its_load_does_not_count(loss: float, silent: int, told: str) -> None:
    good = [run(0, "polyana", 4.0), run(1, "polyana", 5.0)]
    bad = run(1, "janus", 1.0, loss=loss, silent=silent)
    text = report({}, [*good, run(0, "janus", 12.0), bad])
    ((_, costs, _, ratio, *_, counted),) = rows(text, "janus")
    assert (costs, ratio, counted) == ("12.00 (12.00 to 12.00)", "3.00 (3.00 to 3.00)", "1 of 2")
    assert rows(text, "2")[0][-2:] == [f"(1.00: {told})", "-"]


def test_a_run_that_failed_is_told() -> None:
    failed = Run(0, "video", 200, "livekit", 0.0, None, "HandshakeError no handshake")
    text = report({"kernel": "Linux"}, [failed])
    assert "failed: HandshakeError no handshake" in text and "* kernel: Linux" in text
    assert rows(text, "livekit")[0][-1] == "0 of 1"


def test_runs_survive_in_their_file(tmp_path: Path) -> None:
    runs = [run(0, "polyana", 4.0), Run(1, "audio", 10, "janus", 1.5, None, "TimeoutError")]
    for one in runs:
        append(tmp_path / "runs.jsonl", one)
    assert read(tmp_path / "runs.jsonl") == runs
    assert list(cells(runs)) == [("video", 50), ("audio", 10)]


def test_time_is_that_of_all_processes() -> None:
    # The name of a program may hold spaces and brackets (proc_pid_stat(5)).
    stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 {} {} 0 0 20 0 4 0 1 1 1"
    assert cpu_seconds([stat.format(150, 50), stat.format(100, 0)]) == pytest.approx(3.0)
