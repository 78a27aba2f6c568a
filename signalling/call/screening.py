"""Films in a call: what hosts do with them, and what the call's own rules do."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from signalling.broadcast.films import FilmEntry, FilmRefused
from signalling.broadcast.projection import Audience, StopReason
from signalling.call.errors import CallError, conflict
from signalling.call.film import Film, FilmEnd, Films
from signalling.rtc.errors import JoinError

if TYPE_CHECKING:
    from mediaserver.film import Moment
    from mediaserver.participant import Participant
    from signalling.call.call import Call
    from signalling.library.subtitles.cues import Cue

IDENTITY_BYTES = 6
ALONE_S = 20.0
"""A film without anybody in the call stops: else its room would never end."""
REFUSALS = {
    "unknown": "There is no such film",
    "not_verified": "In this programme only verified films may be shown",
    "expired": "The verification of this film has expired",
    "withdrawn": "This film was withdrawn",
    "wrong_programme": "This film is not for the programme of this lesson",
    "not_ready": "This film is still being prepared",
    "seal_broken": "The seal of this film is broken",
    "no_lesson": "Films are shown in lessons only",
}


class Shown(Protocol):
    """A film that is shown (`broadcast.Projection`)."""

    @property
    def entry(self) -> FilmEntry: ...
    @property
    def moment(self) -> Moment: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    def subtitles(self, language: str) -> Awaitable[list[Cue]]: ...
    def play(self) -> None: ...
    def pause(self) -> None: ...
    def seek(self, position_s: float) -> None: ...
    def stop(self, reason: StopReason) -> None: ...


class Projector(Protocol):
    """Shows films in rooms (`broadcast.Broadcasts`). Raises `FilmRefused`, `JoinError`."""

    def allowed(self, room: str, query: str) -> Awaitable[list[FilmEntry]]: ...
    def show(self, room: str, identity: str, content: str, audience: Audience) -> Awaitable[Shown]: ...


class NoProjector:
    """Of a server without films."""

    async def allowed(self, room: str, query: str) -> list[FilmEntry]:
        return []

    async def show(self, room: str, identity: str, content: str, audience: Audience) -> Shown:
        raise FilmRefused("unknown")


class Reel:
    """One film of a call; implements `broadcast.Audience`."""

    def __init__(self, screening: Screening, identity: str) -> None:
        self.identity = identity
        self.shown: Shown | None = None
        self._screening = screening

    def film_moved(self) -> None:
        self._screening.moved(self)

    def film_stopped(self, reason: StopReason) -> None:
        self._screening.stopped(self, reason)


class Screening:
    """Of one call."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._reels: dict[str, Reel] = {}
        """By identity: the one that is shown, and one that is about to be."""
        self._current: Reel | None = None
        self._begins = asyncio.Lock()
        self._alone_since: float | None = None

    @property
    def _films(self) -> Films:
        return self._call.state.films

    def is_film(self, identity: str) -> bool:
        """Whether a participant is a film, not a person."""
        return identity in self._reels

    def participants(self) -> list[Participant]:
        """Films in the room."""
        here = self._call.room.participants if self._call.room is not None else {}
        return [here[identity] for identity in self._reels if identity in here]

    # What hosts do

    async def allowed(self, query: str) -> list[FilmEntry]:
        """What may be shown here. Raises `CallError`."""
        try:
            return await self._call.projector.allowed(self._call.name, query)
        except FilmRefused as refused:
            raise _conflict(refused) from refused

    async def show(self, content: str, position_s: float) -> FilmEntry:
        """Instead of what is shown now, once it is known that it may be. Raises `CallError`."""
        async with self._begins:
            reel = Reel(self, f"film:{secrets.token_hex(IDENTITY_BYTES)}")
            self._reels[reel.identity] = reel
            try:
                shown = await self._open(content, reel)
            except BaseException:
                self._reels.pop(reel.identity, None)
                raise
            if self._current is not None and self._current.shown is not None:
                self._current.shown.stop(StopReason.REPLACED)
            reel.shown, self._current = shown, reel
            playing = not shown.entry.pages
            self._films.film = Film(shown.entry, reel.identity, shown.languages, playing)
            self._films.end = None
            if position_s:
                shown.seek(position_s)
            self.moved(reel)
            return shown.entry

    async def _open(self, content: str, reel: Reel) -> Shown:
        try:
            return await self._call.projector.show(self._call.name, reel.identity, content, reel)
        except FilmRefused as refused:
            raise _conflict(refused) from refused
        except JoinError as error:
            raise conflict("FILM_FAILED", str(error)) from error

    async def subtitles(self, language: str) -> list[Cue]:
        """Of the film that is shown; empty if it has none in this language. Raises `CallError`."""
        return await self._shown().subtitles(language)

    def resume(self) -> None:
        """Raises `CallError`."""
        film = self._film()
        if film.entry.pages:
            raise conflict("PAGES_STAND", "Pages are turned, they do not move")
        film.playing = True

    def pause(self) -> None:
        """Raises `CallError`."""
        self._film().playing = False

    def seek(self, position_s: float) -> None:
        """Raises `CallError`."""
        self._shown().seek(position_s)

    def stop(self) -> None:
        """Raises `CallError`."""
        self._film()
        self.end(StopReason.HOST)

    def end(self, reason: StopReason) -> None:
        """Whatever is shown is shown no longer."""
        if self._current is not None and self._current.shown is not None:
            self._current.shown.stop(reason)

    # What follows from the rules of the call

    def obey(self) -> None:
        """Plays or pauses, as the host wants and the call allows."""
        film, reel = self._films.film, self._current
        if film is None or reel is None or reel.shown is None:
            return
        if film.playing and not self._call.state.film_reasons:
            reel.shown.play()
        else:
            reel.shown.pause()

    def tick(self, now: float) -> None:
        """To be called about every 100 ms; seconds, monotonic."""
        alone = self._current is not None and not self._call.devices
        if not alone:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since >= ALONE_S:
            self.end(StopReason.EMPTY)

    # What the films tell

    def moved(self, reel: Reel) -> None:
        film = self._films.film
        if film is None or reel is not self._current or reel.shown is None:
            return
        moment = reel.shown.moment
        film.position_s, film.at = moment.position_us / 1e6, moment.at
        film.moving, film.ended = moment.moving, moment.ended
        film.playing = film.playing and not moment.ended
        self._call.film_changed()

    def stopped(self, reel: Reel, reason: StopReason) -> None:
        self._reels.pop(reel.identity, None)
        film = self._films.film
        if film is None or reel is not self._current:
            return
        self._current, self._films.film = None, None
        if reason not in (StopReason.HOST, StopReason.REPLACED, StopReason.EMPTY):
            self._films.end = FilmEnd(film.entry.title, reason.value)
        if reason is not StopReason.HOST:
            self._call.film_stopped(film.entry.content, reason.value)

    def _film(self) -> Film:
        if self._films.film is None:
            raise conflict("NO_FILM", "No film is shown")
        return self._films.film

    def _shown(self) -> Shown:
        self._film()
        assert self._current is not None and self._current.shown is not None, "a film is shown"
        return self._current.shown


def _conflict(refused: FilmRefused) -> CallError:
    return conflict(f"FILM_{refused.code.upper()}", REFUSALS[refused.code])
