"""What happened in the school, for those who must act at once: running calls. Plain values, told after the commit."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from signalling.school.words import PassKind, Role, WithoutConsent

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RoleRevoked:
    """A person has no longer this role: badge, hosting and presence in calls by it end now."""

    person: str
    organisation: str
    role: Role


@dataclass(frozen=True)
class GuardianLost:
    """Somebody is no guardian of a family any more. Which devices of the family are whose nobody knows: all leave their
    calls, and who still has a way in comes back by it."""

    family: str


@dataclass(frozen=True)
class LinkRevoked:
    """A link leads nowhere any more: whoever came by it goes."""

    invitation: str
    family: str | None


@dataclass(frozen=True)
class ConsentChanged:
    """A consent was given or withdrawn: what a family may not do in calls from now on."""

    family: str
    without: WithoutConsent


@dataclass(frozen=True)
class RecordingConsentWithdrawn:
    """A family agrees no longer that it is recorded: a "no" in the calls where it is."""

    family: str


@dataclass(frozen=True)
class PassRevoked:
    """A pass lets nothing in any more: what came by it goes."""

    lesson_pass: str
    kind: PassKind


@dataclass(frozen=True)
class FamilyRemoved:
    """A family and its data are gone."""

    family: str


@dataclass(frozen=True)
class RoleConfirmed:
    """A role counts from now on, perhaps again."""

    person: str
    organisation: str
    role: Role


@dataclass(frozen=True)
class LessonCancelled:
    """A lesson, or with a room one time of it, does not take place; a call of it ends."""

    lesson: str
    room: str | None


@dataclass(frozen=True)
class ContentEnded:
    """Content was withdrawn, expired, removed, or its seal is broken: what is on of it stops."""

    content: str


SchoolEvent = (
    RoleConfirmed
    | RoleRevoked
    | GuardianLost
    | LinkRevoked
    | PassRevoked
    | ConsentChanged
    | RecordingConsentWithdrawn
    | FamilyRemoved
    | LessonCancelled
    | ContentEnded
)


class SchoolEvents:
    """Listeners are called in order; one that fails does not keep the others from hearing."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[SchoolEvent], None]] = []

    def listen(self, listener: Callable[[SchoolEvent], None]) -> None:
        self._listeners.append(listener)

    def tell(self, event: SchoolEvent) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                log.exception("a listener of the school failed", event_type=type(event).__name__)
