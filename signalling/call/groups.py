"""Breakout groups: who is in which, which group a host visits, who speaks to all. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

MAIN = "main"
"""Where everybody is who is in no group."""


@dataclass
class Groups:
    """Ids are made by the server: `g1`, `g2`, ..."""

    names: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    """Person -> group. A host is where it visits."""
    announcing: set[str] = field(default_factory=set)
    """Hosts whom everybody hears, wherever they are."""
    opened: int = 0

    def open(self, groups: Iterable[tuple[str, Iterable[str]]]) -> None:
        """(name, persons) of each; who is named twice is in the last."""
        self.close()
        for name, persons in groups:
            self.opened += 1
            group = f"g{self.opened}"
            self.names[group] = name
            self.members |= dict.fromkeys(persons, group)

    def close(self) -> None:
        """Everybody is together again."""
        self.names.clear()
        self.members.clear()
        self.announcing.clear()

    def put(self, person: str, group: str | None) -> bool:
        """None: to the main room. False: there is no such group."""
        if group is None:
            self.members.pop(person, None)
        elif group in self.names:
            self.members[person] = group
        else:
            return False
        return True

    def place(self, person: str) -> str:
        return self.members.get(person, MAIN)
