"""When a lesson takes place: once or again and again, in local time. Pure.

A subset of RFC 5545's rules that people ask for, as a structure: nothing in it can take long.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, rrule
from pydantic import BaseModel, ConfigDict, Field, model_validator

Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAYS = {"MO": MO, "TU": TU, "WE": WE, "TH": TH, "FR": FR, "SA": SA, "SU": SU}
FREQUENCIES: dict[str, Literal[1, 2, 3]] = {"daily": DAILY, "weekly": WEEKLY, "monthly": MONTHLY}
LONGEST = timedelta(days=3 * 366)
"""No series goes on for longer."""
MAX_COUNT = 500


class Recurrence(BaseModel):
    """Every `interval` days, weeks or months; on `days` of the week (weekly), until a date (included) or `count`
    times, at most three years."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Literal["daily", "weekly", "monthly"]
    interval: Annotated[int, Field(ge=1, le=52)] = 1
    days: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    until: date | None = None
    count: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None

    @model_validator(mode="after")
    def _days_of_weeks(self) -> Self:
        if self.days and self.frequency != "weekly":
            raise ValueError("days go with weekly")
        if self.count is not None and self.until is not None:
            raise ValueError("count or until, not both")
        return self

    def vrecur(self, zone: ZoneInfo) -> dict[str, Any]:
        """As an iCalendar property (RFC 5545, 3.3.10)."""
        found: dict[str, Any] = {"freq": self.frequency.upper(), "interval": self.interval}
        if self.days:
            found["byday"] = list(self.days)
        if self.count is not None:
            found["count"] = self.count
        elif self.until is not None:
            end = datetime.combine(self.until, time(23, 59, 59), zone)
            found["until"] = end.astimezone(UTC)
        return found


def occurrences(
    starts_at: datetime,
    zone: ZoneInfo,
    recurrence: Recurrence | None,
    exceptions: Collection[datetime],
    after: datetime,
    before: datetime,
) -> list[datetime]:
    """Begins at or after `after` and before `before`, in UTC, in order. A series keeps its local time when clocks
    change."""
    if recurrence is None:
        found = [starts_at.astimezone(UTC)]
    else:
        first = starts_at.astimezone(zone).replace(tzinfo=None)
        rule = _rule(first, recurrence)
        low, high = (moment.astimezone(zone).replace(tzinfo=None) for moment in (after, before))
        slack = timedelta(hours=2)  # what clocks change by
        local = rule.between(low - slack, min(high + slack, first + LONGEST), inc=True)
        found = [moment.replace(tzinfo=zone).astimezone(UTC) for moment in local]
    return [moment for moment in found if after <= moment < before and moment not in exceptions]


def _rule(first: datetime, recurrence: Recurrence) -> Any:
    until = recurrence.until
    return rrule(
        FREQUENCIES[recurrence.frequency],
        dtstart=first,
        interval=recurrence.interval,
        byweekday=[DAYS[day] for day in recurrence.days] or None,
        until=None if until is None else datetime.combine(until, time.max),
        count=recurrence.count,
    )
