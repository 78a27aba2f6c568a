"""All sessions of LiveKit's protocol: who joins, who comes back. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from livekit.protocol import models, rtc

from mediaserver.participant import Participant
from signalling.rtc import responses
from signalling.rtc.attendance import Attendance
from signalling.rtc.broadcast import visible, visible_infos
from signalling.rtc.handlers.resuming import resume, send_speakers
from signalling.rtc.notifier import Notifier
from signalling.rtc.outgoing import Outgoing
from signalling.rtc.session import Session, SessionContext, SignalSink
from signalling.rtc.tokens import create_token

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.api_keys import ApiKeys
    from signalling.rtc.admission import Admission
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.settings import RtcSettings
    from signalling.rtc.tokens import VideoGrants

GO_ANSWER_DELAY_S = 0.05
"""The Go SDK (2.19) applies the offer that it sent with its join only once it has read the join response, while another
goroutine reads on: an answer that comes at once finds no offer, is dropped, and the client waits in vain."""


class Sessions:
    """Those of the `attendance` who speak LiveKit's protocol."""

    def __init__(
        self,
        attendance: Attendance,
        settings: RtcSettings,
        keys: ApiKeys,
        clock: Clock,
        metrics: RtcMetrics,
        server_info: models.ServerInfo,
    ) -> None:
        self._attendance = attendance
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self.reporting: dict[str, Session] = {}
        """Those whose clients say how they are and want to know why a call goes badly, by sid."""
        self._context = SessionContext(
            settings,
            clock,
            metrics,
            server_info,
            self._refreshed_token,
            self._session_of,
            self._removed,
            attendance.disturb,
            self.reporting,
        )
        self._log = structlog.get_logger(__name__)
        metrics.sessions.set_function(lambda: sum(1 for _ in self))  # counted when somebody asks

    def __iter__(self) -> Iterator[Session]:
        return (presence for presence in self._attendance if isinstance(presence, Session))

    async def join(self, admission: Admission, sink: SignalSink) -> Session:
        """A new presence; an earlier one of the same identity ends. Raises a `JoinError`."""
        session = Session(admission, self._context)
        participant = self._attendance.prepare(admission, Notifier(session))
        room = participant.room
        replaces = admission.profile.identity in room.participants
        session.start(participant)
        session.attach(sink)
        self._attendance.enter(session)
        if replaces:
            self._metrics.reconnects.labels("full").inc()
        session.log.info("joined", client=describe(session.client), single=participant.single_connection)
        session.send(
            responses.join(
                participant,
                session.info,
                (other.delimited_info for other in visible(room, self._attendance.of, without=participant)),
                self._settings,
                self._settings.pings(admission.permissions),
                self._context.server_info,
                self._context.ice_servers(participant),
            )
        )
        send_speakers(session)
        session.negotiation.begin()
        self._attendance.own(session)
        for request in admission.parameters.add_track_requests:
            await session.receive(rtc.SignalRequest(add_track=request))
        if admission.parameters.publisher_offer is not None:
            if session.client.sdk == models.ClientInfo.GO:
                await session.pause(GO_ANSWER_DELAY_S)
            await session.receive(rtc.SignalRequest(offer=admission.parameters.publisher_offer))
        return session

    async def resume(self, admission: Admission, sink: SignalSink) -> Session | None:
        """The client comes back to its session. None: there is nothing to come back to, and it was told
        so."""
        session = self._session_to_resume(admission)
        if session is None:
            self._refuse(sink, admission, models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)
            return None
        participant = session.participant
        if admission.parameters.participant_sid not in ("", participant.sid):
            # A newer presence of this person took over. Both coming back in turns would never end.
            self._refuse(
                sink, admission, models.DisconnectReason.DUPLICATE_IDENTITY, rtc.LeaveRequest.DISCONNECT
            )
            return None
        self._metrics.reconnects.labels("resume").inc()
        session.log.info("resumed", reason=admission.parameters.reconnect_reason)
        session.attach(sink)
        others = visible_infos(participant.room, self._attendance.of, without=participant)
        resume(session, others)
        if admission.room_name != participant.room.name:
            session.tell_moved(others)
        if admission.parameters.sync_state is not None:
            await session.receive(rtc.SignalRequest(sync_state=admission.parameters.sync_state))
        if admission.parameters.publisher_offer is not None:
            await session.receive(rtc.SignalRequest(offer=admission.parameters.publisher_offer))
        return session

    def _session_to_resume(self, admission: Admission) -> Session | None:
        identity, room_name = admission.profile.identity, admission.room_name
        room = self._attendance.rooms.get(room_name)
        participant = room.participants.get(identity) if room is not None else None
        if participant is not None:
            return self._session_of(participant)
        # Moved while the client was away, so that it has not got the new token yet.
        sid = admission.parameters.participant_sid
        moved = (s for s in self if s.participant.sid == sid and room_name in s.moved_from)
        return next((s for s in moved if s.participant.identity == identity), None)

    def _session_of(self, participant: Participant) -> Session | None:
        presence = self._attendance.of(participant)
        return presence if isinstance(presence, Session) else None

    def _removed(self, session: Session) -> None:
        self._attendance.left(session)
        self.reporting.pop(session.participant.sid, None)

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

    def _refreshed_token(self, session: Session, room_name: str) -> str:
        renewal, participant = session.renewal, session.participant
        return create_token(
            *self._keys.signing(renewal.api_key),  # another one if its own key was taken back
            identity=renewal.identity,
            name=participant.name,
            kind=renewal.kind,
            metadata=participant.metadata,
            attributes=participant.attributes,
            room_preset=renewal.room_preset,
            room_config=renewal.room_config,
            video=grants_of(participant, renewal.video, room_name),
            ttl=timedelta(seconds=self._settings.refreshed_token_ttl_s),
            now=self._clock.time(),
            correlation_id=session.correlation_id,
        )


def grants_of(participant: Participant, video: VideoGrants, room_name: str) -> VideoGrants:
    """The grants of a token for this room with what the participant may do by now."""
    permissions = participant.permissions
    return video.model_copy(
        update={
            "room": room_name,
            "room_join": True,
            "can_publish": permissions.can_publish,
            "can_subscribe": permissions.can_subscribe,
            "can_publish_data": permissions.can_publish_data,
            "can_publish_sources": tuple(sorted(source.value for source in permissions.can_publish_sources)),
            "can_update_own_metadata": permissions.can_update_metadata,
            "hidden": permissions.hidden,
            "recorder": permissions.recorder,
            "agent": permissions.agent,
            "can_subscribe_metrics": permissions.can_subscribe_metrics,
            "can_manage_agent_session": permissions.can_manage_agent_session,
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
