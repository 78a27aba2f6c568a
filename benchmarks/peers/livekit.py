"""Joins a server that speaks LiveKit's client protocol (ours, or LiveKit itself), one peer connection each (v1)."""

import asyncio
import base64
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
from livekit import api
from livekit.protocol import models as proto_models
from livekit.protocol import rtc as proto

from . import description
from .endpoint import Endpoint, Identity
from .first_media import send_first_packets
from .plan import PeerPlan, PublisherPlan, Traffic

STEP_TIMEOUT_S = 20.0


def token(
    key: str,
    secret: str,
    room: str,
    identity: str,
    *,
    publish: bool,
    attributes: Mapping[str, str] | None = None,
) -> str:
    grants = api.VideoGrants(room_join=True, room=room, can_publish=publish, can_subscribe=True)
    access = api.AccessToken(key, secret).with_identity(identity).with_grants(grants)
    return access.with_attributes(dict(attributes or {})).to_jwt()


@dataclass
class Signal:
    """One WebSocket; pings in the background while the media runs, as often as the server says."""

    socket: aiohttp.ClientWebSocketResponse
    candidates: list[str] = field(default_factory=list)
    ping_interval_s: float = 5.0
    _keeper: asyncio.Task[None] | None = None

    @classmethod
    async def join(
        cls, http: aiohttp.ClientSession, url: str, access_token: str, *, auto_subscribe: bool
    ) -> "Signal":
        request = proto.JoinRequest(
            client_info=proto_models.ClientInfo(sdk=proto_models.ClientInfo.GO, version="2.0.0", protocol=16),
            connection_settings=proto.ConnectionSettings(auto_subscribe=auto_subscribe),
        )
        wrapped = proto.WrappedJoinRequest(join_request=request.SerializeToString()).SerializeToString()
        query = {"access_token": access_token, "join_request": base64.urlsafe_b64encode(wrapped).decode()}
        signal = cls(await http.ws_connect(f"{url}/rtc/v1", params=query, max_msg_size=0))
        signal.ping_interval_s = (await signal.wait_for("join")).join.ping_interval
        return signal

    async def wait_for(self, kind: str) -> proto.SignalResponse:
        """The next message of this kind; candidates that come meanwhile are kept."""
        async with asyncio.timeout(STEP_TIMEOUT_S):
            while True:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.BINARY:
                    raise ConnectionError(f"signal connection ended while waiting for {kind}: {message!r}")
                response = proto.SignalResponse.FromString(message.data)
                found = response.WhichOneof("message")
                if found == "trickle":
                    init = json.loads(response.trickle.candidateInit)
                    self.candidates.append(init.get("candidate", ""))
                if found == kind:
                    return response

    async def negotiate(self, offered: str) -> str:
        """Offers; the answer, once an IPv4 candidate of the server is known."""
        await self.send(offer=proto.SessionDescription(type="offer", sdp=offered))
        answered: str = (await self.wait_for("answer")).answer.sdp
        while not description.has_candidate(answered, self.candidates):
            await self.wait_for("trickle")
        return answered

    async def send(self, **fields: object) -> None:
        await self.socket.send_bytes(proto.SignalRequest(**fields).SerializeToString())  # type: ignore[arg-type]

    def keep_alive(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while not self.socket.closed:
            await self.send(ping=1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.ping_interval_s):
                    while not self.socket.closed:
                        await self.socket.receive()

    async def stop_keeping(self) -> None:
        """What comes from now on is left to `wait_for`."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    async def close(self) -> None:
        await self.stop_keeping()
        await self.socket.close()


@dataclass(frozen=True)
class Speaker:
    """A participant that publishes one track."""

    room: str
    kind: str
    endpoint: Endpoint
    signal: Signal
    track_sid: str


class LiveKitServer:
    """Adapter of the benchmark driver."""

    def __init__(self, http: aiohttp.ClientSession, url: str, key: str, secret: str, profiles: bytes) -> None:
        self._http, self._url, self._key, self._secret, self._profiles = http, url, key, secret, profiles
        self._identity = Identity.create()
        self._signals: list[Signal] = []
        self._speakers: dict[int, Speaker] = {}
        self.kind = "video"
        """What viewers offer to receive; that of the last track that was published."""
        self.endpoints: list[Endpoint] = []
        self.publishers_attributes: Mapping[str, str] = {}
        """Of the tokens of who joins from now on."""
        self.viewers_attributes: Mapping[str, str] = {}

    async def publish(self, room: str, *, kind: str, ssrc: int, traffic: Traffic) -> PublisherPlan:
        """Joins and publishes one track, subscribes to none; returns a `PublisherPlan`."""
        self.kind = kind
        endpoint = self._endpoint()
        signal = await self._join(room, f"publisher-{ssrc}", publish=True)
        media_type = proto_models.VIDEO if kind == "video" else proto_models.AUDIO
        source = proto_models.CAMERA if kind == "video" else proto_models.MICROPHONE
        await signal.send(
            add_track=proto.AddTrackRequest(cid="track", name="bench", type=media_type, source=source)
        )
        published = (await signal.wait_for("track_published")).track_published
        offered = description.offer(endpoint, kind=kind, ssrc=ssrc, track_id="track")
        remote = description.parse(await signal.negotiate(offered), signal.candidates)
        await self._connect(endpoint, remote)
        plan = description.publisher_plan(endpoint, remote, kind=kind, ssrc=ssrc, traffic=traffic)
        await send_first_packets(endpoint, description.CODEC[kind][0], ssrc)
        signal.keep_alive()
        self._speakers[ssrc] = Speaker(room, kind, endpoint, signal, published.track.sid)
        return plan

    async def subscribe(
        self, room: str, number: int, tracks: int, kinds: Sequence[str] = ()
    ) -> tuple[PeerPlan, list[int]]:
        """Joins as a viewer, offers until `tracks` sections bring media; returns a `PeerPlan` and the RTX types.
        `kinds`: of the sections, where they differ; one of `description.CODEC` each."""
        endpoint = self._endpoint()
        signal = await self._join(room, f"viewer-{number}", publish=False)
        offered = description.viewer_offer(endpoint, kinds or [self.kind] * tracks)
        answered = await signal.negotiate(offered)
        await self._connect(endpoint, description.parse(answered, signal.candidates))
        return await self._until_sending(endpoint, signal, offered, answered, tracks)

    async def receive_others(self, ssrc: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        """Who publishes `ssrc` receives the `tracks` of all others, too, on the same connection."""
        speaker = self._speakers[ssrc]
        others = [
            one.track_sid
            for one in self._speakers.values()
            if one.room == speaker.room and one is not speaker
        ]
        endpoint, signal = speaker.endpoint, speaker.signal
        await signal.stop_keeping()
        await signal.send(subscription=proto.UpdateSubscription(track_sids=others, subscribe=True))
        await signal.wait_for("media_sections_requirement")
        offered = description.offer(endpoint, kind=speaker.kind, ssrc=ssrc, track_id="track", receives=tracks)
        answered = await signal.negotiate(offered)
        return await self._until_sending(endpoint, signal, offered, answered, tracks)

    @staticmethod
    async def _until_sending(
        endpoint: Endpoint, signal: Signal, offered: str, answered: str, tracks: int
    ) -> tuple[PeerPlan, list[int]]:
        while description.sections_sending(answered) < tracks:
            await signal.wait_for("media_sections_requirement")
            answered = await signal.negotiate(offered)
        signal.keep_alive()
        remote = description.parse(answered, signal.candidates)
        return endpoint.plan(remote.transport_sequence_id), remote.rtx_payload_types

    async def say(self, **request: object) -> None:
        """Sends a request for each that has joined."""
        for signal in self._signals:
            await signal.send(**request)

    async def leave(self) -> None:
        """Takes all that have joined out of their rooms."""
        await self.say(leave=proto.LeaveRequest(reason=proto_models.CLIENT_INITIATED))

    async def close(self) -> None:
        await asyncio.gather(*(signal.close() for signal in self._signals))
        for endpoint in self.endpoints:
            endpoint.close()

    @staticmethod
    async def _connect(endpoint: Endpoint, remote: description.Remote) -> None:
        await endpoint.connect(
            remote.address, remote.ufrag, remote.password, client=remote.setup == "passive"
        )

    def _endpoint(self) -> Endpoint:
        endpoint = Endpoint(self._identity, self._profiles)
        self.endpoints.append(endpoint)
        return endpoint

    async def _join(self, room: str, identity: str, *, publish: bool) -> Signal:
        attributes = self.publishers_attributes if publish else self.viewers_attributes
        access = token(self._key, self._secret, room, identity, publish=publish, attributes=attributes)
        signal = await Signal.join(self._http, self._url, access, auto_subscribe=not publish)
        self._signals.append(signal)
        return signal
