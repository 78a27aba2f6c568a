"""The one place that answers "may X do Y to Z". Pure. What no rule allows is denied.

A rule says, for one action and one confirmed role, to what it reaches. `tests/signalling/school/test_door.py` has the
same as a table that was written by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from types import MappingProxyType

from signalling.school.errors import Denied, NotFound
from signalling.school.words import STAFF, Role


class Reach(Enum):
    """How far a role reaches within its organisation."""

    ALL = auto()
    TAUGHT = auto()
    """What belongs only to groups that the actor teaches, or is the actor's own."""
    CONCERNED = auto()
    """What belongs to a group that the actor teaches, among others, the actor's own, what is for all staff."""
    FAMILY = auto()
    """What belongs to a family of which the actor is a guardian or to its groups, and what is for everybody."""


class Action(StrEnum):
    """All that the door knows."""

    SEE_STAFF = "see_staff"
    SEE_CONTACTS = "see_contacts"
    INVITE_STAFF = "invite_staff"
    CONFIRM_ROLE = "confirm_role"
    REVOKE_ROLE = "revoke_role"
    CHANGE_ORGANISATION = "change_organisation"
    SEE_GROUP = "see_group"
    CHANGE_GROUP = "change_group"
    SEE_FAMILY = "see_family"
    CHANGE_FAMILY = "change_family"
    IMPORT_ROSTER = "import_roster"
    INVITE_FAMILY = "invite_family"
    SEE_AUDIT = "see_audit"
    SEE_LESSON = "see_lesson"
    CHANGE_LESSON = "change_lesson"
    JOIN_LESSON = "join_lesson"
    HOST_LESSON = "host_lesson"
    SEE_ATTENDANCE = "see_attendance"
    GIVE_CONSENT = "give_consent"
    SEE_CONSENTS = "see_consents"
    CHANGE_CONSENTS = "change_consents"
    EXPORT_FAMILY = "export_family"
    DELETE_FAMILY = "delete_family"
    SEE_CONTENT = "see_content"
    ADD_CONTENT = "add_content"
    CHANGE_CONTENT = "change_content"
    VERIFY_CONTENT = "verify_content"
    SEE_RECORDINGS = "see_recordings"
    REMOVE_RECORDING = "remove_recording"


_STAFF_ALL = dict.fromkeys(STAFF, Reach.ALL)
_HEAD = {Role.HEAD: Reach.ALL}
_TEACHER = {Role.HEAD: Reach.ALL, Role.TEACHER: Reach.TAUGHT}
_TEACHERS = {Role.HEAD: Reach.ALL, Role.TEACHER: Reach.CONCERNED}
_METHODOLOGIST = {Role.METHODOLOGIST: Reach.ALL}
_FAMILIES = {Role.GUARDIAN: Reach.FAMILY}

RULES: Mapping[Action, Mapping[Role, Reach]] = MappingProxyType(
    {
        Action.SEE_STAFF: _STAFF_ALL,
        Action.SEE_CONTACTS: _HEAD,
        Action.INVITE_STAFF: _HEAD,
        Action.CONFIRM_ROLE: _HEAD,
        Action.REVOKE_ROLE: _HEAD,
        Action.CHANGE_ORGANISATION: _HEAD,
        Action.SEE_GROUP: _TEACHERS | _METHODOLOGIST | _FAMILIES,
        Action.CHANGE_GROUP: _HEAD,
        Action.SEE_FAMILY: _TEACHERS | _FAMILIES,
        Action.CHANGE_FAMILY: _TEACHER,
        Action.IMPORT_ROSTER: _HEAD,
        Action.INVITE_FAMILY: _TEACHERS,
        Action.SEE_AUDIT: _HEAD,
        Action.SEE_LESSON: _TEACHERS | _METHODOLOGIST | _FAMILIES,
        Action.CHANGE_LESSON: _TEACHER,
        Action.JOIN_LESSON: _TEACHERS | _METHODOLOGIST | _FAMILIES,
        Action.HOST_LESSON: _TEACHER,
        Action.SEE_ATTENDANCE: _TEACHER,
        Action.GIVE_CONSENT: _FAMILIES,
        Action.SEE_CONSENTS: _HEAD | _FAMILIES,
        Action.CHANGE_CONSENTS: _HEAD,
        Action.EXPORT_FAMILY: _HEAD | _FAMILIES,
        Action.DELETE_FAMILY: _HEAD,
        Action.SEE_CONTENT: _TEACHERS | _METHODOLOGIST,
        Action.ADD_CONTENT: _TEACHERS | _METHODOLOGIST,
        Action.CHANGE_CONTENT: _TEACHER | _METHODOLOGIST,
        Action.VERIFY_CONTENT: _HEAD | _METHODOLOGIST,
        Action.SEE_RECORDINGS: _TEACHER | _METHODOLOGIST,
        Action.REMOVE_RECORDING: _TEACHER,
    }
)


class Audience(Enum):
    """For whom something without groups is."""

    STAFF = auto()
    EVERYBODY = auto()


@dataclass(frozen=True)
class Actor:
    """Who asks: `roles` are the confirmed ones, organisation -> roles."""

    person: str
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    teaches: frozenset[str] = frozenset()
    """Groups."""
    families: frozenset[str] = frozenset()
    """Families of which the person is a guardian."""
    family_groups: frozenset[str] = frozenset()
    """Groups of those families."""

    def is_staff(self, organisation: str) -> bool:
        """With any confirmed role of the staff there."""
        return bool(self.roles.get(organisation, frozenset()) & STAFF)


@dataclass(frozen=True)
class Target:
    """To what."""

    organisation: str
    groups: frozenset[str] = frozenset()
    family: str | None = None
    """Belongs to this family alone."""
    person: str | None = None
    """Belongs to this person, who is its host or made it."""
    audience: Audience | None = None


def allows(actor: Actor, action: Action, target: Target) -> bool:
    """Whether any confirmed role of the actor in the target's organisation reaches it."""
    rules = RULES.get(action, {})
    roles = actor.roles.get(target.organisation, frozenset())
    return any(role in rules and _reaches(actor, rules[role], target) for role in roles)


def check(actor: Actor, action: Action, target: Target) -> None:
    """Raises `Denied`, or `NotFound` for those who have no business in the organisation."""
    if not actor.roles.get(target.organisation):
        raise NotFound
    if not allows(actor, action, target):
        raise Denied


def _reaches(actor: Actor, reach: Reach, target: Target) -> bool:
    match reach:
        case Reach.ALL:
            return True
        case Reach.TAUGHT:
            return target.person == actor.person or (bool(target.groups) and target.groups <= actor.teaches)
        case Reach.CONCERNED:
            concerned = target.person == actor.person or bool(target.groups & actor.teaches)
            return concerned or target.audience is not None
        case Reach.FAMILY if target.family is not None:
            return target.family in actor.families
        case Reach.FAMILY:
            return target.audience is Audience.EVERYBODY or bool(target.groups & actor.family_groups)
