"""The queue at work: events in, requests out, both in order; on disk in between."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from random import Random
from typing import TYPE_CHECKING

import structlog

from signalling.webhooks.metrics import WebhookMetrics, label
from signalling.webhooks.schedule import Entry, Schedule
from signalling.webhooks.sending import Attempt, Outcome, Sender

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.api_keys import ApiKeys
    from signalling.webhooks.settings import WebhookSettings
    from signalling.webhooks.store import Store

LONGEST_WAIT_S = 60.0
"""Old entries are looked for so often at least."""
AFTER_FAILURE_S = 1.0


class Delivery:
    """Belongs to one event loop. An event is on disk before its first attempt, and until it has arrived: after a
    crash it may arrive twice, with the same id."""

    def __init__(
        self,
        settings: WebhookSettings,
        keys: ApiKeys,
        store: Store,
        sender: Sender,
        clock: Clock,
        metrics: WebhookMetrics,
        random: Random,
    ) -> None:
        self._settings, self._keys = settings, keys
        self._store, self._sender = store, sender
        self._clock, self._metrics = clock, metrics
        self._schedule = Schedule(settings, random)
        self._new: list[Entry] = []
        self._next_number = 1
        self._lost: Counter[str] = Counter()
        self._on_disk = True
        self._stopping = False
        self._sending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    def __len__(self) -> int:
        """How many have not arrived yet."""
        return len(self._schedule) + len(self._new)

    async def open(self) -> None:
        """Takes up what an earlier run left. Without its file the queue lives in memory."""
        try:
            kept = await self._store.open()
        except (OSError, sqlite3.Error) as error:
            self._on_disk = False
            self._store_failed(error)
            return
        self._next_number = max((entry.number for entry in kept), default=0) + 1
        unknown = [entry for entry in kept if entry.url not in self._settings.urls]
        await self._drop(unknown, "unknown_url")
        for entry in kept:
            if entry.url in self._settings.urls:
                await self._drop(self._schedule.add(entry), "queue_full")
        if kept:
            self._log.info("webhooks of an earlier run", queued=len(self._schedule))
        self._count()

    def add(self, event: str, key: str, event_id: str, body: str) -> None:
        """Queues an event for every URL. Does not block."""
        now = self._clock.time()
        for url in self._settings.urls:
            self._new.append(Entry(self._next_number, url, key, event, event_id, now, body))
            self._next_number += 1
        self._wake.set()

    async def run(self) -> None:
        """Works until `stop`."""
        while not self._stopping:
            self._wake.clear()
            longest = LONGEST_WAIT_S
            try:
                await self.step()
            except Exception:
                longest = AFTER_FAILURE_S
                self._metrics.internal_errors.inc()
                self._log.exception("the queue of webhooks failed")
            await self._wait(longest)

    def stop(self) -> None:
        """Ends `run` after what it does now: half of a step would lose events."""
        self._stopping = True
        self._wake.set()

    async def step(self) -> None:
        """Keeps what is new, drops what is old, starts what is due."""
        new, self._new = self._new, []
        if new:
            await self._write(self._store.insert, new)
        await self._drop(self._schedule.expire(self._clock.time()), "age")
        for entry in new:
            await self._drop(self._schedule.add(entry), "queue_full")
        for entry in self._schedule.due(self._clock.monotonic()):
            task = asyncio.create_task(self._send(entry), name=f"webhook-{entry.event_id}")
            self._sending.add(task)
            task.add_done_callback(self._sent)
        self._count()

    async def settle(self) -> None:
        """Waits for what is on its way, and for what becomes due by it; not for retries."""
        await self.step()
        while self._sending:
            await asyncio.wait(self._sending)
            await self.step()

    async def close(self) -> None:
        """Sends what can be sent in a bounded time and keeps the rest. `run` must have ended."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.shutdown_s
        await self.step()
        while self._sending and (left := deadline - loop.time()) > 0:
            await asyncio.wait(self._sending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            await self.step()
        if len(self):
            self._log.info("webhooks are kept for the next start", queued=len(self))
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._sender.close()
        await self._store.close()

    async def _wait(self, longest: float) -> None:
        wait = self._schedule.wait_s(self._clock.monotonic())
        try:
            async with asyncio.timeout(longest if wait is None else min(wait, longest)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _send(self, entry: Entry) -> None:
        key, secret = self._keys.signing(self._settings.api_key)
        num_dropped = self._lost.pop(entry.url, 0)
        attempt = await self._sender.send(entry, key, secret, num_dropped, self._clock.time())
        if attempt.outcome is not Outcome.DELIVERED:
            self._lost[entry.url] += num_dropped  # still to be told
        await self._conclude(entry, attempt)

    async def _conclude(self, entry: Entry, attempt: Attempt) -> None:
        to = label(entry.url)
        log = self._log.bind(to=to, hook=entry.event, event_id=entry.event_id, room=entry.key)
        if attempt.outcome is Outcome.FAILED:
            wait = self._schedule.failed(entry, self._clock.monotonic(), attempt.retry_after_s)
            self._metrics.failed.labels(to).inc()
            log.warning("a webhook failed", reason=attempt.reason, retry_in_s=round(wait, 1))
            return
        self._schedule.done(entry)
        if attempt.outcome is Outcome.DELIVERED:
            self._metrics.sent.labels(to).inc()
            self._metrics.delay.labels(to).observe(max(0.0, self._clock.time() - entry.created_at))
            log.info("webhook sent")
            await self._write(self._store.delete, [entry])
        else:
            log.error("a webhook was refused", reason=attempt.reason)
            await self._drop([entry], "refused")

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._metrics.internal_errors.inc()
            self._log.error("sending a webhook failed", exc_info=error)

    async def _drop(self, entries: Collection[Entry], reason: str) -> None:
        for entry in entries:
            self._lost[entry.url] += 1
            self._metrics.dropped.labels(label(entry.url), reason).inc()
        if entries:
            self._log.warning("webhooks dropped", reason=reason, number=len(entries))
            await self._write(self._store.delete, entries)

    async def _write(
        self, write: Callable[[Collection[Entry]], Awaitable[None]], entries: Collection[Entry]
    ) -> None:
        if not self._on_disk:
            return
        try:
            await write(entries)
        except sqlite3.Error as error:
            self._store_failed(error)

    def _store_failed(self, error: Exception) -> None:
        self._metrics.store_errors.inc()
        self._log.error("the queue of webhooks cannot be kept on disk", reason=str(error))

    def _count(self) -> None:
        queued: Counter[str] = Counter()
        for url in self._settings.urls:
            queued[label(url)] += self._schedule.size(url)
        for to, number in queued.items():
            self._metrics.queued.labels(to).set(number)
