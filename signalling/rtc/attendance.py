"""Who is in which room of this server, whatever protocol they speak. No HTTP here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog

from mediaserver.participant import Participant, ParticipantLimits, RemovalReason
from mediaserver.room import Room, RoomFull
from signalling.agenda import Agenda
from signalling.rtc.broadcast import Broadcaster, visible_infos
from signalling.rtc.errors import ServerFull, Unauthorised
from signalling.rtc.events import RoomEvents
from signalling.rtc.node_load import NodeLoad
from signalling.rtc.revocations import Revocations
from signalling.rtc.rooms import Rooms

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.participant import ParticipantObserver
    from mediaserver.peer_connection import Offerer, PeerConnection, PeerConnectionObserver
    from signalling.rtc.admission import Admission
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.presence import Presence
    from signalling.rtc.settings import RtcSettings

TICK_S = 1.0
LIMITS_AT_ONCE = 256
"""Of so many participants time limits are looked at in one go, which takes less than a millisecond."""

Connect = Callable[["Room", Mapping[str, str], "Offerer", "PeerConnectionObserver"], "PeerConnection"]
"""Makes a peer connection of somebody in a room; the mapping names it in log lines."""


class Attendance:
    """Seats participants, and owns the tasks that live as long as they are there."""

    def __init__(
        self,
        settings: RtcSettings,
        clock: Clock,
        metrics: RtcMetrics,
        connect: Connect,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._connect = connect
        self.events = RoomEvents(metrics.errors)
        broadcaster = Broadcaster(self.of, settings.enabled_codecs, self.events)
        self.rooms = Rooms(settings, clock, metrics, broadcaster, self.events)
        self.revocations = Revocations()
        self.load = NodeLoad(settings)
        self.doorkeeper: Callable[[Admission], None] | None = None
        """Whoever controls rooms may refuse somebody by a `JoinError`."""
        self._present: dict[str, Presence] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._next_look = 0.0
        self._limits = Agenda()
        """By sid: before that no time limit is reached, as they said."""
        self._log = structlog.get_logger(__name__)

    def __iter__(self) -> Iterator[Presence]:
        return iter(list(self._present.values()))

    def of(self, participant: Participant) -> Presence | None:
        return self._present.get(participant.sid)

    def check(self, admission: Admission) -> None:
        """Raises a `JoinError` if this participant cannot join now."""
        if self._closing:
            raise ServerFull("the server is shutting down")
        identity, not_before = admission.profile.identity, admission.claims.nbf
        if self.revocations.covers(admission.room_name, identity, not_before):
            raise Unauthorised("the token was taken back")
        if self.doorkeeper is not None:
            self.doorkeeper(admission)
        self.rooms.check(admission.room_name, may_create=admission.may_create_room)
        if not admission.parameters.reconnect:
            self.load.check(self.rooms)
        room = self.rooms.get(admission.room_name)
        if room is not None and not admission.parameters.reconnect:
            try:
                room.check_seat(admission.profile.identity, admission.profile.kind)
            except RoomFull as error:
                raise ServerFull("room has exceeded its max participants") from error

    def prepare(
        self, admission: Admission, observer: ParticipantObserver, connect: Connect | None = None
    ) -> Participant:
        """A participant that has not entered its room yet. `connect` makes its connections, if they are no usual ones.
        Raises a `JoinError`."""
        self.check(admission)
        room = self.rooms.get_or_create(
            admission.room_name, admission.room_settings, admission.unsupported_room_options
        )
        parameters, settings = admission.parameters, self._settings
        names = {
            "correlation_id": admission.correlation_id,
            "room": room.name,
            "identity": admission.profile.identity,
        }
        return Participant(
            admission.profile,
            admission.permissions,
            room=room,
            observer=observer,
            connect=partial(connect or self._connect, room, names),
            single_connection=parameters.single_connection,
            auto_subscribe=parameters.auto_subscribe,
            adaptive_stream=parameters.adaptive_stream,
            auto_subscribe_data_tracks=parameters.auto_subscribe_data_tracks,
            sync_streams=parameters.takes_sync_streams,
            allow_pause=settings.congestion_control.allow_pause
            if parameters.subscriber_allow_pause is None
            else parameters.subscriber_allow_pause,
            joined_at=self._clock.time(),
            limits=ParticipantLimits(
                max_tracks=settings.max_tracks_per_participant,
                max_data_tracks=settings.max_data_tracks_per_participant,
                max_reliable_buffer_bytes=settings.max_reliable_buffer_bytes,
                max_joining_data_bytes=settings.max_joining_data_bytes,
                max_subscriptions={
                    "audio": settings.subscription_limit_audio,
                    "video": settings.subscription_limit_video,
                },
            ),
            takes_data=parameters.takes_data,
        )

    def enter(self, presence: Presence) -> None:
        """The participant takes its seat; an earlier presence of the same identity ends."""
        participant = presence.participant
        self._present[participant.sid] = presence
        self.disturb(presence)
        participant.room.join(participant)

    def move(self, presence: Presence, destination: Room) -> None:
        """Takes the participant to another room; its connections stay."""
        participant, source = presence.participant, presence.participant.room
        left_behind = source.policy.known_to(participant)
        source.release(participant)
        destination.admit(participant)
        presence.moved(source, left_behind, visible_infos(destination, self.of, without=participant))
        destination.introduce(participant)

    def own(self, presence: Presence) -> None:
        """Runs it until the participant has left."""
        task = asyncio.create_task(presence.run(), name=f"presence-{presence.participant.sid}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def left(self, presence: Presence) -> None:
        """The participant is out of its room."""
        self._present.pop(presence.participant.sid, None)
        self._limits.drop(presence.participant.sid)

    def disturb(self, presence: Presence) -> None:
        """Something begins that has a time limit of its own. Who has left is not looked at any more."""
        if presence.participant.sid in self._present:
            self._limits.put(presence.participant.sid, 0.0)

    def tick(self, now: float) -> bool:
        """Time limits of rooms and participants. To be called as `Rooms.tick`."""
        has_more = self.rooms.tick(now)
        if self._is_due(now):
            self._next_look = now + TICK_S
            self._look(now)
        return has_more or self._is_due(now)

    def _is_due(self, now: float) -> bool:
        return now >= max(self._next_look, self._limits.next)

    def _look(self, now: float) -> None:
        due = self._limits.take(now, LIMITS_AT_ONCE)
        for sid in due:
            self._limits.put(sid, now)  # an error in one of them lets nobody be forgotten
        for sid in due:
            presence = self._present.get(sid)  # an end may end others
            until = presence.tick(now) if presence is not None else 0.0
            if sid in self._present:
                self._limits.put(sid, until)
        if len(due) == LIMITS_AT_ONCE:
            self._next_look = now  # there may be more

    async def close(self) -> None:
        """Everybody leaves; waits until that is done."""
        self._closing = True
        for room in self.rooms:
            self.rooms.end(room, RemovalReason.SERVER_SHUTDOWN)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._metrics.errors.labels("internal").inc()
            self._log.error("a presence failed", exc_info=error)
