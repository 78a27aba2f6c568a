"""The report of the fan-out benchmark: what counts, ratios within rounds, files that can be gone on with."""

from pathlib import Path

import pytest

from benchmarks.fanout.chart import chart
from benchmarks.fanout.report import report
from benchmarks.fanout.results import Run, cells, parse, ratios
from benchmarks.fanout.run import Memory, Outcome, assess, loss
from benchmarks.fanout.shape import Shape
from benchmarks.instructions import PerPacket
from benchmarks.peers.plan import Report
from benchmarks.peers.process import cpu_seconds
from benchmarks.recorded import OWN
from benchmarks.results import Journal


def run(number: int, server: str, cost: float, *, loss: float = 0.0, silent: int = 0) -> Run:
    outcome = Outcome(
        cost,
        loss,
        silent=silent,
        latency_us=((0.5, 1500), (0.99, 4000)),
        memory_bytes=50_000_000,
        subscription_bytes=(20_480.0, 40_960.0),
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
    path = tmp_path / "folder" / "runs.jsonl"
    journal = Journal(path, parse, resume=False)
    for one in runs:
        journal.add(one)
    assert journal.runs == runs == Journal(path, parse, resume=True).runs
    assert list(cells(runs)) == [("video", 50), ("audio", 10)]
    assert Journal(path, parse, resume=False).runs == [], "begins anew"


def test_time_is_that_of_all_processes() -> None:
    # The name of a program may hold spaces and brackets (proc_pid_stat(5)).
    stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 {} {} 0 0 20 0 4 0 1 1 1"
    assert cpu_seconds([stat.format(150, 50), stat.format(100, 0)]) == pytest.approx(3.0)


def reported(**changed: object) -> Report:
    report = Report(
        sent=100, received=700, lost=0, retransmitted=0, decrypted=11, corrupt=0, streams=56, feedbacks=160,
        latency_us=[(0.5, 200)], server_cpu_s=0.0014, own_cpu_s=0.1, window_s=1.0,
    )  # fmt: skip
    return report | changed  # type: ignore[return-value]


MEMORY = Memory(empty=10_000_000, joined=10_056_000, after=10_112_000)


def test_a_meeting_expects_what_the_others_sent() -> None:
    found = assess(reported(), Shape.named("meeting", 8), MEMORY)
    assert found.counts and found.loss == 0 and found.us_per_packet == pytest.approx(2.0)
    assert found.subscription_bytes == (1000, 2000)
    assert found.feedbacks_per_second == 20


def test_a_subscription_without_a_packet_is_silent() -> None:
    found = assess(reported(streams=54), Shape.named("meeting", 8), MEMORY)
    assert found.silent == 2 and not found.counts


def test_loss_is_honest() -> None:
    assert loss(900, 0, 1000) == pytest.approx(0.1)
    assert loss(990, 20, 1000) == pytest.approx(20 / 1010), (
        "of what was on its way before, some made up for it"
    )
    assert loss(1005, 0, 1000) == 0
    assert loss(0, 0, 1000) == loss(0, 0, 0) == 1


def test_shapes_have_their_charts_and_an_overview() -> None:
    runs = [
        run(0, "limit", 1.0), run(0, "polyana", 2.0), run(0, "janus", 8.0),
        Run(0, "meeting", 8, "polyana", 0.0, Outcome(3.0, 0.0)),
        Run(0, "meeting", 8, "other", 0.0, None, "its adapter has no participants that both publish and receive"),
    ]  # fmt: skip
    instructions = {"vp8": PerPacket(5000.4, 1036.2)}
    text = report({}, runs, instructions=instructions, pictures="charts")
    assert rows(text, "video, 1 -> 50")[0][1:] == ["2.00", "2.00", "4.00", "-"]
    assert rows(text, "meeting, 8 who publish and receive the 7 others")[0][1:] == ["3.00", "-", "-", "-"]
    assert "![video](charts/video.svg)" in text and "failed: its adapter has no participants" in text
    assert rows(text, "vp8") == [["vp8", "5000", "1036", str(OWN["vp8"])]]
    assert "20, 40" in rows(text, "janus")[0], "KiB for each subscription, before and after the media"
    lines = [line for line in text.splitlines() if line.startswith(("| polyana |", "| other |"))]
    assert len({line.count("|") for line in lines}) == 1


def test_a_chart_has_a_bar_for_what_counted() -> None:
    small = {"limit": [run(0, "limit", 1.0)], "polyana": [run(0, "polyana", 2.0), run(1, "polyana", 3.0)]}
    large = {"polyana": [run(0, "polyana", 2.0)], "janus": [run(0, "janus", 9.0, loss=0.5)]}
    drawn = chart({50: small, 200: large})
    # Ours in both sizes and three panels, the bare loop in one size; the background is a rectangle, too.
    assert drawn.count("<rect") == 1 + 3 * 2 + 3
    assert ">janus</text>" in drawn and drawn.endswith("</svg>\n")
    assert chart({50: {"janus": [Run(0, "video", 50, "janus", 0.0, None, "no")]}}).count("<rect") == 1
