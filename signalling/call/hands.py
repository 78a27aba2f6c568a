"""Raised hands, in order."""

from dataclasses import dataclass, field


@dataclass
class Hands:
    """Who raised a hand again while it is up keeps its place."""

    queue: dict[str, float] = field(default_factory=dict)
    """Person -> since when, seconds since the epoch."""

    def up(self, person: str, now: float) -> None:
        self.queue.setdefault(person, now)

    def down(self, person: str) -> None:
        self.queue.pop(person, None)

    def clear(self) -> None:
        self.queue.clear()

    def place(self, person: str) -> int | None:
        """From 1; None: the hand is down."""
        return next((n for n, one in enumerate(self.queue, 1) if one == person), None)
