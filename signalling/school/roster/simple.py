"""Our own table: a line for each child (or family): group, family, child, age. Pure."""

from signalling.school.roster.model import Roster, RosterChild, RosterFamily, RosterGroup
from signalling.school.roster.table import Fault, FaultCode, read_table
from signalling.school.words import AgeBand

NAMES = {
    "group": "group",
    "класс": "group",
    "группа": "group",
    "family": "family",
    "семья": "family",
    "child": "child",
    "ребёнок": "child",
    "ребенок": "child",
    "имя ребёнка": "child",
    "age": "age",
    "возраст": "age",
}


def read_simple(file: str, text: str) -> Roster:
    """Groups and families are the same when their names are, whatever the case."""
    roster = Roster()
    seen: dict[tuple[str, str, str], int] = {}
    for row in read_table(file, text, ("group", "family"), NAMES, roster.faults):
        empty = [column for column in ("group", "family") if not row[column]]
        roster.faults += [Fault(file, row.line, column, FaultCode.EMPTY) for column in empty]
        age = _age(row["age"])
        if row["age"] and age is None:
            known = ", ".join(band.value for band in AgeBand)
            roster.faults.append(
                Fault(file, row.line, "age", FaultCode.NO_AGE, {"value": row["age"], "known": known})
            )
        group, family = row["group"].casefold(), row["family"].casefold()
        key = group, family, row["child"].casefold()
        if key in seen:
            roster.faults.append(Fault(file, row.line, "", FaultCode.REPEATED, {"line": str(seen[key])}))
        seen.setdefault(key, row.line)
        found = roster.groups.setdefault(group, RosterGroup(row["group"]))
        if age is not None and found.age not in (None, age):
            roster.faults.append(Fault(file, row.line, "age", FaultCode.OTHER_AGE))
        found.age = found.age or age
        home = roster.families.setdefault(family, RosterFamily(row["family"]))
        if row["child"]:
            home.children.append(RosterChild(row["child"], group))
        else:
            home.groups.add(group)
    return roster


def _age(text: str) -> AgeBand | None:
    normal = text.replace("–", "-").replace(",", ".").replace(" ", "")
    return next((band for band in AgeBand if band.value == normal), None)
