"""The HTTP side: WebSocket upgrades and `validate`, with the statuses that LiveKit's SDKs expect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from livekit.protocol import rtc
from structlog.contextvars import bind_contextvars
from yarl import URL

from signalling.client_network import client_network
from signalling.rtc.admission import Admission, admit, token_of
from signalling.rtc.connect_parameters import ConnectParameters, parse_v0, parse_v1
from signalling.rtc.errors import JoinError, NotAWebSocket, ServerFull, TooManyConnections
from signalling.rtc.limits import ConnectionCounts
from signalling.rtc.tokens import verify_token
from signalling.rtc.websocket import SignalConnection

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.api_keys import ApiKeys
    from signalling.rtc.attendance import Attendance
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.session import Session
    from signalling.rtc.sessions import Sessions
    from signalling.rtc.settings import RtcSettings

Parse = Callable[[Mapping[str, str]], ConnectParameters]

CORS_HEADERS = {"Access-Control-Allow-Origin": "*"}
"""A web client may be served from elsewhere; what protects is the token."""


class Endpoint:
    """Handlers for the routes of the service."""

    def __init__(
        self,
        settings: RtcSettings,
        keys: ApiKeys,
        clock: Clock,
        metrics: RtcMetrics,
        attendance: Attendance,
        sessions: Sessions,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._attendance = attendance
        self._sessions = sessions
        self._counts = ConnectionCounts()
        self._connections: set[asyncio.Task[object]] = set()
        self._log = structlog.get_logger(__name__)

    def routes(self) -> list[web.RouteDef]:
        v0 = partial(parse_v0, max_bytes=self._settings.max_join_request_bytes)
        v1 = partial(parse_v1, max_bytes=self._settings.max_join_request_bytes)
        return [
            web.get("/rtc", partial(self._serve, v0)),
            web.get("/rtc/v1", partial(self._serve, v1)),
            web.get("/rtc/validate", partial(self._validate, v0)),
            web.get("/rtc/v1/validate", partial(self._validate, v1)),
        ]

    async def close(self) -> None:
        """Waits until every WebSocket is closed; the sessions, which must have ended, said goodbye on
        them."""
        current = asyncio.current_task()
        others = [task for task in self._connections if task is not current]
        if others:
            await asyncio.wait(others)

    async def _validate(self, parse: Parse, request: web.Request) -> web.Response:
        """Tells a client why its WebSocket failed, which browsers do not."""
        try:
            self._attendance.check(self._admission(parse, request))
        except JoinError as error:
            return web.Response(status=error.status, text=str(error), headers=CORS_HEADERS)
        return web.Response(text="success", headers=CORS_HEADERS)

    async def _serve(self, parse: Parse, request: web.Request) -> web.StreamResponse:
        try:
            socket = self._socket(request)
            admission = self._admission(parse, request)
            self._attendance.check(admission)
            keys = self._acquire(admission, request)
        except JoinError as error:
            self._metrics.joins.labels(error.result).inc()
            self._log.info("join refused", status=int(error.status), reason=str(error), remote=request.remote)
            return web.Response(status=error.status, text=str(error))
        task = asyncio.current_task()
        assert task is not None, "a request handler runs in a task"
        self._connections.add(task)
        # For this task alone, to its end.
        bind_contextvars(
            correlation_id=admission.correlation_id,
            room=admission.room_name,
            identity=admission.profile.identity,
        )
        connection = SignalConnection(
            socket, partial(_abort, request), self._settings, self._clock, self._metrics
        )
        session = None
        try:
            await socket.prepare(request)
            session = await self._enter(admission, connection)
            # What follows lasts for as long as somebody is there, and an admission with its offer is some kilobytes.
            del admission
            await connection.run(session.receive if session is not None else _ignore)
        except JoinError as error:
            # Somebody else took the last seat during the handshake.
            self._metrics.joins.labels(error.result).inc()
            await socket.close(message=str(error).encode())
        finally:
            if session is not None:
                session.detach(connection)
            self._connections.discard(task)
            self._counts.release(keys)
        return socket

    async def _enter(self, admission: Admission, connection: SignalConnection) -> Session | None:
        """None: there is nothing to come back to, and the client was told so. Raises a `JoinError`."""
        if admission.parameters.reconnect:
            session = await self._sessions.resume(admission, connection)
        else:
            session = await self._sessions.join(admission, connection)
        self._metrics.joins.labels("resumed" if admission.parameters.reconnect else "joined").inc()
        return session

    def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            max_msg_size=self._settings.max_message_bytes,
            compress=bool(self._settings.websocket_compression),
            # Finds dead connections of clients that send no pings of the protocol.
            heartbeat=self._settings.websocket_heartbeat_s,
        )
        if not socket.can_prepare(request).ok:
            raise NotAWebSocket("not a WebSocket request")
        return socket

    def _admission(self, parse: Parse, request: web.Request) -> Admission:
        # Read of a copy: an address keeps its parsed query, and the request stays for as long as its WebSocket.
        query = URL.build(query_string=request.rel_url.raw_query_string, encoded=True).query
        token = token_of(request.headers, query)
        claims = verify_token(
            token, self._keys, now=self._clock.time(), leeway_s=self._settings.token_leeway_s
        )
        return admit(claims, parse(query), self._settings)

    def _acquire(self, admission: Admission, request: web.Request) -> dict[Hashable, int]:
        settings = self._settings
        keys: dict[Hashable, int] = {
            "all": settings.max_connections,
            ("address", client_network(request.remote or "")): settings.max_connections_per_address,
            (
                "identity",
                admission.room_name,
                admission.profile.identity,
            ): settings.max_connections_per_identity,
        }
        full = self._counts.acquire(keys)
        if full == "all":
            raise ServerFull("too many connections")
        if full is not None:
            raise TooManyConnections("too many connections")
        return keys


async def _ignore(request: rtc.SignalRequest) -> None:
    """For a client that is only to read why it cannot stay."""


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
