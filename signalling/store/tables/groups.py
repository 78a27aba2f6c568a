"""Groups (classes), families and children. `external_id` is the id of another system (OneRoster's sourcedId)."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Key, Short, Word, belongs_to, mentions
from signalling.store.types import Id


class Group(Base):
    """A group of children. `age` is an `AgeBand`."""

    __tablename__ = "groups"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"), index=True)
    name: Mapped[Short]
    age: Mapped[Word]
    external_id: Mapped[Short | None]
    created_at: Mapped[datetime]


class GroupTeacher(Base):
    """Who teaches a group."""

    __tablename__ = "group_teachers"

    group_id: Mapped[str] = mapped_column(Id, belongs_to("groups.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), primary_key=True, index=True)


class Family(Base):
    """A family: one tile in a lesson."""

    __tablename__ = "families"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"), index=True)
    name: Mapped[Short]
    external_id: Mapped[Short | None]
    created_at: Mapped[datetime]


class FamilyGroup(Base):
    """A family's group, when its children are not written down."""

    __tablename__ = "family_groups"

    family_id: Mapped[str] = mapped_column(Id, belongs_to("families.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, belongs_to("groups.id"), primary_key=True, index=True)


class FamilyGuardian(Base):
    """An account of a family's guardian."""

    __tablename__ = "family_guardians"

    family_id: Mapped[str] = mapped_column(Id, belongs_to("families.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), primary_key=True, index=True)


class Child(Base):
    """A pupil; the first name may be missing."""

    __tablename__ = "children"

    id: Mapped[Key]
    family_id: Mapped[str] = mapped_column(Id, belongs_to("families.id"))
    group_id: Mapped[str | None] = mapped_column(Id, mentions("groups.id"))
    first_name: Mapped[Short | None]
    external_id: Mapped[Short | None]

    __table_args__ = (Index(None, "family_id"), Index(None, "group_id"))
