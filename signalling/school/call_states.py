"""What calls of lessons must not forget, as their own JSON: kept for who opens them again."""

from signalling.school.attendance import lesson_of_room
from signalling.school.context import Context
from signalling.store.tables import CallState, Lesson


class CallStates:
    """By room."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(self, room: str, content: str) -> None:
        """Replaces what was kept. Rooms of no lesson are left out."""
        if (place := lesson_of_room(room)) is None:
            return
        async with self._context.database.write() as session:
            if await session.get(Lesson, place[0]) is not None:
                found = await session.get(CallState, room) or CallState(room=room, lesson_id=place[0])
                found.saved_at, found.content = self._context.now(), content
                session.add(found)

    async def find(self, room: str) -> str | None:
        async with self._context.database.read() as session:
            found = await session.get(CallState, room)
            return found.content if found is not None else None
