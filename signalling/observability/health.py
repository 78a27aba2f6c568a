"""Probes and the scrape endpoint."""

import hmac
from collections.abc import Callable

from aiohttp import encode_basic_auth, web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from signalling.config import MetricsSettings
from signalling.pages.api import is_operator
from signalling.pages.security import error

LOOPBACK = ("127.0.0.1", "::1")
#: RFC 7239 and the header that it was to replace.
FORWARDED = ("Forwarded", "X-Forwarded-For")


class Health:
    """`ready` lists what is missing; empty: ready."""

    def __init__(
        self,
        registry: CollectorRegistry,
        ready: Callable[[], list[str]],
        operator_token: str,
        metrics: MetricsSettings,
    ) -> None:
        self._registry, self._ready, self._token = registry, ready, operator_token
        self._metrics_settings = metrics

    def routes(self) -> list[web.RouteDef]:
        """/healthz, /readyz, /metrics."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
            *self.metrics_routes(),
        ]

    def metrics_routes(self) -> list[web.RouteDef]:
        """/metrics."""
        return [web.get("/metrics", self._metrics)]

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok"})

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        missing = self._ready()
        status = 503 if missing else 200
        return web.json_response(
            {"status": "not ready" if missing else "ok", "missing": missing}, status=status
        )

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        if not (
            _is_local(request)
            or is_operator(request, self._token)
            or _has_password(request, self._metrics_settings)
        ):
            return error(401, "OPERATOR_TOKEN", "The operator's token is needed")
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _has_password(request: web.Request, metrics: MetricsSettings) -> bool:
    """True with the user name and password of the settings (RFC 7617)."""
    wanted = encode_basic_auth(metrics.username, metrics.password)
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    return hmac.compare_digest(given, wanted.encode()) and bool(metrics.password)


def _is_local(request: web.Request) -> bool:
    """True for a program on this machine, other than a proxy that speaks for somebody else."""
    return request.remote in LOOPBACK and not any(name in request.headers for name in FORWARDED)
