"""What differs between WHIP and WHEP: how a POST becomes a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from signalling.whip import ingest, offers, playback
from signalling.whip.errors import Refused

if TYPE_CHECKING:
    from multidict import MultiMapping

    from mediaserver.participant import ParticipantKind
    from signalling.rtc.admission import Admission
    from signalling.rtc.gateway import Gateway
    from signalling.whip.session import WhipSession
    from signalling.whip.sessions import WhipSessions

MakeSession = Callable[["Admission", str, "MultiMapping[str]"], "WhipSession"]
"""Admission, offer and query of a POST -> a session that is not open yet. Raises `Refused`."""


@dataclass(frozen=True)
class Protocol:
    """One of the two, as its HTTP endpoint needs it."""

    name: str
    kind: ParticipantKind
    """Of participants whose token does not say."""
    session: MakeSession


def whip(gateway: Gateway, sessions: WhipSessions) -> Protocol:
    """Clients publish."""

    def session(admission: Admission, text: str, query: MultiMapping[str]) -> WhipSession:
        if not admission.permissions.can_publish:
            raise Refused(HTTPStatus.FORBIDDEN, "no permission to publish")
        offer, tracks = ingest.read(text, query, gateway)
        if not all(admission.permissions.may_publish(track.source) for track in tracks):
            raise Refused(HTTPStatus.FORBIDDEN, "no permission to publish this source")
        return ingest.Ingest(admission, offer, gateway, sessions, tracks)

    return Protocol("whip", ingest.KIND, session)


def whep(gateway: Gateway, sessions: WhipSessions) -> Protocol:
    """Clients play."""

    def session(admission: Admission, text: str, query: MultiMapping[str]) -> WhipSession:
        if not admission.permissions.can_subscribe:
            raise Refused(HTTPStatus.FORBIDDEN, "no permission to subscribe")
        programme = playback.programme(query, query.getall("track", []))
        return playback.Playback(admission, offers.playing(text), gateway, sessions, programme)

    return Protocol("whep", playback.KIND, session)
