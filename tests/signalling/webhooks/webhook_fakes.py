"""A queue whose receivers a test controls, and which it can end as a crash would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry

from signalling.api_keys import ApiKeys
from signalling.webhooks.delivery import Delivery
from signalling.webhooks.metrics import WebhookMetrics
from signalling.webhooks.schedule import Entry
from signalling.webhooks.sending import Attempt, Outcome
from signalling.webhooks.settings import WebhookSettings
from signalling.webhooks.store import Store
from tests.mediaserver.room_fakes import FakeClock

A, B = "https://a.example/hook", "https://b.example/hook"
DELIVERED, FAILED, REFUSED = (
    Attempt(outcome, "test") for outcome in (Outcome.DELIVERED, Outcome.FAILED, Outcome.REFUSED)
)


def entry(number: int, url: str = A, key: str = "lesson", created_at: float = 0.0) -> Entry:
    return Entry(number, url, key, "room_started", f"EV_{number}", created_at, "{}")


@dataclass
class FakeSender:
    """Answers as it is told: by URL, else delivered. Holds what goes to `slow` URLs until `release`."""

    answers: dict[str, list[Attempt]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    sent: list[Entry] = field(default_factory=list)
    """All attempts, in the order in which they began."""
    arrived: list[Entry] = field(default_factory=list)
    num_dropped: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    closed: bool = False

    async def send(self, entry: Entry, key: str, secret: str, num_dropped: int, now: float) -> Attempt:
        self.sent.append(entry)
        self.keys.append(key)
        self.num_dropped.append(num_dropped)
        await self._tell()
        if entry.url in self.slow:
            await self.release.wait()
        answers = self.answers.get(entry.url, [])
        attempt = (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else DELIVERED
        if attempt.outcome is Outcome.DELIVERED:
            self.arrived.append(entry)
            await self._tell()
        return attempt

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for what is sent or arrives."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(holds)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def close(self) -> None:
        self.closed = True

    def events(self, url: str = A) -> list[str]:
        """What arrived at a URL."""
        return [entry.event for entry in self.arrived if entry.url == url]


class Queue:
    """A delivery with its parts."""

    def __init__(self, folder: Path, clock: FakeClock | None = None, **settings: Any) -> None:
        self.folder = folder
        self.settings = WebhookSettings(**{"urls": (A,), "shutdown_s": 0.2, **settings})
        self.clock = clock or FakeClock()
        self.keys = ApiKeys({"school": "s" * 32})
        self.registry = CollectorRegistry()
        self.sender = FakeSender()
        self.store = Store(folder / "webhooks.sqlite3")
        self.delivery = Delivery(
            self.settings,
            self.keys,
            self.store,
            self.sender,
            self.clock,
            WebhookMetrics(self.registry),
            Random(1),
        )
        self._added = 0

    def add(self, *events: str, key: str = "lesson") -> None:
        for event in events:
            self._added += 1
            self.delivery.add(event, key, f"EV_{event}_{self._added}", f'{{"event": "{event}"}}')

    async def pass_time(self, seconds: float) -> None:
        """Moves the clock and does what becomes due."""
        self.clock.advance(seconds)
        await self.delivery.settle()

    async def crash(self) -> None:
        """The process is gone between two steps: nothing is flushed."""
        for task in list(self.delivery._sending):
            task.cancel()
        await asyncio.gather(*self.delivery._sending, return_exceptions=True)
        await self.store.close()

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"polyana_webhooks_{name}", labels) or 0.0
