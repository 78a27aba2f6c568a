"""What every answer carries and what every request passes: headers, limits, one correlation id."""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web

from signalling.config import HttpSettings
from signalling.problem import problem
from signalling.rate_limit import RateLimit


@dataclass(frozen=True)
class RateLimits:
    """For each kind of path its own."""

    pages: RateLimit
    signalling: RateLimit
    server_api: RateLimit
    hls: RateLimit

    def of(self, path: str) -> RateLimit:
        if is_server_api(path):
            return self.server_api
        if path.startswith("/hls/"):
            return self.hls
        return self.signalling if is_signalling(path) else self.pages


#: For the log, as nginx has it: nobody is there to read an answer.
GONE = 499
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: Probes must never be refused.
UNLIMITED = ("/healthz", "/readyz")
#: WHIP and WHEP tell errors as problem details (RFC 9457).
GATEWAYS = ("/whip", "/whep")
CORRELATION_HEADER = "X-Correlation-Id"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
#: blob: for downloads and workers that livekit-client makes of itself; ws(s) is of this host only.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "connect-src 'self' {sockets}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
log = structlog.get_logger("signalling.http")


def error(status: int, code: str, message: str) -> web.Response:
    """The one shape of API errors."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def too_large(request: web.Request) -> web.Response:
    """For a body beyond the limit of its path."""
    return _refused(request, 413, "TOO_LARGE", "The request is too large")


def _refused(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if is_server_api(request.path):
        return web.json_response({"code": "resource_exhausted", "msg": message}, status=status)
    return _error(request, status, code, message)


def _error(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if request.path.startswith(GATEWAYS):
        return problem(status, message)
    return error(status, code, message)


def is_signalling(path: str) -> bool:
    """True for what clients open media sessions with, false for pages and API."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in ("/rtc", *GATEWAYS))


def is_server_api(path: str) -> bool:
    """True for LiveKit's server API, whose errors have a shape of their own."""
    return path.startswith("/twirp/")


def client_address(request: web.Request, settings: HttpSettings) -> str:
    """The peer's address, or the one that a trusted proxy names."""
    remote = request.remote or ""
    if remote not in settings.trusted_proxies:
        return remote
    # What the proxy itself adds comes last: in the last line, or at its end.
    lines = request.headers.getall("X-Forwarded-For", [])
    return (lines[-1].rpartition(",")[2].strip() if lines else "") or remote


def middleware(
    settings: HttpSettings, limits: RateLimits, body_limits: Mapping[str, int]
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Limits, correlation id, access log and headers around every handler, which sees the client's address as
    `remote`. `body_limits`: bytes for single routes, by their path, instead of the settings' `max_body_bytes`."""

    def refusal(request: web.Request) -> web.Response | None:
        if request.path not in UNLIMITED and not limits.of(request.path).allow(request.remote or ""):
            return _refused(request, 429, "TOO_MANY_REQUESTS", "Too many requests, please wait a moment")
        if (request.content_length or 0) > request.client_max_size:
            return too_large(request)
        return None

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = client_address(request, settings)
        if address != request.remote:
            request = request.clone(remote=address)
        resource = request.match_info.route.resource
        if resource is not None and (most := body_limits.get(resource.canonical)) is not None:
            request = request.clone(client_max_size=most)
        given = request.headers.get(CORRELATION_HEADER, "")
        correlation_id = given if _CORRELATION_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        refused = refusal(request)
        response = refused if refused is not None else await _answer(request, handler)
        if not response.prepared:
            _add_headers(request, response, correlation_id)
        if not request.path.startswith("/assets/"):
            log.info("request", method=request.method, path=_loggable(request.path), status=response.status)
        return response

    return around


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return too_large(request)
    except web.HTTPException as exception:
        return _exception_answer(request, exception)
    except Exception as exception:
        if isinstance(exception, ConnectionError) and _has_left(request):
            return web.Response(status=GONE)
        log.exception("a handler failed", method=request.method, path=_loggable(request.path))
        if request.writer.output_size:
            raise  # an answer has begun, a WebSocket perhaps: the connection is cut
        return _error(request, 500, "INTERNAL", "Something went wrong")


def _has_left(request: web.Request) -> bool:
    """The client has closed its connection: no fault of the server's."""
    return request.transport is None or request.transport.is_closing()


def _exception_answer(request: web.Request, exception: web.HTTPException) -> web.Response:
    if exception.status >= 400 and request.path.startswith(("/api/", *GATEWAYS)):
        response = _error(request, exception.status, "REQUEST", exception.reason)
    else:
        response = web.Response(status=exception.status, text=exception.reason)
    response.headers.update(_kept(exception))
    return response


def _kept(exception: web.HTTPException) -> dict[str, str]:
    """Headers of an exception that mean something to the client."""
    return {name: exception.headers[name] for name in ("Allow", "Location") if name in exception.headers}


def _loggable(path: str) -> str:
    """Codes of links are secrets: only their first characters go into logs."""
    return re.sub(r"(/(?:l|lessons|calendar|welcome|hls|watch|wh[ie]p/v1)/[^/]{4})[^/]*", r"\1…", path)


def _add_headers(request: web.Request, response: web.StreamResponse, correlation_id: str) -> None:
    host = re.sub(r"[^A-Za-z0-9.:\[\]-]", "", request.host)
    headers = response.headers
    headers[CORRELATION_HEADER] = correlation_id
    headers["Content-Security-Policy"] = POLICY.format(sockets=f"ws://{host} wss://{host}")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(self), microphone=(self), display-capture=(self), geolocation=()"
    if request.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    headers.setdefault("Cache-Control", "no-store")
