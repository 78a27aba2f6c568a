"""A lesson costs as much data as was said, and sound goes on. Rates are bit/s, times seconds."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver.allocation import HEADROOM, PAUSED, Allocator, Demand, Rung
from mediaserver.data_budget import OPEN_END, SHORTEST_PACE_S, DataBudget, DataPlan

MB = 1_000_000
simulated = settings(derandomize=True, deadline=None, max_examples=25)
"""A whole lesson takes a while."""
LADDER = (150_000, 500_000, 1_700_000)
"""180p, 360p, 720p."""
VOICE = 40_000
"""Opus with what the network adds; half as much as nothing is said."""


@dataclass
class Lesson:
    """A receiver of one picture and one voice under a budget, second by second, as `StreamAllocator` does it."""

    plan: DataPlan
    seed: int
    ladder: tuple[int, ...] = LADDER
    network: float = 1.05
    """What a picture is on the wire, resends and all, beside what its layers cost."""
    lag_s: int = 1
    """How old statistics are."""
    rungs: list[int] = field(default_factory=list)
    """Of each second; `PAUSED`: no picture."""
    sound_bytes: int = 0
    wire_bytes: int = 0

    def run(self, length_s: int) -> Lesson:
        chance = random.Random(self.seed)
        budget, allocator = DataBudget(self.plan, 0.0), Allocator(allow_pause=True)
        demand = Demand("teacher", tuple(Rung(n, 0, bits) for n, bits in enumerate(self.ladder)))
        seen = [(0, 0)] * self.lag_s
        speaks = True
        for second in range(length_s):
            rung = allocator.update([demand], budget.picture_limit_bps(second), second)[demand.key]
            self.rungs.append(rung)
            speaks = speaks != (chance.random() < 0.1)
            sound = round((VOICE if speaks else VOICE / 2) / 8)
            picture = round(self.ladder[rung] * chance.uniform(0.8, 1.2) / 8) if rung != PAUSED else 0
            wire = sound + round(picture * self.network)
            self.sound_bytes += sound
            self.wire_bytes += wire
            seen.append((wire, picture))
            budget.spend(*seen.pop(0), second + 1)
        return self


def test_150_megabytes_are_150_megabytes() -> None:
    lesson = Lesson(DataPlan(150 * MB, 45 * 60), seed=1).run(45 * 60)
    assert lesson.wire_bytes == pytest.approx(150 * MB, rel=0.02)
    assert PAUSED not in lesson.rungs and set(lesson.rungs) >= {0, 1}


@simulated
@given(
    minutes=st.integers(15, 60),
    share=st.floats(0.02, 0.98),
    seed=st.integers(0, 1000),
    network=st.floats(1.0, 1.2),
    lag_s=st.integers(0, 2),
    scale=st.floats(0.5, 2.0),
)
def test_what_is_spent_is_the_budget_within_two_percent(
    minutes: int, share: float, seed: int, network: float, lag_s: int, scale: float
) -> None:
    """Of every budget between sound alone and all that is wished. (The last seconds of a shorter lesson are a larger
    share of it, and may stay unspent.)"""
    length_s, ladder = minutes * 60, tuple(round(bits * scale) for bits in LADDER)
    least, most = VOICE * length_s / 8, (VOICE * 0.7 + 0.9 * ladder[-1] * network) * length_s / 8
    total = round(least + share * (most - least))
    lesson = Lesson(DataPlan(total, length_s), seed, ladder, network, lag_s).run(length_s)
    assert lesson.wire_bytes == pytest.approx(total, rel=0.02)


@simulated
@given(seed=st.integers(0, 1000), megabytes=st.integers(0, 8))
def test_a_budget_below_the_sound_is_the_sound(seed: int, megabytes: int) -> None:
    lesson = Lesson(DataPlan(megabytes * MB, 45 * 60), seed).run(45 * 60)
    assert lesson.wire_bytes <= max(lesson.sound_bytes * 1.02, megabytes * MB * 1.02)
    assert lesson.sound_bytes > 8 * MB


@simulated
@given(seed=st.integers(0, 1000), megabytes=st.integers(20, 200))
def test_after_the_end_there_is_sound_and_no_picture(seed: int, megabytes: int) -> None:
    lesson = Lesson(DataPlan(megabytes * MB, 600), seed).run(900)
    assert set(lesson.rungs[630:]) == {PAUSED} or megabytes > 128
    assert lesson.wire_bytes <= max(megabytes * MB, lesson.sound_bytes) * 1.02 + 300 * VOICE / 8


@simulated
@given(seed=st.integers(0, 1000), megabytes=st.integers(40, 400))
def test_pictures_do_not_flicker(seed: int, megabytes: int) -> None:
    rungs = Lesson(DataPlan(megabytes * MB, 45 * 60), seed).run(45 * 60).rungs
    changes = sum(a != b for a, b in pairwise(rungs))
    assert changes <= 20


def test_a_lesson_without_a_known_end_fades_out() -> None:
    plan = DataPlan(100 * MB, 2700, open_ended=True)
    budget = DataBudget(plan, 0.0)
    budget.spend(50 * MB, 50 * MB, 2600.0)
    assert budget.picture_limit_bps(2600.0) == round(50 * MB * 8 / (OPEN_END * 2700) / HEADROOM)
    lesson = Lesson(plan, seed=3).run(2 * 2700)
    assert lesson.wire_bytes <= 1.02 * 100 * MB and max(lesson.rungs[2700:3000]) >= 0


def test_the_limit_is_an_even_pace_without_the_sound() -> None:
    budget = DataBudget(DataPlan(100 * MB, 1000.0), 50.0)
    assert budget.picture_limit_bps(50.0) == round(800_000 / HEADROOM)
    for second in range(51, 150):
        budget.spend(10_000, 0, second)
    left = (100 * MB - 990_000) * 8 / 901
    assert budget.picture_limit_bps(149.0) == pytest.approx((left - 80_000) / HEADROOM, rel=0.01)
    budget.spend(200 * MB, 0, 150.0)
    assert budget.picture_limit_bps(150.0) == 0


def test_the_last_seconds_are_no_gamble() -> None:
    budget = DataBudget(DataPlan(1 * MB, 60.0), 0.0)
    limits = {budget.picture_limit_bps(second) for second in (59.9, 90.0)}
    assert limits == {round(8 * MB / SHORTEST_PACE_S / HEADROOM)}
