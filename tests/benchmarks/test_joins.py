"""The benchmark of joins: who goes where, threads told apart, what the report makes of the rounds."""

import pytest

from benchmarks.joins.results import Results, quantile, ratios, report
from benchmarks.joins.steady import Steady, split
from benchmarks.joins.storm import StormOutcome, storms
from benchmarks.peers.endpoint import is_rtp


def outcome(server_ms: float) -> StormOutcome:
    return StormOutcome(server_ms, client_ms=2.5, per_second=80.0, server_share=0.5)


def stat(user_ticks: int, system_ticks: int) -> str:
    return f"7 (a thread) S 1 7 7 0 -1 4194560 1 0 0 0 {user_ticks} {system_ticks} 0 0 20 0 4 0 1 1 1"


def rows(text: str, first: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [line for line in lines if line[0] == first]


def test_small_rooms_get_as_many_joins_as_the_large_one() -> None:
    one, many = storms(joins=10, room_size=4)
    assert one.destinations() == ["bench-0"] * 10
    assert len(many.destinations()) == 10 and set(many.destinations()) == set(many.room_names())


def test_the_main_thread_is_python() -> None:
    before = {7: stat(100, 50), 8: stat(10, 10), 9: stat(5, 5)}
    after = {7: stat(140, 60), 8: stat(110, 210), 10: stat(0, 50)}  # 9 has ended, 10 is new
    found = split(7, before, after, window_s=10.0)
    assert (found.python_s, found.others_s) == (pytest.approx(0.5), pytest.approx(3.5))
    assert found.python_share == pytest.approx(0.125)
    assert Steady(0.0, 0.0, 10.0).python_share == 0.0


def test_ratios_are_those_of_rounds_in_which_both_were_measured() -> None:
    assert ratios([outcome(12.0), None, outcome(9.0)], [outcome(6.0), outcome(6.0), None]) == [2.0]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 10.0), (0.95, 19.0), (1.0, 20.0)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert quantile([float(number) for number in range(1, 21)], share) == expected


def test_the_report_tells_medians_and_what_failed() -> None:
    results = Results(
        storms={"rooms of 4": {"polyana": [outcome(5.0), outcome(4.0)], "livekit": [outcome(10.0), None]}},
        first_media_ms={"polyana": [[30.0, 10.0, 20.0], [40.0]], "livekit": [None]},
        steady={"video, 1 -> 1000": [Steady(0.2, 3.8, 10.0, packets=2_000_000)]},
        failures=["round 2, rooms of 4, livekit: TimeoutError"],
    )
    text = report({"kernel": "Linux"}, results, others=200)
    ((_, cost, ratio, fit, *_, counted),) = rows(text, "livekit")[:1]
    assert (cost, ratio, fit, counted) == ("10.00 (10.00 to 10.00)", "2.00 (2.00 to 2.00)", "100", "1 of 2")
    assert rows(text, "polyana")[1] == ["polyana", "20", "40", "40", "35.00 (30.00 to 40.00)", "4"]
    assert rows(text, "livekit")[1] == ["livekit", "-", "-", "-", "-", "0"]
    assert rows(text, "video, 1 -> 1000")[0][1:3] == ["5.0%", "20.00 (20.00 to 20.00)"]
    assert "* kernel: Linux" in text and "200 others" in text and "livekit: TimeoutError" in text


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        (b"\x80\x6f" + bytes(20), True),
        (b"\x80\xc8" + bytes(20), False),  # RTCP
        (b"\x16\xfe\xfd" + bytes(20), False),  # DTLS
        (b"\x80\x6f", False),
    ],
)
def test_media_is_told_from_control(datagram: bytes, expected: bool) -> None:
    assert is_rtp(datagram) is expected
