"""The HTTP side of the server API: paths, encodings, errors, CORS. What LiveKit's server answers, it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from google.protobuf.message import Message

from signalling.rtc.api.bodies import Encoding, encoding_of, parse, render
from signalling.rtc.api.caller import authenticate
from signalling.rtc.api.context import ApiContext
from signalling.rtc.api.errors import ApiError, Code, bad_route
from signalling.rtc.api.handlers import HANDLERS
from signalling.rtc.api.metrics import ApiMetrics
from signalling.rtc.api.services import Method, methods

if TYPE_CHECKING:
    from signalling.api_keys import ApiKeys

CORS_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}
"""A web client may be served from elsewhere; what protects is the token."""
PREFLIGHT_HEADERS = {
    **CORS_HEADERS,
    "Access-Control-Allow-Methods": "POST",
    # The asterisk means all but this one (Fetch standard, section 4.9).
    "Access-Control-Allow-Headers": "Authorization, *",
    "Access-Control-Max-Age": "86400",
}

PATH = "/twirp/{service}/{method}"


class ApiEndpoint:
    """Handlers for the routes of the server API."""

    def __init__(self, context: ApiContext, keys: ApiKeys, metrics: ApiMetrics) -> None:
        self._context = context
        self._keys = keys
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", PATH, self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=PREFLIGHT_HEADERS)
        clock = self._context.clock
        began = clock.monotonic()
        method = methods().get((request.match_info["service"], request.match_info["method"]))
        try:
            response = await self._call(method, request)
            code = "ok"
        except ApiError as error:
            response, code = web.json_response(error.as_json(), status=error.status), error.code.value
        name = f"{method.service}.{method.name}" if method is not None else "unknown"
        self._metrics.requests.labels(name, code).inc()
        self._metrics.seconds.labels(name).observe(clock.monotonic() - began)
        response.headers.update(CORS_HEADERS)
        return response

    async def _call(self, method: Method | None, request: web.Request) -> web.Response:
        if request.method != "POST":
            message = f'unsupported method "{request.method}" (only POST is allowed)'
            raise bad_route(message, request.method, request.path)
        if method is None:
            raise bad_route(f'no handler for path "{request.path}"', request.method, request.path)
        content_type = request.headers.get("Content-Type", "")
        encoding = encoding_of(content_type)
        if encoding is None:
            message = f'unexpected Content-Type: "{content_type}"'
            raise bad_route(message, request.method, request.path)
        answer = await self._answer(method, request, await request.read(), encoding)
        return web.Response(body=render(answer, encoding), content_type=encoding.value)

    async def _answer(self, method: Method, request: web.Request, body: bytes, encoding: Encoding) -> Message:
        context = self._context
        now, leeway_s = context.clock.time(), context.settings.token_leeway_s
        caller = authenticate(request.headers, request.query, body, self._keys, now=now, leeway_s=leeway_s)
        message = parse(body, encoding, method.request)
        handler = HANDLERS.get((f"livekit.{method.service}", method.name))
        if handler is None:
            raise method.refuse(caller, message)
        try:
            return await handler(context, caller, message)
        except ApiError:
            raise
        except Exception as error:
            context.metrics.errors.labels("internal").inc()
            self._log.exception("a call failed", method=method.name)
            raise ApiError(Code.INTERNAL, "internal error") from error
