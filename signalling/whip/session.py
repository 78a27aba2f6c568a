"""What WHIP and WHEP sessions have in common: ICE by fragments, time limits, and how they end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

import structlog

from mediaserver.participant import RemovalReason
from mediaserver.peer_connection import ConnectionState
from mediaserver.sdp import SdpError
from signalling.rtc.gateway import Gateway, Guest
from signalling.whip import fragment
from signalling.whip.entity_tag import new_entity_tag
from signalling.whip.errors import of_description

if TYPE_CHECKING:
    from mediaserver.peer_connection import PeerConnection
    from signalling.rtc.admission import Admission
    from signalling.rtc.tokens import Claims
    from signalling.whip.offers import CheckedOffer

ID_BYTES = 18
"""The URL of a session must not be guessed (RFC 9725, section 5)."""


class SessionListener(Protocol):
    """Whoever counts sessions."""

    def connected(self, session: WhipSession, seconds: float) -> None:
        """Media can flow, so many seconds after the offer."""

    def ended(self, session: WhipSession, reason: RemovalReason) -> None:
        """The participant is out of its room."""


class WhipSession(Guest):
    """A participant that was made by one POST. These protocols have no way to tell the client
    anything."""

    protocol_name = ""

    def __init__(
        self, admission: Admission, offer: CheckedOffer, gateway: Gateway, listener: SessionListener
    ) -> None:
        super().__init__(admission)
        self.id = secrets.token_urlsafe(ID_BYTES)
        self.opened_at = gateway.clock.time()
        self.entity_tag = new_entity_tag()
        self.offer = offer
        self._gateway = gateway
        self._listener = listener
        self._began = gateway.clock.monotonic()
        self._ufrag = offer.ufrag
        self._media_lost: float | None = None
        self._log = structlog.get_logger(__name__).bind(
            correlation_id=admission.correlation_id,
            room=admission.room_name,
            identity=admission.profile.identity,
            protocol=self.protocol_name,
        )

    async def open(self) -> str:
        """Enters the room and answers the offer. Raises `JoinError`, `Refused`."""
        self.start(self._gateway.participant(self.admission, self))
        try:
            answer = await self.negotiate()
        except SdpError as error:
            await self._abandon()
            raise of_description(error) from error
        except BaseException:
            await self._abandon()
            raise
        self._log.info("session opened", participant=self.participant.sid, session=self.id[:4])
        return answer

    async def negotiate(self) -> str:
        """Answers the offer, and calls `enter` before or after."""
        raise NotImplementedError

    def enter(self) -> None:
        """Takes the seat in the room."""
        self._gateway.enter(self)

    def belongs_to(self, claims: Claims) -> bool:
        """Whether a token is of this session's client: of the same person for the same room as at the POST, in
        whatever room the participant is by now."""
        own = self.admission.claims
        same_room = own.video and claims.video and own.video.room == claims.video.room
        return bool(same_room) and own.identity == claims.identity

    def apply(self, patch: fragment.IceFragment) -> str | None:
        """Takes candidates of the client, which an ICE-lite server has no use for (204, None), or restarts ICE
        and returns our side of it."""
        if not patch.restarts(self._ufrag):
            return None
        lines = self.participant.publisher_connection.restart_ice()
        self._ufrag = patch.ufrag
        self.entity_tag = new_entity_tag()
        self._log.info("ICE restarts", participant=self.participant.sid)
        return fragment.write(lines, self.offer.sections[0].kind, self.offer.mids)

    def finish(self) -> None:
        """The client wants no more."""
        self.remove(RemovalReason.CLIENT_INITIATED)

    def tick(self, now: float) -> float:
        """Ends when media has been away for too long."""
        lost = self._media_lost
        if lost is not None and now - lost > self._gateway.reconnect_timeout_s:
            self.remove(RemovalReason.CONNECTION_TIMEOUT)
        return now

    async def _abandon(self) -> None:
        """The offer could not be answered."""
        if self._gateway.attendance.of(self.participant) is self:
            self.remove(RemovalReason.JOIN_FAILURE)
        else:
            await self.participant.close()

    # ParticipantObserver

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None:
        """The session lives as long as its media."""
        now = self._gateway.clock.monotonic()
        if state is ConnectionState.CONNECTED:
            if self._media_lost is None:
                self._listener.connected(self, now - self._began)
            self._media_lost = None
        elif state is ConnectionState.DISCONNECTED:
            self._media_lost = now
        elif state is ConnectionState.FAILED:
            failed = RemovalReason.CONNECTION_TIMEOUT
            self.remove(failed if self.participant.has_connected else RemovalReason.JOIN_FAILURE)

    def closed_by_peer(self, connection: PeerConnection) -> None:
        """As good as a DELETE."""
        self.finish()

    def removed(self, reason: RemovalReason) -> None:
        """Out of the room, for whatever reason."""
        self._log.info("session ended", participant=self.participant.sid, reason=reason.value)
        self._gateway.left(self, reason)
        self._listener.ended(self, reason)
        self.end()
