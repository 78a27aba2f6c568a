"""The staff: who is in it, and links by which somebody new comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from signalling.school.codes import new_code
from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, allows, check
from signalling.school.errors import BadRequest, LinkNotFound, NotFound
from signalling.school.people import NewPerson, People, normal_email
from signalling.school.roles import Roles
from signalling.school.sessions import Sessions
from signalling.school.words import STAFF, Role, RoleState
from signalling.store import Session
from signalling.store.tables import Membership, Organisation, Person, StaffInvitation


@dataclass(frozen=True)
class Member:
    """A person with one of their roles."""

    membership: Membership
    person: Person
    contact: bool
    """Whether the asker may see the address."""


class Staff:
    """Lists and staff invitations."""

    def __init__(self, context: Context, people: People, roles: Roles, sessions: Sessions) -> None:
        self._context, self._people, self._roles, self._sessions = context, people, roles, sessions

    async def members(self, by: Actor, organisation: str, of: frozenset[Role] = STAFF) -> Sequence[Member]:
        """Confirmed roles, by name; whoever confirms roles also sees requested and revoked ones."""
        target = Target(organisation)
        check(by, Action.SEE_STAFF if of <= STAFF else Action.CONFIRM_ROLE, target)
        query = (
            select(Membership, Person)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.organisation_id == organisation, Membership.role.in_(of))
            .order_by(Person.name, Membership.requested_at, Membership.id)
        )
        if not allows(by, Action.CONFIRM_ROLE, target):
            query = query.where(Membership.state == RoleState.CONFIRMED)
        contact = allows(by, Action.SEE_CONTACTS, target)
        async with self._context.database.read() as session:
            return [
                Member(membership, person, contact) for membership, person in await session.execute(query)
            ]

    async def invite(
        self, by: Actor, organisation: str, name: str, email: str, role: Role
    ) -> tuple[StaffInvitation, str]:
        """The invitation and its code, which is shown this once."""
        check(by, Action.INVITE_STAFF, Target(organisation))
        if role not in STAFF:
            raise BadRequest("Guardians come by the link of their family")
        code, now = new_code(), self._context.now()
        async with self._context.database.write() as session:
            invitation = StaffInvitation(
                organisation_id=organisation,
                name=name,
                email=normal_email(email),
                role=role,
                code_hash=self._context.codes.hash(code),
                created_at=now,
                created_by=by.person,
                expires_at=now + timedelta(seconds=self._context.settings.staff_invitation_s),
            )
            session.add(invitation)
            await session.flush()
            await self._context.record(
                session,
                by.person,
                "staff_invited",
                f"staff_invitation:{invitation.id}",
                organisation=organisation,
                role=role,
            )
        return invitation, code

    async def invitations(self, by: Actor, organisation: str) -> Sequence[StaffInvitation]:
        """All that were made, newest first."""
        check(by, Action.INVITE_STAFF, Target(organisation))
        query = (
            select(StaffInvitation)
            .where(StaffInvitation.organisation_id == organisation)
            .order_by(StaffInvitation.created_at.desc(), StaffInvitation.id)
        )
        async with self._context.database.read() as session:
            return list(await session.scalars(query))

    async def take_back(self, by: Actor, invitation: str) -> None:
        """The link leads nowhere from now on. Idempotent."""
        async with self._context.database.write() as session:
            found = await session.get(StaffInvitation, invitation, with_for_update=True)
            if found is None:
                raise NotFound
            check(by, Action.INVITE_STAFF, Target(found.organisation_id))
            if found.revoked_at is None:
                found.revoked_at = self._context.now()
                await self._context.record(
                    session,
                    by.person,
                    "staff_invitation_revoked",
                    f"staff_invitation:{invitation}",
                    organisation=found.organisation_id,
                )

    async def invited(self, code: str) -> tuple[StaffInvitation, Organisation]:
        """What a link leads to. Raises `LinkNotFound`, the same for every wrong one."""
        async with self._context.database.read() as session:
            found = await self._open(session, code, self._context.now())
            organisation = await session.get(Organisation, found.organisation_id)
        assert organisation is not None, "invitations go with their organisation"
        return found, organisation

    async def accept(self, code: str, name: str, password: str, language: str, device: str) -> str:
        """Makes the account with its confirmed role; the token of its first session. Raises `LinkNotFound`, and
        `Conflict` when the address has an account."""
        await self.invited(code)  # nobody makes the server hash passwords without a link
        hashed = await self._context.passwords.hash(password)
        async with self._context.database.write() as session:
            invitation = await self._open(session, code, self._context.now(), lock=True)
            new = NewPerson(name, invitation.email, password, language)
            person = await self._people.add(session, new, hashed)
            await self._use(session, invitation, person.id)
            return await self._sessions.begin(session, person.id, device)

    async def accept_signed_in(self, code: str, by: Actor) -> None:
        """Gives the role to somebody who has an account."""
        async with self._context.database.write() as session:
            invitation = await self._open(session, code, self._context.now(), lock=True)
            await self._use(session, invitation, by.person)

    async def _use(self, session: Session, invitation: StaffInvitation, person: str) -> None:
        invitation.used_at = self._context.now()
        await self._roles.add(
            session,
            person,
            invitation.organisation_id,
            Role(invitation.role),
            RoleState.CONFIRMED,
            invitation.created_by or person,
        )

    async def _open(self, session: Session, code: str, now: datetime, lock: bool = False) -> StaffInvitation:
        query = select(StaffInvitation).where(StaffInvitation.code_hash == self._context.codes.hash(code))
        found = await session.scalar(query.with_for_update() if lock else query)
        if found is None or found.used_at or found.revoked_at or found.expires_at <= now:
            raise LinkNotFound
        return found
