"""The import itself: first a plan, then, when it is still the same one and nothing is wrong, the rows."""

from collections.abc import Mapping

from sqlalchemy import select

from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, check
from signalling.school.errors import BadRequest, Conflict
from signalling.school.families import Families
from signalling.school.roster.model import Roster
from signalling.school.roster.oneroster import is_oneroster, read_oneroster
from signalling.school.roster.plan import Plan, known_child, make_plan
from signalling.school.roster.simple import read_simple
from signalling.school.words import AgeBand, Role, RoleState
from signalling.store import Session
from signalling.store.tables import (
    Child,
    Family,
    FamilyGroup,
    Group,
    GroupTeacher,
    Membership,
    Person,
)


def read_files(files: Mapping[str, str]) -> Roster:
    """OneRoster's files by their names, else one table of ours. Raises `BadRequest`."""
    if is_oneroster(files):
        return read_oneroster(files)
    if len(files) != 1:
        raise BadRequest(
            "One table, or classes.csv, users.csv and enrollments.csv of OneRoster", "ROSTER_FILES"
        )
    ((file, text),) = files.items()
    return read_simple(file, text)


class RosterImport:
    """Groups, families and children from files. What a file does not name stays as it is."""

    def __init__(self, context: Context, families: Families) -> None:
        self._context, self._families = context, families

    async def preview(self, by: Actor, organisation: str, files: Mapping[str, str]) -> Plan:
        """What the import would do, and every line that is wrong. Writes nothing."""
        check(by, Action.IMPORT_ROSTER, Target(organisation))
        roster = read_files(files)
        async with self._context.database.read() as session:
            return await self._plan(session, organisation, roster)

    async def commit(
        self, by: Actor, organisation: str, files: Mapping[str, str], digest: str, age: AgeBand
    ) -> Plan:
        """Does what the preview with this digest said. Raises `Conflict` when lines are wrong, or something has changed
        since. `age`: of new groups without one."""
        check(by, Action.IMPORT_ROSTER, Target(organisation))
        roster = read_files(files)
        async with self._context.database.write() as session:
            plan = await self._plan(session, organisation, roster)
            if plan.faults:
                raise Conflict("The roster has lines that are wrong", "ROSTER_FAULTS")
            if plan.digest != digest:
                raise Conflict("Something has changed since the preview", "ROSTER_CHANGED")
            groups = await self._write_groups(session, organisation, plan, age)
            await self._write_families(session, organisation, plan, groups)
            await self._write_teachers(session, organisation, plan, groups)
            await self._context.record(
                session,
                by.person,
                "roster_imported",
                f"organisation:{organisation}",
                organisation=organisation,
                groups=plan.groups.new,
                families=plan.families.new,
                children=plan.children.new,
            )
            return plan

    async def _plan(self, session: Session, organisation: str, roster: Roster) -> Plan:
        groups = list(await session.scalars(select(Group).where(Group.organisation_id == organisation)))
        families = list(await session.scalars(select(Family).where(Family.organisation_id == organisation)))
        views = await self._families.views(session, families)
        teachers = set(await self._teachers(session, organisation))
        return make_plan(roster, groups, views, teachers, self._context.settings.pupils_data)

    async def _teachers(self, session: Session, organisation: str) -> dict[str, str]:
        query = (
            select(Person.email, Person.id)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.organisation_id == organisation,
                Membership.role == Role.TEACHER,
                Membership.state == RoleState.CONFIRMED,
            )
        )
        return {email: person for email, person in await session.execute(query)}  # noqa: C416 - rows, not tuples

    async def _write_groups(
        self, session: Session, organisation: str, plan: Plan, age: AgeBand
    ) -> dict[str, str]:
        now = self._context.now()
        made: dict[str, Group] = {}
        for key, wanted in plan.roster.groups.items():
            group = plan.known_groups.get(key)
            if group is None:
                group = Group(organisation_id=organisation, age=wanted.age or age, created_at=now)
                session.add(group)
            group.name, group.age = wanted.name, wanted.age or group.age
            group.external_id = wanted.external_id or group.external_id
            made[key] = group
        await session.flush()
        return {key: group.id for key, group in made.items()}

    async def _write_families(
        self, session: Session, organisation: str, plan: Plan, groups: Mapping[str, str]
    ) -> None:
        now, pupils = self._context.now(), self._context.settings.pupils_data
        for key, wanted in plan.roster.families.items():
            view = plan.known_families.get(key)
            family = view.family if view is not None else Family(organisation_id=organisation, created_at=now)
            family.name, family.external_id = wanted.name, wanted.external_id or family.external_id
            session.add(family)
            await session.flush()
            direct = set(wanted.groups)
            if not pupils:
                direct |= {child.group for child in wanted.children if child.group}
            known = set(view.direct_groups) if view is not None else set()
            missing = {groups[group] for group in direct} - known
            session.add_all(FamilyGroup(family_id=family.id, group_id=group) for group in sorted(missing))
            for child in wanted.children if pupils else ():
                row = known_child(child, view) if view is not None else None
                row = row or Child(family_id=family.id)
                row.first_name = child.first_name or row.first_name
                row.group_id = groups[child.group] if child.group else row.group_id
                row.external_id = child.external_id or row.external_id
                session.add(row)
        await session.flush()

    async def _write_teachers(
        self, session: Session, organisation: str, plan: Plan, groups: Mapping[str, str]
    ) -> None:
        teachers = await self._teachers(session, organisation)
        for email, keys in plan.roster.teachers.items():
            for group in (groups[key] for key in sorted(keys) if email in teachers):
                person = teachers[email]
                if await session.get(GroupTeacher, (group, person)) is None:
                    session.add(GroupTeacher(group_id=group, person_id=person))
        await session.flush()
