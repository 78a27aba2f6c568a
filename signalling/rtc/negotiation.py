"""Offers and answers of one session, in both of LiveKit's modes.

With one connection (v1) only the client offers. When the server wants to send more, it asks for an offer with
`MediaSectionsRequirement`, which also says how many sections the client must add. With two connections (v0)
the client offers on the publisher's and the server on the subscriber's, one offer at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import rtc

from mediaserver.sdp import SdpError
from signalling.rtc import responses

if TYPE_CHECKING:
    from signalling.rtc.session import Session

MAX_FRUITLESS_ROUNDS = 5
"""A client that offers again and again without the sections that it was asked for is not asked any more."""


class Negotiation:
    """Decides when to offer or to ask for an offer; the connections know what is in it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._participant = session.participant
        self._single = session.participant.single_connection
        self._scheduled = False
        self._wanted = False
        self._answered_once = False
        self._missing = (0, 0)
        self._fruitless = 0
        self._offer_id = 0
        self._offered_at: float | None = None
        self._offer_again = False
        self._restart_ice = False

    def begin(self) -> None:
        """The client knows that it has joined."""
        if self._single:
            return  # The first offer starts everything.
        self._participant.subscriber.start()
        if self._participant.subscriber_primary:
            # Also when there is nothing to receive yet: data channels, and the client waits for this
            # connection.
            self.needed()

    def resume(self) -> None:
        """The client is back. It restarts ICE on its own offers; on ours we do."""
        self._offered_at = None
        self._offer_again = False
        if not self._single and (self._offer_id or self._participant.subscriber_primary):
            self._restart_ice = True
            self.needed()

    def needed(self) -> None:
        """Something is to be sent that the client does not know of yet."""
        if not self._session.connected:
            return  # A resume negotiates everything anew.
        self._wanted = True
        if self._scheduled:
            return
        self._scheduled = True
        self._session.soon(self._require_sections if self._single else self._offer)

    @property
    def waits(self) -> bool:
        """Whether the client owes an answer."""
        return self._offered_at is not None

    def overdue(self, now: float) -> bool:
        """Whether the client owes an answer for too long. `now`: seconds, monotonic."""
        limit = self._session.context.settings.answer_timeout_s
        return self._offered_at is not None and now - self._offered_at > limit

    async def client_offer(self, description: rtc.SessionDescription) -> None:
        """Answers an offer of the client."""
        if self._single and not self._participant.subscriber.started:
            # The first offer may already have sections for what is in the room: fill them with the first
            # answer.
            self._participant.subscriber.start()
        self._wanted = False  # The answer tells what was wanted up to now.
        try:
            answer = await self._participant.publisher.answer_offer(description.sdp)
        except SdpError as error:
            self._refused("offer", error)
            return
        response = responses.description("answer", answer.sdp, description.id, answer.mid_to_track_id)
        self._session.send(rtc.SignalResponse(answer=response))
        self._answered_once = True
        if self._single:
            self._check_sections()

    async def client_answer(self, description: rtc.SessionDescription) -> None:
        """Takes the client's answer to the last offer; older ones are of no use any more."""
        if self._single or self._offered_at is None:
            self._refused("answer", None)
            return
        if description.id not in (0, self._offer_id):
            return
        try:
            await self._participant.subscriber_connection.set_answer(description.sdp)
        except SdpError as error:
            self._refused("answer", error)
            return
        self._offered_at = None
        if self._offer_again:
            self._offer_again = False
            self.needed()

    async def _offer(self) -> None:
        self._scheduled = False
        if self._offered_at is not None:
            self._offer_again = True
            return
        restart, self._restart_ice = self._restart_ice, False
        connection = self._participant.subscriber_connection
        sdp = await connection.create_offer(ice_restart=restart)
        self._offer_id += 1
        self._offered_at = self._session.context.clock.monotonic()
        self._session.disturb()
        response = responses.description("offer", sdp, self._offer_id, connection.mid_to_track_id())
        self._session.send(rtc.SignalResponse(offer=response))

    async def _require_sections(self) -> None:
        self._scheduled = False
        if self._wanted and self._answered_once and self._fruitless < MAX_FRUITLESS_ROUNDS:
            self._wanted = False
            self._missing = self._participant.publisher_connection.missing_sections()
            self._session.send(responses.sections_required(self._missing))

    def _check_sections(self) -> None:
        missing = self._participant.publisher_connection.missing_sections()
        self._fruitless = self._fruitless + 1 if any(missing) and missing == self._missing else 0
        if self._fruitless == MAX_FRUITLESS_ROUNDS:
            self._session.log.warning("the client adds no sections", missing=missing)
        self._missing = missing
        if any(missing):
            self.needed()

    def _refused(self, kind: str, error: SdpError | None) -> None:
        self._session.context.metrics.errors.labels(kind).inc()
        self._session.log.warning(
            "session description refused", kind=kind, error=str(error or "not expected")
        )
