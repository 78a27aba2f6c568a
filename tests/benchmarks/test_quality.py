"""The quality benchmark's figures from courses that are made up, and its report."""

from pathlib import Path

import pytest

from benchmarks.quality.cells import EVERY, QUICK, SETS, steady
from benchmarks.quality.chart import chart
from benchmarks.quality.figures import Figures, converged_s, figures, paused_spans
from benchmarks.quality.report import report
from benchmarks.quality.results import Run, parse
from benchmarks.quality.run import Outcome
from benchmarks.results import Journal
from tests.interop.link import Passage, Record
from tests.interop.viewer import RATE, Heard, Picture, Seen

SPAN = (100.0, 110.0)


def pictures(begin: float, end: float, fps: float, height: int = 360) -> list[Picture]:
    count = round((end - begin) * fps)
    return [Picture(begin + number / fps, height * 16 // 9, height) for number in range(count)]


def of(seen: Seen, record: Record | None = None, paused: tuple[tuple[float, float], ...] = ()) -> Figures:
    return figures(seen, record or Record(), paused, SPAN, SPAN, 1000)


def test_a_picture_that_stands_is_a_freeze_and_one_that_was_paused_is_not() -> None:
    seen = Seen(pictures=pictures(100, 103, 25) + pictures(104, 106, 25) + pictures(108, 110, 25))
    found = of(seen)
    assert found.freezes_per_minute == 12 and found.frozen == pytest.approx(0.308)
    assert found.longest_freeze_s == pytest.approx(2.04)
    assert found.fps == pytest.approx(17.5) and found.height == 360
    found = of(seen, paused=((106.0, 107.9),))
    assert found.freezes_per_minute == 6 and found.paused_s == pytest.approx(1.9)
    assert found.fps == pytest.approx(175 / 8.1)


def test_before_the_first_picture_nothing_freezes() -> None:
    found = of(Seen(pictures=pictures(102, 110, 25)))
    assert found.first_picture_s == 2.0 and found.freezes_per_minute == 0
    nothing = of(Seen())
    assert nothing.first_picture_s is None and nothing.height == nothing.fps == 0
    assert (nothing.frozen, nothing.longest_freeze_s) == (1.0, 10.0)
    assert of(Seen(), paused=(SPAN,)).frozen == 0, "all of it was paused"


def test_pauses_are_those_of_the_track_and_the_last_one_may_last() -> None:
    states = [(1.0, "v", True), (2.0, "a", False), (3.0, "v", True), (4.0, "v", False), (8.0, "v", True)]
    assert paused_spans(states, "v", 10.0) == [(1.0, 4.0), (8.0, 10.0)]


def test_gaps_are_runs_of_sound_that_was_made_up() -> None:
    def heard(*runs: tuple[float, int]) -> list[Heard]:
        concealed, events, found = 0, 0, [Heard(100.0, 0, 0, 0)]
        for number, (seconds, begun) in enumerate(runs, 1):
            concealed, events = concealed + round(seconds * RATE), events + begun
            found.append(Heard(100 + 0.2 * number, concealed, events, round(0.2 * number * RATE)))
        return found

    single = of(Seen(heard=heard((0.02, 1), (0, 0), (0.1, 1), (0, 0))))
    assert (single.gaps, single.concealed) == (1, pytest.approx(0.15))
    across_polls = of(Seen(heard=heard((0.04, 1), (0.04, 0), (0, 0))))
    assert across_polls.gaps == 1
    short_ones = of(Seen(heard=heard((0.08, 4), (0.06, 3), (0.02, 1))))
    assert short_ones.gaps == 0


def test_the_line_is_judged_by_its_queue() -> None:
    passed = [Passage(100 + 0.05 * number, 1250, 0.25 if number < 20 else 0.0) for number in range(200)]
    record = Record(passed, dropped=[(100.5, 1250), (105.0, 1250)])
    found = of(Seen(), record)
    assert found.congested_s == pytest.approx(1.1)
    assert (found.queue_p50_ms, found.queue_p95_ms) == (0.0, 250.0)
    assert found.dropped == pytest.approx(2 / 202)
    assert found.used_kbps == pytest.approx(200) and found.share == pytest.approx(0.2)


def test_a_rate_has_converged_when_it_is_85_percent_of_the_last() -> None:
    rising = [min(1000.0, 20.0 * number) for number in range(150)]
    found = converged_s(rising, 1000.0)
    assert found is not None and 3.2 < found < 3.5
    assert converged_s([0.0] * 50, 1000.0) is None


def test_cells_have_names_of_their_own() -> None:
    for cells in SETS.values():
        assert len({cell.name for cell in cells}) == len(cells)
    assert {cell.name for cell in QUICK} <= {cell.name for cell in EVERY}


def test_a_report_has_a_line_for_each_receiver_and_for_what_failed(tmp_path: Path) -> None:
    cell = steady(500)
    good = Run(
        "polyana", cell.name, 0.5, Outcome({"receiver": of(Seen(pictures=pictures(100, 110, 25)))}, 25.0)
    )
    failed = Run("livekit", cell.name, 0.5, None, "TimeoutError picture and sound")
    text = report({"kernel": "Linux"}, [cell, steady(200)], [good, failed], "charts")
    assert "* kernel: Linux" in text and "## 500 kbit/s, round trip 100 ms, loss 0%" in text
    assert "200 kbit/s, round" not in text, "not measured"
    lines = [line for line in text.splitlines() if line.startswith(("| polyana", "| livekit"))]
    assert len({line.count("|") for line in lines}) == 1 and "failed: TimeoutError" in lines[1]
    journal = Journal(tmp_path / "runs.jsonl", parse, resume=False)
    for run in (good, failed):
        journal.add(run)
    assert Journal(tmp_path / "runs.jsonl", parse, resume=True).runs == [good, failed]
    assert good.outcome is not None
    drawn = chart(cell, {"polyana": good.outcome.receivers["receiver"]})
    assert drawn.count("<polyline") == 4 and drawn.endswith("</svg>\n")
