"""The words of the school: roles, states, programmes, kinds. Their values are in the database and in the API."""

from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What a person is in an organisation."""

    HEAD = "head"
    TEACHER = "teacher"
    METHODOLOGIST = "methodologist"
    OPERATOR = "operator"
    GUARDIAN = "guardian"


STAFF = frozenset({Role.HEAD, Role.TEACHER, Role.METHODOLOGIST, Role.OPERATOR})


def badge_of(roles: frozenset[Role]) -> Role | None:
    """What is drawn beside a name: the first of the staff's roles, in the order above."""
    return next((role for role in Role if role in roles & STAFF), None)


class RoleState(StrEnum):
    """Only a confirmed role gives power. A revoked one stays as history; whoever wants it again asks anew."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REVOKED = "revoked"


class AgeBand(StrEnum):
    """Ages in years as SanPiN 1.2.3685-21 divides them."""

    TO_3 = "1.5-3"
    TO_4 = "3-4"
    TO_5 = "4-5"
    TO_6 = "5-6"
    TO_7 = "6-7"


class Programme(StrEnum):
    """Clauses 3.1, 3.2 and 3.3 of the regulation."""

    BASIC = "basic"
    ADDITIONAL = "additional"
    PARENTS = "parents"


class ConsentPurpose(StrEnum):
    """What families are asked to agree to, each on its own."""

    PROCESSING = "processing"
    """Of personal data for lessons."""
    RECORDING = "recording"
    PUBLICATION = "publication"
    """Of pictures and recordings outside of the group."""
    CALLS = "calls"
    """To take part in video calls."""


class WithoutConsent(StrEnum):
    """What a family may not do while a consent is missing, the mildest first."""

    NOTHING = "nothing"
    """All is as ever."""
    WATCH = "watch"
    """It comes to calls, and sends nothing."""
    OUT = "out"
    """It does not come to calls."""


class PassKind(StrEnum):
    """What a pass lets into a lesson. A camera and a wall screen are also roles in the call."""

    CAMERA = "camera"
    """Publishes by WHIP."""
    WALL = "wall"
    """Plays by WHEP."""
    AUDIENCE = "audience"
    """Watches films by HLS."""


class LessonKind(StrEnum):
    """What a call is for."""

    LESSON = "lesson"
    CONSULTATION = "consultation"
    WORKING_MEETING = "working_meeting"
    PEDAGOGICAL_COUNCIL = "pedagogical_council"
    PARENT_MEETING = "parent_meeting"
    EVENT = "event"


class ContentKind(StrEnum):
    """What a piece of content is, by what is in its file."""

    FILM = "film"
    SOUND = "sound"
    IMAGE = "image"
    DOCUMENT = "document"


class ContentState(StrEnum):
    """Somebody writes a draft and submits it; somebody else verifies it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class PreparationState(StrEnum):
    """How far the file of a piece of content is."""

    NONE = "none"
    """It has no file."""
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    REFUSED = "refused"
    """It was checked, and must not be broadcast as it is: the report says why."""
    FAILED = "failed"
    CANCELLED = "cancelled"


class RecordingState(StrEnum):
    """How far a recording of a lesson is."""

    RECORDING = "recording"
    QUEUED = "queued"
    COMPOSING = "composing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"
    """By somebody, or as its time was over."""


AGE_MARKS = (0, 6, 12, 16, 18)
"""0+ to 18+, as the federal law on the protection of children from information has them."""


AuditAction = Literal[
    "registered",
    "signed_in",
    "sign_in_failed",
    "signed_out_everywhere",
    "account_changed",
    "password_changed",
    "identity_linked",
    "role_requested",
    "role_confirmed",
    "role_revoked",
    "staff_invited",
    "staff_invitation_used",
    "staff_invitation_revoked",
    "organisation_made",
    "organisation_changed",
    "group_made",
    "group_changed",
    "group_removed",
    "group_teacher_added",
    "group_teacher_removed",
    "family_made",
    "family_changed",
    "family_removed",
    "family_exported",
    "roster_imported",
    "consent_published",
    "consent_given",
    "consent_withdrawn",
    "content_made",
    "content_changed",
    "content_uploaded",
    "content_prepared",
    "content_refused",
    "content_preparation_failed",
    "content_preparation_cancelled",
    "content_submitted",
    "content_returned",
    "content_verified",
    "content_withdrawn",
    "content_expired",
    "content_subtitles_changed",
    "content_revised",
    "content_removed",
    "content_seal_broken",
    "lesson_planned",
    "lesson_changed",
    "lesson_cancelled",
    "link_made",
    "link_revoked",
    "link_devices_forgotten",
    "pass_made",
    "pass_used",
    "pass_revoked",
    "link_used_twice",
    "link_refused",
    "audit_exported",
    "call_admit",
    "call_admit_all",
    "call_admit_expected",
    "call_deny",
    "call_block",
    "call_unblock",
    "call_remove",
    "call_ban",
    "call_set_lock",
    "call_panic",
    "call_calm",
    "call_freeze",
    "call_promote",
    "call_demote",
    "call_make_cohost",
    "call_drop_cohost",
    "call_set_screen",
    "call_extend",
    "call_extend_screen",
    "call_screen_over",
    "call_screen_stopped",
    "call_consent_missing",
    "call_consent_given",
    "call_end",
    "call_unattended",
    "call_attended",
    "call_time_over",
    "call_time_stopped",
    "call_film_play",
    "call_film_pause",
    "call_film_seek",
    "call_film_stop",
    "call_film_stopped",
    "call_recording_ask",
    "call_recording_started",
    "call_recording_paused",
    "call_recording_stopped",
    "call_recording_failed",
    "call_recording_refused",
    "call_recording_withdrawn",
    "recording_composing_failed",
    "recording_downloaded",
    "recording_deleted",
    "recording_expired",
]
"""What the audit log tells of; `call_...`: events of calls (`signalling/call/events.py`)."""
