"""One film in one room: a participant whose picture and sound the server itself plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from mediaserver.film import FilmPlayer, Moment, film_connection, let_in, publish
from mediaserver.participant import RemovalReason
from signalling.library.sealing.manifest import SealBroken
from signalling.rtc.gateway import Guest

if TYPE_CHECKING:
    from mediaserver.engine import Engine
    from mediaserver.layers import VideoQuality
    from mediaserver.peer_connection import ConnectionState, PeerConnection
    from mediaserver.track import Track
    from signalling.broadcast.films import FilmEntry
    from signalling.broadcast.reading import OpenFilm
    from signalling.library.subtitles.cues import Cue
    from signalling.rtc.admission import Admission
    from signalling.rtc.gateway import Gateway


class StopReason(Enum):
    """Why a film is no longer shown."""

    HOST = "host"
    REPLACED = "replaced"
    """Another one is shown."""
    SEAL_BROKEN = "seal_broken"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    EMPTY = "empty"
    """Nobody is there to see it."""
    REMOVED = "removed"
    """Taken out of the room, or the room has ended."""


class Audience(Protocol):
    """Who shows a film. Calls come from the event loop."""

    def film_moved(self) -> None:
        """It is somewhere else than one would expect."""

    def film_stopped(self, reason: StopReason) -> None:
        """It is gone."""


class Projection(Guest):
    """Implements `Presence`, `ParticipantObserver` and `FilmObserver`."""

    def __init__(
        self,
        admission: Admission,
        gateway: Gateway,
        engine: Engine,
        film: OpenFilm,
        entry: FilmEntry,
        audience: Audience,
        moved: Callable[[Projection], None],
        ended: Callable[[Projection, Exception | None], None],
    ) -> None:
        """`moved` and `ended` are told as the audience is; the latter with what the source raised, if it did."""
        super().__init__(admission)
        self.entry = entry
        self.film = film
        self._gateway = gateway
        self._engine = engine
        self._audience = audience
        self._moved = moved
        self._ended = ended
        self._player: FilmPlayer | None = None
        self.reason = StopReason.REMOVED
        self._error: Exception | None = None
        self._log = structlog.get_logger(__name__).bind(
            correlation_id=admission.correlation_id, room=admission.room_name, content=entry.content
        )

    def open(self) -> None:
        """Enters the room; the film stands at its first picture. Raises a `JoinError`."""
        clock = self._gateway.clock
        connect = partial(film_connection, self._engine, clock)
        self.start(self._gateway.participant(self.admission, self, connect))
        self._gateway.enter(self)
        try:
            publish(self.participant, self.film.streams)
        except BaseException:
            self.stop(StopReason.FAILED)
            raise
        transport = self.participant.publisher_connection.id
        self._player = FilmPlayer(self._engine, transport, self.film, clock, self)
        # Who is there already sees the first second in the codec that it takes.
        self.participant.room.update_dynacast(clock.monotonic())
        self._log.info("a film is shown", participant=self.participant.sid)

    @property
    def room(self) -> str:
        """Where it was shown first."""
        return self.admission.room_name

    @property
    def identity(self) -> str:
        return self.admission.profile.identity

    @property
    def languages(self) -> tuple[str, ...]:
        """Of its subtitles."""
        return self.film.sealed.languages

    async def subtitles(self, language: str) -> list[Cue]:
        """Empty for a language that there is not. If the seal is broken, the film stops as well."""
        try:
            return await self.film.subtitles(language)
        except SealBroken as broken:
            self.film_failed(broken)
            return []

    @property
    def moment(self) -> Moment:
        """Where it is."""
        return self._playing.moment

    def play(self) -> None:
        """Goes on; from the begin, if it has ended."""
        self._playing.play()

    def pause(self) -> None:
        self._playing.pause()

    def seek(self, position_s: float) -> None:
        """To the begin of the second that has this position."""
        self._playing.seek(round(position_s * 1e6))

    def stop(self, reason: StopReason, error: Exception | None = None) -> None:
        """For good. Does nothing the second time."""
        if not self._left.is_set():
            self.reason, self._error = reason, error
            self.remove(RemovalReason.PARTICIPANT_REMOVED)

    async def run(self) -> None:
        """Lives as long as the participant is in its room."""
        try:
            await self._left.wait()
        finally:
            if self._player is not None:
                await self._player.close()
            await self.participant.close()

    @property
    def _playing(self) -> FilmPlayer:
        assert self._player is not None, "opened before it is used"
        return self._player

    # ParticipantObserver

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None:
        """There is nobody who could connect."""

    def closed_by_peer(self, connection: PeerConnection) -> None:
        """There is no peer."""

    def subscribed_qualities_changed(self, track: Track, qualities: Mapping[str, VideoQuality]) -> None:
        """What nobody takes is not played."""
        self._playing.need_backups(let_in(track, qualities))

    def removed(self, reason: RemovalReason) -> None:
        """Out of the room, for whatever reason."""
        self._log.info("a film is no longer shown", reason=self.reason.value)
        self._gateway.left(self, reason)
        self.end()
        self._ended(self, self._error)
        self._audience.film_stopped(self.reason)

    # FilmObserver

    def film_moved(self) -> None:
        """Told on to who shows it."""
        self._moved(self)
        self._audience.film_moved()

    def film_failed(self, error: Exception) -> None:
        """Nothing that was read ahead is played any more either."""
        self.stop(StopReason.SEAL_BROKEN if isinstance(error, SealBroken) else StopReason.FAILED, error)
