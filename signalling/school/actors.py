"""Who somebody is at this moment, for the door."""

from collections import defaultdict

from sqlalchemy import select, union

from signalling.school.door import Actor
from signalling.school.words import Role, RoleState
from signalling.store import Session
from signalling.store.tables import Child, FamilyGroup, FamilyGuardian, GroupTeacher, Membership


async def actor_of(session: Session, person: str) -> Actor:
    """Confirmed roles alone count; groups and families come with the role that gives them."""
    roles: defaultdict[str, set[Role]] = defaultdict(set)
    confirmed = select(Membership.organisation_id, Membership.role).where(
        Membership.person_id == person, Membership.state == RoleState.CONFIRMED
    )
    for organisation, role in await session.execute(confirmed):
        roles[organisation].add(Role(role))
    held = set().union(*roles.values()) if roles else set()
    teaches: set[str] = set()
    if Role.TEACHER in held:
        groups = select(GroupTeacher.group_id).where(GroupTeacher.person_id == person)
        teaches = set(await session.scalars(groups))
    families: set[str] = set()
    if Role.GUARDIAN in held:
        guarded = select(FamilyGuardian.family_id).where(FamilyGuardian.person_id == person)
        families = set(await session.scalars(guarded))
    return Actor(
        person,
        {organisation: frozenset(found) for organisation, found in roles.items()},
        frozenset(teaches),
        frozenset(families),
        await groups_of_families(session, families),
    )


async def groups_of_families(session: Session, families: set[str]) -> frozenset[str]:
    """Groups that these families belong to, directly or by their children."""
    if not families:
        return frozenset()
    direct = select(FamilyGroup.group_id).where(FamilyGroup.family_id.in_(families))
    through = select(Child.group_id).where(Child.family_id.in_(families), Child.group_id.is_not(None))
    return frozenset((await session.scalars(union(direct, through))).all())
