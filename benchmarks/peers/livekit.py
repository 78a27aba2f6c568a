"""Joins a server that speaks LiveKit's client protocol (ours, or LiveKit itself), two peer connections (v0)."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

import aiohttp
from livekit import api
from livekit.protocol import models as proto_models
from livekit.protocol import rtc as proto

from . import description
from .endpoint import Endpoint, Identity

STEP_TIMEOUT_S = 20.0


def token(key: str, secret: str, room: str, identity: str, *, publish: bool) -> str:
    grants = api.VideoGrants(room_join=True, room=room, can_publish=publish, can_subscribe=not publish)
    return api.AccessToken(key, secret).with_identity(identity).with_grants(grants).to_jwt()


@dataclass
class Signal:
    """One WebSocket; keeps answering pings in the background while the media runs."""

    socket: aiohttp.ClientWebSocketResponse
    candidates: dict[int, list[str]] = field(default_factory=lambda: {0: [], 1: []})
    _keeper: asyncio.Task[None] | None = None

    @classmethod
    async def join(cls, http: aiohttp.ClientSession, url: str, access_token: str) -> "Signal":
        query = {
            "access_token": access_token,
            "auto_subscribe": "1",
            "protocol": "15",
            "sdk": "go",
            "version": "2.0.0",
        }
        signal = cls(await http.ws_connect(f"{url}/rtc", params=query, max_msg_size=0))
        await signal.wait_for("join")
        return signal

    async def wait_for(self, kind: str, accept: object = None) -> proto.SignalResponse:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            while True:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.BINARY:
                    raise ConnectionError(f"signal connection ended while waiting for {kind}: {message!r}")
                response = proto.SignalResponse.FromString(message.data)
                found = response.WhichOneof("message")
                if found == "trickle":
                    init = json.loads(response.trickle.candidateInit)
                    self.candidates[response.trickle.target].append(init.get("candidate", ""))
                if found == kind and (accept is None or accept(response)):  # type: ignore[operator]
                    return response

    async def wait_for_candidate(self, target: int, sdp: str) -> None:
        while "candidate:" not in sdp and not any(" udp " in c.lower() for c in self.candidates[target]):
            await self.wait_for("trickle")

    async def send(self, **fields: object) -> None:
        await self.socket.send_bytes(proto.SignalRequest(**fields).SerializeToString())  # type: ignore[arg-type]

    def keep_alive(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while not self.socket.closed:
            await self.send(ping=1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    while not self.socket.closed:
                        await self.socket.receive()

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        await self.socket.close()


class LiveKitServer:
    """Adapter of the benchmark driver."""

    def __init__(self, http: aiohttp.ClientSession, url: str, key: str, secret: str, profiles: bytes) -> None:
        self._http, self._url, self._key, self._secret, self._profiles = http, url, key, secret, profiles
        self._identity = Identity.create()
        self._signals: list[Signal] = []
        self.endpoints: list[Endpoint] = []

    async def publish(
        self, room: str, *, kind: str, ssrc: int, settings: dict[str, object]
    ) -> dict[str, object]:
        """Joins and publishes one track; returns a `PublisherPlan`."""
        endpoint = self._endpoint()
        signal = await self._join(room, f"publisher-{ssrc}", publish=True)
        media_type = proto_models.VIDEO if kind == "video" else proto_models.AUDIO
        source = proto_models.CAMERA if kind == "video" else proto_models.MICROPHONE
        await signal.send(
            add_track=proto.AddTrackRequest(cid="track", name="bench", type=media_type, source=source)
        )
        await signal.wait_for("track_published")
        sdp = description.offer(endpoint, kind=kind, ssrc=ssrc, track_id="track")
        await signal.send(offer=proto.SessionDescription(type="offer", sdp=sdp))
        answered = (await signal.wait_for("answer")).answer.sdp
        await signal.wait_for_candidate(0, answered)
        remote = description.parse(answered, signal.candidates[0])
        await endpoint.connect(
            remote.address, remote.ufrag, remote.password, client=remote.setup == "passive"
        )
        signal.keep_alive()
        return description.publisher_plan(endpoint, remote, kind=kind, ssrc=ssrc, settings=settings)

    async def subscribe(self, room: str, number: int, tracks: int) -> tuple[dict[str, object], list[int]]:
        """Joins as a viewer, answers until `tracks` sections are there; returns a `PeerPlan` and the RTX types."""
        endpoint = self._endpoint()
        signal = await self._join(room, f"viewer-{number}", publish=False)
        offered, connecting = "", None
        while offered.count("\na=sendonly") + offered.count("\na=sendrecv") < tracks:
            response = await signal.wait_for("offer")
            offered = response.offer.sdp
            reply = description.answer(endpoint, offered)
            await signal.send(answer=proto.SessionDescription(type="answer", sdp=reply, id=response.offer.id))
            if connecting is None:
                await signal.wait_for_candidate(1, offered)
                remote = description.parse(offered, signal.candidates[1])
                connecting = asyncio.create_task(
                    endpoint.connect(remote.address, remote.ufrag, remote.password, client=True)
                )
        if connecting is None:
            raise ConnectionError("the server offered nothing")
        await connecting
        signal.keep_alive()
        return endpoint.plan(), description.parse(offered, signal.candidates[1]).rtx_payload_types

    async def close(self) -> None:
        await asyncio.gather(*(signal.close() for signal in self._signals))
        for endpoint in self.endpoints:
            endpoint.close()

    def _endpoint(self) -> Endpoint:
        endpoint = Endpoint(self._identity, self._profiles)
        self.endpoints.append(endpoint)
        return endpoint

    async def _join(self, room: str, identity: str, *, publish: bool) -> Signal:
        access = token(self._key, self._secret, room, identity, publish=publish)
        signal = await Signal.join(self._http, self._url, access)
        self._signals.append(signal)
        return signal
