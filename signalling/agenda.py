"""Who is due when: thousands of keys, of which few are due at a time."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf

SPARE = 64
"""So many stale entries are no matter."""


class Agenda:
    """What has been put off, brought forward or dropped leaves a stale entry in the heap, until its time or until there
    are more of these than others."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    @property
    def next(self) -> float:
        """When somebody is due, or a little before; infinite: nobody is."""
        return self._heap[0][0] if self._heap else inf

    def put(self, key: str, at: float) -> None:
        """It is due then, and at no other time."""
        if self._due.get(key) != at:
            self._due[key] = at
            heappush(self._heap, (at, key))
            self._tidy()

    def drop(self, key: str) -> None:
        """It is not due any more, if it was."""
        if self._due.pop(key, None) is not None:
            self._tidy()

    def take(self, now: float, at_most: int) -> list[str]:
        """Those that are due, the longest due first, out of here."""
        found: list[str] = []
        while len(found) < at_most and self._heap and self._heap[0][0] <= now:
            at, key = heappop(self._heap)
            if self._due.get(key) == at:
                del self._due[key]
                found.append(key)
        return found

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._due) + SPARE:
            self._heap = [(at, key) for key, at in self._due.items()]
            heapify(self._heap)
