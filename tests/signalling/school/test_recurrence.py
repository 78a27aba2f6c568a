"""When lessons take place. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.school.norms import DEFAULTS, limit_minutes
from signalling.school.recurrence import LONGEST, Recurrence, occurrences
from signalling.school.words import AgeBand, LessonKind

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 9, 7, 9, 0, tzinfo=MOSCOW)
YEAR = timedelta(days=366)


def days(
    recurrence: Recurrence | None, start: datetime = MONDAY, zone: ZoneInfo = MOSCOW, **more: Any
) -> list[str]:
    arguments = {"exceptions": (), "after": start, "before": start + YEAR} | more
    found = occurrences(start, zone, recurrence, **arguments)
    return [f"{moment.astimezone(zone):%m-%d %H:%M}" for moment in found]


def test_once() -> None:
    assert days(None) == ["09-07 09:00"]
    assert days(None, after=MONDAY + timedelta(seconds=1)) == []
    assert days(None, before=MONDAY) == []


@pytest.mark.parametrize(
    ("recurrence", "found"),
    [
        (Recurrence(frequency="daily", count=3), ["09-07", "09-08", "09-09"]),
        (Recurrence(frequency="weekly", until=date(2026, 9, 21)), ["09-07", "09-14", "09-21"]),
        (Recurrence(frequency="weekly", days=("MO", "TH"), count=3), ["09-07", "09-10", "09-14"]),
        (Recurrence(frequency="weekly", interval=2, count=2), ["09-07", "09-21"]),
        (Recurrence(frequency="monthly", count=2), ["09-07", "10-07"]),
    ],
)
def test_again_and_again(recurrence: Recurrence, found: list[str]) -> None:
    assert days(recurrence) == [f"{day} 09:00" for day in found]


def test_the_local_time_stays_when_clocks_change() -> None:
    start = datetime(2026, 10, 23, 9, 0, tzinfo=BERLIN)
    series = Recurrence(frequency="daily", count=4)
    assert days(series, start, BERLIN) == [f"10-{day} 09:00" for day in (23, 24, 25, 26)]
    found = occurrences(start, BERLIN, series, (), start, start + YEAR)
    assert [moment.hour for moment in found] == [7, 7, 8, 8]


def test_exceptions() -> None:
    series = Recurrence(frequency="daily", count=3)
    assert days(series, exceptions={MONDAY + timedelta(days=1)}) == ["09-07 09:00", "09-09 09:00"]


def test_no_series_is_endless() -> None:
    series = Recurrence(frequency="daily")
    found = occurrences(MONDAY, MOSCOW, series, (), MONDAY, MONDAY + timedelta(days=100_000))
    assert found[-1] <= MONDAY + LONGEST


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.builds(
        lambda end, **rule: Recurrence(**rule, **end),
        end=st.just({})
        | st.builds(dict, count=st.integers(1, 50))
        | st.builds(dict, until=st.dates(date(2026, 9, 7), date(2028, 1, 1))),
        frequency=st.sampled_from(["daily", "weekly", "monthly"]),
        interval=st.integers(1, 52),
    ),
    st.integers(0, 900),
    st.integers(1, 100),
)
def test_a_part_of_a_series_is_the_part_of_it(series: Recurrence, offset: int, length: int) -> None:
    everything = occurrences(MONDAY, BERLIN, series, (), MONDAY, MONDAY + 4 * YEAR)
    low = MONDAY + timedelta(days=offset)
    high = low + timedelta(days=length)
    expected = [moment for moment in everything if low <= moment < high]
    assert occurrences(MONDAY, BERLIN, series, (), low, high) == expected
    assert everything == sorted(set(everything)) and all(moment.tzinfo is UTC for moment in everything)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frequency": "secondly"},
        {"frequency": "daily", "interval": 0},
        {"frequency": "daily", "days": ["MO"]},
        {"frequency": "weekly", "days": ["XX"]},
        {"frequency": "daily", "count": 501},
        {"frequency": "daily", "count": 5, "until": "2027-01-01"},
        {"frequency": "daily", "bysetpos": 1},
    ],
)
def test_what_is_no_series(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Recurrence.model_validate(wrong)


def test_limits_by_age() -> None:
    assert [DEFAULTS[age].lesson for age in AgeBand] == [10, 15, 20, 25, 30]
    assert limit_minutes(DEFAULTS, LessonKind.LESSON, AgeBand.TO_6) == 25
    assert limit_minutes(DEFAULTS, LessonKind.PARENT_MEETING, AgeBand.TO_6) is None
    assert limit_minutes(DEFAULTS, LessonKind.LESSON, None) is None
    seven = DEFAULTS[AgeBand.TO_7]
    assert seven.board and seven.panel and seven.tablet and seven.computer and seven.film
    assert (seven.board.at_a_time, seven.board.a_day) == (7, 20)
    assert (seven.panel.at_a_time, seven.panel.a_day) == (5, 10)
    assert (seven.tablet.at_a_time, seven.tablet.a_day) == (10, 10)
    assert (seven.computer.at_a_time, seven.computer.a_day) == (15, 20)
    assert DEFAULTS[AgeBand.TO_6].computer is None
