"""LiveKit's client protocol as one object: what the composition root starts, asks and closes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from mediaserver.peer_connection import Offerer, PeerConnection, PeerConnectionObserver
from signalling.rtc import responses
from signalling.rtc.attendance import Attendance
from signalling.rtc.endpoint import Endpoint
from signalling.rtc.metrics import RtcMetrics
from signalling.rtc.sessions import Sessions, describe
from signalling.rtc.settings import RtcSettings
from signalling.rtc.snapshot import ParticipantSnapshot, RtcSnapshot, participant_snapshot, room_snapshot

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from mediaserver.clock import Clock
    from mediaserver.engine import Engine
    from mediaserver.room import Room
    from signalling.api_keys import ApiKeys

TICK_S = 0.1


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
        self._clock = clock
        self._metrics = RtcMetrics(registry)
        self._log = structlog.get_logger(__name__)
        self.attendance = Attendance(
            settings, clock, self._metrics, self._connect, self._worker_for, self._room_ended
        )
        node = responses.server_info(settings, "ND_" + uuid.uuid4().hex[:12])
        self._sessions = Sessions(self.attendance, settings, keys, clock, self._metrics, node)
        self._endpoint = Endpoint(settings, keys, clock, self._metrics, self.attendance, self._sessions)
        self._ticker: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        """`/rtc`, `/rtc/v1` and their `validate`. The application must allow request lines of 64 KiB: a v1
        join carries token and offer in its query."""
        return self._endpoint.routes()

    def start(self) -> None:
        """Begins to watch time limits and audio levels. Needs a running event loop; does nothing the second
        time."""
        if self._ticker is None:
            self._engine.add_audio_level_handler(self._audio_levels)
            self._ticker = asyncio.create_task(self._tick(), name="rtc-ticker")

    def snapshot(self) -> RtcSnapshot:
        """What is going on now."""
        return RtcSnapshot(
            tuple(room_snapshot(room, self._participants(room)) for room in self.attendance.rooms)
        )

    async def close(self) -> None:
        """Tells clients that the server stops, ends all sessions and leaves no task behind. Idempotent."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        await self.attendance.close()
        await self._endpoint.close()

    def _participants(self, room: Room) -> tuple[ParticipantSnapshot, ...]:
        present = [p for one in room.participants.values() if (p := self.attendance.of(one)) is not None]
        return tuple(
            participant_snapshot(
                presence.participant,
                connected=presence.connected,
                client=describe(presence.client),
                correlation_id=presence.admission.correlation_id,
            )
            for presence in present
        )

    def _connect(
        self, room: Room, names: Mapping[str, str], offerer: Offerer, observer: PeerConnectionObserver
    ) -> PeerConnection:
        self.start()
        return PeerConnection(
            self._engine,
            worker=room.worker,
            offerer=offerer,
            observer=observer,
            clock=self._clock,
            metrics=self._engine.metrics,
            log_context=names,
        )

    def _worker_for(self, room_name: str) -> int:
        return self._engine.assign_worker(room_name)

    def _room_ended(self, room_name: str) -> None:
        self._engine.release_worker(room_name)

    def _audio_levels(self, levels: list[tuple[int, float]]) -> None:
        self.attendance.rooms.audio_levels(levels)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self.attendance.tick(self._clock.monotonic())
            except Exception:
                self._metrics.errors.labels("internal").inc()
                self._log.exception("the ticker failed")
