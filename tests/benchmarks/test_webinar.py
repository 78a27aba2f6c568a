"""The benchmark of audiences: what the report makes of its rounds."""

from dataclasses import replace

from benchmarks.joins.steady import Steady
from benchmarks.webinar.__main__ import report
from benchmarks.webinar.run import Crowd, Outcome, median, pictures

OUTCOME = Outcome(
    first_ms=3.0,
    last_ms=4.0,
    all_ms=3.5,
    client_ms=2.0,
    per_second=120.0,
    pictures_ms=[100.0, 600.0],
    idle=Steady(0.5, 0.1, 10.0),
    steady=Steady(1.0, 8.0, 10.0),
    sent_per_second=30_000.0,
    loss=0.0,
    bytes_per_viewer=150_000.0,
)


def test_the_first_and_the_last_part_do_not_overlap() -> None:
    for viewers in (4, 60, 3000):
        part = Crowd(viewers, newcomers=5, seconds=1, warmup=1).part
        assert 0 < part <= 200 and 2 * part <= viewers


def test_the_report_tells_each_size_and_each_viewer() -> None:
    rounds = {
        ("webinar", 1000): [OUTCOME, replace(OUTCOME, last_ms=6.0, pictures_ms=[900.0])],
        ("open", 5): [],
    }
    assert median(rounds["webinar", 1000], "last_ms") == 5.0
    assert pictures(rounds["webinar", 1000]) == (600.0, 900.0)
    text = report({"kernel": "Linux"}, rounds, ["round 1, open, 5: TimeoutError"])
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| webinar")]
    joins, seen, idle, steady = lines
    assert joins[2:6] == ["3.00 (3.00 to 3.00)", "5.00 (4.00 to 6.00)", "3.50 (3.50 to 3.50)", "120"]
    assert joins[6:] == ["2.0", "150", "2"] and seen[2:] == ["600", "900", "3"]
    assert idle[3].startswith("50.00") and idle[4].startswith("50.00")
    assert steady[5].startswith("800.00") and steady[6].startswith("800.00") and steady[7] == "30000"
    assert "round 1, open, 5: TimeoutError" in text and "30 packets a second" in text
