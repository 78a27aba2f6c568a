"""What a roster says, whatever file it came from. Pure."""

from dataclasses import dataclass, field

from signalling.school.roster.table import Fault
from signalling.school.words import AgeBand


@dataclass
class RosterGroup:
    """`age` None: as it is, or the default for a new group."""

    name: str
    age: AgeBand | None = None
    external_id: str | None = None


@dataclass
class RosterChild:
    """`group` is a key of `Roster.groups`."""

    first_name: str | None
    group: str | None
    external_id: str | None = None


@dataclass
class RosterFamily:
    """`groups` are keys of `Roster.groups`, besides those of its children."""

    name: str
    external_id: str | None = None
    groups: set[str] = field(default_factory=set)
    children: list[RosterChild] = field(default_factory=list)


@dataclass
class Roster:
    """Groups and families by keys that mean something only here."""

    groups: dict[str, RosterGroup] = field(default_factory=dict)
    families: dict[str, RosterFamily] = field(default_factory=dict)
    teachers: dict[str, set[str]] = field(default_factory=dict)
    """Address in lower case -> keys of groups."""
    faults: list[Fault] = field(default_factory=list)
