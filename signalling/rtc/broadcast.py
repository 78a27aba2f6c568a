"""What concerns everybody in a room, serialised once for all who get the same."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from mediaserver.participant import Participant, ParticipantState
from mediaserver.room import Room
from mediaserver.speakers import Speaker
from signalling.rtc import convert, responses
from signalling.rtc.outgoing import Outgoing

if TYPE_CHECKING:
    from signalling.rtc.session import Session

PROTOCOL_IDENTITY_RECONNECT = 12
"""From this version on clients understand that an identity came back with a new sid; older ones must be told
that the old presence left first."""


class Broadcaster:
    """Implements `RoomObserver`."""

    def __init__(
        self, session_of: Callable[[Participant], Session | None], enabled_codecs: tuple[str, ...]
    ) -> None:
        self._session_of = session_of
        self._enabled_codecs = enabled_codecs

    def participants_changed(
        self, room: Room, changed: Collection[Participant], recipients: Collection[Participant]
    ) -> None:
        response = Outgoing(responses.participants([session.info for session in self._sessions(changed)]))
        gone = [p for p in changed if p.state is ParticipantState.DISCONNECTED]
        for session in self._sessions(recipients):
            if gone and not session.connected:
                session.missed(responses.disconnected_infos(gone))
            session.send(response)

    def participant_replaced(
        self, room: Room, replaced: Participant, recipients: Collection[Participant]
    ) -> None:
        if replaced.permissions.hidden:
            return
        response = Outgoing(responses.participants(responses.disconnected_infos([replaced])))
        for session in self._sessions(recipients):
            if session.protocol < PROTOCOL_IDENTITY_RECONNECT:
                session.send(response)

    def speakers_changed(self, room: Room, changes: Collection[Speaker]) -> None:
        responses_by_sids: dict[tuple[str, ...], Outgoing] = {}
        for participant in room.participants.values():
            session = self._session_of(participant)
            visible = noticeable(participant, changes)
            if session is None or not visible:
                continue
            key = tuple(speaker.sid for speaker in visible)
            if key not in responses_by_sids:
                message = rtc.SignalResponse(speakers_changed=convert.speaker_infos(visible))
                responses_by_sids[key] = Outgoing(message)
            session.send(responses_by_sids[key])

    def room_changed(self, room: Room) -> None:
        info = convert.room_info(room, self._enabled_codecs)
        response = Outgoing(rtc.SignalResponse(room_update=rtc.RoomUpdate(room=info)))
        for session in self._sessions(room.participants.values()):
            session.send(response)

    def _sessions(self, participants: Collection[Participant]) -> list[Session]:
        return [session for p in participants if (session := self._session_of(p)) is not None]


def visible_infos(
    room: Room, session_of: Callable[[Participant], Session | None], without: Participant
) -> list[models.ParticipantInfo]:
    """All that one participant may know of the others."""
    others = [p for p in room.participants.values() if p is not without and not p.permissions.hidden]
    return [session.info for p in others if (session := session_of(p)) is not None]


def noticeable(listener: Participant, speakers: Collection[Speaker]) -> list[Speaker]:
    """The speakers that a participant may know of."""
    return [s for s in speakers if may_notice(listener, listener.room.participant(sid=s.sid))]


def may_notice(listener: Participant, speaker: Participant | None) -> bool:
    """Whether a participant is told that another speaks: only of whom it may hear, and of itself."""
    if speaker is listener:
        return True
    if speaker is None or speaker.permissions.hidden:
        return False
    audio = (track for track in speaker.publisher.tracks.values() if track.kind == "audio")
    return any(listener.room.may_receive(listener, track) for track in audio)
