"""Quick polls: single or multiple choice, anonymous or named, one vote for each family. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Option:
    text: str
    picture: str = ""
    """What the client draws: an emoji or the name of a picture."""


@dataclass
class Poll:
    """An anonymous poll remembers who has voted and how often each option was chosen, and nothing that connects
    the two; so a vote in it is final."""

    id: str
    question: str
    options: tuple[Option, ...]
    multiple: bool
    anonymous: bool
    open: bool = True
    counts: list[int] = field(init=False)
    voters: set[str] = field(default_factory=set)
    choices: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Of a named poll, by person."""

    def __post_init__(self) -> None:
        self.counts = [0] * len(self.options)

    def refusal(self, person: str, chosen: Sequence[int]) -> str | None:
        """Why this vote does not count: a code."""
        if not self.open:
            return "POLL_CLOSED"
        if self.anonymous and person in self.voters:
            return "ALREADY_VOTED"
        valid = chosen and len(set(chosen)) == len(chosen) and all(0 <= n < len(self.options) for n in chosen)
        return None if valid and (self.multiple or len(chosen) == 1) else "BAD_VOTE"

    def vote(self, person: str, chosen: Sequence[int]) -> None:
        """After `refusal` found nothing. In a named poll the last vote counts."""
        for number in self.choices.get(person, ()):
            self.counts[number] -= 1
        for number in chosen:
            self.counts[number] += 1
        self.voters.add(person)
        if not self.anonymous:
            self.choices[person] = tuple(chosen)
