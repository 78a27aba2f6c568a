"""Where clients of other protocols come in: the same tokens, rooms and limits, and the others see a participant."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from livekit.protocol import models

from mediaserver.flag import Flag
from mediaserver.participant import ParticipantKind, RemovalReason
from signalling.rtc import responses
from signalling.rtc.admission import Admission, admit, token_of
from signalling.rtc.connect_parameters import ConnectParameters
from signalling.rtc.ice_servers import IceServer, ice_servers
from signalling.rtc.presence import Information
from signalling.rtc.tokens import Claims, VideoGrants, verify_token

if TYPE_CHECKING:
    from livekit.protocol import rtc

    from mediaserver.clock import Clock
    from mediaserver.connection_quality import Rated
    from mediaserver.data_tracks import DataTrack
    from mediaserver.layers import VideoQuality
    from mediaserver.participant import Participant, ParticipantObserver
    from mediaserver.peer_connection import PeerConnection
    from mediaserver.room import Room
    from mediaserver.subscriber import SubscriptionFailure
    from mediaserver.track import Track
    from signalling.api_keys import ApiKeys
    from signalling.rtc.attendance import Attendance, Connect
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.outgoing import Outgoing
    from signalling.rtc.settings import RtcSettings

MAX_CLIENT_NAME = 100
OWN_CLIENT = "Polyana"


class Gateway:
    """Lets clients of another protocol in. Belongs to one event loop."""

    def __init__(
        self,
        attendance: Attendance,
        settings: RtcSettings,
        keys: ApiKeys,
        clock: Clock,
        metrics: RtcMetrics,
    ) -> None:
        self.attendance = attendance
        self.clock = clock
        self._settings = settings
        self._keys = keys
        self._metrics = metrics

    def ice_servers(self, participant: Participant) -> list[IceServer]:
        """STUN and TURN servers with credentials for this participant."""
        return ice_servers(self._settings, participant.sid, self.clock.time())

    @property
    def enabled_codecs(self) -> tuple[str, ...]:
        """MIME types that may be published."""
        return self._settings.enabled_codecs

    @property
    def reconnect_timeout_s(self) -> float:
        """How long a participant without media may take to come back."""
        return self._settings.reconnect_timeout_s

    def verify(
        self, headers: Mapping[str, str], query: Mapping[str, str], *, at: float | None = None
    ) -> Claims:
        """Checks the token of a request, now or `at` a time since the epoch. Raises `Unauthorised`."""
        now = self.clock.time() if at is None else at
        leeway_s = self._settings.token_leeway_s
        return verify_token(token_of(headers, query), self._keys, now=now, leeway_s=leeway_s)

    def admit(self, claims: Claims, client: str, *, kind: ParticipantKind) -> Admission:
        """What the token lets a client join. `client`: its name for the operator; `kind`: unless the token
        names a special one. Raises a `JoinError`."""
        info = models.ClientInfo(browser=_printable(client), protocol=responses.PROTOCOL)
        parameters = ConnectParameters(
            single_connection=True,
            client_info=info,
            auto_subscribe=False,
            takes_data=False,
        )
        admission = admit(claims, parameters, self._settings)
        if admission.profile.kind is ParticipantKind.STANDARD:
            admission = replace(admission, profile=replace(admission.profile, kind=kind))
        return admission

    def participant(
        self, admission: Admission, observer: ParticipantObserver, connect: Connect | None = None
    ) -> Participant:
        """One that has not entered its room yet. `connect` makes its connections, if they are no usual ones. Raises a
        `JoinError`."""
        return self.attendance.prepare(admission, observer, connect)

    def admit_own(self, room: str, identity: str, name: str, *, kind: ParticipantKind) -> Admission:
        """Of a participant that the server itself is, and that only publishes. Raises a `JoinError`."""
        grants = VideoGrants(
            room_join=True, room=room, can_publish=True, can_subscribe=False, can_publish_data=False
        )
        name = name[: self._settings.max_name_length]
        claims = Claims(iss="", exp=math.inf, sub=identity, name=name, video=grants)
        return self.admit(claims, OWN_CLIENT, kind=kind)

    def enter(self, guest: Guest) -> None:
        """The participant takes its seat; an earlier presence of the same identity ends."""
        self.attendance.enter(guest)
        self.attendance.own(guest)

    def left(self, guest: Guest, reason: RemovalReason) -> None:
        """The participant is out of its room, for this reason."""
        self._metrics.removals.labels(reason.value).inc()
        self.attendance.left(guest)


class Guest:
    """A `Presence` whose client speaks another protocol, or that has none: what the others are told passes it by. Of
    `ParticipantObserver` it has what can be left to silence."""

    participant: Participant
    protocol = responses.PROTOCOL

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.correlation_id = admission.correlation_id
        self.client = admission.parameters.client_info
        self._left = Flag()

    def start(self, participant: Participant) -> None:
        """The participant was made."""
        self.participant = participant
        self._information = Information(participant, self.client)

    @property
    def connected(self) -> bool:
        """There is nothing but media."""
        return self.participant.media_connected

    @property
    def info(self) -> models.ParticipantInfo:
        """As clients are told."""
        return self._information.get()

    @property
    def delimited_info(self) -> bytes:
        return self._information.delimited()

    def send(self, response: rtc.SignalResponse | Outgoing) -> None:
        """Something in the room has changed."""

    def missed(self, infos: Collection[models.ParticipantInfo]) -> None:
        """Nobody waits for it."""

    def moved(
        self,
        source: Room,
        left_behind: Collection[Participant],
        others: Collection[models.ParticipantInfo],
    ) -> None:
        """Its media goes to another room now."""
        self.admission = replace(self.admission, room_name=self.participant.room.name)

    def tick(self, now: float) -> float:
        """No time limits of its own."""
        return math.inf

    def remove(self, reason: RemovalReason) -> None:
        """Takes the participant out of its room, which ends `run`."""
        self.participant.room.remove(self.participant, reason)

    def end(self) -> None:
        """The participant is out of its room: ends `run`."""
        self._left.set()

    async def run(self) -> None:
        """Lives as long as the participant is in its room, then closes its connections."""
        try:
            await self._left.wait()
        finally:
            await self.participant.close()

    # ParticipantObserver

    def negotiation_needed(self, connection: PeerConnection) -> None:
        """There is one negotiation, or none."""

    def data_received(self, label: str, payload: bytes) -> None:
        """Data channels are not answered."""

    def profile_changed(self) -> None:
        """The client has no profile."""

    def track_subscribed(self, track: Track) -> None:
        """It sends anyway."""

    def subscribed_qualities_changed(self, track: Track, qualities: Mapping[str, VideoQuality]) -> None:
        """It cannot be told what to encode."""

    def connection_quality_changed(self, changes: Mapping[str, Rated]) -> None:
        """It has its own statistics."""

    def data_track_handles_changed(self, tracks: Mapping[int, DataTrack]) -> None:
        """It has no data tracks."""

    def data_track_unpublished(self, track: DataTrack) -> None:
        """It has no data tracks."""

    def track_muted(self, track: Track) -> None:
        """The data plane drops the packets."""

    def track_unpublished(self, track: Track) -> None:
        """The data plane drops the packets."""

    def stream_states_changed(self, paused: Mapping[Track, bool]) -> None:
        """It sees that the picture stands."""

    def subscription_failed(self, track_sid: str, failure: SubscriptionFailure) -> None:
        """Players look for something else."""

    def subscription_permission_changed(self, track: Track, allowed: bool) -> None:
        """Players look for something else."""


def _printable(client: str) -> str:
    return "".join(character for character in client[:MAX_CLIENT_NAME] if character.isprintable())
