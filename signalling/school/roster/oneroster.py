"""OneRoster's CSV files (IMS OneRoster 1.1 and 1.2, CSV binding): classes, users, enrollments. Pure.

Children whose guardians are the same are one family. Staff is not made an account of: a teacher whom the head has
confirmed gets the groups by the address, all others are invited.
"""

from collections.abc import Mapping

from signalling.school.roster.model import Roster, RosterChild, RosterFamily, RosterGroup
from signalling.school.roster.table import Fault, FaultCode, Row, read_table
from signalling.school.words import AgeBand

CLASSES, USERS, ENROLLMENTS = "classes.csv", "users.csv", "enrollments.csv"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    CLASSES: ("sourcedId", "title"),
    USERS: ("sourcedId", "givenName", "familyName"),
    ENROLLMENTS: ("sourcedId", "classSourcedId", "userSourcedId", "role"),
}
OPTIONAL = ("status", "grades", "role", "email", "agentSourcedIds", "enabledUser")
#: CEDS grade levels, which OneRoster uses.
GRADES = {"IT": AgeBand.TO_3, "PR": AgeBand.TO_4, "PK": AgeBand.TO_5, "TK": AgeBand.TO_6, "KG": AgeBand.TO_7}
TEACHERS = ("teacher", "administrator", "aide", "proctor")


def is_oneroster(files: Mapping[str, str]) -> bool:
    """By the names of the files."""
    return USERS in files and CLASSES in files


def read_oneroster(files: Mapping[str, str]) -> Roster:
    """What is marked `tobedeleted` is left out."""
    roster = Roster()
    tables = {file: _rows(file, files, roster.faults) for file in COLUMNS}
    for file, rows in tables.items():
        _check_ids(file, rows, roster.faults)
    for row in tables[CLASSES]:
        age = next((GRADES[grade] for grade in _list(row["grades"]) if grade in GRADES), None)
        roster.groups[row["sourcedId"]] = RosterGroup(row["title"], age, row["sourcedId"])
    users = {row["sourcedId"]: row for row in tables[USERS]}
    groups: dict[str, list[str]] = {}
    for row in tables[ENROLLMENTS]:
        _enrol(row, users, roster, groups)
    for row in tables[USERS]:
        if row["sourcedId"] in groups or row["role"] == "student":
            _add_child(row, groups.get(row["sourcedId"], []), users, roster)
    return roster


def _rows(file: str, files: Mapping[str, str], faults: list[Fault]) -> list[Row]:
    if file not in files:
        faults.append(Fault(file, 0, "", FaultCode.FILE_MISSING))
        return []
    names = {name.casefold(): name for name in (*COLUMNS[file], *OPTIONAL)}
    rows = read_table(file, files[file], COLUMNS[file], names, faults)
    return [row for row in rows if row["status"].casefold() != "tobedeleted"]


def _check_ids(file: str, rows: list[Row], faults: list[Fault]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        if row["sourcedId"] in seen:
            values = {"line": str(seen[row["sourcedId"]])}
            faults.append(Fault(file, row.line, "sourcedId", FaultCode.REPEATED, values))
        seen.setdefault(row["sourcedId"], row.line)
        empty = [column for column in COLUMNS[file] if not row[column] and column != "givenName"]
        faults += [Fault(file, row.line, column, FaultCode.EMPTY) for column in empty]


def _enrol(row: Row, users: Mapping[str, Row], roster: Roster, groups: dict[str, list[str]]) -> None:
    user, group = users.get(row["userSourcedId"]), row["classSourcedId"]
    if group not in roster.groups:
        values = {"value": group}
        roster.faults.append(Fault(ENROLLMENTS, row.line, "classSourcedId", FaultCode.NO_CLASS, values))
    elif user is None:
        values = {"value": row["userSourcedId"]}
        roster.faults.append(Fault(ENROLLMENTS, row.line, "userSourcedId", FaultCode.NO_USER, values))
    elif row["role"] == "student":
        groups.setdefault(row["userSourcedId"], []).append(group)
    elif row["role"] in TEACHERS:
        if user["email"]:
            roster.teachers.setdefault(user["email"].lower(), set()).add(group)
    else:
        roster.faults.append(Fault(ENROLLMENTS, row.line, "role", FaultCode.NO_ROLE, {"value": row["role"]}))


def _add_child(row: Row, groups: list[str], users: Mapping[str, Row], roster: Roster) -> None:
    agents = _list(row["agentSourcedIds"])
    for agent in agents:
        if agent not in users:
            values = {"value": agent}
            roster.faults.append(Fault(USERS, row.line, "agentSourcedIds", FaultCode.NO_USER, values))
    key = f"agents:{','.join(sorted(agents))}" if agents else f"student:{row['sourcedId']}"
    family = roster.families.setdefault(key, RosterFamily(row["familyName"], key[:200]))
    first = groups[0] if groups else None
    family.children.append(RosterChild(row["givenName"] or None, first, row["sourcedId"]))
    family.groups.update(groups[1:])


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(",") if part.strip()]
