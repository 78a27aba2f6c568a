"""Who speaks how loud, of all workers of the data plane together."""

from collections.abc import Sequence

Levels = Sequence[tuple[int, float]]
"""Receiver ids with linear levels 0..1."""


class AudioLevels:
    """Each worker tells a few times a second of its own publishers, and once more when they have fallen silent. A room
    may be on several workers, so what all have told last counts together; it is told on at the pace of one of them."""

    def __init__(self) -> None:
        self._latest: dict[int, Levels] = {}

    def report(self, worker: int, levels: Levels) -> list[tuple[int, float]] | None:
        """What one worker tells; gives what all have told, loudest first, when it is time to tell it on."""
        if levels:
            self._latest[worker] = levels
        else:
            self._latest.pop(worker, None)
        if self._latest and worker != min(self._latest):
            return None
        together = [level for told in self._latest.values() for level in told]
        return sorted(together, key=lambda level: -level[1])

    def forget(self, worker: int) -> None:
        """It has failed."""
        self._latest.pop(worker, None)
