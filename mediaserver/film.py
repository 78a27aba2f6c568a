"""Films that the server itself plays: tracks whose packets come from chunks, fed a few seconds ahead."""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from mediaserver.engine import Chunk, Encoding
from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.peer_connection import PeerConnection
from mediaserver.rtp import random_ssrc
from mediaserver.sdp import RtpCodec
from mediaserver.track import TrackCodec, TrackSettings, TrackSource

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.engine import Engine
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import Offerer, PeerConnectionObserver
    from mediaserver.room import Room
    from mediaserver.rtp import RtpReceiver
    from mediaserver.track import Kind

AHEAD = 3
"""Chunks that the data plane holds, the one that is playing included."""
TOLERANCE_S = 0.2
"""By how much a film may be late before everybody is told anew where it is."""
SOURCES: Mapping[Kind, TrackSource] = {
    "video": TrackSource.SCREEN_SHARE,
    "audio": TrackSource.SCREEN_SHARE_AUDIO,
}
"""Clients show it as what everybody should look at."""
RIDS = ("q", "h", "f")


@dataclass(frozen=True, slots=True)
class FilmStream:
    """One stream of a film's chunks. Bit rate in bit/s."""

    codec: RtpCodec
    width: int = 0
    height: int = 0
    bitrate_bps: int = 0

    @property
    def kind(self) -> Kind:
        return "audio" if self.codec.kind == "audio" else "video"


class FilmSource(Protocol):
    """A film. Times are microseconds from its begin."""

    @property
    def streams(self) -> Sequence[FilmStream]:
        """By their numbers in the chunks; layers of the picture lowest first."""

    @property
    def starts(self) -> Sequence[int]:
        """When each chunk begins, rising."""

    @property
    def duration_us(self) -> int: ...
    async def chunk(self, number: int) -> Chunk:
        """May wait for a disk. What it raises ends the film."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a film is: at `position_us` when it is `at` (seconds since the epoch), going on from there if it moves."""

    position_us: int
    at: float
    moving: bool = False
    ended: bool = False
    """It stands at its last second."""

    def position_at(self, now: float) -> int:
        """`now`: seconds since the epoch."""
        return self.position_us + (round((now - self.at) * 1e6) if self.moving else 0)


class FilmObserver(Protocol):
    """Called from the event loop."""

    def film_moved(self) -> None:
        """It is somewhere else than it was expected to be, it stands, or it goes on."""

    def film_failed(self, error: Exception) -> None:
        """What the source raised. Nothing more will come."""


class FilmConnection(PeerConnection):
    """A connection without a peer: its tracks come in from the server itself."""

    has_peer: ClassVar[bool] = False

    def play_in(self, streams: Sequence[FilmStream]) -> dict[Kind, RtpReceiver]:
        """Makes a track of each kind, and counts as connected from now on."""
        made: dict[Kind, RtpReceiver] = {}
        for kind in SOURCES:
            mine = [stream for stream in streams if stream.kind == kind]
            if mine:
                encodings = [Encoding(ssrc=random_ssrc()) for _ in mine]
                made[kind] = self._receivers.add_played(kind, mine[0].codec, encodings)
        counts = {kind: itertools.count() for kind in made}
        self.engine.plane.set_player(
            self.id,
            [
                (made[s.kind].id, next(counts[s.kind]), s.codec.payload_type, s.codec.clock_rate)
                for s in streams
            ],
        )
        self._transport.needs_no_peer()
        return made


def film_connection(
    engine: Engine,
    clock: Clock,
    room: Room,
    names: Mapping[str, str],
    offerer: Offerer,
    observer: PeerConnectionObserver,
) -> FilmConnection:
    """On the room's worker; `names` for log lines."""
    return FilmConnection(
        engine,
        worker=room.worker,
        offerer=offerer,
        observer=observer,
        clock=clock,
        metrics=engine.metrics,
        log_context=names,
    )


def publish(participant: Participant, streams: Sequence[FilmStream]) -> None:
    """What plays on the participant's `FilmConnection` becomes its tracks, of one stream so that lips stay in step.
    Raises `PublishRefused`."""
    connection = participant.publisher_connection
    assert isinstance(connection, FilmConnection), "only films are played"
    for kind, receiver in connection.play_in(streams).items():
        track = participant.publisher.add_track(_settings(kind, streams), muted=False)
        rids = RIDS[: len(receiver.encodings)] if len(receiver.encodings) > 1 else ()
        participant.publisher.begin_played(track, receiver, rids)


def _settings(kind: Kind, streams: Sequence[FilmStream]) -> TrackSettings:
    mine = [stream for stream in streams if stream.kind == kind]
    codec, best = mine[0].codec, mine[-1]
    layers = tuple(
        VideoLayer(_quality(number, len(mine)), s.width, s.height, s.bitrate_bps, spatial_layer=number)
        for number, s in enumerate(mine)
        if kind == "video"
    )
    return TrackSettings(
        cid=f"film-{kind}",
        kind=kind,
        name="film",
        source=SOURCES[kind],
        width=best.width,
        height=best.height,
        disable_dtx=True,
        disable_red=True,
        stereo=kind == "audio" and codec.parameter("stereo") == "1",
        stream="film",
        layers=layers,
        codecs=(TrackCodec(codec.mime_type, f"film-{kind}", layers),),
    )


def _quality(number: int, count: int) -> VideoQuality:
    """The best layer is HIGH, whatever their number."""
    return VideoQuality(max(0, VideoQuality.HIGH - (count - 1 - number)))


class FilmPlayer:
    """Keeps the data plane a few chunks ahead, and knows where the film is. Belongs to one event loop."""

    def __init__(
        self, engine: Engine, transport: int, source: FilmSource, clock: Clock, observer: FilmObserver
    ) -> None:
        """It stands at its first picture until `play`."""
        self._engine = engine
        self._transport = transport
        self._source = source
        self._clock = clock
        self._observer = observer
        self._given: deque[int] = deque()
        """Numbers of chunks that the data plane has and has not played, the first one playing."""
        self._next = 0
        self._restart = True
        """The next chunk replaces what the data plane has."""
        self._playing = False
        self._work = asyncio.Event()
        self._work.set()
        self.moment = Moment(0, clock.time())
        engine.register_player(transport, self._played)
        self._task = asyncio.create_task(self._feed(), name=f"film-{transport}")

    @property
    def playing(self) -> bool:
        """Whether it goes on as soon as there is something to play."""
        return self._playing

    def play(self) -> None:
        """From where it stands; from the begin, if it has ended."""
        if self.moment.ended:
            self.seek(0)
        if not self._playing:
            self._playing = True
            self._engine.plane.set_playing(self._transport, playing=True)
            self._tell()

    def pause(self) -> None:
        """It stands at the begin of the chunk that was playing."""
        if self._playing:
            self._playing = False
            self._engine.plane.set_playing(self._transport, playing=False)
            self._tell()

    def seek(self, position_us: int) -> None:
        """To the last chunk that begins no later."""
        self._replace(max(0, bisect_right(self._source.starts, position_us) - 1))
        self._move(Moment(self._source.starts[self._next], self._clock.time()))

    async def close(self) -> None:
        """Leaves no task behind. Idempotent."""
        self._engine.unregister_player(self._transport)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    # Feeding

    async def _feed(self) -> None:
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                while self._is_hungry:
                    await self._give_next()
        except Exception as error:
            self._playing = False
            self._observer.film_failed(error)

    @property
    def _is_hungry(self) -> bool:
        return self._restart or (len(self._given) < AHEAD and self._next < len(self._source.starts))

    async def _give_next(self) -> None:
        number, restart = self._next, self._restart
        chunk = await self._source.chunk(number)
        if (self._next, self._restart) != (number, restart):
            return  # somewhere else was asked for meanwhile
        self._restart = False
        begins = not self._given
        start = self._source.starts[number]
        self._engine.plane.play_chunk(self._transport, chunk, media_us=start, restart=restart)
        self._given.append(number)
        self._next = number + 1
        if begins and not self.moment.ended:
            self._tell()

    def _replace(self, number: int) -> None:
        """What follows begins with this chunk."""
        self._given.clear()
        self._next, self._restart = number, True
        self._work.set()

    def _played(self, media_us: int) -> None:
        """The data plane is through with the chunk that began then."""
        starts = self._source.starts
        if self.moment.ended or media_us not in (starts[number] for number in self._given):
            return  # of what was replaced
        while starts[self._given.popleft()] != media_us:
            pass
        self._work.set()
        if self._given or self._next < len(starts):
            self._tell()
        else:
            self._end()

    def _end(self) -> None:
        """Who comes later sees the last second's picture."""
        self.pause()
        self._replace(len(self._source.starts) - 1)
        self._move(Moment(self._source.duration_us, self._clock.time(), ended=True))

    # Telling

    def _tell(self) -> None:
        """What plays, or would, begins now."""
        number = self._given[0] if self._given else self._next
        if number < len(self._source.starts) and not self.moment.ended:
            moving = self._playing and bool(self._given)
            self._move(Moment(self._source.starts[number], self._clock.time(), moving))

    def _move(self, moment: Moment) -> None:
        before, self.moment = self.moment, moment
        late = abs(before.position_at(moment.at) - moment.position_us)
        if replace(moment, position_us=0, at=0) == replace(before, position_us=0, at=0):
            if late <= TOLERANCE_S * 1e6 and moment.moving:
                self.moment = before
                return
            if not late:
                return
        self._observer.film_moved()
