"""Families, their children and guardians."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, or_, select

from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, allows, check
from signalling.school.errors import BadRequest, Conflict, NotFound
from signalling.school.events import FamilyRemoved, GuardianLost
from signalling.school.words import AuditAction, Role, RoleState
from signalling.store import Session
from signalling.store.tables import (
    ChatLine,
    Child,
    Family,
    FamilyGroup,
    FamilyGuardian,
    Group,
    Membership,
    Person,
    Presence,
    RecordingConsent,
)


@dataclass(frozen=True)
class ChildData:
    """A child as it comes in; `id` None: a new one."""

    first_name: str | None = None
    group: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class FamilyData:
    """A family as it comes in: the whole of it."""

    name: str
    groups: Collection[str] = ()
    children: Sequence[ChildData] = ()
    guardians: Collection[str] = ()
    """People with a confirmed role of guardian."""


@dataclass
class FamilyView:
    """A family with what belongs to it."""

    family: Family
    direct_groups: list[str] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    guardians: list[tuple[str, str]] = field(default_factory=list)
    """(id, name)"""

    @property
    def groups(self) -> frozenset[str]:
        """Directly and through children."""
        return frozenset(self.direct_groups) | {child.group_id for child in self.children if child.group_id}

    def target(self) -> Target:
        """A family for the door."""
        return Target(self.family.organisation_id, groups=self.groups, family=self.family.id)


class Families:
    """Made and changed by the head, and by teachers in their own groups."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def seen(self, by: Actor, organisation: str, group: str | None = None) -> Sequence[FamilyView]:
        """Those that the actor may see, by name; of one group or all."""
        query = select(Family).where(Family.organisation_id == organisation)
        if group is not None:
            direct = select(FamilyGroup.family_id).where(FamilyGroup.group_id == group)
            through = select(Child.family_id).where(Child.group_id == group)
            query = query.where(or_(Family.id.in_(direct), Family.id.in_(through)))
        async with self._context.database.read() as session:
            found = list(await session.scalars(query.order_by(Family.name, Family.id)))
            views = await self.views(session, found)
        return [view for view in views if allows(by, Action.SEE_FAMILY, view.target())]

    async def get(self, by: Actor, family: str) -> FamilyView:
        async with self._context.database.read() as session:
            return await self.find(session, by, Action.SEE_FAMILY, family)

    async def make(self, by: Actor, organisation: str, data: FamilyData) -> FamilyView:
        self._check_target(by, organisation, data)
        async with self._context.database.write() as session:
            family = Family(organisation_id=organisation, name=data.name, created_at=self._context.now())
            session.add(family)
            await session.flush()
            await self._write(session, family, data)
            await self.note(session, by, "family_made", family)
            return (await self.views(session, [family]))[0]

    async def change(self, by: Actor, family: str, data: FamilyData) -> FamilyView:
        """Replaces all of it."""
        async with self._context.database.write() as session:
            before = await self.find(session, by, Action.CHANGE_FAMILY, family)
            found = before.family
            self._check_target(by, found.organisation_id, data)
            found.name = data.name
            await self._write(session, found, data)
            await self.note(session, by, "family_changed", found)
            (view,) = await self.views(session, [found])
        if {person for person, _ in before.guardians} - set(data.guardians):
            self._context.events.tell(GuardianLost(family))
        return view

    async def remove(self, by: Actor, family: str) -> None:
        """With its children, links, consents, attendance, messages and answers to recordings."""
        async with self._context.database.write() as session:
            found = (await self.find(session, by, Action.DELETE_FAMILY, family)).family
            await session.execute(delete(Presence).where(Presence.person == f"family:{family}"))
            await session.execute(delete(ChatLine).where(ChatLine.person == f"family:{family}"))
            answers = delete(RecordingConsent).where(RecordingConsent.person == f"family:{family}")
            await session.execute(answers)
            await session.delete(found)
            await self.note(session, by, "family_removed", found)
        self._context.events.tell(FamilyRemoved(family))

    async def find(self, session: Session, by: Actor, action: Action, family: str) -> FamilyView:
        """Within a transaction: the family, if the actor may do that to it. Raises `NotFound`, `Denied`."""
        found = await session.get(Family, family)
        if found is None:
            raise NotFound
        (view,) = await self.views(session, [found])
        check(by, action, view.target())
        return view

    async def views(self, session: Session, families: Sequence[Family]) -> list[FamilyView]:
        """Families with all that belongs to them, in three queries."""
        await session.flush()
        ids = [family.id for family in families]
        views = {family.id: FamilyView(family) for family in families}
        for family, group in await session.execute(
            select(FamilyGroup.family_id, FamilyGroup.group_id)
            .where(FamilyGroup.family_id.in_(ids))
            .order_by(FamilyGroup.group_id)
        ):
            views[family].direct_groups.append(group)
        for child in await session.scalars(
            select(Child).where(Child.family_id.in_(ids)).order_by(Child.first_name, Child.id)
        ):
            views[child.family_id].children.append(child)
        for family, person, name in await session.execute(
            select(FamilyGuardian.family_id, Person.id, Person.name)
            .join(Person, Person.id == FamilyGuardian.person_id)
            .where(FamilyGuardian.family_id.in_(ids))
            .order_by(Person.name, Person.id)
        ):
            views[family].guardians.append((person, name))
        return list(views.values())

    async def note(self, session: Session, by: Actor, action: AuditAction, family: Family) -> None:
        """An entry of the audit log about a family."""
        await self._context.record(
            session, by.person, action, f"family:{family.id}", organisation=family.organisation_id
        )

    def _check_target(self, by: Actor, organisation: str, data: FamilyData) -> None:
        groups = frozenset(data.groups) | {child.group for child in data.children if child.group}
        check(by, Action.CHANGE_FAMILY, Target(organisation, groups=groups))
        if data.children and not self._context.settings.pupils_data:
            raise BadRequest("This server keeps no data of children", "NO_PUPILS")

    async def _write(self, session: Session, family: Family, data: FamilyData) -> None:
        wanted = set(data.groups) | {child.group for child in data.children if child.group}
        await self._check_groups(session, family, wanted)
        await self._check_guardians(session, family, set(data.guardians))
        await session.execute(delete(FamilyGroup).where(FamilyGroup.family_id == family.id))
        await session.execute(delete(FamilyGuardian).where(FamilyGuardian.family_id == family.id))
        session.add_all(
            FamilyGroup(family_id=family.id, group_id=group) for group in sorted(set(data.groups))
        )
        session.add_all(
            FamilyGuardian(family_id=family.id, person_id=person) for person in sorted(set(data.guardians))
        )
        query = select(Child).where(Child.family_id == family.id)
        known = {child.id: child for child in await session.scalars(query)}
        for child in data.children:
            row = known.pop(child.id, None) if child.id else Child(family_id=family.id)
            if row is None:
                raise Conflict("This child is not in the family, or named twice", "NO_CHILD")
            row.first_name, row.group_id = child.first_name, child.group
            session.add(row)
        for gone in known.values():
            await session.delete(gone)
        await session.flush()

    async def _check_groups(self, session: Session, family: Family, wanted: set[str]) -> None:
        query = select(Group.id).where(Group.organisation_id == family.organisation_id, Group.id.in_(wanted))
        if wanted - set(await session.scalars(query)):
            raise Conflict("There is no such group", "NO_GROUP")

    async def _check_guardians(self, session: Session, family: Family, wanted: set[str]) -> None:
        query = select(Membership.person_id).where(
            Membership.organisation_id == family.organisation_id,
            Membership.role == Role.GUARDIAN,
            Membership.state == RoleState.CONFIRMED,
            Membership.person_id.in_(wanted),
        )
        if wanted - set(await session.scalars(query)):
            raise Conflict("Only a person with the confirmed role can be a guardian", "NO_GUARDIAN")
