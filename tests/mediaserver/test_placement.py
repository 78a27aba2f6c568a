"""Which worker a connection goes to."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.placement import Placement


def test_a_lesson_is_on_one_worker_and_lessons_are_spread() -> None:
    placement = Placement(3, together=50)
    places = {
        f"lesson {n}": {placement.place(10 * n + one, f"lesson {n}") for one in range(8)} for n in range(6)
    }
    assert all(len(workers) == 1 for workers in places.values())
    assert Counter(worker for (worker,) in places.values()) == {0: 2, 1: 2, 2: 2}


def test_a_big_room_goes_on_on_the_next_worker() -> None:
    placement = Placement(2, together=50)
    workers = [placement.place(n, "assembly") for n in range(300)]
    assert workers[:50] == [0] * 50 and workers[50:100] == [1] * 50
    assert Counter(workers) == {0: 150, 1: 150}


def test_who_leaves_makes_place() -> None:
    placement = Placement(2, together=2)
    assert [placement.place(n, "lesson") for n in range(3)] == [0, 0, 1]
    placement.remove(1)
    placement.remove(1)
    assert placement.place(3, "lesson") in {0, 1}
    for n in (0, 2, 3):
        placement.remove(n)
    assert [placement.place(n, "another") for n in (10, 11)] == [0, 0], "nothing is remembered"


def test_nobody_goes_to_a_worker_that_has_failed() -> None:
    placement = Placement(2, together=50)
    assert placement.place(1, "lesson") == 0
    placement.fail(0)
    assert placement.place(2, "lesson") == 1
    placement.remove(1)
    placement.fail(1)
    assert placement.place(3, "lesson") == 0, "there is none left, and that is seen at once"


@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc"), st.booleans()), max_size=80),
)
def test_a_room_is_on_no_more_workers_than_it_needs(
    workers: int, together: int, steps: list[tuple[int, str, bool]]
) -> None:
    placement, there = Placement(workers, together), dict[int, tuple[str, int]]()
    for connection, room, comes in steps:
        if not comes:
            placement.remove(connection)
            there.pop(connection, None)
        elif connection not in there:
            before = Counter(worker for name, worker in there.values() if name == room)
            worker = placement.place(connection, room)
            assert 0 <= worker < workers
            if any(0 < count < together for count in before.values()):
                assert 0 < before[worker] < together, "with others as long as there is place"
            there[connection] = (room, worker)
