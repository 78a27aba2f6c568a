"""Who is in, who waits, who must stay out. Pure: persons in, answers out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from signalling.call.roles import CallRole
from signalling.call.settings import LobbyRule

MAX_REMEMBERED = 10_000
"""Persons; the oldest are forgotten beyond."""


class Refusal(Enum):
    """Why somebody may not even wait."""

    BLOCKED = "BLOCKED"
    LOCKED = "LOCKED"
    ENDED = "ENDED"


@dataclass
class Entrance:
    """Persons are admitted, not devices: who comes back need not wait again."""

    rule: LobbyRule
    locked: bool = False
    ended: bool = False
    admitted: set[str] = field(default_factory=set)
    waiting: dict[str, float] = field(default_factory=dict)
    """Since when, in the order of coming; seconds since the epoch."""
    blocked: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    """They wait whatever the rule is."""

    def refusal(self, person: str, role: CallRole) -> Refusal | None:
        """Why somebody may not come; staff and its equipment always may, unless blocked."""
        if person in self.blocked:
            return Refusal.BLOCKED
        if self.ended:
            return Refusal.ENDED
        known = person in self.admitted or person in self.waiting or role.is_equipment
        return Refusal.LOCKED if self.locked and not (known or role.is_staff) else None

    def arrive(self, person: str, role: CallRole, now: float) -> bool:
        """Somebody is here. Returns whether it is in; else it waits."""
        if person not in self.admitted and self._must_wait(person, role):
            self.waiting.setdefault(person, now)
            return False
        self.admit(person)
        return True

    def is_in(self, person: str) -> bool:
        return person in self.admitted

    def admit(self, person: str) -> None:
        self.waiting.pop(person, None)
        self.removed.discard(person)
        self.admitted.add(person)

    def send_back(self, person: str, now: float) -> None:
        """To the lobby."""
        self.admitted.discard(person)
        self.waiting.setdefault(person, now)

    def leave_lobby(self, person: str) -> None:
        """Who waited has gone."""
        self.waiting.pop(person, None)

    def remove(self, person: str) -> None:
        """Out; with a new token it may wait again."""
        self.admitted.discard(person)
        self.waiting.pop(person, None)
        if len(self.removed) < MAX_REMEMBERED:
            self.removed.add(person)

    def block(self, person: str) -> None:
        """Out for good. The list is bounded by what a host can do."""
        self.remove(person)
        self.blocked.add(person)

    def unblock(self, person: str) -> None:
        """It may wait again."""
        self.blocked.discard(person)

    def _must_wait(self, person: str, role: CallRole) -> bool:
        if role.is_staff:
            return False
        if person in self.removed:
            return True
        if self.rule is LobbyRule.ALL:
            return not role.is_equipment
        return self.rule is LobbyRule.GUESTS and role is CallRole.GUEST
