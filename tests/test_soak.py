"""The soak's judgement of what a server holds."""

from dataclasses import replace

from tests.interop.soak.rest import MIB, Rest, growth_bytes, objects_of, problems, report

BEFORE = Rest(resident_bytes=100 * MIB, descriptors=20, threads=4, tasks=12, objects=0)


def resting(*mib: float) -> list[Rest]:
    return [replace(BEFORE, resident_bytes=int(value * MIB)) for value in mib]


def test_a_server_that_comes_back_has_no_problems() -> None:
    assert problems(BEFORE, resting(120, 130, 131, 130.5, 131)) == []
    assert problems(BEFORE, [replace(BEFORE, descriptors=22, tasks=14)]) == []


def test_memory_that_grows_is_found_in_spite_of_noise() -> None:
    noise = (5, -4, 3, 0, -5, 4, -2, 5, 1)
    level = [150.0 + noise[n] for n in range(9)]
    leak = [150.0 + 3 * n + noise[n] for n in range(9)]
    assert problems(BEFORE, resting(100, 140, *level)) == []
    assert problems(BEFORE, resting(100, 140, *leak)) == ["memory has grown by 20.0 MiB"]
    assert growth_bytes(resting(0, 0, 10, 12)) == 0, "too few rounds"


def test_what_is_left_is_named() -> None:
    rests = [replace(BEFORE, objects=2), replace(BEFORE, descriptors=30, tasks=99)]
    assert problems(BEFORE, rests) == [
        "round 1: 2 objects are left",
        "round 2: 30 descriptors, 20 before",
        "round 2: 99 tasks, 12 before",
    ]


def test_objects_are_read_from_the_metrics() -> None:
    metrics = {
        'polyana_data_plane_objects{kind="transports"}': 2.0,
        'polyana_peer_connections{state="connected"}': 1.0,
        "polyana_participants": 1.0,
        "polyana_rooms": 1.0,
        "polyana_rtc_sessions": 1.0,
        "polyana_participants_ever": 100.0,
    }
    assert objects_of(metrics) == 6


def test_the_report_has_a_line_for_each_rest_and_says_what_is_wrong() -> None:
    text = report(BEFORE, resting(120, 130), ["100 came", "200 came"], [])
    assert "| rest 2 | 130.0 | 20 | 4 | 12 | 0 | 200 came |" in text
    assert text.endswith("* nothing is left behind\n")
    assert "* 2 objects" in report(BEFORE, resting(1), [""], ["2 objects"])
