"""Who speaks, of several workers."""

from __future__ import annotations

from mediaserver.audio_levels import AudioLevels


def test_what_one_worker_tells_is_told_on() -> None:
    levels = AudioLevels()
    assert levels.report(0, [(1, 0.5), (2, 0.25)]) == [(1, 0.5), (2, 0.25)]
    assert levels.report(0, []) == []


def test_what_several_tell_counts_together_loudest_first() -> None:
    levels = AudioLevels()
    assert levels.report(1, [(5, 0.7)]) == [(5, 0.7)]
    assert levels.report(0, [(1, 0.9), (2, 0.1)]) == [(1, 0.9), (5, 0.7), (2, 0.1)]
    assert levels.report(1, [(5, 0.3)]) is None, "as often as one of them tells"
    assert levels.report(0, [(1, 0.9)]) == [(1, 0.9), (5, 0.3)]


def test_silence_of_one_is_not_silence_of_all() -> None:
    levels = AudioLevels()
    levels.report(0, [(1, 0.9)])
    levels.report(1, [(5, 0.7)])
    assert levels.report(0, []) is None
    assert levels.report(1, [(5, 0.6)]) == [(5, 0.6)]
    assert levels.report(1, []) == []


def test_a_worker_that_has_failed_says_nothing_more() -> None:
    levels = AudioLevels()
    levels.report(0, [(1, 0.9)])
    levels.forget(0)
    levels.forget(1)
    assert levels.report(1, [(5, 0.7)]) == [(5, 0.7)]
