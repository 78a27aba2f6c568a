"""What somebody does at the console while the server runs: read from the audit log, told to running calls."""

import json

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from signalling.beat import beat
from signalling.school.audit import CONSOLE
from signalling.school.context import Context
from signalling.school.events import GuardianLost, RoleConfirmed, RoleRevoked
from signalling.school.words import Role
from signalling.store.tables import AuditEntry, AuditHead

EVERY_S = 5.0
TOLD: dict[str, type[RoleRevoked] | type[RoleConfirmed]] = {
    "role_revoked": RoleRevoked,
    "role_confirmed": RoleConfirmed,
}
log = structlog.get_logger(__name__)


class Elsewhere:
    """Begins with what comes after `start`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen = 0

    async def start(self) -> None:
        async with self._context.database.read() as session:
            self._seen = await session.scalar(select(AuditHead.number)) or 0

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await beat(EVERY_S)
            try:
                await self.look()
            except (OSError, SQLAlchemyError) as error:
                log.error("the audit log cannot be read", reason=str(error))

    async def look(self) -> None:
        """Tells what is new."""
        async with self._context.database.read() as session:
            head = await session.scalar(select(AuditHead.number)) or 0
            if head <= self._seen:
                return  # nearly always: one question each time, not two
            query = select(AuditEntry).where(
                AuditEntry.number > self._seen, AuditEntry.actor == CONSOLE, AuditEntry.action.in_(TOLD)
            )
            found = list(await session.scalars(query.order_by(AuditEntry.number)))
        self._seen = head
        for entry in found:
            person, details = entry.target.partition(":")[2], json.loads(entry.details)
            role = Role(details["role"])
            self._context.events.tell(TOLD[entry.action](person, entry.organisation_id or "", role))
            for family in details.get("families", ()):
                self._context.events.tell(GuardianLost(family))
