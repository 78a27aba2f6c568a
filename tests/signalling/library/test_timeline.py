"""What of a broadcast is published when: whatever the host does, segments are numbered once and never change."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.hls.timeline import SEGMENT, Position, Segment, Timeline, TooFar

BEGIN = 1_800_000_000.0
times = st.integers(0, 4000).map(lambda hundredths: hundredths / 100)
#: (s until it is done, where the film goes on; None: it is stopped)
moves = st.lists(st.tuples(times, st.none() | st.integers(0, 40).map(float)), max_size=12)


def played(timeline: Timeline, *moves: tuple[float, float | None]) -> tuple[Timeline, float]:
    now = BEGIN
    for wait, media in moves:
        now += wait
        timeline = timeline.moved(Position(now, media or 0.0, media is not None))
    return timeline, now


def seconds_of(segments: list[Segment]) -> list[int]:
    return [second for one in segments for second in range(one.first, one.end)]


@given(moves, times)
def test_what_was_shown_to_its_end_is_published_and_nothing_else(
    moves: list[tuple[float, float | None]], rest: float
) -> None:
    """Against a model that counts seconds one by one."""
    timeline, now = played(Timeline(40), *moves)
    expected: list[int] = []
    ends = [*(wait for wait, _ in moves), rest][1:]
    at, place = 0.0, None
    for (_, media), until in zip(moves, ends, strict=True):
        # A film that plays on from where it is anyway is not interrupted.
        if not (media is not None and place is not None and abs(place + at - media) < 0.5):
            at, place = 0.0, media
        if place is not None:
            before, after = math.floor(at + 1e-6), math.floor(at + until + 1e-6)
            expected += [s for n in range(before, after) if (s := int(place) + n) < 40]
        at += until
    assert seconds_of(timeline.segments(now + rest)) == expected


@given(moves, st.lists(times, min_size=1, max_size=5))
def test_segments_only_grow_and_are_numbered_one_by_one(
    moves: list[tuple[float, float | None]], looks: list[float]
) -> None:
    known: dict[int, Segment] = {}
    timeline, now = Timeline(40), BEGIN
    for wait, media in moves:
        for look in sorted(look for look in looks if look < wait):
            check(known, timeline.segments(now + look))
        now += wait
        check(known, timeline.segments(now))
        timeline = timeline.moved(Position(now, media or 0.0, media is not None))
        check(known, timeline.segments(now))
    check(known, timeline.finished(now + 5).segments(now + 9))


def check(known: dict[int, Segment], segments: list[Segment]) -> None:
    assert [one.number for one in segments] == list(range(len(segments)))
    assert all(one.complete for one in segments[:-1])
    for one in segments:
        assert one.first // SEGMENT == (one.end - 1) // SEGMENT
        before = known.get(one.number)
        if before is not None:
            same = (one.first, one.date, one.discontinuities)
            assert same == (before.first, before.date, before.discontinuities)
            assert one.end == before.end if before.complete else one.end >= before.end
            assert one.complete or not before.complete
        known[one.number] = one
    for one, after in itertools.pairwise(segments):
        assert after.discontinuities - one.discontinuities == (one.end != after.first)
        assert after.date == pytest.approx(one.date + one.end - one.first, abs=1e-5)


@given(moves, st.integers(0, 12), st.none() | st.integers(0, 5), times)
def test_who_waits_for_a_part_gets_it_as_soon_as_it_is_there(
    moves: list[tuple[float, float | None]], number: int, part: int | None, rest: float
) -> None:
    timeline, now = played(Timeline(40), *moves)
    now += rest
    try:
        ready = timeline.ready_at(number, part, now)
    except TooFar:
        assert number > (timeline.segments(now)[-1].number if timeline.segments(now) else -1) + 2
        return
    if ready is None:
        # Nothing happens any more: it never comes.
        assert not has(timeline.segments(now + 1000), number, part)
    elif ready <= now:
        assert has(timeline.segments(now), number, part)
    else:
        assert has(timeline.segments(ready), number, part)
        assert not has(timeline.segments(ready - 0.01), number, part)


def has(segments: list[Segment], number: int, part: int | None) -> bool:
    """With a part beyond the last one of a segment the first of the next is meant."""
    if not segments or segments[-1].number < number:
        return False
    if segments[-1].number > number:
        return True
    last = segments[-1]
    return last.complete if part is None else last.end - last.first > part


def test_a_pause_is_no_discontinuity_and_a_seek_is_one() -> None:
    timeline, now = played(Timeline(60), (0, 0.0), (6.4, None), (30, 6.0), (3.0, 20.0), (2.5, 22.4))
    found = timeline.segments(now + 2)
    assert [(one.number, one.first, one.end, one.discontinuities) for one in found] == [
        (0, 0, 4, 0),
        (1, 4, 6, 0),
        (2, 6, 8, 0),
        (3, 8, 9, 0),
        (4, 20, 24, 1),
    ]
    assert [one.date - BEGIN for one in found] == [0, 4, 6, 8, 9], (
        "neither the pause nor the rest of a second"
    )


def test_the_end_of_the_film_completes_its_last_segment() -> None:
    timeline, now = played(Timeline(6), (0, 0.0))
    assert [one.complete for one in timeline.segments(now + 5.5)] == [True, False]
    assert [one.complete for one in timeline.segments(now + 6)] == [True, True]
    assert timeline.upcoming(now + 5.5) == 5 and timeline.upcoming(now + 6) is None
    assert timeline.ready_at(2, 0, now + 6) is None
    with pytest.raises(TooFar):
        timeline.ready_at(4, 0, now + 6)


def test_what_lasts_forever_is_forgotten() -> None:
    timeline, now = Timeline(40), BEGIN
    for number in range(500):
        timeline = timeline.moved(Position(now, float(number % 30), True))
        now += 2
    assert len(timeline.runs) == 64
    assert timeline.segments(now)[-1].number > 499
