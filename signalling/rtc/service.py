"""LiveKit's client protocol as one object: what the composition root starts, asks and closes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from mediaserver.connection_quality import QualityMonitor
from mediaserver.peer_connection import Offerer, PeerConnection, PeerConnectionObserver
from mediaserver.statistics import Statistics
from signalling.beat import REST_S, TICK_S, Ticker, in_parts, repeat
from signalling.rtc import responses
from signalling.rtc.api.context import ApiContext
from signalling.rtc.api.endpoint import ApiEndpoint
from signalling.rtc.api.metrics import ApiMetrics
from signalling.rtc.attendance import Attendance
from signalling.rtc.data_saving import DataSaving
from signalling.rtc.endpoint import Endpoint
from signalling.rtc.gateway import Gateway
from signalling.rtc.metrics import RtcMetrics
from signalling.rtc.sessions import Sessions, describe
from signalling.rtc.settings import RtcSettings
from signalling.rtc.snapshot import ParticipantSnapshot, RtcSnapshot, participant_snapshot, room_snapshot
from signalling.rtc.verdicts import Verdicts
from signalling.rtc.webhook_events import Hook, Hooks

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from mediaserver.clock import Clock
    from mediaserver.engine import Engine
    from mediaserver.room import Room
    from signalling.api_keys import ApiKeys

WATCH_INTERVAL_S = 1.0
"""How often lines are looked at: what ails them, what they have cost."""


class RtcService:
    """Rooms, participants and their signalling. Belongs to one event loop."""

    def __init__(
        self,
        engine: Engine,
        keys: ApiKeys,
        settings: RtcSettings,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        """`keys`: of tokens; they may change at any time."""
        self._engine = engine
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self.metrics = RtcMetrics(registry)
        self._log = structlog.get_logger(__name__)
        self.attendance = Attendance(settings, clock, self.metrics, self._connect)
        node = responses.server_info(settings, "ND_" + uuid.uuid4().hex[:12])
        self._sessions = Sessions(self.attendance, settings, keys, clock, self.metrics, node)
        self._endpoint = Endpoint(settings, keys, clock, self.metrics, self.attendance, self._sessions)
        context = ApiContext(self.attendance, settings, clock, self.metrics)
        self._api = ApiEndpoint(context, keys, ApiMetrics(registry))
        self._quality = QualityMonitor()
        self._verdicts = Verdicts(self._sessions.reporting, self.attendance, settings, self.metrics)
        self._saving = DataSaving()
        self._quality_interval_s = settings.quality_interval_s
        self._enabled_codecs = settings.enabled_codecs
        self._ticker = Ticker(TICK_S, REST_S, self._tick, self._failed)
        self.attendance.rooms.stir = self._ticker.stir
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def routes(self) -> list[web.RouteDef]:
        """`/rtc`, `/rtc/v1` and their `validate`; `/twirp`. The application must allow request lines of 64 KiB: a v1
        join carries token and offer in its query."""
        return [*self._endpoint.routes(), *self._api.routes()]

    def start(self) -> None:
        """Begins to watch time limits, audio levels and bitrates. Needs a running event loop; does nothing the second
        time."""
        self._ticker.start()
        if not self._tasks:
            self._engine.add_audio_level_handler(self.attendance.rooms.audio_levels)
            self._engine.add_layer_bitrate_handler(self.attendance.rooms.layer_bitrates)
            self._tasks = (
                self._regularly(self._quality_interval_s, self._rate_connections),
                self._regularly(WATCH_INTERVAL_S, self._watch_lines),
            )

    def tell_hooks(self, notify: Callable[[Hook], None]) -> None:
        """From now on `notify` gets what happens as webhooks are told of it."""
        hooks = Hooks(self.attendance.of, self._enabled_codecs)
        self.attendance.events.subscribe(lambda event: notify(hooks.of(event, self._clock.time())))

    def snapshot(self) -> RtcSnapshot:
        """What is going on now."""
        return RtcSnapshot(
            tuple(room_snapshot(room, self._participants(room)) for room in self.attendance.rooms)
        )

    def gateway(self) -> Gateway:
        """Where clients of other protocols come in."""
        return Gateway(self.attendance, self._settings, self._keys, self._clock, self.metrics)

    async def close(self) -> None:
        """Tells clients that the server stops, ends all sessions and leaves no task behind. Idempotent."""
        self._ticker.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.attendance.close()
        await self._endpoint.close()

    def _participants(self, room: Room) -> tuple[ParticipantSnapshot, ...]:
        present = [p for one in room.participants.values() if (p := self.attendance.of(one)) is not None]
        return tuple(
            participant_snapshot(
                presence.participant,
                connected=presence.connected,
                client=describe(presence.client),
                correlation_id=presence.correlation_id,
            )
            for presence in present
        )

    def _connect(
        self, room: Room, names: Mapping[str, str], offerer: Offerer, observer: PeerConnectionObserver
    ) -> PeerConnection:
        self.start()
        return PeerConnection(
            self._engine,
            room=room.name,
            offerer=offerer,
            observer=observer,
            clock=self._clock,
            metrics=self._engine.metrics,
            log_context=names,
        )

    def _regularly(self, interval_s: float, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(repeat(interval_s, work, self._failed), name=f"rtc{work.__name__}")

    def _failed(self) -> None:
        self.metrics.errors.labels("internal").inc()
        self._log.exception("regular work failed")

    def _tick(self, late_s: float) -> bool:
        self._verdicts.was_late(late_s)
        return self.attendance.tick(self._clock.monotonic())

    async def _watch_lines(self) -> None:
        statistics = Statistics(await self._engine.sample_statistics(), self._clock.monotonic())
        await self._verdicts.update(statistics)
        await self._saving.update(self.attendance.rooms, statistics)

    async def _rate_connections(self) -> None:
        workers = await self._engine.sample_statistics()
        rtp_bytes = sum(w.counters["rtp_bytes_in"] + w.counters["rtp_bytes_out"] for w in workers)
        self.attendance.load.observe(rtp_bytes, self._clock.monotonic())
        self._quality.begin(Statistics(workers))
        everybody = (p for room in self.attendance.rooms for p in room.participants.values())
        async for participants in in_parts(everybody):
            self._quality.rate(participants)
        rated, changed = self._quality.end(), self._quality.changed
        async for rooms in in_parts(self.attendance.rooms):
            for room in rooms:
                room.tell_quality(rated, changed)
