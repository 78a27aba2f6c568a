"""One WebSocket of a signalling client: frames to requests, responses to frames, with limits on both."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from livekit.protocol import rtc

from signalling.rtc.limits import TokenBucket
from signalling.rtc.outgoing import Outgoing

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.settings import RtcSettings

CLOSE_TIMEOUT_S = 5.0
"""For sending what is queued and the closing handshake; then the connection is cut."""
MAX_REASON_BYTES = 120
"""RFC 6455, section 5.5: a control frame carries at most 125 bytes, two of them the status code."""

ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})

Receive = Callable[[rtc.SignalRequest], Awaitable[None]]


log = structlog.get_logger(__name__)


class MalformedMessage(Exception):
    """A frame that is no request."""


class SignalConnection:
    """Implements `SignalSink`. `send` never waits; a client that does not read is cut off."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        abort: Callable[[], None],
        settings: RtcSettings,
        clock: Clock,
        metrics: RtcMetrics,
    ) -> None:
        self._socket = socket
        self._abort = abort
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._json = False
        self._queue: deque[Outgoing] | None = None
        """Made when a client first does not read fast enough."""
        self._writer: asyncio.Task[None] | None = None
        """Only while something waits to be written: a task for each client, woken for each message to it, costs more
        than the message."""
        self._running = False
        self._closing: str | None = None
        self._close_timer: asyncio.TimerHandle | None = None

    def send(self, response: Outgoing) -> None:
        if self._closing is not None:
            return
        if self._writer is None:
            self._write_now(response)
            return
        if self._queue is None:
            self._queue = deque()
        if len(self._queue) < self._settings.max_outgoing_messages:
            self._queue.append(response)
        else:
            self._metrics.errors.labels("slow_client").inc()
            log.warning("the client does not read, connection cut")
            self._closing = "too slow"
            self._abort()

    def close(self, reason: str) -> None:
        if self._closing is None:
            self._closing = reason
            self._close_timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self._abort)
            self._end()

    async def run(self, receive: Receive) -> None:
        """Passes requests to `receive` until either side closes."""
        self._running = True
        self._end()
        try:
            await self._read(receive)
        finally:
            if self._closing is None:
                self._closing = ""
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.gather(self._writer, return_exceptions=True)
            if self._close_timer is not None:
                self._close_timer.cancel()

    async def _read(self, receive: Receive) -> None:
        settings = self._settings
        bucket = TokenBucket(settings.requests_per_s, settings.request_burst, self._clock.monotonic())
        # Not `async for`, which is one more coroutine for each message.
        while (message := await self._socket.receive()).type not in ENDS:
            if message.type is WSMsgType.ERROR:
                # aiohttp has closed the connection with the status that RFC 6455 asks for.
                too_big = getattr(message.data, "code", None) == WSCloseCode.MESSAGE_TOO_BIG
                self._metrics.errors.labels("too_big" if too_big else "protocol").inc()
                return
            try:
                request = self._parse(message)
            except MalformedMessage:
                self._metrics.errors.labels("malformed").inc()
                log.warning("malformed signalling message")
                await self._socket.close(code=WSCloseCode.INVALID_TEXT, message=b"malformed message")
                return
            delay = bucket.take_later(self._clock.monotonic())
            if delay > 0:
                # Not reading is enough: TCP holds the client back.
                self._metrics.errors.labels("rate").inc()
                await asyncio.sleep(delay)
            await receive(request)

    def _parse(self, message: WSMessage) -> rtc.SignalRequest:
        try:
            if message.type is WSMsgType.BINARY:
                self._json = False
                return rtc.SignalRequest.FromString(message.data)
            if message.type is WSMsgType.TEXT and self._settings.json_signalling:
                self._json = True
                return json_format.Parse(message.data, rtc.SignalRequest(), ignore_unknown_fields=True)
        except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
            raise MalformedMessage from error
        raise MalformedMessage

    def _write_now(self, response: Outgoing) -> None:
        step = self._frame(response)
        try:
            awaited = step.send(None)
        except StopIteration:
            return  # The transport has taken it.
        except ConnectionError:
            return  # The reader sees the end of the connection too, and the session waits for a new one.
        self._writer = asyncio.create_task(self._write(_finished(step, awaited)), name="signal-writer")

    def _end(self) -> None:
        """Closes the WebSocket after what waits, once it is read: the closing handshake takes two."""
        if self._closing is not None and self._running and self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="signal-writer")

    async def _write(self, begun: Awaitable[None] | None = None) -> None:
        """What waits, after what has `begun`; then the connection is closed if it is to be."""
        try:
            if begun is not None:
                await begun
            while self._queue:
                await self._frame(self._queue.popleft())
        except ConnectionError:
            self._queue = None
            return
        if self._closing is None:
            self._writer = None
        else:
            await self._socket.close(message=self._closing.encode()[:MAX_REASON_BYTES])

    def _frame(self, response: Outgoing) -> Coroutine[Any, Any, None]:
        if self._json:
            return self._socket.send_str(response.text)
        return self._socket.send_bytes(response.binary)


async def _finished(step: Coroutine[Any, Any, None], awaited: asyncio.Future[Any]) -> None:
    """The rest of a coroutine whose beginning ran outside of a task, until it waited for this. (Python 3.12 has eager
    tasks for that.)"""
    try:
        while True:
            await asyncio.wait([awaited])
            awaited = step.send(None)
    except StopIteration:
        pass
    finally:
        step.close()
