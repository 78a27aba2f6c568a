"""What the methods of the server API work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from livekit.protocol import models

from signalling.rtc import convert
from signalling.rtc.api.errors import participant_not_found, room_not_found
from signalling.rtc.api.nonces import Nonces

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.participant import Participant
    from mediaserver.room import Room
    from signalling.rtc.attendance import Attendance
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.presence import Presence
    from signalling.rtc.settings import RtcSettings


@dataclass(frozen=True)
class ApiContext:
    """Shared by all methods."""

    attendance: Attendance
    settings: RtcSettings
    clock: Clock
    metrics: RtcMetrics
    nonces: Nonces = field(default_factory=Nonces)

    def room(self, name: str) -> Room:
        """Raises `ApiError` if there is no room of this name."""
        room = self.attendance.rooms.get(name)
        if room is None:
            raise room_not_found()
        return room

    def presence(self, room_name: str, identity: str) -> Presence:
        """Raises `ApiError` if nobody of this identity is in the room."""
        room = self.attendance.rooms.get(room_name)
        participant = room.participants.get(identity) if room is not None else None
        presence = self.attendance.of(participant) if participant is not None else None
        if presence is None:
            raise participant_not_found()
        return presence

    def participant(self, room_name: str, identity: str) -> Participant:
        """Raises `ApiError` if nobody of this identity is in the room."""
        return self.presence(room_name, identity).participant

    def room_info(self, room: Room) -> models.Room:
        return convert.room_info(room, self.settings.enabled_codecs)
