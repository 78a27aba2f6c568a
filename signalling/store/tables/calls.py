"""What remains of calls: who was there, and what was written. `person` is `family:<id>`, `staff:<id>` or a guest."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Key, Short, Word, belongs_to
from signalling.store.types import Id


class Presence(Base):
    """One presence of one person in one call, from media that were delivered."""

    __tablename__ = "presences"

    id: Mapped[Key]
    lesson_id: Mapped[str] = mapped_column(Id, belongs_to("lessons.id"))
    starts_at: Mapped[datetime]
    """Which time of the lesson."""
    person: Mapped[Short] = mapped_column(index=True)
    name: Mapped[Short]
    came_at: Mapped[datetime] = mapped_column(index=True)
    left_at: Mapped[datetime]
    received_s: Mapped[float]

    __table_args__ = (Index(None, "lesson_id", "starts_at"),)


class CallState(Base):
    """What a call must not forget when the server restarts, as JSON."""

    __tablename__ = "call_states"

    room: Mapped[Short] = mapped_column(primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, belongs_to("lessons.id"), index=True)
    saved_at: Mapped[datetime] = mapped_column(index=True)
    content: Mapped[str]


class ScreenUse(Base):
    """How long children of a group have looked at one kind of screen on one day."""

    __tablename__ = "screen_uses"

    group_id: Mapped[str] = mapped_column(Id, belongs_to("groups.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """In the zone of the organisation."""
    kind: Mapped[Word] = mapped_column(primary_key=True)
    seconds: Mapped[float]


class ChatLine(Base):
    """A message in the chat of a call."""

    __tablename__ = "chat_lines"

    id: Mapped[Key]
    room: Mapped[Short]
    at: Mapped[datetime] = mapped_column(index=True)
    person: Mapped[Short] = mapped_column(index=True)
    name: Mapped[Short]
    badge: Mapped[Word]
    text: Mapped[str]
    audience: Mapped[Word]
    place: Mapped[Short]

    __table_args__ = (Index(None, "room", "at"),)
