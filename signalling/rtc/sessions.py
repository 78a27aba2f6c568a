"""All sessions of this server: who joins, who comes back, who must go. No HTTP here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from livekit.protocol import models, rtc

from mediaserver.participant import Participant, ParticipantLimits, RemovalReason
from mediaserver.room import Room, RoomFull
from signalling.rtc import responses
from signalling.rtc.broadcast import Broadcaster, visible_infos
from signalling.rtc.errors import ServerFull
from signalling.rtc.handlers.resuming import resume, send_speakers
from signalling.rtc.notifier import Notifier
from signalling.rtc.outgoing import Outgoing
from signalling.rtc.rooms import Rooms
from signalling.rtc.session import Session, SessionContext, SignalSink
from signalling.rtc.tokens import VideoGrants, create_token

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.peer_connection import Offerer, PeerConnection, PeerConnectionObserver
    from signalling.api_keys import ApiKeys
    from signalling.rtc.admission import Admission
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.settings import RtcSettings

SESSION_TICK_S = 1.0

Connect = Callable[["Room", Mapping[str, str], "Offerer", "PeerConnectionObserver"], "PeerConnection"]
"""Makes a peer connection on the room's worker; the mapping names it in log lines."""


class Sessions:
    """Owns the sessions' tasks and the rooms."""

    def __init__(
        self,
        settings: RtcSettings,
        keys: ApiKeys,
        clock: Clock,
        metrics: RtcMetrics,
        server_info: models.ServerInfo,
        connect: Connect,
        worker_for: Callable[[str], int],
        room_ended: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._connect = connect
        self._context = SessionContext(
            settings, clock, metrics, server_info, self._refreshed_token, self._removed
        )
        broadcaster = Broadcaster(self.of, settings.enabled_codecs)
        self.rooms = Rooms(settings, clock, metrics, broadcaster, worker_for, room_ended)
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._next_tick = 0.0
        self._log = structlog.get_logger(__name__)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def of(self, participant: Participant) -> Session | None:
        return self._sessions.get(participant.sid)

    def check(self, admission: Admission) -> None:
        """Raises a `JoinError` if this participant cannot join now."""
        if self._closing:
            raise ServerFull("the server is shutting down")
        self.rooms.check(admission.room_name, may_create=admission.may_create_room)
        room = self.rooms.get(admission.room_name)
        if room is not None and not admission.parameters.reconnect:
            try:
                room.check_seat(admission.profile.identity, admission.profile.kind)
            except RoomFull as error:
                raise ServerFull("room has exceeded its max participants") from error

    async def join(self, admission: Admission, sink: SignalSink) -> Session:
        """A new presence; an earlier one of the same identity ends. Raises a `JoinError`."""
        self.check(admission)
        room = self.rooms.get_or_create(admission.room_name, admission.room_settings)
        replaces = admission.profile.identity in room.participants
        session = Session(admission, self._context)
        participant = self._participant(session, room)
        session.start(participant)
        self._sessions[participant.sid] = session
        session.attach(sink)
        room.join(participant)
        self._metrics.sessions.set(len(self._sessions))
        if replaces:
            self._metrics.reconnects.labels("full").inc()
        session.log.info("joined", client=describe(session.client), single=participant.single_connection)
        others = visible_infos(room, self.of, without=participant)
        session.send(
            responses.join(participant, session.info, others, self._settings, self._context.server_info)
        )
        send_speakers(session)
        session.negotiation.begin()
        self._own(session)
        for request in admission.parameters.add_track_requests:
            await session.receive(rtc.SignalRequest(add_track=request))
        if admission.parameters.publisher_offer is not None:
            await session.receive(rtc.SignalRequest(offer=admission.parameters.publisher_offer))
        return session

    async def resume(self, admission: Admission, sink: SignalSink) -> Session | None:
        """The client comes back to its session. None: there is nothing to come back to, and it was told
        so."""
        room = self.rooms.get(admission.room_name)
        participant = room.participants.get(admission.profile.identity) if room is not None else None
        session = self.of(participant) if participant is not None else None
        if session is None or participant is None:
            self._refuse(sink, admission, models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)
            return None
        if admission.parameters.participant_sid not in ("", participant.sid):
            # A newer presence of this person took over. Both coming back in turns would never end.
            self._refuse(
                sink, admission, models.DisconnectReason.DUPLICATE_IDENTITY, rtc.LeaveRequest.DISCONNECT
            )
            return None
        self._metrics.reconnects.labels("resume").inc()
        session.log.info("resumed", reason=admission.parameters.reconnect_reason)
        session.attach(sink)
        resume(session, visible_infos(participant.room, self.of, without=participant))
        if admission.parameters.sync_state is not None:
            await session.receive(rtc.SignalRequest(sync_state=admission.parameters.sync_state))
        if admission.parameters.publisher_offer is not None:
            await session.receive(rtc.SignalRequest(offer=admission.parameters.publisher_offer))
        return session

    def tick(self, now: float) -> None:
        """Time limits of rooms and sessions. To be called about every 100 ms."""
        self.rooms.tick(now)
        if now >= self._next_tick:
            self._next_tick = now + SESSION_TICK_S
            for session in self:
                session.tick(now)

    async def close(self) -> None:
        """Tells every client that the server stops, and waits until the sessions have ended."""
        self._closing = True
        for session in self:
            session.remove(RemovalReason.SERVER_SHUTDOWN)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _participant(self, session: Session, room: Room) -> Participant:
        admission, settings = session.admission, self._settings
        names = {
            "correlation_id": admission.correlation_id,
            "room": room.name,
            "identity": admission.profile.identity,
        }
        return Participant(
            admission.profile,
            admission.permissions,
            room=room,
            observer=Notifier(session),
            connect=partial(self._connect, room, names),
            single_connection=admission.parameters.single_connection,
            auto_subscribe=admission.parameters.auto_subscribe,
            adaptive_stream=admission.parameters.adaptive_stream,
            sync_streams=admission.parameters.takes_sync_streams,
            joined_at=self._clock.time(),
            limits=ParticipantLimits(
                max_tracks=settings.max_tracks_per_participant,
                max_reliable_buffer_bytes=settings.max_reliable_buffer_bytes,
                max_joining_data_bytes=settings.max_joining_data_bytes,
            ),
        )

    def _own(self, session: Session) -> None:
        task = asyncio.create_task(session.run(), name=f"session-{session.participant.sid}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._metrics.errors.labels("internal").inc()
            self._log.error("a session failed", exc_info=error)

    def _removed(self, session: Session) -> None:
        self._sessions.pop(session.participant.sid, None)
        self._metrics.sessions.set(len(self._sessions))

    def _refuse(
        self,
        sink: SignalSink,
        admission: Admission,
        reason: models.DisconnectReason,
        action: rtc.LeaveRequest.Action,
    ) -> None:
        self._metrics.reconnects.labels("refused").inc()
        self._log.info("nothing to resume", room=admission.room_name, identity=admission.profile.identity)
        sink.send(Outgoing(responses.leave(reason, action, admission.parameters.client_info.protocol)))
        sink.close("nothing to resume")

    def _refreshed_token(self, session: Session) -> str:
        claims, participant = session.admission.claims, session.participant
        return create_token(
            *self._keys.signing(claims.api_key),  # another one if its own key was taken back
            identity=claims.identity,
            name=participant.name,
            kind=claims.kind,
            metadata=participant.metadata,
            attributes=participant.attributes,
            video=grants_of(participant, claims.video or VideoGrants()),
            ttl=timedelta(seconds=self._settings.refreshed_token_ttl_s),
            now=self._clock.time(),
            correlation_id=session.admission.correlation_id,
        )


def grants_of(participant: Participant, video: VideoGrants) -> VideoGrants:
    """The grants of a token with what the participant may do by now."""
    permissions = participant.permissions
    return video.model_copy(
        update={
            "room": participant.room.name,
            "room_join": True,
            "can_publish": permissions.can_publish,
            "can_subscribe": permissions.can_subscribe,
            "can_publish_data": permissions.can_publish_data,
            "can_publish_sources": tuple(sorted(source.value for source in permissions.can_publish_sources)),
            "can_update_own_metadata": permissions.can_update_metadata,
            "hidden": permissions.hidden,
            "recorder": permissions.recorder,
        }
    )


def describe(client: models.ClientInfo) -> str:
    """The SDK, its version, protocol and browser for a log line."""
    try:
        sdk = models.ClientInfo.SDK.Name(client.sdk)
    except ValueError:
        sdk = str(client.sdk)
    return (
        f"{sdk} {client.version} protocol {client.protocol} {client.browser} {client.browser_version}".strip()
    )
