"""All tables. A module of this package holds what belongs together."""

from signalling.store.tables.audit import AuditEntry, AuditHead
from signalling.store.tables.base import Base
from signalling.store.tables.groups import Child, Family, FamilyGroup, FamilyGuardian, Group, GroupTeacher
from signalling.store.tables.people import Membership, Organisation, Person, SignIn, StaffInvitation

__all__ = [
    "AuditEntry",
    "AuditHead",
    "Base",
    "Child",
    "Family",
    "FamilyGroup",
    "FamilyGuardian",
    "Group",
    "GroupTeacher",
    "Membership",
    "Organisation",
    "Person",
    "SignIn",
    "StaffInvitation",
]
