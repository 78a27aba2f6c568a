"""All tables. A module of this package holds what belongs together."""

from signalling.store.tables.audit import AuditEntry, AuditHead
from signalling.store.tables.base import Base
from signalling.store.tables.calls import CallState, ChatLine, Presence, ScreenUse
from signalling.store.tables.consents import Consent, ConsentDocument
from signalling.store.tables.content import Content, ContentAuthor, ContentGroup, Upload
from signalling.store.tables.groups import Child, Family, FamilyGroup, FamilyGuardian, Group, GroupTeacher
from signalling.store.tables.lessons import (
    CalendarFeed,
    Invitation,
    InvitationDevice,
    Lesson,
    LessonException,
    LessonGroup,
    LessonPass,
)
from signalling.store.tables.people import (
    ExternalIdentity,
    Membership,
    Organisation,
    Person,
    SignIn,
    StaffInvitation,
)
from signalling.store.tables.recordings import Recording, RecordingConsent

__all__ = [
    "AuditEntry",
    "AuditHead",
    "Base",
    "CalendarFeed",
    "CallState",
    "ChatLine",
    "Child",
    "Consent",
    "ConsentDocument",
    "Content",
    "ContentAuthor",
    "ContentGroup",
    "ExternalIdentity",
    "Family",
    "FamilyGroup",
    "FamilyGuardian",
    "Group",
    "GroupTeacher",
    "Invitation",
    "InvitationDevice",
    "Lesson",
    "LessonException",
    "LessonGroup",
    "LessonPass",
    "Membership",
    "Organisation",
    "Person",
    "Presence",
    "Recording",
    "RecordingConsent",
    "ScreenUse",
    "SignIn",
    "StaffInvitation",
    "Upload",
]
