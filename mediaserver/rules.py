"""What the controller of a room says of one participant: who receives it, who knows of it, what of it is dropped. Pure.

Circles are names for sets of receivers. A participant is in some circles, and what it sends reaches others: there is an
edge from one participant to another, for one medium, where the reach of the first and the circles of the second meet.
With one circle for each participant every matrix of who receives whom can be said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

Circles = frozenset[str]
NOBODY: Circles = frozenset()


class Medium(Enum):
    """A shared screen is a picture and sound too: what it needs is allowed for both."""

    AUDIO = "audio"
    VIDEO = "video"
    SCREEN = "screen"
    DATA = "data"


class Gate(IntEnum):
    """What becomes of what a participant sends."""

    OPEN = 0
    FROZEN = 1
    """Dropped, and nobody is told: when the gate opens, all goes on exactly as it was."""
    MUTED = 2
    """Dropped and muted for everybody; when the gate opens, the publisher itself may unmute."""


@dataclass(frozen=True, slots=True)
class MediumRules:
    """One medium of one participant."""

    reach: Circles = NOBODY
    gate: Gate = Gate.OPEN


@dataclass(frozen=True, slots=True)
class Rules:
    """The defaults close everything."""

    circles: Circles = NOBODY
    """As a receiver."""
    seen_by: Circles = NOBODY
    """Who may know that it is there."""
    audio: MediumRules = MediumRules()
    video: MediumRules = MediumRules()
    screen: MediumRules = MediumRules()
    data: MediumRules = MediumRules()

    def of(self, medium: Medium) -> MediumRules:
        rules: MediumRules = getattr(self, medium.value)
        return rules

    @property
    def edges(self) -> tuple[Circles, ...]:
        """All but the gates."""
        media = (self.audio, self.video, self.screen, self.data)
        return (self.circles, self.seen_by, *(medium.reach for medium in media))

    def sees(self, other: Rules) -> bool:
        """Whether it may know of another."""
        return not self.circles.isdisjoint(other.seen_by)

    def receives(self, other: Rules, media: tuple[Medium, ...]) -> bool:
        """Whether what another sends reaches it."""
        return all(not self.circles.isdisjoint(other.of(medium).reach) for medium in media)

    def gate(self, media: tuple[Medium, ...]) -> Gate:
        """The strictest of these media."""
        return max(self.of(medium).gate for medium in media)


CLOSED = Rules()
EVERYBODY: Circles = frozenset({"everybody"})


def open_rules(*circles: str) -> Rules:
    """Of somebody for whom nothing is restricted among these circles."""
    names = frozenset(circles) or EVERYBODY
    everything = MediumRules(names)
    return Rules(names, names, everything, everything, everything, everything)
