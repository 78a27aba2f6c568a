"""The audit log as the head reads it."""

import csv
import io
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, check
from signalling.store import Session
from signalling.store.tables import AuditEntry, Family, Group, Person

COLUMNS = ("number", "at", "actor", "action", "target", "details", "hash")


class Journal:
    """Pages and files of one organisation."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(
        self, by: Actor, organisation: str, before: int | None, limit: int, target: str | None = None
    ) -> tuple[Sequence[AuditEntry], dict[str, str]]:
        """Newest first, with the names that ids in them have now; of one target alone, `content:` and its id."""
        check(by, Action.SEE_AUDIT, Target(organisation))
        query = select(AuditEntry).where(AuditEntry.organisation_id == organisation)
        if target is not None:
            query = query.where(AuditEntry.target == target)
        if before is not None:
            query = query.where(AuditEntry.number < before)
        async with self._context.database.read() as session:
            found = list(await session.scalars(query.order_by(AuditEntry.number.desc()).limit(limit)))
            return found, await self._names(session, found)

    async def csv(self, by: Actor, organisation: str) -> str:
        """All entries, oldest first, with a header. That it was taken is in the log, too."""
        check(by, Action.SEE_AUDIT, Target(organisation))
        async with self._context.database.write() as session:
            await self._context.record(
                session,
                by.person,
                "audit_exported",
                f"organisation:{organisation}",
                organisation=organisation,
            )
        query = select(AuditEntry).where(AuditEntry.organisation_id == organisation)
        async with self._context.database.read() as session:
            return as_csv(await session.scalars(query.order_by(AuditEntry.number)))

    async def _names(self, session: Session, entries: Sequence[AuditEntry]) -> dict[str, str]:
        ids = {entry.actor for entry in entries} | {entry.target.partition(":")[2] for entry in entries}
        names: dict[str, str] = {}
        for table in (Person, Group, Family):
            for found, name in await session.execute(select(table.id, table.name).where(table.id.in_(ids))):
                names[found] = name
        return names


def as_csv(entries: Iterable[AuditEntry]) -> str:
    """RFC 4180. What a spreadsheet would take for a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        row = (
            entry.number,
            entry.at.isoformat(),
            entry.actor,
            entry.action,
            entry.target,
            entry.details,
            entry.hash,
        )
        writer.writerow([harmless(str(value)) for value in row])
    return text.getvalue()


def harmless(value: str) -> str:
    """As a cell of a table that somebody opens in a spreadsheet."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
