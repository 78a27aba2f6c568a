"""What calls of lessons must not forget is saved while they run, and is there again after a restart or a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from signalling.call.attendance import PresenceRecord
from signalling.call.saved import SavedCall
from signalling.school.attendance import in_parts, lesson_of_room

if TYPE_CHECKING:
    from signalling.call import CallEvent, CallService
    from signalling.school import School

PAUSE_S = 1.0
"""Between two savings: what changes meanwhile is saved once."""
COUNTED_EVERY_S = 15.0
"""Presences and screen time are written down so often; a crash loses no more."""
NOT_SAVED = frozenset({"chat", "delete_message", "react", "screen_started", "screen_ended", "time_warning"})
log = structlog.get_logger(__name__)


class LessonStates:
    """Listens from the moment it is made; `run` writes."""

    def __init__(self, school: School, calls: CallService) -> None:
        self._school, self._calls = school, calls
        self._changed: dict[str, None] = {}
        self._something = asyncio.Event()
        calls.listeners.append(self._happened)

    async def run(self) -> None:
        """Until it is cancelled."""
        clock = self._school.context.clock
        next_count = clock.monotonic() + COUNTED_EVERY_S
        while True:
            wait_s = max(0.0, next_count - clock.monotonic())
            try:
                await asyncio.wait_for(self._something.wait(), wait_s)
            except TimeoutError:
                next_count = clock.monotonic() + COUNTED_EVERY_S
                await self._guarded(self.count)
            await self._guarded(self.save)
            await asyncio.sleep(PAUSE_S)

    async def settle(self) -> None:
        """At the end: writes what is left."""
        await self._guarded(self.count)
        await self._guarded(self.save)

    async def save(self) -> None:
        """Calls that have changed."""
        self._something.clear()
        changed, self._changed = list(self._changed), {}
        try:
            while changed:
                if (call := self._calls.calls.get(changed[0])) is not None:
                    await self._school.call_states.keep(changed[0], call.save().model_dump_json())
                del changed[0]
        finally:  # what could not be saved is saved with the next
            self._changed |= dict.fromkeys(changed)

    async def count(self) -> None:
        """Presences up to now, and the screen time since the last time."""
        for part in in_parts(self._calls.present()):
            await self._school.attendance.keep(part)
        for room, call in self._calls.calls.items():
            place, seconds = lesson_of_room(room), call.state.screen_time.take()
            if place is not None and seconds:
                self._put(room)
                try:
                    await self._school.screen_uses.add(place[0], seconds)
                except BaseException:
                    call.state.screen_time.give_back(seconds)
                    raise

    async def of(self, room: str) -> tuple[SavedCall | None, list[PresenceRecord]]:
        """What another process knew of a call."""
        presences = [
            PresenceRecord(
                row.id,
                room,
                row.person,
                row.name,
                row.came_at.timestamp(),
                row.left_at.timestamp(),
                row.received_s,
            )
            for row in await self._school.attendance.of_call(room)
        ]
        content = await self._school.call_states.find(room)
        try:
            return (SavedCall.model_validate_json(content) if content is not None else None), presences
        except ValidationError as error:
            log.error("a call that was saved cannot be read", room=room, reason=str(error))
            return None, presences

    def _happened(self, event: CallEvent) -> None:
        if event.action not in NOT_SAVED and lesson_of_room(event.room) is not None:
            self._put(event.room)

    def _put(self, room: str) -> None:
        self._changed[room] = None
        self._something.set()

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:  # the next time may be better
            log.exception("what calls are like could not be saved")
