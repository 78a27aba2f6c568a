"""Participants that have only so much data for a lesson: who says how much, and what their clients are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mediaserver.data import RELIABLE
from mediaserver.data_budget import DataBudget, DataPlan
from mediaserver.data_meter import Counts, DataMeter
from signalling.beat import in_parts
from signalling.rtc.errors import InvalidRequest
from signalling.rtc.notice import notice

if TYPE_CHECKING:
    from mediaserver.participant import Participant
    from mediaserver.room import Room
    from mediaserver.statistics import Statistics

BUDGET_ATTRIBUTE = "polyana.data_budget_mb"
"""Of a participant, in its token or set by itself: megabytes that the server may send it in a lesson, 0: no limit."""
MINUTES_ATTRIBUTE = "polyana.data_budget_minutes"
"""How many minutes from the join they should last."""
OWN_CHOICES = frozenset({BUDGET_ATTRIBUTE, MINUTES_ATTRIBUTE})
"""Attributes that everybody may set, also without `canUpdateOwnMetadata`: whose data it is, decides."""
TOPIC = "polyana.data_saving"
"""Of the data packets that tell a client when pictures become smaller for its budget, and when no longer."""
MEGABYTE = 1_000_000
MAX_MEGABYTES = 100_000
MAX_MINUTES = 1440
SAVING_HOLD_S = 10.0
"""Saving that ends for a moment is not told."""
_NUMBER = re.compile(r"[0-9]{1,6}")


def check_choices(attributes: Mapping[str, str]) -> None:
    """Raises `InvalidRequest` for a budget that is none."""
    for name, least, most in ((BUDGET_ATTRIBUTE, 0, MAX_MEGABYTES), (MINUTES_ATTRIBUTE, 1, MAX_MINUTES)):
        value = attributes.get(name)
        if value and not (_NUMBER.fullmatch(value) and least <= int(value) <= most):
            raise InvalidRequest(f"{name} must be a whole number from {least} to {most}")


def plan_of(participant: Participant) -> DataPlan | None:
    """What the participant says, else what is so in its room; None: no limit."""
    attributes, default = participant.attributes, participant.room.settings.data_budget
    megabytes, minutes = attributes.get(BUDGET_ATTRIBUTE), attributes.get(MINUTES_ATTRIBUTE)
    total_bytes = int(megabytes) * MEGABYTE if megabytes else default.total_bytes
    if not total_bytes:
        return None
    if minutes:
        return DataPlan(total_bytes, int(minutes) * 60.0)
    return DataPlan(total_bytes, default.length_s, default.open_ended)


class DataSaving:
    """To be told about once a second what the data plane has counted."""

    def __init__(self) -> None:
        self._meter = DataMeter()
        self._saving_until: dict[str, float] = {}
        """By sid, of those who were told that they save."""

    async def update(self, rooms: Iterable[Room], statistics: Statistics) -> None:
        """Limits the pictures of those who have a budget."""
        now = statistics.at
        limited: list[tuple[Participant, DataBudget]] = []
        async for part in in_parts(rooms):
            limited += self._limited(part, now)
        here = {participant.sid for participant, _ in limited}
        self._saving_until = {sid: until for sid, until in self._saving_until.items() if sid in here}
        counts = Counts.of(statistics) if limited else Counts()
        usage = self._meter.read([participant for participant, _ in limited], counts)
        for participant, budget in limited:
            used = usage[participant.sid]
            budget.spend(used.wire, used.pictures, now)
            allocator = participant.subscriber.allocator
            allocator.set_budget(budget.picture_limit_bps(now))
            self._tell(participant, allocator.is_saving, now)

    def _limited(self, rooms: Iterable[Room], now: float) -> list[tuple[Participant, DataBudget]]:
        """Those who have a budget now; those who have none any more are let go."""
        found: list[tuple[Participant, DataBudget]] = []
        for participant in (p for room in rooms for p in _perhaps_limited(room)):
            plan = plan_of(participant)
            if plan is not None:
                found.append((participant, _begun(participant, plan, now)))
            elif participant.data_budget is not None:
                participant.data_budget = None
                participant.subscriber.allocator.set_budget(None)
                self._tell(participant, False, now)
        return found

    def _tell(self, participant: Participant, saving: bool, now: float) -> None:
        until = self._saving_until.get(participant.sid)
        if saving:
            self._saving_until[participant.sid] = now + SAVING_HOLD_S
        if saving and until is None:
            _send(participant, True)
        elif not saving and until is not None and (now >= until or participant.data_budget is None):
            del self._saving_until[participant.sid]
            _send(participant, False)


def _perhaps_limited(room: Room) -> Iterable[Participant]:
    """Without those who say nothing, in a room that says nothing: nearly all of an audience."""
    everybody = room.participants.values()
    if room.settings.data_budget.total_bytes:
        return everybody
    return [p for p in everybody if BUDGET_ATTRIBUTE in p.attributes or p.data_budget is not None]


def _begun(participant: Participant, plan: DataPlan, now: float) -> DataBudget:
    budgets = participant.room.data_budgets
    budget = participant.data_budget or budgets.get(participant.identity) or DataBudget(plan, now)
    budget.plan = plan
    participant.data_budget = budgets[participant.identity] = budget
    return budget


def _send(participant: Participant, saving: bool) -> None:
    budget = participant.data_budget
    told: dict[str, object] = {"saving": saving}
    if budget is not None:
        told |= {"spent_bytes": budget.spent_bytes, "budget_bytes": budget.plan.total_bytes}
    if participant.takes_data:
        participant.send_data(RELIABLE, notice(TOPIC, told))
