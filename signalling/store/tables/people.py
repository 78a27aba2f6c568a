"""Organisations, people, what they are in an organisation, and their sign-ins."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from signalling.store.tables.base import Base, Hash, Key, Short, Word, belongs_to, mentions
from signalling.store.types import Id


class Organisation(Base):
    """A kindergarten or school."""

    __tablename__ = "organisations"

    id: Mapped[Key]
    name: Mapped[Short]
    time_zone: Mapped[Word]
    """IANA name."""
    recording: Mapped[bool] = mapped_column(default=False)
    """Whether lessons may be planned with recordings."""
    created_at: Mapped[datetime]


class Person(Base):
    """Somebody with an account. `email` is lower case."""

    __tablename__ = "people"

    id: Mapped[Key]
    name: Mapped[Short]
    email: Mapped[Short] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    """argon2id; None: signs in elsewhere."""
    language: Mapped[Word]
    created_at: Mapped[datetime]


ACTIVE = text("state <> 'revoked'")


class Membership(Base):
    """A role of a person in an organisation. Rows stay after revocation: they are the history."""

    __tablename__ = "memberships"

    id: Mapped[Key]
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"))
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"))
    role: Mapped[Word]
    state: Mapped[Word]
    requested_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"))

    __table_args__ = (
        Index(
            "uq_memberships_active",
            "person_id",
            "organisation_id",
            "role",
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        ),
        Index(None, "organisation_id"),
    )


class SignIn(Base):
    """A browser session. Tokens are kept as SHA-256; the one before the last rotation is valid for a moment more."""

    __tablename__ = "sign_ins"

    id: Mapped[Key]
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), index=True)
    token_hash: Mapped[Hash] = mapped_column(unique=True)
    previous_hash: Mapped[Hash | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    rotated_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    device: Mapped[Short]
    """What the browser calls itself, shortened."""


class StaffInvitation(Base):
    """A link by which somebody of the staff makes an account with a confirmed role, once."""

    __tablename__ = "staff_invitations"

    id: Mapped[Key]
    organisation_id: Mapped[str] = mapped_column(Id, belongs_to("organisations.id"), index=True)
    name: Mapped[Short]
    email: Mapped[Short]
    role: Mapped[Word]
    code_hash: Mapped[Hash] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(Id, mentions("people.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ExternalIdentity(Base):
    """Who somebody is at an OpenID provider."""

    __tablename__ = "external_identities"

    issuer: Mapped[Short] = mapped_column(primary_key=True)
    subject: Mapped[Short] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, belongs_to("people.id"), index=True)
    created_at: Mapped[datetime]
