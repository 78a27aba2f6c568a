"""The session of one participant: signalling requests in, responses out. It knows no socket.

A session outlives its WebSocket: the client comes back with `reconnect` and gets a new sink for the same
session. Requests and the work that events cause are done one after the other by `run`, so no two of them
interleave.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from livekit.protocol import models, rtc

from mediaserver.flag import Flag
from mediaserver.participant import Participant, ParticipantState, RemovalReason
from signalling.rtc import convert, enums, responses
from signalling.rtc.data_blobs import DataBlobs
from signalling.rtc.data_packets import DataPackets
from signalling.rtc.handlers import HANDLERS, PONGS
from signalling.rtc.handlers.resuming import send_speakers
from signalling.rtc.handlers.simulation import end_simulated_speech
from signalling.rtc.ice_servers import IceServer, ice_servers
from signalling.rtc.jobs import Job, JobQueue
from signalling.rtc.lifetime import Lifetime
from signalling.rtc.negotiation import Negotiation
from signalling.rtc.outgoing import Outgoing
from signalling.rtc.presence import Information
from signalling.rtc.renewal import Renewal

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.room import Room
    from signalling.rtc.admission import Admission
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.settings import RtcSettings

MAX_QUEUED_REQUESTS = 256
"""A reader that finds so many waiting waits too, and so does the client behind it."""

FAREWELL_S = 1.0
"""So long a client may take to end its WebSocket when it is told to leave."""


class SignalSink(Protocol):
    """Where responses go: one WebSocket."""

    def send(self, response: Outgoing) -> None: ...
    def close(self, reason: str) -> None:
        """Ends the connection after what was sent before."""


@dataclass(frozen=True)
class SessionContext:
    """What all sessions share."""

    settings: RtcSettings
    clock: Clock
    metrics: RtcMetrics
    server_info: models.ServerInfo
    refresh_token: Callable[[Session, str], str]
    """Makes a token for a room of this name."""
    session_of: Callable[[Participant], Session | None]
    """The session of somebody who speaks this protocol too."""
    removed: Callable[[Session], None]
    """The participant is out of its room; the session ends by itself."""
    disturb: Callable[[Session], None]
    """See `Attendance.disturb`."""
    reporting: dict[str, Session]
    """Those whose clients say how they are, by sid."""

    def ice_servers(self, participant: Participant) -> list[IceServer]:
        """What this participant may use from now on."""
        return ice_servers(self.settings, participant.sid, self.clock.time())


@dataclass(slots=True)
class Simulation:
    """Failures that a test client has asked for."""

    disconnect_on_resume: bool = False
    silent_disconnects_on_resume: int = 0
    server_leaves: bool = False
    """The next goodbye is that of a server which goes for good."""
    speaks_until: float | None = None
    """When a simulated speaker falls silent, in seconds of the monotonic clock."""


class Session:
    """Speaks LiveKit's protocol with the client of one participant."""

    participant: Participant
    negotiation: Negotiation
    data: DataPackets

    def __init__(self, admission: Admission, context: SessionContext) -> None:
        now = context.clock.monotonic()
        # Not all of the admission: that of a browser is some kilobytes, and an audience stays for an hour.
        self.correlation_id = admission.correlation_id
        self.renewal = Renewal.of(admission.claims)
        self.context = context
        self.client = admission.parameters.client_info
        self.simulation = Simulation()
        self.blobs = DataBlobs(context.settings.max_data_blobs_bytes)
        self.sink: SignalSink | None = None
        self._detached = Flag()
        self._lifetime = Lifetime(
            joined=now,
            heard=now,
            token_refreshed=now,
            ping_timeout_s=context.settings.pings(admission.permissions).timeout_s,
        )
        self._jobs = JobQueue(MAX_QUEUED_REQUESTS, self._job_failed)
        self._missed: list[models.ParticipantInfo] = []
        self.moved_from: frozenset[str] = frozenset()
        """Rooms that the client may still have a token for."""

    def start(self, participant: Participant) -> None:
        """The participant was made, with a `Notifier` of this session as its observer."""
        self.participant = participant
        self._information = Information(participant, self.client)
        self.negotiation = Negotiation(self)
        self.data = DataPackets(self)

    @property
    def log(self) -> structlog.stdlib.BoundLogger:
        """Names the participant. Made when something is logged, which is seldom."""
        participant = self.participant
        log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
        return log.bind(
            correlation_id=self.correlation_id,
            room=participant.room.name,
            identity=participant.identity,
            participant=participant.sid,
        )

    @property
    def info(self) -> models.ParticipantInfo:
        """The participant as clients are told. Not to be changed."""
        return self._information.get()

    @property
    def delimited_info(self) -> bytes:
        return self._information.delimited()

    # The connection to the client

    @property
    def connected(self) -> bool:
        return self.sink is not None

    @property
    def protocol(self) -> int:
        """The client's protocol version."""
        return self.client.protocol

    def attach(self, sink: SignalSink) -> None:
        """Responses go to this sink from now on; the one before is closed."""
        if self.sink is not None:
            self.sink.close("replaced by a new connection")
        self.sink = sink
        self._lifetime.heard = self.context.clock.monotonic()
        self._lifetime.signal_lost = None

    def detach(self, sink: SignalSink) -> None:
        """This sink is gone. The session waits for its client, unless it never had media."""
        if self.sink is not sink:
            return
        self.sink = None
        self._detached.set()
        self._lifetime.signal_lost = self.context.clock.monotonic()
        self.disturb()
        if not self.participant.has_connected:
            self.remove(RemovalReason.SIGNAL_CLOSE)

    def send(self, response: rtc.SignalResponse | Outgoing) -> None:
        """Sends a response, or drops it while no client is connected: a resume tells the state anew."""
        if self.sink is None:
            return
        outgoing = response if isinstance(response, Outgoing) else Outgoing(response)
        self.context.metrics.messages("out", outgoing.kind).inc()
        self.sink.send(outgoing)

    def drop_connection(self, reason: str) -> None:
        """Closes the connection without a word: the client resumes."""
        sink = self.sink
        if sink is not None:
            self.detach(sink)
            sink.close(reason)

    def missed(self, infos: Collection[models.ParticipantInfo]) -> None:
        """Participants that left while no client was connected."""
        self._missed.extend(infos)

    def take_missed(self) -> list[models.ParticipantInfo]:
        missed, self._missed = self._missed, []
        return missed

    # Requests and other work

    async def receive(self, request: rtc.SignalRequest) -> None:
        """Queues a request; waits while too many are queued. Pings are answered at once."""
        self._lifetime.heard = self.context.clock.monotonic()
        kind = request.WhichOneof("message")
        if kind not in PONGS:
            await self._jobs.put(partial(self.handle, request))
            return
        if not self._lifetime.pings:
            self._lifetime.pings = True
            self.disturb()
        self._answer(kind, request)

    async def pause(self, seconds: float) -> None:
        """Lets what is received from now on wait a little."""
        await self._jobs.put(partial(asyncio.sleep, seconds))

    async def handle(self, request: rtc.SignalRequest) -> None:
        """Processes one request."""
        metrics = self.context.metrics
        kind = request.WhichOneof("message") or "unknown"
        if kind in PONGS:
            self._answer(kind, request)
            return
        metrics.messages("in", kind).inc()
        if self.participant.state is ParticipantState.DISCONNECTED:
            return
        handler = HANDLERS.get(kind)
        if handler is None:
            metrics.unhandled.labels(kind).inc()
            self.log.info("unhandled request", kind=kind)
            return
        await handler(self, getattr(request, kind))

    def _answer(self, ping: str, request: rtc.SignalRequest) -> None:
        self.context.metrics.messages("in", ping).inc()
        if self.participant.state is not ParticipantState.DISCONNECTED:
            self.send(PONGS[ping](self, request))

    def soon(self, job: Job) -> None:
        """Does this after what runs now, before requests that wait."""
        self._jobs.put_first(job)

    async def work(self) -> None:
        """Does what is queued now, without waiting for more."""
        await self._jobs.drain()

    async def run(self) -> None:
        """Does the work of the session until the participant has left, then closes its connections."""
        try:
            await self._jobs.run()
        finally:
            await self._farewell()
            await self.participant.close()

    async def _farewell(self) -> None:
        """Ends the connection to the client, and waits for it to have read what was sent before: media that end earlier
        look like a network that broke down."""
        if self.sink is not None:
            self._detached.clear()
            self.sink.close("the session has ended")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._detached.wait()

    # Other rooms

    def moved(
        self,
        source: Room,
        left_behind: Collection[Participant],
        others: Collection[models.ParticipantInfo],
    ) -> None:
        """The participant is in another room now; the client is told who else is."""
        self.moved_from |= {source.name}
        self._missed.clear()
        self.data.forget_sent()
        self.log.info("moved", source=source.name)
        # Not all SDKs take it from `room_moved` alone that those of the old room are gone.
        self.send(responses.participants(responses.disconnected_infos(left_behind)))
        self.tell_moved(others)

    def tell_moved(self, others: Collection[models.ParticipantInfo]) -> None:
        """Where the client is now, with a token to come back there."""
        room, settings = self.participant.room, self.context.settings
        self._lifetime.token_refreshed = self.context.clock.monotonic()
        moved = rtc.RoomMovedResponse(
            room=convert.room_info(room, settings.enabled_codecs, self.participant),
            token=self.context.refresh_token(self, room.name),
            participant=self.info,
            other_participants=others,
        )
        self.send(rtc.SignalResponse(room_moved=moved))
        send_speakers(self)

    # Ends and time limits

    def tick(self, now: float) -> float:
        """Enforces the time limits; see `Presence`."""
        settings, lifetime = self.context.settings, self._lifetime
        end_simulated_speech(self, now)
        if lifetime.silent(now):
            self.log.info("signalling timed out")
            self.drop_connection("ping timeout")
        reason = lifetime.removal(
            now,
            settings,
            has_connected=self.participant.has_connected,
            media_connected=self.participant.media_connected,
        )
        if reason is not None:
            self.remove(reason)
        elif self.connected and self.negotiation.overdue(now):
            self.log.warning("no answer to the server's offer")
            self.remove(RemovalReason.STATE_MISMATCH)
        elif lifetime.token_is_old(now, settings):
            self.refresh_token()
        elif self.participant.has_connected and not (self.negotiation.waits or self.simulation.speaks_until):
            # Nearly all of an audience, and nobody else comes near a limit before that.
            return lifetime.rests_until(settings)
        return now

    def disturb(self) -> None:
        """Something begins that has a time limit of its own."""
        self.context.disturb(self)

    def refresh_token(self) -> None:
        """Gives the client a token to come back with, as its own may expire."""
        self._lifetime.token_refreshed = self.context.clock.monotonic()
        token = self.context.refresh_token(self, self.participant.room.name)
        self.send(rtc.SignalResponse(refresh_token=token))

    def remove(self, reason: RemovalReason) -> None:
        """Takes the participant out of its room, which ends the session.

        `STATE_MISMATCH` tells the client to join anew: the state cannot be repaired.
        """
        self.participant.room.remove(self.participant, reason)

    def left(self, reason: RemovalReason) -> None:
        """The participant is out of its room: says goodbye and ends `run`."""
        self.context.metrics.removals.labels(reason.value).inc()
        self.log.info("participant left", reason=reason.value)
        if reason is not RemovalReason.CLIENT_INITIATED:
            reconnects = self.context.settings.reconnect_on_shutdown and not self.simulation.server_leaves
            action = responses.leave_action(reason, reconnects)
            self.send(responses.leave(enums.DISCONNECT_REASONS[reason], action, self.protocol))
        self._jobs.close()
        self.data.calls.close()
        self.context.removed(self)

    def media_connected(self) -> None:
        """The primary connection is up, for the first time or again."""
        now = self.context.clock.monotonic()
        if self._lifetime.connected is None:
            self._lifetime.connected = now
            self.context.metrics.connect_seconds.observe(now - self._lifetime.joined)
        self._lifetime.media_lost = None

    def media_lost(self) -> None:
        """As LiveKit: the client is told to resume and gets a while to do so."""
        self._lifetime.media_lost = self.context.clock.monotonic()
        self.disturb()
        if self.connected:
            reason = models.DisconnectReason.CONNECTION_TIMEOUT
            self.send(responses.leave(reason, rtc.LeaveRequest.RESUME, self.protocol))
            self.drop_connection("media transport lost")

    def _job_failed(self) -> None:
        # A bug, or a state that nobody thought of: it must not take the room down with it.
        self.context.metrics.errors.labels("internal").inc()
        self.log.exception("a request failed")
