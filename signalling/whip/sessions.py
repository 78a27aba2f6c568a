"""All WHIP and WHEP sessions of this server, by the secret in their URLs, within their limits."""

from __future__ import annotations

from collections.abc import Hashable
from http import HTTPStatus
from typing import TYPE_CHECKING

from mediaserver.participant import RemovalReason
from signalling.rtc.errors import ServerFull
from signalling.rtc.limits import ConnectionCounts
from signalling.whip.errors import Refused

if TYPE_CHECKING:
    from signalling.whip.metrics import WhipMetrics
    from signalling.whip.session import WhipSession
    from signalling.whip.settings import WhipSettings


class WhipSessions:
    """A session is counted from before it opens until its participant has left."""

    def __init__(self, settings: WhipSettings, metrics: WhipMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._counts = ConnectionCounts()
        self._sessions: dict[str, WhipSession] = {}
        self._keys: dict[WhipSession, dict[Hashable, int]] = {}

    def find(self, session_id: str, protocol: str) -> WhipSession | None:
        """The session of this protocol that has this id."""
        session = self._sessions.get(session_id)
        return session if session is not None and session.protocol_name == protocol else None

    async def open(self, session: WhipSession, address: str) -> str:
        """Opens a session for a client at this address and returns its answer. Raises `JoinError`,
        `Refused`."""
        self._keys[session] = self._acquire(session, address)
        self._sessions[session.id] = session
        try:
            answer = await session.open()
        except BaseException:
            self._forget(session)
            raise
        if session.id not in self._sessions:
            raise Refused(HTTPStatus.CONFLICT, "the participant has left its room already")
        self._count(session.protocol_name)
        return answer

    def connected(self, session: WhipSession, seconds: float) -> None:
        """Media can flow, so many seconds after the offer."""
        self._metrics.connect_seconds.labels(session.protocol_name).observe(seconds)

    def ended(self, session: WhipSession, reason: RemovalReason) -> None:
        """The participant has left its room."""
        self._metrics.ended.labels(session.protocol_name, reason.value).inc()
        self._forget(session)

    def _acquire(self, session: WhipSession, address: str) -> dict[Hashable, int]:
        settings = self._settings
        keys: dict[Hashable, int] = {
            "all": settings.max_sessions,
            ("address", address): settings.max_sessions_per_address,
            ("identity", session.admission.profile.identity): settings.max_sessions_per_identity,
        }
        full = self._counts.acquire(keys)
        if full == "all":
            raise ServerFull("too many sessions")
        if full is not None:
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many sessions of this client")
        return keys

    def _forget(self, session: WhipSession) -> None:
        self._sessions.pop(session.id, None)
        self._counts.release(self._keys.pop(session, {}))
        self._count(session.protocol_name)

    def _count(self, protocol: str) -> None:
        number = sum(session.protocol_name == protocol for session in self._sessions.values())
        self._metrics.sessions.labels(protocol).set(number)
