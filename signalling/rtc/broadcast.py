"""What concerns everybody in a room, serialised once for all who get the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from mediaserver.participant import Participant, ParticipantState, RemovalReason
from mediaserver.room import Room
from mediaserver.rules import Circles
from mediaserver.speakers import Speaker
from signalling.rtc import convert, responses
from signalling.rtc.events import (
    ParticipantConnectionAborted,
    ParticipantJoined,
    ParticipantLeft,
    RoomEvents,
    TrackPublished,
    TrackUnpublished,
)
from signalling.rtc.outgoing import Outgoing, ParticipantList

if TYPE_CHECKING:
    from mediaserver.track import Track
    from signalling.rtc.presence import Presence

PROTOCOL_IDENTITY_RECONNECT = 12
"""From this version on clients understand that an identity came back with a new sid; older ones must be told
that the old presence left first."""


class Broadcaster:
    """Implements `RoomObserver`."""

    def __init__(
        self,
        presence_of: Callable[[Participant], Presence | None],
        enabled_codecs: tuple[str, ...],
        events: RoomEvents,
    ) -> None:
        self._presence_of = presence_of
        self._enabled_codecs = enabled_codecs
        self._events = events

    def participants_changed(
        self, room: Room, changed: Collection[Participant], recipients: Collection[Participant]
    ) -> None:
        response = Outgoing(responses.participants([presence.info for presence in self._present(changed)]))
        gone = [p for p in changed if p.state is ParticipantState.DISCONNECTED]
        for presence in self._present(recipients):
            if gone and not presence.connected:
                presence.missed(responses.disconnected_infos(gone))
            presence.send(response)

    def participant_replaced(
        self, room: Room, replaced: Participant, recipients: Collection[Participant]
    ) -> None:
        if replaced.permissions.hidden:
            return
        response = Outgoing(responses.participants(responses.disconnected_infos([replaced])))
        for presence in self._present(recipients):
            if presence.protocol < PROTOCOL_IDENTITY_RECONNECT:
                presence.send(response)

    def sights_changed(
        self,
        room: Room,
        viewers: Collection[Participant],
        appeared: Collection[Participant],
        gone: Collection[Participant],
    ) -> None:
        left = dict(zip((p.sid for p in gone), responses.disconnected_infos(gone), strict=True))
        infos = left | {presence.participant.sid: presence.info for presence in self._present(appeared)}
        update = ParticipantList(infos)
        for presence in self._present(viewers):
            own = presence.participant.sid
            if left and not presence.connected:
                presence.missed([info for sid, info in left.items() if sid != own])
            if infos.keys() - {own}:
                presence.send(update.without(own))

    def speakers_changed(self, room: Room, changes: Collection[Speaker]) -> None:
        responses_by_sids: dict[tuple[str, ...], Outgoing] = {}
        audience = Audience(room, changes)
        for presence in self._present(room.participants.values()):
            key = audience.noticed_by(presence.participant)
            if not key:
                continue
            if key not in responses_by_sids:
                visible = [speaker for speaker in changes if speaker.sid in key]
                message = rtc.SignalResponse(speakers_changed=convert.speaker_infos(visible))
                responses_by_sids[key] = Outgoing(message)
            presence.send(responses_by_sids[key])

    def room_changed(self, room: Room, viewers: Collection[Participant]) -> None:
        made: dict[Circles, Outgoing] = {}
        for presence in self._present(viewers):
            viewer = presence.participant
            if viewer.rules.circles not in made:  # in a room that nobody controls there is one for all
                info = convert.room_info(room, self._enabled_codecs, viewer)
                response = rtc.SignalResponse(room_update=rtc.RoomUpdate(room=info))
                made[viewer.rules.circles] = Outgoing(response)
            presence.send(made[viewer.rules.circles])

    def participant_active(self, participant: Participant) -> None:
        self._events.publish(ParticipantJoined(participant))

    def participant_left(self, participant: Participant, reason: RemovalReason) -> None:
        left = ParticipantLeft if participant.has_been_active else ParticipantConnectionAborted
        self._events.publish(left(participant, reason))

    def track_published(self, track: Track) -> None:
        self._events.publish(TrackPublished(track))

    def track_ended(self, track: Track) -> None:
        self._events.publish(TrackUnpublished(track))

    def _present(self, participants: Collection[Participant]) -> list[Presence]:
        return [presence for p in participants if (presence := self._presence_of(p)) is not None]


def visible_infos(
    room: Room, presence_of: Callable[[Participant], Presence | None], without: Participant
) -> list[models.ParticipantInfo]:
    """All that one participant may know of the others."""
    return [presence.info for presence in visible(room, presence_of, without)]


def visible(
    room: Room, presence_of: Callable[[Participant], Presence | None], without: Participant
) -> Iterator[Presence]:
    """The others of whom one participant may know."""
    others = room.policy.known_to(without)
    return (presence for p in others if (presence := presence_of(p)) is not None)


class Audience:
    """Whom of some speakers each participant of a room may hear; listeners who may do the same are asked about once."""

    def __init__(self, room: Room, speakers: Collection[Speaker]) -> None:
        self._speakers = speakers
        found = [room.participant(sid=speaker.sid) for speaker in speakers]
        self._apart = frozenset(p for p in found if p is not None)
        # Who may be received by name is asked for each listener.
        self._alike = all(p.publisher.subscription_permissions.all_participants for p in self._apart)
        self._noticed: dict[tuple[Circles, tuple[bool, bool]], tuple[str, ...]] = {}

    def noticed_by(self, listener: Participant) -> tuple[str, ...]:
        """Sids."""
        if not self._alike or listener in self._apart:
            return self._asked(listener)
        key = listener.rules.circles, listener.permissions.receiving
        if key not in self._noticed:
            self._noticed[key] = self._asked(listener)
        return self._noticed[key]

    def _asked(self, listener: Participant) -> tuple[str, ...]:
        return tuple(speaker.sid for speaker in noticeable(listener, self._speakers))


def noticeable(listener: Participant, speakers: Collection[Speaker]) -> list[Speaker]:
    """The speakers that a participant may know of."""
    return [s for s in speakers if may_notice(listener, listener.room.participant(sid=s.sid))]


def may_notice(listener: Participant, speaker: Participant | None) -> bool:
    """Whether a participant is told that another speaks: only of whom it may hear, and of itself."""
    if speaker is listener:
        return True
    if speaker is None or not listener.room.policy.sees(listener, speaker):
        return False
    audio = (track for track in speaker.publisher.tracks.values() if track.kind == "audio")
    return any(listener.room.may_receive(listener, track) for track in audio)
