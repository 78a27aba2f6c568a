"""Films that the server itself plays: tracks whose packets come from chunks, fed a few seconds ahead."""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from mediaserver.engine import Chunk, Encoding
from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.peer_connection import PeerConnection
from mediaserver.rtp import random_ssrc
from mediaserver.sdp import RtpCodec
from mediaserver.track import BackupCodecPolicy, TrackCodec, TrackSettings, TrackSource

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.engine import Engine
    from mediaserver.participant import Participant
    from mediaserver.peer_connection import Offerer, PeerConnectionObserver
    from mediaserver.room import Room
    from mediaserver.rtp import RtpReceiver
    from mediaserver.track import Kind, Track

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
        """By their numbers in the chunks; layers of the picture lowest first. What comes in several codecs is for those
        who cannot decode the first."""

    @property
    def starts(self) -> Sequence[int]:
        """When each chunk begins, rising."""

    @property
    def duration_us(self) -> int: ...
    async def chunk(self, number: int, *, backups: bool) -> Chunk:
        """`backups`: with every codec, not only the first of each kind. May wait for a disk. What it raises ends the
        film."""


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

    def play_in(self, streams: Sequence[FilmStream]) -> dict[Kind, list[RtpReceiver]]:
        """Makes a track of each kind, of a receiver for each codec, and counts as connected from now on."""
        made: dict[Kind, list[RtpReceiver]] = {}
        encodings: dict[RtpCodec, Iterator[tuple[int, int]]] = {}
        for kind in SOURCES:
            for number, mine in enumerate(_by_codec(streams, kind)):
                receiver = self._receivers.add_played(
                    kind,
                    f"{kind}-{number}" if number else kind,
                    mine[0].codec,
                    [Encoding(ssrc=random_ssrc()) for _ in mine],
                )
                made.setdefault(kind, []).append(receiver)
                encodings[mine[0].codec] = zip(itertools.repeat(receiver.id), itertools.count())
        self.engine.plane.set_player(
            self.id, [(*next(encodings[s.codec]), s.codec.payload_type, s.codec.clock_rate) for s in streams]
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
    """For the room; `names` for log lines."""
    return FilmConnection(
        engine,
        room=room.name,
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
    for kind, receivers in connection.play_in(streams).items():
        track = participant.publisher.add_track(_settings(kind, _by_codec(streams, kind)), muted=False)
        participant.publisher.begin_played(track, [(one, _rids(len(one.encodings))) for one in receivers])


def let_in(track: Track, qualities: Mapping[str, VideoQuality]) -> bool:
    """Of a film's picture only those backup codecs come in that somebody takes; `qualities` by MIME type, as dynacast
    tells them. Returns whether there are any."""
    for stream in track.backups:
        stream.needed = qualities.get(stream.mime_type, VideoQuality.OFF) is not VideoQuality.OFF
    track.enforce()
    return any(stream.needed for stream in track.backups)


def _by_codec(streams: Sequence[FilmStream], kind: Kind) -> list[list[FilmStream]]:
    """The streams of a kind, those of one codec together, in the order in which the codecs come first."""
    groups: dict[RtpCodec, list[FilmStream]] = {}
    for stream in streams:
        if stream.kind == kind:
            groups.setdefault(stream.codec, []).append(stream)
    return list(groups.values())


def _rids(encodings: int) -> tuple[str, ...]:
    return RIDS[:encodings] if encodings > 1 else ()


def _settings(kind: Kind, codecs: Sequence[Sequence[FilmStream]]) -> TrackSettings:
    """`codecs`: the layers of each, lowest first."""
    codec, best = codecs[0][0].codec, codecs[0][-1]
    announced = tuple(
        TrackCodec(mine[0].codec.mime_type, f"film-{kind}", _layers(mine) if kind == "video" else ())
        for mine in codecs
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
        layers=announced[0].layers,
        codecs=announced,
        backup_codec_policy=BackupCodecPolicy.SIMULCAST,
    )


def _layers(streams: Sequence[FilmStream]) -> tuple[VideoLayer, ...]:
    return tuple(
        VideoLayer(_quality(number, len(streams)), s.width, s.height, s.bitrate_bps, spatial_layer=number)
        for number, s in enumerate(streams)
    )


def _quality(number: int, count: int) -> VideoQuality:
    """The best layer is HIGH, whatever their number."""
    return VideoQuality(max(0, VideoQuality.HIGH - (count - 1 - number)))


@dataclass(eq=False)
class _Given:
    """A chunk that the data plane has and has not played."""

    number: int
    backups: bool
    """It has every codec."""
    certain: bool = True
    """False: it was given anew with them, and may have begun without."""


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
        self._given: deque[_Given] = deque()
        """The first one is playing."""
        self._next = 0
        self._restart = True
        """The next chunk replaces what the data plane has."""
        self._playing = False
        self._backups = False
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
            self._show_backups()

    def need_backups(self, needed: bool) -> None:
        """Whether somebody takes another codec than the first. What waits is given anew with it: of a film that moves
        from the next chunk on, of one that stands at once."""
        self._backups = needed
        self._show_backups()
        self._work.set()

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
                    await self._give()
        except Exception as error:
            self._playing = False
            self._observer.film_failed(error)

    @property
    def _is_hungry(self) -> bool:
        is_short = len(self._given) < AHEAD and self._next < len(self._source.starts)
        return self._restart or is_short or self._lacking is not None

    @property
    def _lacking(self) -> _Given | None:
        """A chunk that has not begun, without a codec that somebody takes."""
        waiting = itertools.islice(self._given, 1, None)
        return next((given for given in waiting if self._backups and not given.backups), None)

    async def _give(self) -> None:
        if (lacking := self._lacking) is not None:
            await self._give_anew(lacking)
        else:
            await self._give_next()

    async def _give_anew(self, given: _Given) -> None:
        chunk = await self._source.chunk(given.number, backups=True)
        if given in self._given:
            start = self._source.starts[given.number]
            self._engine.plane.replace_chunk(self._transport, chunk, media_us=start)
            given.backups, given.certain = True, False

    async def _give_next(self) -> None:
        asked = number, restart, backups = self._next, self._restart, self._backups
        chunk = await self._source.chunk(number, backups=backups)
        if (self._next, self._restart, self._backups) != asked:
            return  # something else was asked for meanwhile
        self._restart = False
        begins = not self._given
        start = self._source.starts[number]
        self._engine.plane.play_chunk(self._transport, chunk, media_us=start, restart=restart)
        self._given.append(_Given(number, backups))
        self._next = number + 1
        if begins and not self.moment.ended:
            self._tell()

    def _replace(self, number: int) -> None:
        """What follows begins with this chunk."""
        self._given.clear()
        self._next, self._restart = number, True
        self._work.set()

    def _show_backups(self) -> None:
        """A film that stands is seen in every codec that somebody takes."""
        first = self._given[0] if self._given else None
        if first is None or self._playing or not self._backups:
            return
        if not (first.backups and first.certain):
            self._replace(first.number)

    def _played(self, media_us: int) -> None:
        """The data plane is through with the chunk that began then."""
        starts = self._source.starts
        if self.moment.ended or media_us not in (starts[given.number] for given in self._given):
            return  # of what was replaced
        while starts[self._given.popleft().number] != media_us:
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
        number = self._given[0].number if self._given else self._next
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
