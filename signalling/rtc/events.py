"""What happens in rooms, as plain values for whoever wants to know: webhooks, attendance, an audit.

Listeners are called at once, in the order of the events, and must not block. What an event refers to is as it is at
that moment: read it then. A participant that has left is already out of its room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog

if TYPE_CHECKING:
    from livekit.protocol.egress import EgressInfo
    from livekit.protocol.ingress import IngressInfo
    from prometheus_client import Counter

    from mediaserver.participant import Participant, RemovalReason
    from mediaserver.room import Room
    from mediaserver.track import Track


@dataclass(frozen=True, slots=True)
class RoomStarted:
    room: Room


@dataclass(frozen=True, slots=True)
class RoomFinished:
    """Everybody is out of it."""

    room: Room
    reason: RemovalReason


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """Media can flow: who only got as far as signalling has not been there."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """After `ParticipantJoined`, once for each."""

    participant: Participant
    reason: RemovalReason


@dataclass(frozen=True, slots=True)
class ParticipantConnectionAborted:
    """Instead of both: its media never connected."""

    participant: Participant
    reason: RemovalReason


@dataclass(frozen=True, slots=True)
class TrackPublished:
    track: Track


@dataclass(frozen=True, slots=True)
class TrackUnpublished:
    """Also of a publisher that leaves, before it does."""

    track: Track


@dataclass(frozen=True, slots=True)
class IngressEvent:
    """Of a gateway that brings media in. `RoomEvents.publish` it; webhooks follow."""

    name: Literal["ingress_started", "ingress_ended"]
    info: IngressInfo


@dataclass(frozen=True, slots=True)
class EgressEvent:
    """Of a gateway that takes media out."""

    name: Literal["egress_started", "egress_updated", "egress_ended"]
    info: EgressInfo


RoomEvent = (
    RoomStarted
    | RoomFinished
    | ParticipantJoined
    | ParticipantLeft
    | ParticipantConnectionAborted
    | TrackPublished
    | TrackUnpublished
    | IngressEvent
    | EgressEvent
)
Listener = Callable[[RoomEvent], None]


class RoomEvents:
    """The stream of all rooms. A listener that fails harms nobody else; `errors` counts it."""

    def __init__(self, errors: Counter) -> None:
        self._listeners: list[Listener] = []
        self._errors = errors
        self._log = structlog.get_logger(__name__)

    def subscribe(self, listener: Listener) -> None:
        """From now on `listener` hears of everything."""
        self._listeners.append(listener)

    def publish(self, event: RoomEvent) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                self._errors.labels("internal").inc()
                self._log.exception("a listener failed", room_event=type(event).__name__)
