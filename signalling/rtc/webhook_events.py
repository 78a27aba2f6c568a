"""Events of rooms as LiveKit tells them to webhooks: `WebhookEvent` in the JSON of protobuf."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf import json_format
from livekit.protocol import models
from livekit.protocol.webhook import WebhookEvent

from mediaserver import sids
from mediaserver.participant import Participant
from mediaserver.track import Track
from signalling.rtc import convert, enums, events

if TYPE_CHECKING:
    from mediaserver.room import Room
    from signalling.rtc.presence import Presence


@dataclass(frozen=True, slots=True)
class Hook:
    """What is to be sent. Hooks of one `key` (a room, or an ingress or egress) are sent in order."""

    name: str
    key: str
    event_id: str
    body: str


class Hooks:
    """Makes them; `presence_of` knows the clients of participants."""

    def __init__(
        self, presence_of: Callable[[Participant], Presence | None], enabled_codecs: Iterable[str]
    ) -> None:
        self._presence_of = presence_of
        self._enabled_codecs = tuple(enabled_codecs)

    def of(self, event: events.RoomEvent, now: float) -> Hook:
        """The hook of an event that happens now (seconds since the epoch)."""
        message = self._message(event)
        message.id, message.created_at = sids.event_id(), int(now)
        key = message.room.name or message.ingress_info.ingress_id or message.egress_info.egress_id
        return Hook(message.event, key, message.id, json_format.MessageToJson(message, indent=None))

    def _message(self, event: events.RoomEvent) -> WebhookEvent:
        match event:
            case events.RoomStarted(room):
                return WebhookEvent(event="room_started", room=self._room(room))
            case events.RoomFinished(room):
                return WebhookEvent(event="room_finished", room=self._room(room))
            case events.ParticipantJoined(participant):
                return self._of_participant("participant_joined", participant)
            case events.ParticipantLeft(participant, reason):
                message = self._of_participant("participant_left", participant)
                message.participant.disconnect_reason = enums.DISCONNECT_REASONS[reason]
                return message
            case events.ParticipantConnectionAborted(participant, reason):
                message = self._of_participant("participant_connection_aborted", participant)
                message.participant.disconnect_reason = enums.DISCONNECT_REASONS[reason]
                return message
            case events.TrackPublished(track):
                return _of_track("track_published", track)
            case events.TrackUnpublished(track):
                return _of_track("track_unpublished", track)
            case events.IngressEvent(name, info):
                return WebhookEvent(event=name, ingress_info=info)
            case events.EgressEvent(name, info):
                return WebhookEvent(event=name, egress_info=info)

    def _room(self, room: Room) -> models.Room:
        return convert.room_info(room, self._enabled_codecs)

    def _of_participant(self, name: str, participant: Participant) -> WebhookEvent:
        presence = self._presence_of(participant)
        client = presence.client if presence is not None else models.ClientInfo()
        info = convert.participant_info(participant, client)
        return WebhookEvent(event=name, room=self._room(participant.room), participant=info)


def _of_track(name: str, track: Track) -> WebhookEvent:
    # Of room and participant only the names, as LiveKit does: tracks come and go often.
    publisher = track.publisher
    return WebhookEvent(
        event=name,
        room=models.Room(sid=publisher.room.sid, name=publisher.room.name),
        participant=models.ParticipantInfo(sid=publisher.sid, identity=publisher.identity),
        track=convert.track_info(track),
    )
