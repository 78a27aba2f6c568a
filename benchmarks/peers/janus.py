"""Joins Janus' VideoRoom over its WebSocket API. The server runs as ICE lite, as SFUs with a public port do."""

import asyncio
import secrets
from pathlib import Path

import aiohttp

from . import description
from .endpoint import Endpoint, Identity
from .plan import PeerPlan, PublisherPlan, Traffic

STEP_TIMEOUT_S = 20.0
KEEPALIVE_S = 20.0
PLUGIN = "janus.plugin.videoroom"


def write_configuration(folder: Path, *, websocket_port: int, rtp_ports: str, event_loops: int) -> None:
    """A configuration of only what the benchmark uses; `event_loops` 0 is one thread for each peer connection."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "janus.jcfg").write_text(
        f"""general: {{
  debug_level = 3
  {f"event_loops = {event_loops}" if event_loops else ""}
}}
media: {{ rtp_port_range = "{rtp_ports}" }}
nat: {{
  ice_lite = true
  full_trickle = false
}}
plugins: {{
  disable = "libjanus_audiobridge.so,libjanus_echotest.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so,libjanus_duktape.so,libjanus_lua.so"
}}
transports: {{ disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }}
"""
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f'general: {{\n  json = "compact"\n  ws = true\n  ws_port = {websocket_port}\n  ws_ip = "127.0.0.1"\n}}\n'
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


class JanusServer:
    """Adapter of the benchmark driver; the same methods as `LiveKitServer`."""

    def __init__(self, http: aiohttp.ClientSession, url: str, profiles: bytes) -> None:
        self._http, self._url, self._profiles = http, url, profiles
        self._identity = Identity.create()
        self.endpoints: list[Endpoint] = []
        self._rooms: dict[str, int] = {}
        self._feeds: dict[str, dict[int, int]] = {}
        """Of each room by SSRC."""
        self._creating = asyncio.Lock()
        self._up: dict[int, asyncio.Event] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, object]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._session = 0

    async def start(self) -> None:
        self._socket = await self._http.ws_connect(self._url, protocols=("janus-protocol",), max_msg_size=0)
        self._tasks = [asyncio.create_task(self._read())]
        self._session = (await self._request({"janus": "create"}))["data"]["id"]  # type: ignore[index]
        self._tasks.append(asyncio.create_task(self._keep_alive()))

    async def publish(self, room: str, *, kind: str, ssrc: int, traffic: Traffic) -> PublisherPlan:
        endpoint = self._endpoint()
        handle = await self._attach()
        number = await self._room(room, handle)
        joined = await self._message(handle, {"request": "join", "ptype": "publisher", "room": number})
        feed = joined["plugindata"]["data"]["id"]  # type: ignore[index]
        sdp = description.offer(endpoint, kind=kind, ssrc=ssrc, track_id="track")
        reply = await self._message(handle, {"request": "publish"}, {"type": "offer", "sdp": sdp})
        remote = description.parse(reply["jsep"]["sdp"])  # type: ignore[index]
        await endpoint.connect(
            remote.address, remote.ufrag, remote.password, client=remote.setup == "passive"
        )
        async with asyncio.timeout(STEP_TIMEOUT_S):
            await self._up.setdefault(handle, asyncio.Event()).wait()  # only then can others subscribe
        self._feeds.setdefault(room, {})[ssrc] = feed
        return description.publisher_plan(endpoint, remote, kind=kind, ssrc=ssrc, traffic=traffic)

    async def subscribe(self, room: str, number: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        return await self._receive(room, list(self._feeds[room].values())[:tracks])

    async def receive_others(self, ssrc: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        """Who publishes `ssrc` receives the `tracks` of all others on a second connection, as Janus does it."""
        room = next(room for room, feeds in self._feeds.items() if ssrc in feeds)
        return await self._receive(
            room, [feed for other, feed in self._feeds[room].items() if other != ssrc][:tracks]
        )

    async def _receive(self, room: str, feeds: list[int]) -> tuple[PeerPlan, list[int]]:
        endpoint = self._endpoint()
        handle = await self._attach()
        streams = [{"feed": feed} for feed in feeds]
        body = {"request": "join", "ptype": "subscriber", "room": self._rooms[room], "streams": streams}
        offered = (await self._message(handle, body))["jsep"]["sdp"]  # type: ignore[index]
        remote = description.parse(offered)
        jsep = {"type": "answer", "sdp": description.answer(endpoint, offered)}
        await self._message(handle, {"request": "start"}, jsep)
        await endpoint.connect(remote.address, remote.ufrag, remote.password, client=True)
        return endpoint.plan(remote.transport_sequence_id), remote.rtx_payload_types

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        for endpoint in self.endpoints:
            endpoint.close()

    def _endpoint(self) -> Endpoint:
        endpoint = Endpoint(self._identity, self._profiles)
        self.endpoints.append(endpoint)
        return endpoint

    async def _attach(self) -> int:
        reply = await self._request({"janus": "attach", "plugin": PLUGIN})
        return reply["data"]["id"]  # type: ignore[index,no-any-return]

    async def _room(self, name: str, handle: int) -> int:
        async with self._creating:
            if name not in self._rooms:
                number = len(self._rooms) + 1000
                body = {
                    "request": "create", "room": number, "publishers": 2000, "bitrate": 0,
                    "videocodec": "vp8", "audiocodec": "opus", "fir_freq": 0, "notify_joining": False,
                }  # fmt: skip
                await self._message(handle, body)
                self._rooms[name] = number
        return self._rooms[name]

    async def _message(
        self, handle: int, body: dict[str, object], jsep: dict[str, str] | None = None
    ) -> dict[str, object]:
        request: dict[str, object] = {"janus": "message", "handle_id": handle, "body": body}
        if jsep is not None:
            request["jsep"] = jsep
        reply = await self._request(request)
        data = reply.get("plugindata", {}).get("data", {})  # type: ignore[attr-defined]
        if "error" in data:
            raise RuntimeError(f"Janus: {data['error']}")
        return reply

    async def _request(self, message: dict[str, object]) -> dict[str, object]:
        if self._socket is None:
            raise RuntimeError("start() first")
        transaction = secrets.token_hex(8)
        future: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        await self._socket.send_json({**message, "transaction": transaction, "session_id": self._session})
        async with asyncio.timeout(STEP_TIMEOUT_S):
            return await future

    async def _read(self) -> None:
        if self._socket is None:
            raise RuntimeError("start() first")
        async for message in self._socket:
            reply = message.json()
            if reply.get("janus") == "ack":
                continue  # the event with the same transaction follows
            if reply.get("janus") == "webrtcup":
                self._up.setdefault(reply["sender"], asyncio.Event()).set()
            future = self._waiting.pop(reply.get("transaction", ""), None)
            if future is None or future.done():
                continue
            if reply.get("janus") == "error":
                future.set_exception(RuntimeError(f"Janus: {reply['error']}"))
            else:
                future.set_result(reply)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S)
            await self._request_quietly({"janus": "keepalive"})

    async def _request_quietly(self, message: dict[str, object]) -> None:
        if self._socket is not None:
            await self._socket.send_json({**message, "transaction": "keep", "session_id": self._session})
