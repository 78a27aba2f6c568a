"""What is sent when. Pure: the caller brings times (seconds of a monotonic clock, and since the epoch) and chance.

Events of one room go to one URL one after the other, in their order; a failure holds up the later ones of that room
and URL, and nobody else.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice, takewhile
from random import Random

from signalling.webhooks.settings import WebhookSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """An event for one URL. `number` grows with time; `created_at` is seconds since the epoch."""

    number: int
    url: str
    key: str
    """Entries of the same URL and key are sent in order."""
    event: str
    event_id: str
    created_at: float
    body: str


@dataclass(slots=True)
class _Lane:
    entries: deque[Entry] = field(default_factory=deque)
    failures: int = 0
    not_before: float = 0.0
    sending: bool = False


class Schedule:
    """All that is waiting or on its way."""

    def __init__(self, settings: WebhookSettings, random: Random) -> None:
        self._settings, self._random = settings, random
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._sizes: Counter[str] = Counter()
        self._in_flight: Counter[str] = Counter()
        self._looked = 0.0
        """When it was last asked what is due."""

    def __len__(self) -> int:
        return self._sizes.total()

    def size(self, url: str) -> int:
        """How many wait for a URL or are on their way to it."""
        return self._sizes[url]

    def add(self, entry: Entry) -> list[Entry]:
        """Takes an entry. Returns what must be dropped for it: the oldest of its URL that is not on its way."""
        self._lanes.setdefault((entry.url, entry.key), _Lane()).entries.append(entry)
        self._sizes[entry.url] += 1
        dropped = []
        while self._sizes[entry.url] > self._settings.max_queued and (oldest := self._oldest(entry.url)):
            dropped.append(oldest)
            self._remove(oldest)
        return dropped

    def expire(self, now: float) -> list[Entry]:
        """Takes out what is too old by now (seconds since the epoch), but not what is on its way."""
        oldest = now - self._settings.max_age_s
        expired = [
            entry
            for lane in self._lanes.values()  # each is in the order of time
            for entry in takewhile(
                lambda one: one.created_at < oldest, islice(lane.entries, lane.sending, None)
            )
        ]
        for entry in expired:
            self._remove(entry)
        return expired

    def due(self, now: float) -> list[Entry]:
        """What is to be sent now (monotonic), oldest first; it is on its way until `done` or `failed`."""
        self._looked = now
        ready = [
            lane
            for lane in self._lanes.values()
            if lane.entries and not lane.sending and lane.not_before <= now
        ]
        found = []
        for lane in sorted(ready, key=lambda lane: lane.entries[0].number):
            entry = lane.entries[0]
            if self._in_flight[entry.url] < self._settings.max_in_flight:
                self._in_flight[entry.url] += 1
                lane.sending = True
                found.append(entry)
        return found

    def done(self, entry: Entry) -> None:
        """It has arrived, or never will."""
        lane = self._landed(entry)
        lane.failures, lane.not_before = 0, 0.0
        self._remove(entry)

    def failed(self, entry: Entry, now: float, retry_after_s: float = 0.0) -> float:
        """It is to be tried again, not before what the receiver asks for. Returns the wait in seconds."""
        settings, lane = self._settings, self._landed(entry)
        lane.failures += 1
        wait = min(settings.max_retry_s, settings.first_retry_s * 2.0 ** min(lane.failures - 1, 30))
        wait *= self._random.uniform(0.5, 1.0)  # so that all rooms do not come back together
        wait = max(wait, min(retry_after_s, settings.max_retry_s))
        lane.not_before = now + wait
        return wait

    def wait_s(self, now: float) -> float | None:
        """Seconds until the next retry is due; None: nothing waits for time to pass. What has become due since `due`
        was called is due now."""
        times = [lane.not_before for lane in self._lanes.values() if lane.entries and not lane.sending]
        later = [time for time in times if time > self._looked]
        return max(0.0, min(later) - now) if later else None

    def _oldest(self, url: str) -> Entry | None:
        lanes = (lane for (of, _), lane in self._lanes.items() if of == url)
        waiting = (lane.entries[lane.sending] for lane in lanes if len(lane.entries) > lane.sending)
        return min(waiting, key=lambda entry: entry.number, default=None)

    def _landed(self, entry: Entry) -> _Lane:
        lane = self._lanes[entry.url, entry.key]
        assert lane.sending and lane.entries[0] is entry, "it is on its way"
        lane.sending = False
        self._in_flight[entry.url] -= 1
        return lane

    def _remove(self, entry: Entry) -> None:
        lane = self._lanes[entry.url, entry.key]
        lane.entries.remove(entry)
        self._sizes[entry.url] -= 1
        if not lane.entries:
            del self._lanes[entry.url, entry.key]
