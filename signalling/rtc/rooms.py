"""The rooms of this server: found by name, made on demand, ended when nobody has come for a while."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from mediaserver.participant import RemovalReason
from mediaserver.room import Room, RoomObserver, RoomSettings
from signalling.rtc.errors import RoomNotFound, ServerFull
from signalling.rtc.events import RoomEvents, RoomFinished, RoomStarted

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.rtp import RtpReceiver
    from mediaserver.stream_allocator import StreamAllocator
    from mediaserver.track import CodecStream, Track
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
SPEAKING_AT_ONCE, STREAMS_AT_ONCE = 128, 256
"""In so many rooms it is looked in one go at who speaks, and of so many streams at what they take, which is a
millisecond each; at the next ones a tick later."""


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
        self._speaking: dict[Room, float] = {}
        """Those in which somebody speaks, and when that is told next."""
        self._reported: dict[Room, dict[str, float]] = {}
        """What is still to be observed of the newest report, by sid of who speaks."""
        self._reported_at = 0.0
        self._measured: dict[CodecStream, dict[tuple[int, int], int]] = {}
        """What is still to be observed of bit rates: those of (spatial, temporal) layers."""
        self._unsettled: dict[Room, None] = {}
        """Those of which counts may be to be told, and those that are empty."""
        self._next_look = 0.0
        self._next_flush: dict[Room, float] = {}
        self._next_room_update: dict[Room, float] = {}
        self._log = structlog.get_logger(__name__)
        # Counted when somebody asks.
        metrics.deficient_subscribers.set_function(lambda: sum(1 for _ in self._deficient()))
        metrics.paused_subscriptions.set_function(lambda: sum(len(a.paused) for a in self._deficient()))

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
            self._unsettled[room] = None
            self._metrics.rooms.set(len(self._rooms))
            self._log.info("room started", room=name, room_sid=room.sid)
            self._ignored(room, without_effect)
            self._events.publish(RoomStarted(room))
        return room

    def audio_levels(self, levels: Iterable[tuple[RtpReceiver, float]]) -> None:
        """Everybody who speaks, and how loud (linear), loudest first."""
        loud: dict[Room, dict[str, float]] = {room: {} for room in self._speaking}
        for receiver, level in levels:
            if receiver.stream is not None:
                for room in _heard_in(receiver.stream.track):
                    loud.setdefault(room, {}).setdefault(receiver.stream.track.publisher.sid, level)
        # Instead of what is left of an earlier report.
        self._reported, self._reported_at = loud, self._clock.monotonic()
        self._observe_levels()
        if loud:
            self.stir()

    def layer_bitrates(self, measured: Iterable[tuple[RtpReceiver, int, int, int]]) -> None:
        """What has changed of what comes in, as one worker of the data plane measures it: (receiver, spatial layer or
        encoding, temporal layer, bit/s)."""
        for receiver, spatial, temporal, rate in measured:
            if receiver.stream is not None:
                self._measured.setdefault(receiver.stream, {})[spatial, temporal] = rate
        self._observe_bitrates()
        if self._measured:
            self.stir()

    def tick(self, now: float) -> bool:
        """Sends what is due and ends rooms. To be called about every 100 ms while it returns True, else once a second,
        or after `stir`."""
        for room in list(self._stirred):
            self._update(room, now)
        self._observe_bitrates()
        self._observe_levels()
        due = (room for room, at in self._speaking.items() if now >= at)
        for room in list(islice(due, SPEAKING_AT_ONCE)):
            self._update_speakers(room, now)
        if now >= self._next_look:
            self._next_look = now + ROOM_UPDATE_INTERVAL_S
            for room in list(self._unsettled):
                self._look(room, now)
        return bool(self._stirred or self._speaking or self._reported or self._measured)

    def _update(self, room: Room, now: float) -> None:
        if now >= self._next_flush.get(room, 0.0):
            self._next_flush[room] = now + self._flush_interval(room, room.flush())
        room.update_dynacast(now)
        room.update_allocations(now)
        if not room.is_stirred:
            self._stirred.pop(room, None)

    def _observe_bitrates(self) -> None:
        for stream in list(islice(self._measured, STREAMS_AT_ONCE)):
            growth = stream.bitrates.observe(self._measured.pop(stream))
            stream.track.publisher.room.bandwidth_changed(stream.track, growth)

    def _observe_levels(self) -> None:
        for room in list(islice(self._reported, SPEAKING_AT_ONCE)):
            room.observe_levels(self._reported.pop(room), self._reported_at)
            self._speaking.setdefault(room, self._reported_at)

    def _update_speakers(self, room: Room, now: float) -> None:
        # Behind all others, even if it fails.
        del self._speaking[room]
        self._speaking[room] = now + self._settings.speaker_interval_s
        room.update_speakers(now)
        if room.speakers.idle:
            del self._speaking[room]

    def _look(self, room: Room, now: float) -> None:
        if now >= self._next_room_update.get(room, 0.0):
            self._next_room_update[room] = now + room.flush_room() / ROOM_UPDATES_PER_S
        if room.expired(now):
            # Only those who serve others are left, such as recorders and agents.
            self.end(room, RemovalReason.ROOM_CLOSED)
        elif room.is_settled:
            del self._unsettled[room]

    def _stir(self, room: Room) -> None:
        if self._rooms.get(room.name) is room:
            self._stirred[room] = self._unsettled[room] = None
            self.stir()

    def _deficient(self) -> Iterator[StreamAllocator]:
        return (allocator for room in self._rooms.values() for allocator in room.deficient)

    def _flush_interval(self, room: Room, told: int) -> float:
        least = LARGE_ROOM_INTERVALS if len(room.participants) > FEW else 1
        return self._settings.update_interval_s * max(least, told / FEW)

    def end(self, room: Room, reason: RemovalReason) -> None:
        """Takes everybody out, and forgets the room."""
        room.end(reason)
        del self._rooms[room.name]
        self._stirred.pop(room, None)
        self._speaking.pop(room, None)
        self._reported.pop(room, None)
        self._unsettled.pop(room, None)
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


def _heard_in(track: Track) -> Iterator[Room]:
    """Where it is one of the tracks, and not muted."""
    if not track.muted:
        yield from (room for room in track.publisher.rooms if track.sid in room.tracks)
