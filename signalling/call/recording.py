"""The recording of a call as far as it is known without media: who was asked, who agreed, whether it runs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Phase(Enum):
    OFF = "off"
    ASKING = "asking"
    """It begins as soon as everybody who is asked agrees."""
    RUNNING = "running"
    PAUSED = "paused"
    """Somebody does not agree, or no longer. A host lets it go on when nobody is left who does not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`at`: seconds since the epoch."""

    agreed: bool
    at: float


@dataclass
class Recording:
    """Persons by their keys. Answers hold until the recording ends, also of those who were away for a moment."""

    phase: Phase = Phase.OFF
    asked_by: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    since: float | None = None
    """When it began, or last went on, seconds since the epoch."""
    recorded_s: float = 0.0
    """Before that."""
    failure: str | None = None
    """Why the last one ended by itself."""

    @property
    def is_on(self) -> bool:
        """Whether anybody is asked."""
        return self.phase is not Phase.OFF

    @property
    def is_running(self) -> bool:
        return self.phase is Phase.RUNNING

    def ask(self, person: str, now: float) -> None:
        """Who asks agrees."""
        self.phase, self.asked_by, self.failure = Phase.ASKING, person, None
        self.answers = {person: Answer(True, now)}
        self.since, self.recorded_s = None, 0.0

    def answer(self, person: str, agreed: bool, now: float) -> None:
        """A "no" pauses at once what runs."""
        self.answers[person] = Answer(agreed, now)
        if not agreed and self.is_running:
            self.pause(now)

    def agreed(self, person: str) -> bool | None:
        """None: no answer yet."""
        found = self.answers.get(person)
        return None if found is None else found.agreed

    def run(self, now: float) -> None:
        """Begins, or goes on."""
        self.phase, self.since = Phase.RUNNING, now

    def pause(self, now: float) -> None:
        self.recorded_s += now - self.since if self.since is not None else 0.0
        self.phase, self.since = Phase.PAUSED, None

    def stop(self, failure: str | None = None) -> None:
        """Nobody is asked any more."""
        self.phase, self.failure = Phase.OFF, failure
        self.answers, self.since, self.recorded_s = {}, None, 0.0
