"""The film that is shown in a call, as far as it is known without media. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalling.broadcast.films import FilmEntry


@dataclass
class Film:
    """Positions in seconds from its begin."""

    entry: FilmEntry
    identity: str
    """Of the participant that publishes it."""
    subtitles: tuple[str, ...] = ()
    """Their languages."""
    playing: bool = True
    """As the host wants it; whether it moves depends on the call, too. Pages never move."""
    position_s: float = 0.0
    at: float = 0.0
    """When it was there, seconds since the epoch; it goes on from there if it is `moving`."""
    moving: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class FilmEnd:
    """Why the last film is no longer shown, if that was not the host's wish."""

    title: str
    reason: str


@dataclass
class Films:
    """What a call has of films."""

    film: Film | None = None
    end: FilmEnd | None = None
    volume: float = 1.0
    """How loud a film is played by clients; 1 is as it was made."""
