"""Groups of children and who teaches them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, allows, check
from signalling.school.errors import Conflict, NotFound
from signalling.school.words import AgeBand, AuditAction, Role, RoleState
from signalling.store import Session
from signalling.store.tables import Group, GroupTeacher, Membership, Person


@dataclass(frozen=True)
class GroupView:
    """A group with its teachers, as (id, name)."""

    group: Group
    teachers: Sequence[tuple[str, str]]


def group_target(group: Group) -> Target:
    """A group for the door."""
    return Target(group.organisation_id, groups=frozenset({group.id}))


class Groups:
    """Made and changed by the head."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def seen(self, by: Actor, organisation: str) -> Sequence[GroupView]:
        """Those that the actor may see, by name."""
        query = select(Group).where(Group.organisation_id == organisation).order_by(Group.name, Group.id)
        async with self._context.database.read() as session:
            groups = [
                group
                for group in await session.scalars(query)
                if allows(by, Action.SEE_GROUP, group_target(group))
            ]
            return await self._views(session, groups)

    async def get(self, by: Actor, group: str) -> GroupView:
        """Raises `NotFound`, `Denied`."""
        async with self._context.database.read() as session:
            found = await self.find(session, by, Action.SEE_GROUP, group)
            return (await self._views(session, [found]))[0]

    async def make(self, by: Actor, organisation: str, name: str, age: AgeBand) -> GroupView:
        check(by, Action.CHANGE_GROUP, Target(organisation))
        async with self._context.database.write() as session:
            group = Group(organisation_id=organisation, name=name, age=age, created_at=self._context.now())
            session.add(group)
            await session.flush()
            await self._note(session, by, "group_made", group)
            return GroupView(group, ())

    async def change(self, by: Actor, group: str, name: str | None, age: AgeBand | None) -> GroupView:
        async with self._context.database.write() as session:
            found = await self.find(session, by, Action.CHANGE_GROUP, group)
            found.name, found.age = name or found.name, age or found.age
            await self._note(session, by, "group_changed", found)
            return (await self._views(session, [found]))[0]

    async def remove(self, by: Actor, group: str) -> None:
        """Families and children stay, without it."""
        async with self._context.database.write() as session:
            found = await self.find(session, by, Action.CHANGE_GROUP, group)
            await session.delete(found)
            await self._note(session, by, "group_removed", found)

    async def add_teacher(self, by: Actor, group: str, person: str) -> GroupView:
        """Idempotent. Raises `Conflict` when the person is no confirmed teacher here."""
        async with self._context.database.write() as session:
            found = await self.find(session, by, Action.CHANGE_GROUP, group)
            confirmed = await session.scalar(
                select(Membership.id).where(
                    Membership.person_id == person,
                    Membership.organisation_id == found.organisation_id,
                    Membership.role == Role.TEACHER,
                    Membership.state == RoleState.CONFIRMED,
                )
            )
            if confirmed is None:
                raise Conflict("Only a confirmed teacher can teach a group", "NO_TEACHER")
            if await session.get(GroupTeacher, (group, person)) is None:
                session.add(GroupTeacher(group_id=group, person_id=person))
                await self._note(session, by, "group_teacher_added", found, person=person)
            return (await self._views(session, [found]))[0]

    async def remove_teacher(self, by: Actor, group: str, person: str) -> GroupView:
        """Idempotent."""
        async with self._context.database.write() as session:
            found = await self.find(session, by, Action.CHANGE_GROUP, group)
            query = delete(GroupTeacher).where(
                GroupTeacher.group_id == group, GroupTeacher.person_id == person
            )
            await session.execute(query)
            await self._note(session, by, "group_teacher_removed", found, person=person)
            return (await self._views(session, [found]))[0]

    async def find(self, session: Session, by: Actor, action: Action, group: str) -> Group:
        """Within a transaction: the group, if the actor may do that to it. Raises `NotFound`, `Denied`."""
        found = await session.get(Group, group)
        if found is None:
            raise NotFound
        check(by, action, group_target(found))
        return found

    async def _views(self, session: Session, groups: Collection[Group]) -> list[GroupView]:
        await session.flush()
        teachers: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        query = (
            select(GroupTeacher.group_id, Person.id, Person.name)
            .join(Person, Person.id == GroupTeacher.person_id)
            .where(GroupTeacher.group_id.in_([group.id for group in groups]))
            .order_by(Person.name, Person.id)
        )
        for group, person, name in await session.execute(query):
            teachers[group].append((person, name))
        return [GroupView(group, teachers[group.id]) for group in groups]

    async def _note(
        self, session: Session, by: Actor, action: AuditAction, group: Group, **details: str
    ) -> None:
        await self._context.record(
            session, by.person, action, f"group:{group.id}", organisation=group.organisation_id, **details
        )
