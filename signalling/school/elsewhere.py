"""What somebody does at the console while the server runs: read from the audit log, told to running calls."""

import json
from collections.abc import Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from signalling.beat import beat
from signalling.file_signature import FileSignature
from signalling.school.audit import CONSOLE
from signalling.school.context import Context
from signalling.school.events import GuardianLost, RoleConfirmed, RoleRevoked
from signalling.school.words import Role
from signalling.store import Session
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
        self._files: tuple[FileSignature, ...] | None = None
        self._are_same = False
        """The database's files were at the last look as at the one before."""

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
        """Tells what is new. Asks nothing where the database is in files that nobody has written to: at the third look
        that finds them so."""
        files = self._context.database.signature()
        are_same = files is not None and files == self._files
        if are_same and self._are_same:
            return
        async with self._context.database.read() as session:
            head = await session.scalar(select(AuditHead.number)) or 0
            found = await _done_at_the_console(session, self._seen) if head > self._seen else ()
        self._seen, self._files, self._are_same = max(head, self._seen), files, are_same
        for entry in found:
            person, details = entry.target.partition(":")[2], json.loads(entry.details)
            role = Role(details["role"])
            self._context.events.tell(TOLD[entry.action](person, entry.organisation_id or "", role))
            for family in details.get("families", ()):
                self._context.events.tell(GuardianLost(family))


async def _done_at_the_console(session: Session, since: int) -> Sequence[AuditEntry]:
    """What running calls are told of."""
    query = select(AuditEntry).where(
        AuditEntry.number > since, AuditEntry.actor == CONSOLE, AuditEntry.action.in_(TOLD)
    )
    return (await session.scalars(query.order_by(AuditEntry.number))).all()
