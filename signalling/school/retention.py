"""How long data is kept, and what a family may take with it or have removed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.exc import SQLAlchemyError

from signalling.school.consents import given_by
from signalling.school.context import Context
from signalling.school.door import Action, Actor
from signalling.school.families import Families
from signalling.school.sessions import Sessions
from signalling.store.tables import (
    AuditEntry,
    CallState,
    ChatLine,
    Invitation,
    InvitationDevice,
    Person,
    Presence,
    RecordingConsent,
    ScreenUse,
    StaffInvitation,
)

EVERY_S = 3600.0
CALLS_KEPT = timedelta(days=1)
"""What calls were like; each time of a lesson is another call."""
log = structlog.get_logger(__name__)


class Retention:
    """Removes what is older than the settings say."""

    def __init__(self, context: Context, families: Families, sessions: Sessions) -> None:
        self._context, self._families, self._sessions = context, families, sessions
        self.sweeps: list[Callable[[], Awaitable[None]]] = []
        """What else is removed when it is too old."""

    async def run(self) -> None:
        """Every hour, until it is cancelled."""
        while True:
            try:
                await self.expire()
            except (OSError, SQLAlchemyError) as error:
                log.error("old data could not be removed", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def expire(self) -> None:
        """Removes what is too old."""
        settings, now = self._context.settings.retention, self._context.now()
        journal = now - timedelta(days=settings.journal_days)
        chat = now - timedelta(days=settings.chat_days)
        devices = now - timedelta(days=settings.device_days)
        await self._sessions.expire()
        async with self._context.database.write() as session:
            await session.execute(delete(Presence).where(Presence.left_at < journal))
            await session.execute(delete(CallState).where(CallState.saved_at < now - CALLS_KEPT))
            await session.execute(delete(ScreenUse).where(ScreenUse.day < journal.date()))
            await session.execute(delete(ChatLine).where(ChatLine.at < chat))
            await session.execute(delete(InvitationDevice).where(InvitationDevice.last_at < devices))
            ended = or_(Invitation.revoked_at < devices, Invitation.expires_at < devices)
            await session.execute(delete(Invitation).where(ended))
            await session.execute(delete(StaffInvitation).where(StaffInvitation.expires_at < devices))
        for sweep in self.sweeps:
            await sweep()

    async def export_family(self, by: Actor, family: str) -> dict[str, Any]:
        """All that is known of a family, as JSON values. That it was taken is in the audit log."""
        async with self._context.database.write() as session:
            view = await self._families.find(session, by, Action.EXPORT_FAMILY, family)
            await self._families.note(session, by, "family_exported", view.family)
            key = f"family:{family}"
            guardians = select(Person).where(Person.id.in_([person for person, _ in view.guardians]))
            return {
                "family": {"id": family, "name": view.family.name, "since": _iso(view.family.created_at)},
                "groups": sorted(view.groups),
                "children": [
                    {"first_name": child.first_name, "group": child.group_id} for child in view.children
                ],
                "guardians": [
                    {"name": person.name, "email": person.email}
                    for person in await session.scalars(guardians)
                ],
                "links": [
                    {"made": _iso(link.created_at), "revoked": _iso(link.revoked_at)}
                    for link in await session.scalars(
                        select(Invitation).where(Invitation.family_id == family)
                    )
                ],
                "consents": [
                    {
                        "purpose": given.document.purpose,
                        "version": given.document.version,
                        "given": _iso(given.consent.given_at),
                        "withdrawn": _iso(given.consent.withdrawn_at),
                    }
                    for given in await given_by(session, family)
                ],
                "attendance": [
                    {"came": _iso(row.came_at), "left": _iso(row.left_at), "received_s": row.received_s}
                    for row in await session.scalars(
                        select(Presence).where(Presence.person == key).order_by(Presence.came_at)
                    )
                ],
                "recordings": [
                    {"at": _iso(row.at), "agreed": row.agreed}
                    for row in await session.scalars(
                        select(RecordingConsent)
                        .where(RecordingConsent.person == key)
                        .order_by(RecordingConsent.at)
                    )
                ],
                "chat": [
                    {"at": _iso(line.at), "text": line.text}
                    for line in await session.scalars(
                        select(ChatLine).where(ChatLine.person == key).order_by(ChatLine.at)
                    )
                ],
                "log": [
                    {"at": _iso(entry.at), "action": entry.action}
                    for entry in await session.scalars(
                        select(AuditEntry).where(AuditEntry.target == key).order_by(AuditEntry.number)
                    )
                ],
            }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
