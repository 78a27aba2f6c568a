"""Lessons, links that lead to them, calendars."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Hash, Key, Short, Word, belongs_to, mentions
from signalling.store.types import Id


class Lesson(Base):
    """One call or a series of them. Without groups and family it is for everybody, or for the staff (by its kind)."""

    __tablename__ = "lessons"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"), index=True)
    title: Mapped[Short]
    kind: Mapped[Word]
    programme: Mapped[Word]
    age: Mapped[Word | None]
    host_id: Mapped[str | None] = mapped_column(Id, mentions("people.id"))
    family_id: Mapped[str | None] = mapped_column(Id, belongs_to("families.id"))
    """Of a consultation with one family."""
    starts_at: Mapped[datetime]
    """The first time."""
    minutes: Mapped[int]
    time_zone: Mapped[Word]
    """In which a series repeats."""
    recurrence: Mapped[str | None]
    """JSON of a `Recurrence`."""
    mode: Mapped[Word]
    lobby: Mapped[Word]
    reach: Mapped[Word]
    content: Mapped[str]
    """What it is about, as the teacher wrote it."""
    recording: Mapped[bool]
    """Whether its host may ask for a recording, if the organisation allows it."""
    sequence: Mapped[int]
    """Counts changes, for calendars (RFC 5545, 3.8.7.4)."""
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]


class LessonGroup(Base):
    """For which groups a lesson is."""

    __tablename__ = "lesson_groups"

    lesson_id: Mapped[str] = mapped_column(Id, belongs_to("lessons.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, belongs_to("groups.id"), primary_key=True, index=True)


class LessonException(Base):
    """A time of a series on which it does not take place."""

    __tablename__ = "lesson_exceptions"

    lesson_id: Mapped[str] = mapped_column(Id, belongs_to("lessons.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)


class Invitation(Base):
    """A link. With a family it is personal, else shared: whoever comes by it is a guest. The code is derived from the
    id; only its keyed hash is here."""

    __tablename__ = "invitations"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"))
    family_id: Mapped[str | None] = mapped_column(Id, belongs_to("families.id"), index=True)
    lesson_id: Mapped[str | None] = mapped_column(Id, belongs_to("lessons.id"), index=True)
    """Leads to this one alone; None (personal): to whatever the family has next."""
    code_hash: Mapped[Hash] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"), index=True)
    expires_at: Mapped[datetime | None]
    max_devices: Mapped[int | None]
    """How many browsers may come by it, ever."""
    alert_at: Mapped[datetime | None]
    """When one browser too many came, or two were in at the same time."""
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "organisation_id"),)


class InvitationDevice(Base):
    """A browser that came by a link."""

    __tablename__ = "invitation_devices"

    invitation_id: Mapped[str] = mapped_column(Id, belongs_to("invitations.id"), primary_key=True)
    device_hash: Mapped[Hash] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class LessonPass(Base):
    """Lets one thing into a lesson: a camera, a wall screen, an audience of HLS. The code is derived from the id; only
    its keyed hash is here."""

    __tablename__ = "lesson_passes"

    id: Mapped[Key]
    lesson_id: Mapped[str] = mapped_column(Id, belongs_to("lessons.id"), index=True)
    kind: Mapped[Word]
    name: Mapped[Short]
    code_hash: Mapped[Hash] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"), index=True)
    used_at: Mapped[datetime | None]
    """When something came in by it last."""
    revoked_at: Mapped[datetime | None]


class CalendarFeed(Base):
    """A person's calendar, for programs that cannot sign in. Making it anew ends the old link."""

    __tablename__ = "calendar_feeds"

    id: Mapped[Key]
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), unique=True)
    code_hash: Mapped[Hash] = mapped_column(unique=True)
    created_at: Mapped[datetime]
