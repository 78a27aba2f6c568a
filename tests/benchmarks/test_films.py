"""The benchmark of films: whose CPU time is counted, and what the report makes of it."""

import os
import time

import pytest

from benchmarks.films.__main__ import report
from benchmarks.films.profile import own_share, read
from benchmarks.films.run import Outcome, cpu_s, outside_s

POLL = "polyana_core::Core::poll"


def outcome(python: float) -> Outcome:
    return Outcome(
        idle=0.01,
        unwatched=0.03,
        python=python,
        watched=0.5,
        plane_share=0.004,
        python_watched=0.05,
        resident=(90_000_000, 95_000_000, 140_000_000),
        packets_per_second=37_500,
        loss=0.0,
    )


def test_the_player_is_pythons_part_and_its_code_in_the_data_plane() -> None:
    assert outcome(0.003).player_share == pytest.approx(0.01)


def test_clocks_are_those_of_the_process() -> None:
    before, outside, own = cpu_s(os.getpid()), outside_s(os.getpid()), time.process_time()
    sum(range(3_000_000))
    used = time.process_time() - own
    assert cpu_s(os.getpid()) - before == pytest.approx(used, abs=0.005)
    assert outside_s(os.getpid()) - outside == pytest.approx(used, abs=0.02), "there is no data plane here"


def test_samples_of_the_player_are_told_by_symbol_and_by_file() -> None:
    lines = [
        "  7f01 polyana_core::player::<impl polyana_core::Core>::feed+0x1c (/x/_dataplane.abi3.so)",
        f"  7f02 {POLL}+0x10 (/x/_dataplane.abi3.so)",
        f"  7f03 {POLL}+0x20 (/x/_dataplane.abi3.so)",
        "  7f04 __send+0x4f (/usr/lib/libc.so.6)",
        "  7f05 [unknown] ([kernel.kallsyms])",
        "",
    ]
    total, places = read(lines)
    assert total == 5 and sum(places.values()) == 3
    inlined = {
        (POLL, 0x10): "/core/src/player.rs:200\n/core/src/reports.rs:94",
        (POLL, 0x20): "/core/src/forward.rs:3",
    }
    assert own_share(total, places, inlined) == pytest.approx(0.4)


@pytest.mark.parametrize(("python", "word"), [(0.003, "is kept"), (0.03, "is missed")])
def test_the_report_says_whether_the_goal_is_kept(python: float, word: str) -> None:
    text = report({"kernel": "Linux"}, [outcome(0.9), outcome(python), outcome(0.0)], 10, 50, 5)
    assert word in text and "| 37500 |" in text and "10 rooms of 50 viewers, 5 of them in H.264" in text
    assert "| 5.00 | 90 / 95 / 140 |" in text
