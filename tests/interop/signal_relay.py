"""A client behind a line of its own: its signalling is passed on, with the line in place of the server's addresses.

What the server says of streams is noted on the way: the Python SDK does not show it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from livekit.protocol import rtc as proto

from .impaired import Address
from .line_process import LineProcess, Way, line_process

#: RFC 8839, section 5.1: foundation, component, transport, priority, address, port.
CANDIDATE = re.compile(r"(candidate:\S+ \d+ )(\S+)( \d+ )(\S+) (\d+)( typ .*)")
IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+")
PASSED_HEADERS = ("Authorization", "User-Agent")


@dataclass
class Behind:
    """The client's door to the server."""

    port: int
    """Of its HTTP and WebSocket, on localhost."""
    line: LineProcess
    states: list[tuple[float, str, bool]] = field(default_factory=list)
    """(event loop's time, track, whether it is paused) as the server told the client."""

    @property
    def websocket(self) -> str:
        return f"ws://localhost:{self.port}"

    def paused(self, track: str) -> bool:
        """As told last."""
        return next((paused for _, sid, paused in reversed(self.states) if sid == track), False)


class SignalRelay:
    """Passes HTTP and WebSockets on to `server` (http://host:port)."""

    def __init__(self, http: aiohttp.ClientSession, server: str, behind: Behind) -> None:
        self._http = http
        self._server = server
        self._behind = behind
        self._far_end: Address | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        url = f"{self._server}{request.rel_url}"
        headers = {name: request.headers[name] for name in PASSED_HEADERS if name in request.headers}
        if request.headers.get("Upgrade", "").lower() != "websocket":
            async with self._http.request(request.method, url, headers=headers) as answer:
                return web.Response(status=answer.status, body=await answer.read())
        try:
            upstream = await self._http.ws_connect(url, headers=headers, max_msg_size=0)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        client = web.WebSocketResponse(max_msg_size=0)
        await client.prepare(request)
        passing = [
            asyncio.ensure_future(self._to_server(client, upstream)),
            asyncio.ensure_future(self._to_client(upstream, client)),
        ]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)
            await upstream.close()
            await client.close()
        return client

    async def _to_server(
        self, client: web.WebSocketResponse, server: aiohttp.ClientWebSocketResponse
    ) -> None:
        async for message in client:
            if message.type is aiohttp.WSMsgType.BINARY:
                await server.send_bytes(message.data)

    async def _to_client(
        self, server: aiohttp.ClientWebSocketResponse, client: web.WebSocketResponse
    ) -> None:
        async for message in server:
            if message.type is aiohttp.WSMsgType.BINARY:
                response = proto.SignalResponse.FromString(message.data)
                known = self._far_end
                told = self._rewritten(response)
                if self._far_end is not None and self._far_end != known:
                    await self._behind.line.lead_to(self._far_end)
                if told:
                    await client.send_bytes(response.SerializeToString())

    def _rewritten(self, response: proto.SignalResponse) -> bool:
        """Puts the line's addresses in; False when nothing is left to be said."""
        kind = response.WhichOneof("message")
        if kind in ("join", "reconnect"):
            del getattr(response, kind).ice_servers[:]  # no way around the line
        elif kind in ("offer", "answer"):
            description = getattr(response, kind)
            lines = [self._candidate(line) for line in description.sdp.split("\r\n")]
            description.sdp = "\r\n".join(line for line in lines if line is not None)
        elif kind == "trickle":
            init = json.loads(response.trickle.candidateInit)
            candidate = self._candidate(init.get("candidate", ""))
            if candidate is None:
                return False
            response.trickle.candidateInit = json.dumps(init | {"candidate": candidate})
        elif kind == "stream_state_update":
            now = asyncio.get_running_loop().time()
            for state in response.stream_state_update.stream_states:
                paused = state.state == proto.StreamState.PAUSED
                self._behind.states.append((now, state.track_sid, paused))
        return True

    def _candidate(self, line: str) -> str | None:
        """A line with the relay's port; None for a candidate that the line does not lead to."""
        match = CANDIDATE.search(line)
        if match is None:
            return line
        head, transport, priority, host, port, rest = match.groups()
        if transport.lower() != "udp" or IPV4.fullmatch(host) is None:
            return None
        if self._far_end is None:
            self._far_end = (host, int(port))
        return f"{line[: match.start()]}{head}{transport}{priority}{host} {self._behind.line.port}{rest}"


@asynccontextmanager
async def behind(server: str, *, up: Way, down: Way) -> AsyncIterator[Behind]:
    """A door to `server` (http://host:port) for one client, whose media takes a line of these two ways."""
    async with line_process(up=up, down=down) as line, aiohttp.ClientSession() as http:
        made = Behind(0, line)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", SignalRelay(http, server, made).handle)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            made.port = runner.addresses[0][1]
            yield made
        finally:
            await runner.cleanup()
