"""When a server that nobody uses gives its memory back."""

from signalling.memory import REST_AFTER_S, Idleness


def test_a_server_that_nobody_has_used_has_nothing_to_give_back() -> None:
    assert not Idleness().begins(1e6, busy=False)


def test_it_rests_once_after_everybody_has_left() -> None:
    idleness = Idleness()
    assert not idleness.begins(0.0, busy=True)
    assert not idleness.begins(REST_AFTER_S - 0.1, busy=False)
    assert idleness.begins(REST_AFTER_S, busy=False)
    assert not idleness.begins(2 * REST_AFTER_S, busy=False)


def test_who_comes_back_begins_the_wait_anew() -> None:
    idleness = Idleness()
    idleness.begins(0.0, busy=True)
    assert not idleness.begins(REST_AFTER_S, busy=True)
    assert not idleness.begins(2 * REST_AFTER_S - 0.1, busy=False)
    assert idleness.begins(2 * REST_AFTER_S, busy=False)
