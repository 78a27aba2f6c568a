"""What a line carries of the pictures that are wished. Rates are kbit/s here, times seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.allocation import (
    HEADROOM,
    MAX_RAISE_INTERVAL_S,
    PATIENCE,
    PAUSE_AFTER_S,
    PAUSED,
    RAISE_INTERVAL_S,
    TAKEN_BACK_S,
    TOLERANCE,
    Allocation,
    Allocator,
    Demand,
    Rung,
    allocate,
    cost,
    in_order,
)

CAMERA = (
    Rung(0, 0, 60),
    Rung(0, 2, 100),
    Rung(1, 1, 300),
    Rung(1, 2, 400),
    Rung(2, 1, 1200),
    Rung(255, 255, 1600),
)


def demand(key: str, *costs: int, rank: int = 0, size: int = 0) -> Demand:
    """One spatial layer for each cost."""
    return Demand(key, tuple(Rung(n, 0, bits) for n, bits in enumerate(costs)), (rank,), size)


def shared(demands: Sequence[Demand], budget: float, *, allow_pause: bool = True) -> dict[str, int]:
    return dict(allocate(in_order(demands), budget, allow_pause=allow_pause))


def test_everybody_is_seen_before_anybody_is_seen_well() -> None:
    cameras = [Demand(name, CAMERA, (1,)) for name in ("anna", "boris", "clara")]
    assert shared(cameras, 180) == {"anna": 0, "boris": 0, "clara": 0}
    assert shared(cameras, 299) == {"anna": 1, "boris": 1, "clara": 0}
    assert shared(cameras, 900) == {"anna": 2, "boris": 2, "clara": 2}
    assert shared(cameras, 5000) == {"anna": 5, "boris": 5, "clara": 5}


def test_a_screen_is_raised_to_what_is_wished_before_the_faces() -> None:
    screen, face = demand("screen", 100, 500, 1500, rank=255), demand("face", 50, 200, 600, rank=1)
    assert shared([face, screen], 149) == {"screen": 0, "face": PAUSED}
    assert shared([face, screen], 1549) == {"screen": 1, "face": 2}
    assert shared([face, screen], 1550) == {"screen": 2, "face": 0}
    assert shared([face, screen], 1700) == {"screen": 2, "face": 1}


def test_what_does_not_fit_makes_place_for_what_does() -> None:
    assert shared([demand("large", 200, rank=1), demand("small", 50)], 100) == {"large": PAUSED, "small": 0}


def test_among_equals_the_larger_picture_stays() -> None:
    assert shared([demand("a", 100, size=180), demand("b", 100, size=720)], 100) == {"a": PAUSED, "b": 0}


def test_without_pauses_everybody_is_seen_whatever_it_costs() -> None:
    demands = [demand("a", 100, 200), demand("b", 100, 200)]
    assert shared(demands, 10, allow_pause=False) == {"a": 0, "b": 0}
    assert shared(demands, 300, allow_pause=False) == {"a": 1, "b": 0}


# Properties


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Rung, ...]:
    costs = draw(st.lists(st.integers(1, 3000), min_size=1, max_size=6, unique=True).map(sorted))
    levels = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 3)),
            min_size=len(costs),
            max_size=len(costs),
            unique=True,
        ).map(sorted)
    )
    return tuple(Rung(*level, bits) for level, bits in zip(levels, costs, strict=True))


@st.composite
def many_demands(draw: st.DrawFn) -> list[Demand]:
    count = draw(st.integers(0, 6))
    return in_order(
        Demand(str(n), draw(ladders()), (draw(st.integers(0, 2)),), draw(st.integers(0, 2)))
        for n in range(count)
    )


budgets = st.integers(1, 12_000)


@given(many_demands(), budgets)
def test_never_more_than_the_budget(demands: list[Demand], budget: int) -> None:
    assert cost(demands, allocate(demands, budget, allow_pause=True)) <= budget


@given(many_demands(), budgets)
def test_only_the_lowest_rungs_may_exceed_it_and_only_without_pauses(
    demands: list[Demand], budget: int
) -> None:
    found = allocate(demands, budget, allow_pause=False)
    assert PAUSED not in found.values()
    assert cost(demands, found) <= max(budget, sum(d.rungs[0].cost_bps for d in demands))


@given(many_demands(), budgets)
def test_what_is_paused_has_no_place_beside_what_comes_before_it(demands: list[Demand], budget: int) -> None:
    found = allocate(demands, budget, allow_pause=True)
    taken = 0
    for one in demands:
        if found[one.key] == PAUSED:
            assert taken + one.rungs[0].cost_bps > budget
        else:
            taken += one.rungs[0].cost_bps


@given(many_demands(), budgets)
def test_nobody_is_raised_at_the_cost_of_a_higher_rank(demands: list[Demand], budget: int) -> None:
    found = allocate(demands, budget, allow_pause=True)
    for one in demands:
        index = found[one.key]
        if index in (PAUSED, len(one.rungs) - 1):
            continue
        below = {d.key: min(found[d.key], 0) if d.rank < one.rank else found[d.key] for d in demands}
        step = one.rungs[index + 1].cost_bps - one.rungs[index].cost_bps
        assert cost(demands, below) + step > budget


@given(many_demands(), budgets, budgets)
def test_a_better_line_shows_no_less(demands: list[Demand], one: int, other: int) -> None:
    """As many pictures of the most important, and of a single one no lower layer."""
    low, high = (allocate(demands, budget, allow_pause=True) for budget in sorted((one, other)))
    shown = [[found[d.key] != PAUSED for d in demands] for found in (low, high)]
    assert shown[0] <= shown[1]
    if len(demands) == 1:
        assert low[demands[0].key] <= high[demands[0].key]


@given(many_demands(), budgets)
def test_what_fits_is_what_was_wished(demands: list[Demand], spare: int) -> None:
    wished = {d.key: len(d.rungs) - 1 for d in demands}
    assert allocate(demands, cost(demands, wished) + spare, allow_pause=True) == wished


steps = st.lists(st.tuples(budgets, st.floats(0.1, 40)), min_size=1, max_size=8)


@given(many_demands(), steps, st.booleans())
def test_nothing_changes_while_nothing_changes(
    demands: list[Demand], history: list[tuple[int, float]], allow_pause: bool
) -> None:
    """However the line was before: once a raise is due and made, the allocation stays."""
    allocator, now = Allocator(allow_pause=allow_pause), 0.0
    for estimate, seconds in history:
        now += seconds
        found = allocator.update(demands, estimate, now)
    estimate = history[-1][0]
    found = allocator.update(demands, estimate, now + MAX_RAISE_INTERVAL_S)
    for seconds in (0.1, 1, 31, 300):
        assert allocator.update(demands, estimate, now + MAX_RAISE_INTERVAL_S + seconds) == found


@given(many_demands(), steps)
def test_the_estimate_is_kept_at_all_times(demands: list[Demand], history: list[tuple[int, float]]) -> None:
    allocator, now = Allocator(allow_pause=True), 0.0
    for estimate, seconds in history:
        now += seconds
        assert cost(demands, allocator.update(demands, estimate, now)) <= PATIENCE * estimate


@given(many_demands(), many_demands(), budgets)
def test_what_is_new_never_goes_beyond_the_estimate(
    before: list[Demand], more: list[Demand], estimate: int
) -> None:
    allocator = Allocator(allow_pause=True)
    sent = cost(before, allocator.update(before, TOLERANCE * estimate, 0.0))
    both = in_order([*before, *(replace(demand, key=f"new {demand.key}") for demand in more)])
    assert cost(both, allocator.update(both, estimate, 0.1)) <= max(estimate, sent)


@given(many_demands(), steps)
def test_after_a_while_a_line_carries_what_it_can(
    demands: list[Demand], history: list[tuple[int, float]]
) -> None:
    allocator, now = Allocator(allow_pause=True), 0.0
    for estimate, seconds in history:
        now += seconds
        allocator.update(demands, estimate, now)
    wished: Allocation = {d.key: len(d.rungs) - 1 for d in demands}
    enough = cost(demands, wished) / HEADROOM + 1
    assert allocator.update(demands, enough, now + MAX_RAISE_INTERVAL_S) == wished


# Over time


def one_camera() -> tuple[Allocator, list[Demand]]:
    return Allocator(allow_pause=True), [Demand("anna", CAMERA)]


def test_without_an_estimate_everything_is_sent() -> None:
    allocator, demands = one_camera()
    assert allocator.update(demands, None, 0.0) == {"anna": 5}


def test_less_at_once_more_only_well_below_the_estimate() -> None:
    allocator, demands = one_camera()
    assert allocator.update(demands, 1600, 0.0) == {"anna": 5}
    assert allocator.update(demands, 1455, 0.1) == {"anna": 5}, "a full line is estimated a little low"
    assert allocator.update(demands, 1454, 0.2) == {"anna": 4}
    assert allocator.update(demands, 1650, 10.0) == {"anna": 4}, "0.95 of it is less than 1600"
    assert allocator.update(demands, 1685, 20.0) == {"anna": 5}


def test_raises_are_a_second_apart_unless_everything_fits() -> None:
    allocator, demands = one_camera()
    allocator.update(demands, 60, 0.0)
    assert allocator.update(demands, 110, 10.0) == {"anna": 1}
    assert allocator.update(demands, 500, 10.5) == {"anna": 1}
    assert allocator.update(demands, 500, 10.0 + RAISE_INTERVAL_S) == {"anna": 3}
    assert allocator.update(demands, 5000, 11.1) == {"anna": 5}


@pytest.mark.parametrize(
    ("estimate", "expected"), [(440, [2, 4, 8, 16, 30, 30, 30, 30]), (450, [2, 4, 4, 4, 4, 4, 4, 4])]
)
def test_a_raise_in_vain_is_tried_again_after_twice_the_time(estimate: int, expected: list[int]) -> None:
    """Where there was room for it, it is not waited for so long."""
    allocator, demands = one_camera()
    now, waits = 100.0, []
    allocator.update(demands, 300, now)
    for _ in range(8):
        now += TAKEN_BACK_S + 1
        raised_after = next(
            s / 10 for s in range(400) if allocator.update(demands, estimate, now + s / 10)["anna"] == 3
        )
        now += raised_after + 1.0
        assert allocator.update(demands, 363, now) == {"anna": 2}
        waits.append(next(s for s in range(40) if allocator.next_raise <= now + s))
        now = allocator.next_raise - TAKEN_BACK_S - 1
    assert waits == expected


def test_a_raise_that_lasts_ends_the_doubt() -> None:
    allocator, demands = one_camera()
    allocator.update(demands, 300, 0.0)
    allocator.update(demands, 440, 1.0)
    allocator.update(demands, 363, 2.0)
    assert allocator.update(demands, 5000, 3.9) == {"anna": 2}, "it waits even if everything would fit"
    assert allocator.update(demands, 440, 4.0) == {"anna": 3}
    assert allocator.update(demands, 1300, 10.0) == {"anna": 4}
    assert allocator.next_raise == 10.0 + RAISE_INTERVAL_S


def test_the_lowest_picture_stops_when_it_has_not_fitted_for_a_while() -> None:
    allocator, demands = one_camera()
    lowest = CAMERA[0].cost_bps
    narrow = lowest / PATIENCE
    allocator.update(demands, lowest, 0.0)
    assert allocator.update(demands, narrow, 1.0) == {"anna": 0} and allocator.is_short
    assert allocator.update(demands, lowest, 2.0) == {"anna": 0} and not allocator.is_short
    assert allocator.update(demands, narrow, 3.0) == {"anna": 0}
    assert allocator.update(demands, narrow, 3.0 + PAUSE_AFTER_S - 0.1) == {"anna": 0}
    assert allocator.update(demands, narrow, 3.0 + PAUSE_AFTER_S) == {"anna": PAUSED}
    assert not allocator.is_short


def test_the_lowest_picture_stops_at_once_where_it_is_far_too_much() -> None:
    allocator, demands = one_camera()
    lowest = CAMERA[0].cost_bps
    allocator.update(demands, lowest, 0.0)
    assert allocator.update(demands, lowest / PATIENCE - 1, 1.0) == {"anna": PAUSED}


def test_who_comes_later_does_not_wait() -> None:
    allocator, demands = one_camera()
    allocator.update(demands, 60, 0.0)
    allocator.update(demands, 440, 10.0)
    both = [*demands, Demand("boris", (Rung(0, 0, 50),))]
    assert allocator.update(both, 440, 10.1) == {"anna": 2, "boris": 0}


def test_who_comes_back_is_new() -> None:
    allocator, demands = one_camera()
    allocator.update(demands, 10, 0.0)
    allocator.update(demands, 10, 1.0)
    assert allocator.update(demands, 62, 1.1) == {"anna": PAUSED}, (
        "its raise would be too close to the estimate"
    )
    allocator.forget("anna")
    assert allocator.update(demands, 62, 1.2) == {"anna": 0}


def test_a_costlier_picture_is_lowered_and_a_smaller_wish_is_not_a_lesser_line() -> None:
    allocator, demands = one_camera()
    allocator.update(demands, 500, 0.0)
    costlier = [Demand("anna", (*CAMERA[:3], Rung(1, 2, 600), *CAMERA[4:]))]
    assert allocator.update(costlier, 500, 1.0) == {"anna": 2}
    smaller = [Demand("anna", CAMERA[:2])]
    assert allocator.update(smaller, 500, 2.0) == {"anna": 1}


@pytest.mark.parametrize("rank", [0, 1])
def test_a_change_of_rank_moves_what_there_is(rank: int) -> None:
    allocator = Allocator(allow_pause=True)

    def both(anna: int) -> list[Demand]:
        return [Demand("anna", CAMERA, (anna,)), Demand("boris", CAMERA, (1 - anna,))]

    allocator.update(both(1 - rank), 500, 0.0)
    found = allocator.update(both(rank), 500, 10.0)
    assert found == ({"anna": 3, "boris": 0} if rank else {"anna": 0, "boris": 3})
