"""The audit log. The database itself refuses to change or delete an entry (see the first migration)."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Hash, Word
from signalling.store.types import Id


class AuditEntry(Base):
    """Who did what to whom. `hash` covers the hash before it and everything here (signalling/school/audit.py)."""

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 ..."""
    at: Mapped[datetime]
    organisation_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[str]
    """A person's id, or `console`, `system`, `link:<id>`."""
    action: Mapped[Word]
    target: Mapped[str]
    details: Mapped[str]
    """Canonical JSON."""
    hash: Mapped[Hash]

    __table_args__ = (Index(None, "organisation_id", "number"),)


class AuditHead(Base):
    """The end of the chain: one row, which a transaction locks before it writes the next entry."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[Hash]
