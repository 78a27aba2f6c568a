"""The benchmark of films: whose CPU time is counted, and what the report makes of it."""

import os
import time

import pytest

from benchmarks.films.__main__ import report
from benchmarks.films.run import Outcome, cpu_s


def outcome(unwatched: float) -> Outcome:
    return Outcome(idle=0.01, unwatched=unwatched, watched=0.5, packets_per_second=37_500, loss=0.0)


def test_the_player_is_what_films_take_that_nobody_watches() -> None:
    assert outcome(0.015).player_share == pytest.approx(0.01)
    assert Outcome(0.0, 0.0, 0.0, 0.0, 1.0).player_share == 0.0


def test_the_cpu_clock_is_that_of_the_process() -> None:
    before, own = cpu_s(os.getpid()), time.process_time()
    sum(range(3_000_000))
    assert cpu_s(os.getpid()) - before == pytest.approx(time.process_time() - own, abs=0.005)


@pytest.mark.parametrize(("unwatched", "word"), [(0.015, "is kept"), (0.03, "is missed")])
def test_the_report_says_whether_the_goal_is_kept(unwatched: float, word: str) -> None:
    text = report({"kernel": "Linux"}, [outcome(0.9), outcome(unwatched), outcome(0.0)], 10, 50)
    assert word in text and "| 37500 |" in text and "10 rooms of 50 viewers" in text
