"""Accounts: made, signed in to, changed."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from signalling.rate_limit import RateLimit
from signalling.school import audit
from signalling.school.context import Context
from signalling.school.errors import Conflict, Denied, NotFound, TooManyAttempts, WrongCredentials
from signalling.school.roles import Roles
from signalling.school.sessions import Known, Sessions
from signalling.school.words import AuditAction, Role, RoleState
from signalling.store import Session
from signalling.store.tables import Organisation, Person

LANGUAGES = ("ru", "en")


@dataclass(frozen=True)
class NewPerson:
    """What an account is made of. `password` None: signs in elsewhere."""

    name: str
    email: str
    password: str | None
    language: str = "ru"


def normal_email(email: str) -> str:
    """As it is kept and compared."""
    return email.strip().lower()


class People:
    """Everything about accounts. Attempts are limited by account and by address."""

    def __init__(self, context: Context, roles: Roles, sessions: Sessions) -> None:
        self._context, self._roles, self._sessions = context, roles, sessions
        limits, clock = context.settings.attempts, context.clock
        self._by_account = RateLimit(clock, 1 / limits.account_every_s, limits.account_burst)
        self._by_address = RateLimit(clock, 1 / limits.address_every_s, limits.address_burst)

    async def add(self, session: Session, new: NewPerson, password_hash: str | None) -> Person:
        """Within a transaction. Raises `Conflict` when the address has an account."""
        person = Person(
            name=new.name,
            email=normal_email(new.email),
            password_hash=password_hash,
            language=new.language,
            created_at=self._context.now(),
        )
        try:
            async with session.begin_nested():
                session.add(person)
        except IntegrityError as error:
            raise Conflict("There is an account with this address", "HAS_ACCOUNT") from error
        return person

    async def hashed(self, new: NewPerson) -> str | None:
        """The hash of a new person's password."""
        return None if new.password is None else await self._context.passwords.hash(new.password)

    async def register(self, new: NewPerson, organisation: str, role: Role, address: str) -> None:
        """Makes an account that asks for a role. For an address that has one nothing happens, and nobody is told."""
        if not self._context.settings.registration:
            raise Denied("Registration is closed: ask the head for an invitation", "REGISTRATION_CLOSED")
        self._attempt(self._by_address, address)
        hashed = await self.hashed(new)
        async with self._context.database.write() as session:
            if await session.get(Organisation, organisation) is None:
                raise NotFound
            try:
                person = await self.add(session, new, hashed)
            except Conflict:
                return
            await self._context.record(
                session,
                person.id,
                "registered",
                f"person:{person.id}",
                organisation=organisation,
            )
            await self._roles.add(
                session, person.id, organisation, role, RoleState.REQUESTED, actor=person.id
            )

    async def sign_in(self, email: str, password: str, address: str, device: str) -> str:
        """The token of a new session. Raises `WrongCredentials`, which does not say what was wrong, or
        `TooManyAttempts`."""
        email = normal_email(email)
        self._attempt(self._by_account, email)
        self._attempt(self._by_address, address)
        async with self._context.database.read() as session:
            person = await session.scalar(select(Person).where(Person.email == email))
        known = person.password_hash if person is not None else None
        if not await self._context.passwords.verify(password, known) or person is None:
            if person is not None:
                await self._note(person.id, "sign_in_failed")
            raise WrongCredentials
        self._by_account.give_back(email)
        self._by_address.give_back(address)
        async with self._context.database.write() as session:
            await self._context.record(session, person.id, "signed_in", f"person:{person.id}")
            return await self._sessions.begin(session, person.id, device)

    async def change(self, person: str, name: str | None, language: str | None) -> Person:
        """Name and language of one's own account."""
        async with self._context.database.write() as session:
            found = await self._get(session, person)
            found.name, found.language = name or found.name, language or found.language
            await self._context.record(session, person, "account_changed", f"person:{person}")
            return found

    async def change_password(self, known: Known, old: str, new: str, address: str) -> None:
        """Signs out all other sessions. Raises `WrongCredentials`."""
        self._attempt(self._by_account, known.person.email)
        self._attempt(self._by_address, address)
        if not await self._context.passwords.verify(old, known.person.password_hash):
            raise WrongCredentials
        self._by_account.give_back(known.person.email)
        self._by_address.give_back(address)
        await self._set_password(known.person.id, new, known.person.id, but=known.sign_in)

    async def reset_password(self, person: str, new: str) -> None:
        """From the console; signs out everywhere."""
        await self._set_password(person, new, audit.CONSOLE)

    async def sign_out_everywhere(self, person: str) -> None:
        async with self._context.database.write() as session:
            await self._sessions.end_all(session, person)
            await self._context.record(session, person, "signed_out_everywhere", f"person:{person}")

    async def find(self, email: str) -> Person:
        """By address. Raises `NotFound`."""
        async with self._context.database.read() as session:
            found = await session.scalar(select(Person).where(Person.email == normal_email(email)))
        if found is None:
            raise NotFound(f"nobody has the address {email}")
        return found

    async def _set_password(self, person: str, new: str, actor: str, but: str | None = None) -> None:
        hashed = await self._context.passwords.hash(new)
        async with self._context.database.write() as session:
            (await self._get(session, person)).password_hash = hashed
            await self._sessions.end_all(session, person, but)
            await self._context.record(session, actor, "password_changed", f"person:{person}")

    async def _get(self, session: Session, person: str) -> Person:
        found = await session.get(Person, person)
        if found is None:
            raise NotFound
        return found

    async def _note(self, person: str, action: AuditAction) -> None:
        async with self._context.database.write() as session:
            await self._context.record(session, person, action, f"person:{person}")

    def _attempt(self, limit: RateLimit, of: str) -> None:
        if not limit.allow(of):
            raise TooManyAttempts
