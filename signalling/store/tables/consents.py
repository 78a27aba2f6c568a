"""Consents: documents with versions, and who has given or withdrawn which."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Key, Short, Word, belongs_to, mentions
from signalling.store.types import Id


class ConsentDocument(Base):
    """A version of what families are asked to agree to, for one purpose. It never changes."""

    __tablename__ = "consent_documents"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"))
    purpose: Mapped[Word]
    version: Mapped[int]
    title: Mapped[Short]
    text: Mapped[str]
    required: Mapped[bool]
    """Who never agreed to this version is without it, too; else only who withdrew."""
    without: Mapped[Word]
    """A `WithoutConsent`."""
    published_at: Mapped[datetime]
    published_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"))

    __table_args__ = (UniqueConstraint("organisation_id", "purpose", "version"),)


class Consent(Base):
    """Given by a guardian for a family. A withdrawn one stays, as proof of what held when."""

    __tablename__ = "consents"

    id: Mapped[Key]
    document_id: Mapped[str] = mapped_column(Id, belongs_to("consent_documents.id"), index=True)
    family_id: Mapped[str] = mapped_column(Id, belongs_to("families.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(Id, mentions("people.id"))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
