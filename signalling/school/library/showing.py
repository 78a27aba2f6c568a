"""What may be shown in a lesson, by its programme: clauses 3.1 to 3.3 of the regulation."""

from collections.abc import Sequence
from typing import Literal

from signalling.library.broadcast import SealedFilm
from signalling.library.sealing.keys import KeyFault
from signalling.school.context import Context
from signalling.school.errors import NotFound
from signalling.school.library.contents import Wanted, search
from signalling.school.library.seals import Seals
from signalling.school.library.views import ContentView, get
from signalling.school.words import ContentState, PreparationState, Programme

Refusal = Literal[
    "unknown", "not_verified", "expired", "withdrawn", "wrong_programme", "not_ready", "seal_broken"
]


class NotShown(Exception):
    """Why not."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason: Refusal = reason


class Showing:
    """For calls: who asks has been let in as a host."""

    def __init__(self, context: Context, seals: Seals) -> None:
        self._context, self._seals = context, seals

    async def allowed(self, organisation: str, programme: Programme, query: str) -> Sequence[ContentView]:
        """Newest first."""
        async with self._context.database.read() as session:
            found = await search(session, organisation, Wanted(query))
        return [view for view in found if self._refusal(view, organisation, programme) is None]

    async def open(
        self, content: str, organisation: str, programme: Programme
    ) -> tuple[ContentView, SealedFilm]:
        """To be read second by second. Raises `NotShown`, and `SealBroken` where a byte was changed."""
        async with self._context.database.read() as session:
            try:
                view = await get(session, content)
            except NotFound:
                raise NotShown("unknown") from None
        if (reason := self._refusal(view, organisation, programme)) is not None:
            raise NotShown(reason)
        try:
            return view, await self._seals.open(content)
        except (KeyFault, OSError) as error:
            raise NotShown("not_ready") from error

    def is_verified(self, view: ContentView) -> bool:
        """Whether it has the badge now."""
        return view.has_badge(self._context.now())

    def _refusal(self, view: ContentView, organisation: str, programme: Programme) -> Refusal | None:
        content = view.content
        if content.organisation_id != organisation:
            return "unknown"
        if view.state is ContentState.WITHDRAWN:
            return "withdrawn"
        if view.state is ContentState.EXPIRED or view.is_over(self._context.now()):
            return "expired"
        if content.seal_broken_at is not None:
            return "seal_broken"
        if programme is not Programme.PARENTS:
            if view.state is not ContentState.VERIFIED:
                return "not_verified"
            if content.programme != programme:
                return "wrong_programme"
        return None if view.preparation is PreparationState.READY else "not_ready"
