"""Between lessons and their calls: a call begins as its lesson was planned, or goes on as it was before a restart, and
what ends in the school ends there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mediaserver.participant import RemovalReason
from signalling.call.roles import person_of
from signalling.call.settings import (
    CallSettings,
    Expected,
    LobbyRule,
    Mode,
    Reach,
    RecordingRule,
    ScreenLimit,
)
from signalling.school.entry import LINK_DIGITS
from signalling.school.events import (
    ConsentChanged,
    FamilyRemoved,
    GuardianLost,
    LessonCancelled,
    LinkRevoked,
    PassRevoked,
    RecordingConsentWithdrawn,
    RoleConfirmed,
    RoleRevoked,
    SchoolEvent,
)
from signalling.school.norms import screens
from signalling.school.words import STAFF, AgeBand, LessonKind, Programme, Role, WithoutConsent

if TYPE_CHECKING:
    from signalling.call import CallService
    from signalling.lesson_states import LessonStates
    from signalling.rtc.service import RtcService
    from signalling.school import School
    from signalling.school.entry import Entry
    from signalling.school.lessons import LessonView, Occurrence
    from signalling.school.settings import SchoolSettings

WITH_CHILDREN = frozenset({LessonKind.LESSON, LessonKind.CONSULTATION, LessonKind.EVENT})
"""In these the guardian rule holds."""


def settings_of(
    occurrence: Occurrence,
    expected: Sequence[tuple[str, str]],
    school: SchoolSettings,
    screen_used_s: Mapping[str, float],
    recording: bool = False,
) -> CallSettings:
    """What the call of a lesson is like when it begins. `recording`: the organisation allows it."""
    view, lesson = occurrence.view, occurrence.view.lesson
    age = AgeBand(lesson.age) if lesson.age is not None else None
    limits = {
        kind: ScreenLimit(
            at_a_time_minutes=screen.at_a_time if screen is not None else 0,
            a_day_minutes=screen.a_day if screen is not None else 0,
            break_minutes=school.screen_break_minutes,
        )
        for kind, screen in screens(school.norms, view.kind, age).items()
        if kind in ("film", school.shared_screen)
    }
    return CallSettings(
        mode=Mode(lesson.mode),
        lobby=LobbyRule(lesson.lobby),
        reach=Reach(lesson.reach),
        expected=tuple(Expected(person=person, name=name) for person, name in expected),
        guardian_rule=view.kind in WITH_CHILDREN,
        limit_minutes=view.limit or 0,
        screen_limits=limits,
        screen_used_s={kind: seconds for kind, seconds in screen_used_s.items() if kind in limits},
        shared_screen=school.shared_screen,
        recording=recording_rule(view) if recording else RecordingRule.OFF,
    )


def recording_rule(view: LessonView) -> RecordingRule:
    """Families are recorded where none of them comes with a child: in parent meetings (3.3)."""
    if not view.lesson.recording:
        return RecordingRule.OFF
    adults = view.kind is LessonKind.PARENT_MEETING and view.lesson.programme == Programme.PARENTS
    return RecordingRule.ADULTS if adults else RecordingRule.STAFF


class LessonCalls:
    """Listens to the school from the moment it is made."""

    def __init__(self, school: School, calls: CallService, rtc: RtcService, states: LessonStates) -> None:
        self._school, self._calls, self._rtc, self._states = school, calls, rtc, states
        school.events.listen(self._heard)

    async def expect(self, entry: Entry) -> None:
        """Somebody is about to get a token. Raises `ServerFull`."""
        await self.open(entry.occurrence)
        self._calls.calls[entry.occurrence.room].let_watch_only(person_of(entry.identity), entry.watches)

    async def open(self, occurrence: Occurrence) -> None:
        """Before somebody gets a token for its room. Raises `ServerFull`."""
        if occurrence.room not in self._calls.calls:
            school = self._school
            expected = await school.entrances.expected(occurrence)
            used = await school.screen_uses.today(occurrence.view.lesson.id)
            recording = await school.organisations.recording_allowed(occurrence.view.lesson.organisation_id)
            settings = settings_of(occurrence, expected, school.context.settings, used, recording)
            self._calls.open(occurrence.room, settings, *await self._states.of(occurrence.room))

    async def reopen(self) -> None:
        """After a restart: lessons that are on go on as planned, for those who come back with their tokens."""
        for organisation in await self._school.organisations.all():
            for occurrence in await self._school.lessons.live(organisation.id):
                await self.open(occurrence)

    def _heard(self, event: SchoolEvent) -> None:
        match event:
            case RoleRevoked(person, _, Role.GUARDIAN):
                pass  # its families are told by `GuardianLost`
            case RoleRevoked(person):
                self._calls.revoke_role(f"staff:{person}")
            case RoleConfirmed(person, _, role) if role in STAFF:
                self._calls.restore_role(f"staff:{person}")
            case LinkRevoked(_, str(family)) | FamilyRemoved(family) | GuardianLost(family):
                self._remove(f"family:{family}:")
            case ConsentChanged(family, WithoutConsent.OUT):
                self._remove(f"family:{family}:")
            case ConsentChanged(family, without):
                for call in self._calls.calls.values():
                    call.let_watch_only(f"family:{family}", without is WithoutConsent.WATCH)
            case RecordingConsentWithdrawn(family):
                for call in self._calls.calls.values():
                    call.withdraw_recording(f"family:{family}")
            case LinkRevoked(invitation, None):
                self._remove(f"guest:{invitation[:LINK_DIGITS]}")
            case PassRevoked(lesson_pass, kind):
                self._remove(f"{kind}:{lesson_pass}:")
            case LessonCancelled(lesson, room):
                for name in (
                    [room] if room else [name for name in self._calls.calls if name.startswith(lesson)]
                ):
                    self._calls.close_call(name)

    def end_equipment(self, identity: str) -> None:
        """What came by a pass goes: its lesson is over."""
        self._remove(identity)

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
