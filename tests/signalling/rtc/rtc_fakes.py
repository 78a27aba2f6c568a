"""A signalling server without sockets, and clients that are lists of what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol import models, rtc
from prometheus_client import CollectorRegistry

from mediaserver.participant import Participant, ParticipantState
from mediaserver.peer_connection import ConnectionState, Offerer, PeerConnection, PeerConnectionObserver
from mediaserver.room import Room
from signalling.api_keys import ApiKeys
from signalling.rtc import responses
from signalling.rtc.admission import Admission, admit
from signalling.rtc.attendance import Attendance
from signalling.rtc.connect_parameters import ConnectParameters
from signalling.rtc.metrics import RtcMetrics
from signalling.rtc.outgoing import Outgoing
from signalling.rtc.session import Session
from signalling.rtc.sessions import Sessions
from signalling.rtc.settings import RtcSettings
from signalling.rtc.tokens import Claims, VideoGrants
from tests.mediaserver.room_fakes import FakeClock, FakeConnection, connect, fake, offer_of, section

KEYS = {"devkey": "secret"}
NEW_KEYS = {"newkey": "another secret"}


@dataclass(eq=False)
class FakeSink:
    """Where a session's responses go."""

    responses: list[rtc.SignalResponse] = field(default_factory=list)
    closed: str | None = None
    session: Session | None = None

    def send(self, response: Outgoing) -> None:
        assert self.closed is None, "nothing is sent after the end"
        self.responses.append(rtc.SignalResponse.FromString(response.binary))

    def close(self, reason: str) -> None:
        self.closed = reason
        if self.session is not None:
            # The client reads to the end, then it is gone.
            asyncio.get_running_loop().call_soon(self.session.detach, self)


@dataclass(eq=False)
class Client:
    """One client as seen from the server."""

    world: World
    session: Session
    sink: FakeSink

    @property
    def participant(self) -> Participant:
        return self.session.participant

    @property
    def present(self) -> bool:
        """Whether the participant is still in its room."""
        return self.participant.state is not ParticipantState.DISCONNECTED

    @property
    def publisher(self) -> FakeConnection:
        return fake(self.participant.publisher_connection)

    @property
    def subscriber(self) -> FakeConnection:
        return fake(self.participant.subscriber_connection)

    async def request(self, **message: Any) -> None:
        """Sends a request and lets the session do all that follows from it."""
        await self.session.handle(rtc.SignalRequest(**message))
        await self.world.work()

    def told(self, kind: str) -> list[Any]:
        """All responses of one kind so far."""
        return [getattr(r, kind) for r in self.sink.responses if r.WhichOneof("message") == kind]

    def kinds(self) -> list[str | None]:
        return [r.WhichOneof("message") for r in self.sink.responses]

    def forget(self) -> None:
        self.sink.responses.clear()

    def media_connects(self) -> None:
        for connection in {self.publisher, self.subscriber}:
            connection.become(ConnectionState.CONNECTED)

    async def publish(self, kind: str = "audio", cid: str = "", **request: Any) -> str:
        """Announces a track and offers its section together with those before. Returns the sid."""
        tracks = self.participant.publisher.tracks.values()
        cid = cid or f"{kind}-{len(tracks)}"
        number = models.TrackType.AUDIO if kind == "audio" else models.TrackType.VIDEO
        await self.request(add_track=rtc.AddTrackRequest(cid=cid, type=number, **request))
        sid: str = self.told("track_published")[-1].track.sid
        sections = [section(s.mid, s.kind, s.sdp_track_id) for t in tracks for s in t.streams]
        sections.append(section(f"{kind[0]}{len(tracks)}", kind, cid))
        await self.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of(*sections)))
        return sid


class World:
    """Everything but sockets and media."""

    def __init__(self, **settings: Any) -> None:
        self.settings = RtcSettings(**settings)
        self.clock = FakeClock()
        self.keys = ApiKeys(KEYS)
        self.registry = CollectorRegistry()
        self.metrics = RtcMetrics(self.registry)
        self.attendance = Attendance(self.settings, self.clock, self.metrics, self._connect)
        node = responses.server_info(self.settings, "ND_test")
        self.sessions = Sessions(self.attendance, self.settings, self.keys, self.clock, self.metrics, node)

    def admission(
        self,
        identity: str,
        *,
        v1: bool = True,
        room: str = "lesson",
        protocol: int = 17,
        grants: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        sdk: models.ClientInfo.SDK = models.ClientInfo.JS,
        **parameters: Any,
    ) -> Admission:
        video = VideoGrants(**{"room_join": True, "room": room, **(grants or {})})
        token = Claims(iss="devkey", sub=identity, exp=2e9, video=video, **(claims or {}))
        client = models.ClientInfo(sdk=sdk, protocol=protocol)
        return admit(token, ConnectParameters(v1, client, **parameters), self.settings)

    async def join(self, identity: str, **admission: Any) -> Client:
        sink = FakeSink()
        session = sink.session = await self.sessions.join(self.admission(identity, **admission), sink)
        await self.work()
        client = Client(self, session, sink)
        fake(session.participant.primary_connection).open_channel("_reliable")
        return client

    async def resume(self, client: Client, **admission: Any) -> Client:
        """The same client on a new WebSocket."""
        admission.setdefault("participant_sid", client.participant.sid)
        admission.setdefault("v1", client.participant.single_connection)
        sink = FakeSink()
        request = self.admission(client.participant.identity, reconnect=True, **admission)
        session = sink.session = await self.sessions.resume(request, sink)
        await self.work()
        return Client(self, session or client.session, sink)

    async def work(self) -> None:
        """Lets all sessions finish what they have to do."""
        for _ in range(3):
            for session in self.sessions:
                await session.work()

    async def pass_time(self, seconds: float) -> None:
        """Moves the clock in steps of the ticker."""
        steps = int(seconds / 0.5) or 1
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            self.attendance.tick(self.clock.monotonic())
        await self.work()

    async def sessions_hear(self, *clients: Client) -> None:
        """The clients ping, as they do every few seconds."""
        for client in clients:
            await client.session.receive(rtc.SignalRequest(ping=1))

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def _connect(
        self, room: Room, names: Mapping[str, str], offerer: Offerer, observer: PeerConnectionObserver
    ) -> PeerConnection:
        return connect(offerer, observer)
