"""Who is due when, against a plain dictionary."""

from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from signalling.agenda import SPARE, Agenda

keys = st.sampled_from("abcdef")
times = st.integers(0, 20).map(float)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, times),
        st.tuples(st.just("drop"), keys),
        st.tuples(st.just("take"), times, st.integers(1, 7)),
    ),
    max_size=200,
)


@given(steps)
def test_it_gives_what_a_dictionary_would(steps: list[Any]) -> None:
    agenda, plain = Agenda(), dict[str, float]()
    for action, *rest in steps:
        if action == "put":
            key, at = rest
            agenda.put(key, at)
            plain[key] = at
        elif action == "drop":
            agenda.drop(*rest)
            plain.pop(*rest, None)
        else:
            now, at_most = rest
            due = sorted((at, key) for key, at in plain.items() if at <= now)[:at_most]
            assert agenda.take(now, at_most) == [key for _, key in due]
            for _, key in due:
                del plain[key]
        assert len(agenda) == len(plain)
        assert agenda.next <= min(plain.values(), default=inf)


def test_what_is_put_off_again_and_again_takes_no_memory() -> None:
    agenda = Agenda()
    for number in range(10 * SPARE):
        agenda.put("late", 1000.0 + number)
    for number in range(10 * SPARE):
        agenda.put(f"gone {number}", 5000.0)
        agenda.drop(f"gone {number}")
    assert len(agenda._heap) <= 2 * len(agenda) + SPARE
    assert agenda.take(2000.0, 10) == ["late"]
