"""Recordings of calls, and who agreed to them. What is recorded is in files, by the id of the recording."""

from datetime import datetime

from sqlalchemy import BigInteger, Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Key, Short, Word, belongs_to, mentions
from signalling.store.types import Id


class Recording(Base):
    """One, from its begin. The row stays after its file is gone, as proof of what was recorded and who agreed."""

    __tablename__ = "recordings"

    id: Mapped[Key]
    lesson_id: Mapped[str] = mapped_column(Id, belongs_to("lessons.id"))
    starts_at: Mapped[datetime]
    """Which time of the lesson."""
    state: Mapped[Word]
    """A `RecordingState`."""
    failure: Mapped[Word | None]
    attempts: Mapped[int]
    """Workers that have begun to compose it."""
    started_at: Mapped[datetime]
    started_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"), index=True)
    ended_at: Mapped[datetime | None]
    duration_s: Mapped[float | None] = mapped_column(Double)
    """Of the film."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Of the film, bytes."""
    expires_at: Mapped[datetime]
    """When its file is removed."""
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"), index=True)
    """None: its time was over."""

    __table_args__ = (
        Index(None, "lesson_id", "started_at"),
        Index(None, "state", "ended_at"),
        Index(None, "expires_at"),
    )


class RecordingConsent(Base):
    """An answer of somebody who was asked, each time anew. `person` is `family:<id>`, `staff:<id>` or a guest."""

    __tablename__ = "recording_consents"

    id: Mapped[Key]
    recording_id: Mapped[str] = mapped_column(Id, belongs_to("recordings.id"), index=True)
    at: Mapped[datetime]
    person: Mapped[Short] = mapped_column(index=True)
    name: Mapped[Short]
    agreed: Mapped[bool]
