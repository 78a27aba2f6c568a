"""WHIP and WHEP as one object for the composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalling.whip import protocols
from signalling.whip.endpoint import Endpoint
from signalling.whip.metrics import WhipMetrics
from signalling.whip.sessions import WhipSessions

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import CollectorRegistry

    from signalling.rtc.gateway import Gateway
    from signalling.whip.endpoint import Passes
    from signalling.whip.settings import WhipSettings


class WhipService:
    """Its sessions end with those of the gateway."""

    def __init__(
        self,
        gateway: Gateway,
        settings: WhipSettings,
        registry: CollectorRegistry,
        passes: Passes | None = None,
    ) -> None:
        """`passes`: whose codes are taken as bearer tokens."""
        self._settings = settings
        metrics = WhipMetrics(registry)
        sessions = WhipSessions(settings, metrics)
        self._endpoints = [
            Endpoint(make(gateway, sessions), gateway, sessions, settings, metrics, passes)
            for make in (protocols.whip, protocols.whep)
        ]

    def routes(self) -> list[web.RouteDef]:
        """`/whip/v1` and `/whep/v1` with their sessions, if they are switched on."""
        if not self._settings.enabled:
            return []
        return [route for endpoint in self._endpoints for route in endpoint.routes()]
