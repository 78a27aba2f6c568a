"""The rooms of this server: found by name, made on demand, ended when nobody has come for a while."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog

from mediaserver.participant import RemovalReason
from mediaserver.room import Room, RoomObserver, RoomSettings
from signalling.rtc.errors import RoomNotFound, ServerFull
from signalling.rtc.events import RoomEvents, RoomFinished, RoomStarted

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.rtc.metrics import RtcMetrics
    from signalling.rtc.settings import RtcSettings

FEW = 50
"""A room that has told so many of changes tells the next ones after the interval of the settings; after more, it waits
longer, so that the server can still do other things. What counts is who was told, not who is there: an audience whose
members do not know of each other costs nothing."""
LARGE_ROOM_INTERVALS = 3
"""Where more than `FEW` are, changes wait at least so many intervals, so that those of a crowd come as one list."""
ROOM_UPDATE_INTERVAL_S = 1.0
"""Counts of participants change with every join; once a second is enough for whoever shows them."""
ROOM_UPDATES_PER_S = 200
"""In a room of a thousand they are told every five seconds, as LiveKit does in any room."""


class Rooms:
    def __init__(
        self,
        settings: RtcSettings,
        clock: Clock,
        metrics: RtcMetrics,
        observer: RoomObserver,
        events: RoomEvents,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._observer = observer
        self._events = events
        self.stir: Callable[[], None] = lambda: None
        """Called when `tick` has something to do soon."""
        self._rooms: dict[str, Room] = {}
        self._stirred: dict[Room, None] = {}
        """Those of which anything may be to be told or done soon."""
        self._next = dict.fromkeys(("speakers", "rooms"), 0.0)
        self._next_flush: dict[Room, float] = {}
        self._next_room_update: dict[Room, float] = {}
        self._log = structlog.get_logger(__name__)

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, name: str) -> Room | None:
        return self._rooms.get(name)

    def check(self, name: str, *, may_create: bool) -> None:
        """Raises `RoomNotFound` or `ServerFull` if nobody can join a room of this name."""
        if name in self._rooms:
            return
        if not (self._settings.auto_create or may_create):
            raise RoomNotFound
        if len(self._rooms) >= self._settings.max_rooms:
            raise ServerFull("too many rooms")

    def get_or_create(
        self,
        name: str,
        settings: RoomSettings,
        without_effect: Collection[str] = (),
    ) -> Room:
        """The room of this name. `settings` count only if it is new; `without_effect` are options that were asked
        for in vain."""
        room = self._rooms.get(name)
        if room is None:
            room = Room(
                name,
                settings,
                observer=self._observer,
                now=self._clock.monotonic(),
                created_at=self._clock.time(),
            )
            room.stir = partial(self._stir, room)
            self._rooms[name] = room
            self._metrics.rooms.set(len(self._rooms))
            self._log.info("room started", room=name, room_sid=room.sid)
            self._ignored(room, without_effect)
            self._events.publish(RoomStarted(room))
        return room

    def audio_levels(self, levels: Iterable[tuple[int, float]]) -> None:
        """Everybody who speaks, and how loud: receiver ids with linear levels."""
        now, by_receiver = self._clock.monotonic(), dict(levels)
        for room in self._rooms.values():
            loud = _loudest(room, by_receiver)
            if loud or not room.speakers.idle:
                room.observe_levels(loud, now)

    def layer_bitrates(self, measured: Iterable[tuple[int, int, int, int]]) -> None:
        """What comes in, as one worker of the data plane measures it: (receiver id, spatial layer or encoding, temporal
        layer, bit/s)."""
        by_receiver: dict[int, list[tuple[int, int, int]]] = {}
        for receiver, spatial, temporal, rate in measured:
            by_receiver.setdefault(receiver, []).append((spatial, temporal, rate))
        # A track that is forwarded is in several rooms.
        tracks = dict.fromkeys(track for room in self._rooms.values() for track in room.tracks.values())
        for stream in (stream for track in tracks for stream in track.streams):
            layers = by_receiver.get(stream.receiver.id) if stream.receiver is not None else None
            if layers and (growth := stream.bitrates.observe(layers)):
                stream.track.publisher.room.bandwidth_changed(stream.track, growth)

    def tick(self, now: float) -> bool:
        """Sends what is due and ends rooms. To be called about every 100 ms while it returns True, else once a second,
        or after `stir`."""
        due = {name for name, time in self._next.items() if now >= time}
        intervals = {
            "speakers": self._settings.speaker_interval_s,
            "rooms": ROOM_UPDATE_INTERVAL_S,
        }
        self._next.update({name: now + intervals[name] for name in due})
        for room in list(self._stirred):
            self._update(room, now, speakers="speakers" in due)
        if "rooms" in due:
            self._count_deficient()
            for room in list(self._rooms.values()):
                self._look(room, now)
        return bool(self._stirred)

    def _update(self, room: Room, now: float, *, speakers: bool) -> None:
        if now >= self._next_flush.get(room, 0.0):
            self._next_flush[room] = now + self._flush_interval(room, room.flush())
        room.update_dynacast(now)
        room.update_allocations(now)
        if speakers:
            room.update_speakers(now)
        if not room.is_stirred:
            self._stirred.pop(room, None)

    def _look(self, room: Room, now: float) -> None:
        if now >= self._next_room_update.get(room, 0.0):
            self._next_room_update[room] = now + room.flush_room() / ROOM_UPDATES_PER_S
        if room.expired(now):
            # Only those who serve others are left, such as recorders and agents.
            self.end(room, RemovalReason.ROOM_CLOSED)

    def _stir(self, room: Room) -> None:
        if self._rooms.get(room.name) is room:
            self._stirred[room] = None
            self.stir()

    def _count_deficient(self) -> None:
        deficient = [allocator for room in self._rooms.values() for allocator in room.deficient]
        self._metrics.deficient_subscribers.set(len(deficient))
        self._metrics.paused_subscriptions.set(sum(len(allocator.paused) for allocator in deficient))

    def _flush_interval(self, room: Room, told: int) -> float:
        least = LARGE_ROOM_INTERVALS if len(room.participants) > FEW else 1
        return self._settings.update_interval_s * max(least, told / FEW)

    def end(self, room: Room, reason: RemovalReason) -> None:
        """Takes everybody out, and forgets the room."""
        room.end(reason)
        del self._rooms[room.name]
        self._stirred.pop(room, None)
        self._next_flush.pop(room, None)
        self._next_room_update.pop(room, None)
        self._metrics.rooms.set(len(self._rooms))
        self._events.publish(RoomFinished(room, reason))
        self._log.info("room ended", room=room.name, room_sid=room.sid, reason=reason.value)

    def _ignored(self, room: Room, options: Collection[str]) -> None:
        for option in options:
            self._metrics.unsupported_room_options.labels(option).inc()
        if options:
            self._log.warning("room options without effect", room=room.name, options=list(options))


def _loudest(room: Room, by_receiver: Mapping[int, float]) -> dict[str, float]:
    loudest: dict[str, float] = {}
    for track in room.tracks.values():
        level = by_receiver.get(track.receiver.id, 0.0) if track.receiver is not None else 0.0
        if level and not track.muted:
            loudest[track.publisher.sid] = max(level, loudest.get(track.publisher.sid, 0.0))
    return loudest
