"""Between lessons and their calls: a call begins as its lesson was planned, and what ends in the school ends there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mediaserver.participant import RemovalReason
from signalling.call.settings import CallSettings, Expected, LobbyRule, Mode, Reach
from signalling.school.entry import LINK_DIGITS
from signalling.school.events import (
    FamilyRemoved,
    LessonCancelled,
    LinkRevoked,
    RoleConfirmed,
    RoleRevoked,
    SchoolEvent,
)
from signalling.school.words import STAFF, LessonKind, Role

if TYPE_CHECKING:
    from signalling.call import CallService
    from signalling.rtc.service import RtcService
    from signalling.school import School
    from signalling.school.lessons import Occurrence

WITH_CHILDREN = frozenset({LessonKind.LESSON, LessonKind.CONSULTATION, LessonKind.EVENT})
"""In these the guardian rule holds."""


def settings_of(occurrence: Occurrence, expected: Sequence[tuple[str, str]]) -> CallSettings:
    """What the call of a lesson is like when it begins."""
    view, lesson = occurrence.view, occurrence.view.lesson
    return CallSettings(
        mode=Mode(lesson.mode),
        lobby=LobbyRule(lesson.lobby),
        reach=Reach(lesson.reach),
        expected=tuple(Expected(person=person, name=name) for person, name in expected),
        guardian_rule=view.kind in WITH_CHILDREN,
        limit_minutes=view.limit or 0,
        film_minutes=view.film_limit,
    )


class LessonCalls:
    """Listens to the school from the moment it is made."""

    def __init__(self, school: School, calls: CallService, rtc: RtcService) -> None:
        self._school, self._calls, self._rtc = school, calls, rtc
        school.events.listen(self._heard)

    async def open(self, occurrence: Occurrence) -> None:
        """Before somebody gets a token for its room. Raises `ServerFull`."""
        if occurrence.room not in self._calls.calls:
            expected = await self._school.entrances.expected(occurrence)
            self._calls.open(occurrence.room, settings_of(occurrence, expected))

    async def reopen(self) -> None:
        """After a restart: lessons that are on go on as planned, for those who come back with their tokens."""
        for organisation in await self._school.organisations.all():
            for occurrence in await self._school.lessons.live(organisation.id):
                await self.open(occurrence)

    def _heard(self, event: SchoolEvent) -> None:
        match event:
            case RoleRevoked(person, _, Role.GUARDIAN):
                pass  # the family stays: it has other guardians, and its link
            case RoleRevoked(person):
                self._calls.revoke_role(f"staff:{person}")
            case RoleConfirmed(person, _, role) if role in STAFF:
                self._calls.restore_role(f"staff:{person}")
            case LinkRevoked(_, str(family)) | FamilyRemoved(family):
                self._remove(f"family:{family}:")
            case LinkRevoked(invitation, None):
                self._remove(f"guest:{invitation[:LINK_DIGITS]}")
            case LessonCancelled(lesson, room):
                for name in (
                    [room] if room else [name for name in self._calls.calls if name.startswith(lesson)]
                ):
                    self._calls.close_call(name)

    def _remove(self, prefix: str) -> None:
        """Out of all calls; the tokens are dead."""
        attendance = self._rtc.attendance
        # `nbf` of a token is whole seconds: also those of this second are meant.
        until = math.floor(self._school.context.clock.time()) + 1
        attendance.revocations.revoke_all(prefix, until)
        for name in list(self._calls.calls):
            room = attendance.rooms.get(name)
            found = list(room.participants.values()) if room is not None else []
            for participant in found:
                presence = attendance.of(participant) if participant.identity.startswith(prefix) else None
                if presence is not None:
                    presence.remove(RemovalReason.PARTICIPANT_REMOVED)
