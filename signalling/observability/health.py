"""Probes and the scrape endpoint."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from signalling.pages.api import is_operator
from signalling.pages.security import error

LOOPBACK = ("127.0.0.1", "::1")
#: RFC 7239 and the header that it was to replace.
FORWARDED = ("Forwarded", "X-Forwarded-For")


class Health:
    """`ready` lists what is missing; empty: ready."""

    def __init__(
        self, registry: CollectorRegistry, ready: Callable[[], list[str]], operator_token: str
    ) -> None:
        self._registry, self._ready, self._token = registry, ready, operator_token

    def routes(self) -> list[web.RouteDef]:
        """/healthz, /readyz, /metrics."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
            web.get("/metrics", self._metrics),
        ]

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok"})

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        missing = self._ready()
        status = 503 if missing else 200
        return web.json_response(
            {"status": "not ready" if missing else "ok", "missing": missing}, status=status
        )

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        if not _is_local(request) and not is_operator(request, self._token):
            return error(401, "OPERATOR_TOKEN", "The operator's token is needed")
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_local(request: web.Request) -> bool:
    """True for a program on this machine, other than a proxy that speaks for somebody else."""
    return request.remote in LOOPBACK and not any(name in request.headers for name in FORWARDED)
