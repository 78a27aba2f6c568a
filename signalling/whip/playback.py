"""WHEP: a client that plays one picture and one sound of the room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from mediaserver.layers import VideoQuality
from mediaserver.participant import ParticipantKind
from mediaserver.player import Player, Programme
from mediaserver.rtp import media_kind
from signalling.rtc.outgoing import Outgoing
from signalling.whip.errors import Refused
from signalling.whip.session import WhipSession

if TYPE_CHECKING:
    from mediaserver.subscriber import SubscriptionFailure
    from mediaserver.track import Track
    from signalling.rtc.admission import Admission
    from signalling.rtc.gateway import Gateway
    from signalling.whip.offers import CheckedOffer
    from signalling.whip.session import SessionListener

QUALITIES = {"low": VideoQuality.LOW, "medium": VideoQuality.MEDIUM, "high": VideoQuality.HIGH}
KIND = ParticipantKind.STANDARD
MAX_TRACKS = 16


class Playback(WhipSession):
    """Plays what `Player` chooses, on the sections of the only offer."""

    protocol_name = "whep"

    def __init__(
        self,
        admission: Admission,
        offer: CheckedOffer,
        gateway: Gateway,
        listener: SessionListener,
        programme: Programme,
    ) -> None:
        super().__init__(admission, offer, gateway, listener)
        self._programme = programme

    async def negotiate(self) -> str:
        """Takes a seat only when something that is on can be played, or nothing is on yet."""
        participant = self.participant
        connection = participant.subscriber_connection
        kinds = [media_kind(section.kind) for section in self.offer.sections]
        for kind in kinds:
            connection.add_standing_sender(kind, stream_id=participant.sid, track_id=kind)
        answer = await connection.answer(connection.read_offer(self.offer.sdp))
        self._player = Player(participant, self._programme, kinds)
        if not self._player.fits:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "no codec in common with what is played")
        self.enter()
        participant.subscriber.start()
        self._player.refresh()
        return answer

    def send(self, response: object) -> None:
        """What the others are told of participants: something may have to be played now, or no more."""
        if isinstance(response, Outgoing) and response.kind == "update":
            self._player.refresh()

    def tick(self, now: float) -> float:
        """Also for what it is not told: permissions of publishers, another room."""
        self._player.refresh()
        return super().tick(now)

    def profile_changed(self) -> None:
        """Its permissions perhaps."""
        self._player.refresh()

    def subscription_failed(self, track_sid: str, failure: SubscriptionFailure) -> None:
        """The next one, then."""
        self._player.failed(track_sid)

    def subscription_permission_changed(self, track: Track, allowed: bool) -> None:
        """The publisher decides who may see it."""
        self._player.refresh()


def programme(query: Mapping[str, str], tracks: Iterable[str]) -> Programme:
    """What the address asks for; `tracks` are its `?track=`. Raises `Refused`."""
    quality = query.get("quality", "high")
    if quality not in QUALITIES:
        raise Refused(HTTPStatus.BAD_REQUEST, f"quality is one of {', '.join(QUALITIES)}")
    sids = frozenset(tracks)
    if len(sids) > MAX_TRACKS:
        raise Refused(HTTPStatus.BAD_REQUEST, f"at most {MAX_TRACKS} tracks")
    return Programme(query.get("participant", ""), sids, QUALITIES[quality])
