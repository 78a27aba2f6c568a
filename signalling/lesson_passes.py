"""Passes of lessons at the doors of media: WHIP for cameras, WHEP for wall screens, HLS for audiences."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from signalling.hls.endpoint import Audience
from signalling.rtc.admission import ROLE_ATTRIBUTE
from signalling.rtc.errors import PermissionDenied
from signalling.rtc.tokens import Claims, VideoGrants
from signalling.school.codes import CODE_LENGTH
from signalling.school.errors import LinkNotFound
from signalling.school.events import PassRevoked, SchoolEvent
from signalling.school.words import PassKind

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.lesson_calls import LessonCalls
    from signalling.school import School
    from signalling.school.lessons import Occurrence
    from signalling.school.passes import Passed

CODE = re.compile(rf"[a-z2-7]{{{CODE_LENGTH}}}")
KINDS = {"whip": PassKind.CAMERA, "whep": PassKind.WALL}
API_KEY = "school"
"""Issuer of claims that no token carries."""
LOOK_S = 10.0
"""How often lessons are looked at that may be over."""
REMEMBERED_S = 5.0
"""How long it is remembered what the code of an audience leads to; a pass that is revoked is forgotten at once."""
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Remembered:
    at: float
    lesson_pass: str
    audience: Audience | None


class LessonPasses:
    """Belongs to one event loop."""

    def __init__(self, school: School, calls: LessonCalls, clock: Clock) -> None:
        self._school, self._calls, self._clock = school, calls, clock
        self._ends: dict[str, float] = {}
        """By identity of equipment that came in: when its lesson is over, seconds since the epoch."""
        self._remembered: dict[str, _Remembered] = {}
        """By code."""
        self._log = structlog.get_logger(__name__)
        school.events.listen(self._heard)

    @staticmethod
    def is_code(token: str) -> bool:
        """Whether a bearer token is the code of a pass, not an access token."""
        return CODE.fullmatch(token) is not None

    async def claims(self, code: str, protocol: str, *, opening: bool) -> Claims | None:
        """What an access token would say for the call of the lesson that is on; None for every wrong code. `opening`:
        a session begins, which is written down. Raises a `JoinError` when there is no lesson now."""
        try:
            passed = await self._school.passes.open(code)
        except LinkNotFound:
            return None
        if passed.kind is not KINDS[protocol]:
            return None
        occurrence = passed.occurrence
        if occurrence.state != "live":
            raise PermissionDenied("the lesson has not begun, or is over")
        identity = f"{passed.kind}:{passed.lesson_pass}:1"
        if opening:
            await self._calls.open(occurrence)
            await self._school.passes.used(code)
            self._ends[identity] = self._end(occurrence)
            self._log.info("pass", room=occurrence.room, identity=identity)
        return self._claims(passed, identity)

    async def audience(self, code: str) -> Audience | None:
        """What the code of an audience leads to; None for every wrong one."""
        if not self.is_code(code):
            return None
        now = self._clock.monotonic()
        found = self._remembered.get(code)
        if found is None or now - found.at > REMEMBERED_S:
            found = await self._look(code, now)
            self._remembered.pop(code, None)
            self._remembered[code] = found
            if len(self._remembered) > MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return found.audience

    def tick(self) -> None:
        """Equipment goes when its lesson is over, as people whose teacher ends it."""
        now = self._clock.time()
        for identity in [one for one, end in self._ends.items() if end <= now]:
            del self._ends[identity]
            self._calls.end_equipment(identity)

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Until it is cancelled."""
        while True:
            await sleep(LOOK_S)
            self.tick()

    async def _look(self, code: str, now: float) -> _Remembered:
        try:
            passed = await self._school.passes.open(code)
        except LinkNotFound:
            return _Remembered(now, "", None)
        if passed.kind is not PassKind.AUDIENCE:
            return _Remembered(now, "", None)
        occurrence = passed.occurrence
        lesson = occurrence.view.lesson
        audience = Audience(
            title=lesson.title,
            organisation=passed.organisation,
            state=occurrence.state,
            starts_at=occurrence.starts_at,
            ends_at=occurrence.ends_at,
            time_zone=lesson.time_zone,
            room=occurrence.room if occurrence.state == "live" else None,
        )
        return _Remembered(now, passed.lesson_pass, audience)

    def _claims(self, passed: Passed, identity: str) -> Claims:
        now = self._clock.time()
        room = passed.occurrence.room
        return Claims(
            iss=API_KEY,
            sub=identity,
            nbf=now,
            exp=self._end(passed.occurrence),
            name=passed.name,
            attributes={ROLE_ATTRIBUTE: passed.kind},
            video=VideoGrants(
                room_join=True,
                room=room,
                can_publish=passed.kind is PassKind.CAMERA,
                can_publish_sources=("camera", "microphone"),
                can_publish_data=False,
                can_subscribe=passed.kind is PassKind.WALL,
            ),
        )

    def _end(self, occurrence: Occurrence) -> float:
        late = timedelta(seconds=self._school.context.settings.lesson_late_s)
        return (occurrence.ends_at + late).timestamp()

    def _heard(self, event: SchoolEvent) -> None:
        if isinstance(event, PassRevoked):
            forgotten = [
                code for code, one in self._remembered.items() if one.lesson_pass == event.lesson_pass
            ]
            for code in forgotten:
                del self._remembered[code]
