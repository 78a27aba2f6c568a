"""What a publisher is told to encode, by what its subscribers need. Times are seconds."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.dynacast import FIRST_DELAY_S, PAUSE_DELAY_S, Dynacast
from mediaserver.layers import VideoQuality

LOW, MEDIUM, HIGH, OFF = VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH, VideoQuality.OFF


def begun(codecs: int = 1) -> Dynacast:
    """A track whose first subscribers have come and gone."""
    dynacast = Dynacast(codecs, lambda: None)
    dynacast.update(0.0)
    dynacast.need("first", 0, HIGH)
    dynacast.update(FIRST_DELAY_S)
    return dynacast


def test_a_new_track_is_encoded_until_it_is_clear_that_nobody_watches() -> None:
    dynacast = Dynacast(1, lambda: None)
    assert dynacast.update(100.0) is None
    assert dynacast.update(100.0 + FIRST_DELAY_S - 0.1) is None
    assert dynacast.update(100.0 + FIRST_DELAY_S) == {0: OFF}
    assert dynacast.update(200.0) is None


def test_more_is_told_at_once_and_less_after_a_while() -> None:
    dynacast = begun()
    dynacast.need("first", 0, LOW)
    assert dynacast.update(20.0) is None
    dynacast.need("second", 0, MEDIUM)
    assert dynacast.update(20.0 + PAUSE_DELAY_S - 0.1) is None
    assert dynacast.update(20.0 + PAUSE_DELAY_S) == {0: MEDIUM}
    dynacast.need("first", 0, HIGH)
    assert dynacast.update(30.0) == {0: HIGH}


def test_who_comes_back_within_the_delay_changes_nothing() -> None:
    dynacast = begun()
    dynacast.forget("first")
    assert dynacast.update(20.0) is None
    dynacast.need("first", 0, HIGH)
    assert dynacast.update(21.0) is None
    dynacast.forget("first")
    assert dynacast.update(22.0) is None, "the delay begins anew"
    assert dynacast.update(20.0 + PAUSE_DELAY_S) is None
    assert dynacast.update(22.0 + PAUSE_DELAY_S) == {0: OFF}


def test_a_backup_codec_is_asked_for_at_once() -> None:
    dynacast = begun(codecs=2)
    dynacast.need("old browser", 1, HIGH)
    assert dynacast.update(20.0) == {0: HIGH, 1: HIGH}
    dynacast.need("first", 1, HIGH)
    assert dynacast.update(21.0) is None
    assert dynacast.update(21.0 + PAUSE_DELAY_S) == {0: OFF, 1: HIGH}


def test_who_needs_nothing_is_forgotten() -> None:
    dynacast = begun()
    dynacast.need("second", 0, OFF)
    dynacast.need("first", 0, OFF)
    dynacast.update(20.0)
    assert dynacast.update(20.0 + PAUSE_DELAY_S) == {0: OFF}


needs = st.tuples(
    st.sampled_from("abc"), st.integers(0, 1), st.sampled_from(VideoQuality), st.floats(0.0, 12.0)
)


@given(st.lists(needs, max_size=40))
def test_nobody_ever_waits_for_what_it_needs(steps: list[tuple[str, int, VideoQuality, float]]) -> None:
    """What was told last always covers what is needed now, and in the end it is exactly that."""
    dynacast, now, told = Dynacast(2, lambda: None), 0.0, {0: HIGH, 1: OFF}
    wanted = dict[str, tuple[int, VideoQuality]]()
    for who, codec, quality, wait in steps:
        dynacast.need(who, codec, quality)
        wanted[who] = codec, quality
        now += wait
        told = dict(dynacast.update(now) or told)
        for needed, least in wanted.values():
            assert least is OFF or (told[needed] is not OFF and told[needed] >= least)
    for _ in range(2):
        now += FIRST_DELAY_S
        told = dict(dynacast.update(now) or told)
    for codec in (0, 1):
        assert told[codec] == max((q for c, q in wanted.values() if c == codec and q is not OFF), default=OFF)
