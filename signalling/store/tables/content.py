"""The library: content, who wrote it, for whom it is, uploads that have not ended."""

from datetime import datetime

from sqlalchemy import BigInteger, Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Key, Short, Word, belongs_to, mentions
from signalling.store.types import Id


class Content(Base):
    """One film, sound, picture or document. Its files are in the library's storage, by its id."""

    __tablename__ = "contents"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"))
    kind: Mapped[Word]
    title: Mapped[Short]
    description: Mapped[str]
    programme: Mapped[Word]
    age_mark: Mapped[int]
    age: Mapped[Word | None]
    """For which age it is meant: its length is compared with that age's norm."""
    licence: Mapped[str]
    basis: Mapped[str]
    """Why it may be shown: the number in the federal list, the minutes of the council."""
    valid_until: Mapped[datetime | None]
    words: Mapped[str]
    """Of title, description and licence, for the search: each after a blank, as `search.normal` writes them."""
    state: Mapped[Word]
    revision: Mapped[int]
    """Counts changes: what was looked at is what is verified."""
    file_name: Mapped[Short | None]
    """As its owner calls it; it names no file of ours."""
    media_type: Mapped[Word | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes."""
    preparation: Mapped[Word]
    failure: Mapped[Word | None]
    attempts: Mapped[int]
    """Workers that have begun with the file."""
    queued_at: Mapped[datetime | None]
    duration_s: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"))
    submitted_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"))
    ended_at: Mapped[datetime | None]
    """When it was withdrawn or expired."""
    remark: Mapped[str | None]
    """Why it was given back, or withdrawn."""
    seal_broken_at: Mapped[datetime | None]
    seal_fault: Mapped[str | None]

    __table_args__ = (Index(None, "organisation_id", "created_at"), Index(None, "preparation", "queued_at"))


class ContentGroup(Base):
    """For which groups content is; without one it is for all staff."""

    __tablename__ = "content_groups"

    content_id: Mapped[str] = mapped_column(Id, belongs_to("contents.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, belongs_to("groups.id"), primary_key=True, index=True)


class ContentAuthor(Base):
    """Who made, changed, uploaded or submitted it: none of them can verify it."""

    __tablename__ = "content_authors"

    content_id: Mapped[str] = mapped_column(Id, belongs_to("contents.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), primary_key=True, index=True)


class Upload(Base):
    """A file that comes in pieces (tus). What has arrived is in a file by its id; its size is the offset."""

    __tablename__ = "uploads"

    id: Mapped[Key]
    content_id: Mapped[str] = mapped_column(Id, belongs_to("contents.id"), unique=True)
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), index=True)
    length: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[Short]
    last_at: Mapped[datetime]

    __table_args__ = (Index(None, "last_at"),)
