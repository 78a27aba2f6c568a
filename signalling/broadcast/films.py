"""What a broadcast asks of the library, and what the library answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from signalling.library.broadcast import SealedFilm
    from signalling.library.sealing.manifest import SealBroken

Refusal = Literal[
    "unknown",
    "not_verified",
    "expired",
    "withdrawn",
    "wrong_programme",
    "not_ready",
    "seal_broken",
    "no_lesson",
]
"""`no_lesson`: the call is of no lesson, so that no programme says what may be shown in it."""


class FilmRefused(Exception):
    """Why a film may not be shown."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code)
        self.code: Refusal = code


@dataclass(frozen=True, slots=True)
class FilmEntry:
    """`age_mark` in years (0 to 18); `programme` as the lesson has it; `pages`: of what stands, each for a second (0:
    it moves)."""

    content: str
    title: str
    duration_s: float
    age_mark: int
    verified: bool
    programme: str
    pages: int = 0


class Films(Protocol):
    """The films of a school, as far as broadcasts are concerned."""

    async def allowed(self, organisation: str, programme: str, query: str = "") -> list[FilmEntry]:
        """What a host of a lesson of this programme may show, the best answers to the query first."""

    async def open(self, content: str, organisation: str, programme: str) -> tuple[FilmEntry, SealedFilm]:
        """A film to be read. Raises `FilmRefused`."""

    async def seal_broken(self, content: str, what: SealBroken) -> None:
        """What was read is not what was sealed: the film loses its badge, and people are told."""

    def on_withdrawn(self, listener: Callable[[str], None]) -> None:
        """`listener` gets the content of each film that may be shown no longer."""
