"""A participant as the signalling of everybody else sees it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from mediaserver.participant import RemovalReason
from signalling.rtc import convert
from signalling.rtc.outgoing import delimited, undelimited

if TYPE_CHECKING:
    from livekit.protocol import models, rtc

    from mediaserver.participant import Participant
    from mediaserver.room import Room
    from signalling.rtc.outgoing import Outgoing


class Presence(Protocol):
    """Somebody in a room: a `Session` that speaks LiveKit's protocol with its client, or a client of another
    protocol, which is seen by the others and told nothing."""

    participant: Participant
    correlation_id: str

    @property
    def info(self) -> models.ParticipantInfo:
        """As clients are told."""

    @property
    def delimited_info(self) -> bytes:
        """The same for a list of participants (`outgoing.delimited`)."""

    @property
    def client(self) -> models.ClientInfo: ...
    @property
    def connected(self) -> bool:
        """Whether somebody is there to be told."""

    @property
    def protocol(self) -> int:
        """Version of LiveKit's protocol."""

    def send(self, response: rtc.SignalResponse | Outgoing) -> None: ...
    def missed(self, infos: Collection[models.ParticipantInfo]) -> None:
        """Participants that left while nobody was there to be told."""

    def moved(
        self,
        source: Room,
        left_behind: Collection[Participant],
        others: Collection[models.ParticipantInfo],
    ) -> None:
        """The participant is in another room now, among these others; it knew of those who are left behind."""

    def tick(self, now: float) -> float:
        """Time limits. Gives until when none can be reached, unless `Attendance.disturb` is called before; from then on
        it is to be called about once a second. Seconds, monotonic."""

    def remove(self, reason: RemovalReason) -> None:
        """Takes the participant out of its room, which ends `run`."""

    async def run(self) -> None:
        """Lives as long as the participant is in its room, then closes its connections."""


class Information:
    """A participant as clients are told; made anew only when it has changed. Kept serialised: the message is three
    times as large, and of most of an audience nobody asks again."""

    def __init__(self, participant: Participant, client: models.ClientInfo) -> None:
        self._participant = participant
        self._client = client
        self._delimited = b""
        self._version = -1
        """Of what is delimited."""

    def get(self) -> models.ParticipantInfo:
        """The caller's own."""
        return undelimited(self.delimited())

    def delimited(self) -> bytes:
        """Who comes is told of everybody, so this is asked of everybody each time somebody comes."""
        if self._version != self._participant.version:
            self._version = self._participant.version
            self._delimited = delimited(convert.participant_info(self._participant, self._client))
        return self._delimited
