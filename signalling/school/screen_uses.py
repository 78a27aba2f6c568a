"""How long the children of a group have looked at screens on a day: added up by calls, asked when one begins."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from signalling.school.context import Context
from signalling.store import Session
from signalling.store.tables import Lesson, LessonGroup, Organisation, ScreenUse


class ScreenUses:
    """By group, day and kind of screen."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def today(self, lesson: str) -> dict[str, float]:
        """Seconds by kind; where a lesson has several groups, those of the group that had most."""
        async with self._context.database.read() as session:
            query = (
                select(ScreenUse.kind, func.max(ScreenUse.seconds).label("seconds"))
                .join(LessonGroup, LessonGroup.group_id == ScreenUse.group_id)
                .where(LessonGroup.lesson_id == lesson, ScreenUse.day == await self._day(session, lesson))
                .group_by(ScreenUse.kind)
            )
            return {row.kind: row.seconds for row in await session.execute(query)}

    async def add(self, lesson: str, seconds: dict[str, float]) -> None:
        """To all groups of a lesson."""
        async with self._context.database.write() as session:
            day = await self._day(session, lesson)
            groups = select(LessonGroup.group_id).where(LessonGroup.lesson_id == lesson)
            for group in sorted(await session.scalars(groups)):
                for kind, more in seconds.items():
                    key = {"group_id": group, "day": day, "kind": kind}
                    known = await session.get(ScreenUse, key, with_for_update=True)
                    if known is None:
                        session.add(ScreenUse(**key, seconds=more))
                    else:
                        known.seconds += more

    async def _day(self, session: Session, lesson: str) -> date:
        query = select(Organisation.time_zone).join(Lesson, Lesson.organisation_id == Organisation.id)
        zone = await session.scalar(query.where(Lesson.id == lesson))
        return self._context.now().astimezone(ZoneInfo(zone or "UTC")).date()
