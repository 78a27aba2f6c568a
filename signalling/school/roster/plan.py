"""A roster beside what is in the database: what would be new and what would change. Nothing is ever removed. Pure but
for the rows that it is given."""

from dataclasses import dataclass, field
from hashlib import sha256

from signalling.school.audit import canonical
from signalling.school.families import FamilyView
from signalling.school.roster.model import Roster, RosterChild, RosterFamily
from signalling.school.roster.table import MAX_FAULTS, Fault
from signalling.store.tables import Child, Group


@dataclass
class Counts:
    new: int = 0
    changed: int = 0
    same: int = 0

    def add(self, new: bool, changed: bool) -> None:
        if new:
            self.new += 1
        elif changed:
            self.changed += 1
        else:
            self.same += 1


@dataclass
class Plan:
    """What an import would do. `digest` names the plan: it is another one when files or database are others."""

    roster: Roster
    groups: Counts = field(default_factory=Counts)
    families: Counts = field(default_factory=Counts)
    children: Counts = field(default_factory=Counts)
    unknown_teachers: list[str] = field(default_factory=list)
    """Addresses of nobody who is a confirmed teacher here."""
    known_groups: dict[str, Group] = field(default_factory=dict)
    """By key of the roster, like the next."""
    known_families: dict[str, FamilyView] = field(default_factory=dict)
    digest: str = ""

    @property
    def faults(self) -> list[Fault]:
        return self.roster.faults[:MAX_FAULTS]


def make_plan(
    roster: Roster, groups: list[Group], families: list[FamilyView], teachers: set[str], pupils: bool
) -> Plan:
    """`teachers`: addresses of confirmed ones; `pupils`: children are written down."""
    plan = Plan(roster)
    _match_groups(plan, groups)
    _match_families(plan, families, pupils)
    plan.unknown_teachers = sorted(set(roster.teachers) - teachers)
    known = {key: group.id for key, group in plan.known_groups.items()}
    known |= {key: view.family.id for key, view in plan.known_families.items()}
    content = {"known": known, "counts": repr((plan.groups, plan.families, plan.children))}
    plan.digest = sha256(canonical(content | {"roster": repr(_stable(roster))}).encode()).hexdigest()
    return plan


def known_child(child: RosterChild, view: FamilyView) -> Child | None:
    """By the id of the other system, else by the first name."""
    for row in view.children:
        if child.external_id and row.external_id == child.external_id:
            return row
    name = (child.first_name or "").casefold()
    return next((row for row in view.children if name and (row.first_name or "").casefold() == name), None)


def _stable(roster: Roster) -> object:
    families = [
        (key, family.name, sorted(family.groups), family.children) for key, family in roster.families.items()
    ]
    return roster.groups, families, sorted((mail, sorted(of)) for mail, of in roster.teachers.items())


def _match_groups(plan: Plan, groups: list[Group]) -> None:
    by_id = {group.external_id: group for group in groups if group.external_id}
    by_name = {group.name.casefold(): group for group in groups}
    for key, wanted in plan.roster.groups.items():
        found = by_id.get(wanted.external_id or "") or by_name.get(wanted.name.casefold())
        if found is not None:
            plan.known_groups[key] = found
        changed = found is not None and (
            found.name != wanted.name
            or (wanted.age is not None and found.age != wanted.age)
            or (wanted.external_id is not None and found.external_id != wanted.external_id)
        )
        plan.groups.add(found is None, changed)


def _match_families(plan: Plan, families: list[FamilyView], pupils: bool) -> None:
    by_id = {view.family.external_id: view for view in families if view.family.external_id}
    by_name: dict[str, list[FamilyView]] = {}
    for view in families:
        if not view.family.external_id:
            by_name.setdefault(view.family.name.casefold(), []).append(view)
    for key, wanted in plan.roster.families.items():
        namesakes = by_name.get(wanted.name.casefold(), [])
        found = by_id.get(wanted.external_id) if wanted.external_id else None
        found = found or (namesakes[0] if len(namesakes) == 1 else None)
        if found is not None:
            plan.known_families[key] = found
        plan.families.add(found is None, found is not None and _differs(plan, wanted, found))
        if pupils:
            for child in wanted.children:
                row = known_child(child, found) if found is not None else None
                plan.children.add(row is None, row is not None and _child_differs(plan, child, row))


def _differs(plan: Plan, wanted: RosterFamily, found: FamilyView) -> bool:
    known = {group.id for key, group in plan.known_groups.items() if key in wanted.groups}
    return found.family.name != wanted.name or len(known) < len(wanted.groups) or not known <= found.groups


def _child_differs(plan: Plan, wanted: RosterChild, found: Child) -> bool:
    group = plan.known_groups.get(wanted.group) if wanted.group else None
    return found.first_name != wanted.first_name or (
        wanted.group is not None and (group is None or found.group_id != group.id)
    )
