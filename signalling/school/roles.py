"""Roles: asked for, confirmed, revoked. History stays."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import delete, func, select

from signalling.school import audit, door
from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target
from signalling.school.errors import Conflict, NotFound
from signalling.school.events import GuardianLost, RoleConfirmed, RoleRevoked, SchoolEvent
from signalling.school.words import AuditAction, Role, RoleState
from signalling.store import Session
from signalling.store.tables import Family, FamilyGuardian, Group, GroupTeacher, Membership, SignIn

Ending = Callable[[Session, Membership, Sequence[str]], Awaitable[Sequence[SchoolEvent]]]
"""Takes the role and the families of a guardian; what it gives is told after the commit."""


class Roles:
    """Who is what. `by` None: the console, which may do everything."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.endings: list[Ending] = []
        """What ends with a role, in the same transaction."""

    async def request(self, person: str, organisation: str, role: Role) -> Membership:
        """Asks for a role; asking twice is one request. Raises `Conflict` when the person has it."""
        async with self._context.database.write() as session:
            return await self.add(session, person, organisation, role, RoleState.REQUESTED, actor=person)

    async def add(
        self, session: Session, person: str, organisation: str, role: Role, state: RoleState, actor: str
    ) -> Membership:
        """Within a transaction: a new role, requested or confirmed at once (by whom is `actor`)."""
        now = self._context.now()
        known = await session.scalar(
            select(Membership).where(
                Membership.person_id == person,
                Membership.organisation_id == organisation,
                Membership.role == role,
                Membership.state != RoleState.REVOKED,
            )
        )
        if known is not None and known.state == RoleState.CONFIRMED:
            raise Conflict("This role is confirmed already", "HAS_ROLE")
        if known is not None and state is RoleState.REQUESTED:
            return known
        membership = known or Membership(
            person_id=person, organisation_id=organisation, role=role, requested_at=now
        )
        membership.state = state
        if state is RoleState.CONFIRMED:
            membership.confirmed_at = now
            membership.confirmed_by = None if actor in (audit.CONSOLE, audit.SYSTEM) else actor
        session.add(membership)
        await session.flush()
        action: AuditAction = "role_confirmed" if state is RoleState.CONFIRMED else "role_requested"
        await self._context.record(
            session, actor, action, f"person:{person}", organisation=organisation, role=role
        )
        return membership

    async def confirm(self, by: Actor | None, membership: str) -> Membership:
        """Gives the role its power. Idempotent. Raises `Conflict` for a revoked one."""
        async with self._context.database.write() as session:
            found = await self._find(session, membership)
            if by is not None:
                door.check(by, Action.CONFIRM_ROLE, Target(found.organisation_id, person=found.person_id))
            if found.state == RoleState.REVOKED:
                raise Conflict("This role was revoked; it can be asked for again", "ROLE_REVOKED")
            if found.state == RoleState.REQUESTED:
                actor = by.person if by else audit.CONSOLE
                await self.add(
                    session,
                    found.person_id,
                    found.organisation_id,
                    Role(found.role),
                    RoleState.CONFIRMED,
                    actor,
                )
        self._context.events.tell(RoleConfirmed(found.person_id, found.organisation_id, Role(found.role)))
        return found

    async def revoke(self, by: Actor | None, membership: str) -> Membership:
        """Ends the role, its groups or families, and all sessions of the person. Idempotent. Raises `Conflict` for the
        last head."""
        async with self._context.database.write() as session:
            found = await self._find(session, membership)
            if by is not None:
                door.check(by, Action.REVOKE_ROLE, Target(found.organisation_id, person=found.person_id))
            if found.state == RoleState.REVOKED:
                return found
            if by is not None and found.state == RoleState.CONFIRMED and found.role == Role.HEAD:
                await self._keep_a_head(session, found.organisation_id)
            events = await self._end(session, found, by)
        for event in events:
            self._context.events.tell(event)
        return found

    async def history(self, session: Session, organisation: str) -> Sequence[Membership]:
        """All rows of an organisation, oldest first."""
        return list(
            await session.scalars(
                select(Membership)
                .where(Membership.organisation_id == organisation)
                .order_by(Membership.requested_at, Membership.id)
            )
        )

    async def _end(self, session: Session, membership: Membership, by: Actor | None) -> list[SchoolEvent]:
        now, person, organisation = self._context.now(), membership.person_id, membership.organisation_id
        membership.state, membership.revoked_at = RoleState.REVOKED, now
        membership.revoked_by = by.person if by else None
        if membership.role == Role.TEACHER:
            groups = select(Group.id).where(Group.organisation_id == organisation)
            await session.execute(
                delete(GroupTeacher).where(
                    GroupTeacher.person_id == person, GroupTeacher.group_id.in_(groups)
                )
            )
        families: list[str] = []
        if membership.role == Role.GUARDIAN:
            own = select(Family.id).where(Family.organisation_id == organisation)
            guarded = delete(FamilyGuardian).where(
                FamilyGuardian.person_id == person, FamilyGuardian.family_id.in_(own)
            )
            families = sorted(await session.scalars(guarded.returning(FamilyGuardian.family_id)))
        await session.execute(delete(SignIn).where(SignIn.person_id == person))
        await self._context.record(
            session,
            by.person if by else audit.CONSOLE,
            "role_revoked",
            f"person:{person}",
            organisation=organisation,
            role=membership.role,
            **({"families": families} if families else {}),
        )
        events: list[SchoolEvent] = [RoleRevoked(person, organisation, Role(membership.role))]
        events += [GuardianLost(family) for family in families]
        for ending in self.endings:
            events += await ending(session, membership, families)
        return events

    async def _keep_a_head(self, session: Session, organisation: str) -> None:
        heads = await session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(
                Membership.organisation_id == organisation,
                Membership.role == Role.HEAD,
                Membership.state == RoleState.CONFIRMED,
            )
        )
        if (heads or 0) <= 1:
            raise Conflict("The last head cannot be revoked: confirm another one first", "LAST_HEAD")

    async def _find(self, session: Session, membership: str) -> Membership:
        found = await session.get(Membership, membership, with_for_update=True)
        if found is None:
            raise NotFound
        return found
