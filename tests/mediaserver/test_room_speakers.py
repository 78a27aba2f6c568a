"""Active speakers: smoothing, hysteresis, changes only."""

import pytest

from mediaserver.speakers import HOLD_S, REPORT_TIMEOUT_S, ActiveSpeakers, Speaker, SpeakerSettings
from tests.mediaserver.room_fakes import RecordingRoomObserver, make_participant, make_room

USUAL = SpeakerSettings()
LEVEL_ON, LEVEL_OFF = USUAL.level_on, USUAL.level_off


def test_nobody_speaks() -> None:
    speakers = ActiveSpeakers(USUAL)
    assert speakers.idle and speakers.changes(0) == [] and speakers.snapshot() == []


def test_a_speaker_appears_changes_and_disappears() -> None:
    speakers = ActiveSpeakers(USUAL)
    speakers.observe({"PA_1": 0.5}, 0.0)
    assert speakers.changes(0.1) == [Speaker("PA_1", 0.375, True)]
    assert speakers.changes(0.5) == []
    speakers.observe({"PA_1": 0.5}, 0.6)
    assert speakers.changes(0.9) == [Speaker("PA_1", 0.5, True)]
    for step in range(8):
        speakers.observe({}, 1.0 + 0.3 * step)
    assert speakers.changes(4.0)[-1] == Speaker("PA_1", 0.0, False)
    assert speakers.idle


def test_the_level_is_smoothed() -> None:
    speakers = ActiveSpeakers(USUAL)
    speakers.observe({"PA_1": LEVEL_ON * 1.2}, 0.0)
    assert speakers.changes(0.1) == [], "one report just above the threshold is a cough"
    speakers.observe({"PA_1": LEVEL_ON * 1.2}, 0.3)
    assert [s.sid for s in speakers.changes(0.4)] == ["PA_1"]


def test_a_pause_between_words_does_not_end_a_speaker() -> None:
    speakers = ActiveSpeakers(USUAL)
    speakers.observe({"PA_1": 1.0}, 0.0)
    speakers.changes(0.0)
    for now in (0.3, 0.6):
        speakers.observe({}, now)
    assert all(speaker.active for speaker in speakers.changes(0.6))


def test_a_level_between_the_thresholds_keeps_the_state() -> None:
    between = (LEVEL_ON + LEVEL_OFF) / 2
    silent, loud = ActiveSpeakers(USUAL), ActiveSpeakers(USUAL)
    loud.observe({"PA_1": 1.0}, 0.0)
    for step in range(20):
        silent.observe({"PA_1": between}, 0.3 * step)
        loud.observe({"PA_1": between}, 0.3 * (step + 1))
    assert silent.changes(6.1) == []
    assert [s.active for s in loud.changes(6.1)] == [True]


def test_without_reports_everybody_falls_silent() -> None:
    speakers = ActiveSpeakers(USUAL)
    speakers.observe({"PA_1": 1.0}, 0.0)
    speakers.changes(0.0)
    later = REPORT_TIMEOUT_S + HOLD_S + 0.1
    assert speakers.changes(later) == [Speaker("PA_1", 0.0, False)]


def test_the_loudest_comes_first() -> None:
    speakers = ActiveSpeakers(USUAL)
    speakers.observe({"PA_1": 0.3, "PA_2": 0.9}, 0.0)
    assert [s.sid for s in speakers.changes(0.0)] == ["PA_2", "PA_1"]
    assert [s.sid for s in speakers.snapshot()] == ["PA_2", "PA_1"]


@pytest.mark.parametrize("level", [0.0, 0.001, 0.5, 1.0])
def test_levels_stay_in_range(level: float) -> None:
    speakers = ActiveSpeakers(USUAL)
    for step in range(5):
        speakers.observe({"PA_1": level}, 0.3 * step)
    assert all(0.0 <= speaker.level <= 1.0 for speaker in speakers.snapshot())


def test_a_room_tells_changes_and_forgets_who_left() -> None:
    from mediaserver.participant import RemovalReason

    observer = RecordingRoomObserver()
    room = make_room(observer)
    anna = make_participant(room, "anna")
    room.observe_levels({anna.sid: 1.0}, 0.0)
    room.update_speakers(0.0)
    assert [[s.sid for s in changes] for changes in observer.speakers] == [[anna.sid]]
    room.remove(anna, RemovalReason.CLIENT_INITIATED)
    assert room.speakers.idle


def test_from_which_level_on_somebody_speaks_is_a_setting() -> None:
    usual, sharp = ActiveSpeakers(USUAL), ActiveSpeakers(SpeakerSettings(active_level=50))
    for speakers in (usual, sharp):
        for step in range(3):
            speakers.observe({"PA_1": 10 ** (-45 / 20)}, 0.3 * step)
    assert not usual.changes(1.0) and [speaker.sid for speaker in sharp.changes(1.0)] == ["PA_1"]


def test_how_long_a_level_is_averaged_is_a_setting() -> None:
    for intervals, smoothing in ((0, 1.0), (1, 1.0), (2, 2 / 3), (4, 0.4)):
        assert SpeakerSettings(smooth_intervals=intervals).smoothing == pytest.approx(smoothing)
    slow = ActiveSpeakers(SpeakerSettings(smooth_intervals=9))
    slow.observe({"PA_1": 1.0}, 0.0)
    assert slow.snapshot() == [Speaker("PA_1", 0.25, True)], "a fifth of the way, in eighths"


def test_how_loud_somebody_speaks_is_told_to_a_crowd_more_seldom() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    people = [make_participant(room, f"p{number}") for number in range(1000)]
    anna, boris = people[0].sid, people[1].sid
    told = []
    for step in range(6):
        now = 0.4 * step
        room.observe_levels({anna: 0.2 + 0.1 * step} | ({boris: 1.0} if step == 3 else {}), now)
        before = len(observer.speakers)
        room.update_speakers(now)
        told.append([(s.sid, s.active) for changes in observer.speakers[before:] for s in changes])
    assert told[0] == told[2] == [(anna, True)] and set(told[4]) == {(anna, True), (boris, True)}
    assert told[1] == told[5] == [], "every 0.8 s to a thousand"
    assert told[3] == [(boris, True)], "who begins is told at once"
