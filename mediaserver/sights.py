"""Participants of a controlled room by their rules: an audience is asked about and told as one, not pair by pair."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from mediaserver.rules import Circles

if TYPE_CHECKING:
    from mediaserver.participant import Participant

Members = dict["Participant", None]
"""In order."""


class Sights:
    """What is asked of it costs as much as there are different rules, and whom the answer names."""

    def __init__(self) -> None:
        self._viewers: dict[Circles, Members] = {}
        """By the circles that they are in."""
        self._seen: dict[Circles, Members] = {}
        """By the circles that may know of them."""

    def put(self, participant: Participant) -> None:
        """Under the rules that it has. Before these change it must be dropped."""
        self._viewers.setdefault(participant.rules.circles, {})[participant] = None
        self._seen.setdefault(participant.rules.seen_by, {})[participant] = None

    def drop(self, participant: Participant) -> bool:
        """Returns whether it was here."""
        rules = participant.rules
        return _dropped(self._viewers, rules.circles, participant) and _dropped(
            self._seen, rules.seen_by, participant
        )

    def seen_in(self, circles: Circles) -> Iterator[Participant]:
        """All whom somebody in these circles may know of, were nobody hidden."""
        for seen_by, members in self._seen.items():
            if not circles.isdisjoint(seen_by):
                yield from members

    def viewers(self) -> Iterable[tuple[Circles, Collection[Participant]]]:
        """Everybody, by circles."""
        return self._viewers.items()

    def viewers_of(self, sights: Iterable[Circles]) -> list[Participant]:
        """Who may know of somebody that one of these may know of."""
        wanted = frozenset().union(*sights)
        return [p for circles, members in self._viewers.items() if circles & wanted for p in members]


def _dropped(index: dict[Circles, Members], key: Circles, participant: Participant) -> bool:
    members = index.get(key, {})
    found = participant in members
    members.pop(participant, None)
    if not members:
        index.pop(key, None)
    return found
