"""The words of the school: roles, states, programmes, kinds. Their values are in the database and in the API."""

from enum import StrEnum


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


AGE_MARKS = (0, 6, 12, 16, 18)
"""0+ to 18+, as the federal law on the protection of children from information has them."""
