"""Webhooks as one object: what the composition root starts, tells and closes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Protocol

import structlog

from signalling.webhooks.delivery import Delivery
from signalling.webhooks.metrics import WebhookMetrics
from signalling.webhooks.sending import HttpSender, Sender
from signalling.webhooks.store import Store

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from mediaserver.clock import Clock
    from signalling.api_keys import ApiKeys
    from signalling.webhooks.settings import WebhookSettings

FILE = "webhooks.sqlite3"


class Hook(Protocol):
    """An event to be told. `key`: hooks with the same one arrive in order; `body`: JSON."""

    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def event_id(self) -> str: ...
    @property
    def body(self) -> str: ...


class Webhooks:
    """Without URLs in the settings it does nothing."""

    def __init__(
        self,
        settings: WebhookSettings,
        keys: ApiKeys,
        folder: Path,
        clock: Clock,
        registry: CollectorRegistry,
        sender: Sender | None = None,
    ) -> None:
        """`folder`: where the queue is kept; `sender`: instead of HTTP."""
        self._settings, self._keys = settings, keys
        self._delivery = Delivery(
            settings,
            keys,
            Store(folder / FILE),
            sender or HttpSender(settings.timeout_s),
            clock,
            WebhookMetrics(registry),
            SystemRandom(),
        )
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger(__name__)

    async def start(self) -> None:
        """Takes up what an earlier run left, and begins to send."""
        if not self._settings.urls:
            return
        if self._settings.api_key and self._settings.api_key not in self._keys:
            self._log.warning(
                "webhook.api_key is none of the keys, the first one signs", api_key=self._settings.api_key
            )
        if self._settings.in_vain:
            self._log.warning(
                "webhook.include_events names what never happens", events=self._settings.in_vain
            )
        await self._delivery.open()
        self._task = asyncio.create_task(self._delivery.run(), name="webhooks")

    def notify(self, hook: Hook) -> None:
        """Queues an event that the settings want to be told. Does not block."""
        if self._settings.urls and self._settings.wants(hook.name):
            self._delivery.add(hook.name, hook.key, hook.event_id, hook.body)

    async def close(self) -> None:
        """Sends what can be sent in `shutdown_s` and keeps the rest. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            self._delivery.stop()
            await task
            await self._delivery.close()
