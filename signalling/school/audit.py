"""The audit log: entries that follow from each other, so that a changed or missing one shows."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from signalling.store import Session
from signalling.store.tables import AuditEntry, AuditHead

CONSOLE, SYSTEM = "console", "system"
"""Actors who are no people."""
FIRST = "0" * 64
PAGE = 1000


@dataclass(frozen=True)
class Fault:
    """Where the chain breaks."""

    number: int
    reason: str


async def record(
    session: Session,
    at: datetime,
    actor: str,
    action: str,
    target: str = "",
    *,
    organisation: str | None = None,
    **details: Any,
) -> AuditEntry:
    """Writes an entry within the transaction of the change. Names of people do not belong here: ids are enough, and
    outlive what a family may have deleted."""
    head = (await session.execute(select(AuditHead).with_for_update())).scalar_one()
    entry = AuditEntry(
        number=head.number + 1,
        at=at,
        organisation_id=organisation,
        actor=actor,
        action=action,
        target=target,
        details=canonical(details),
    )
    entry.hash = hash_of(head.hash, entry)
    session.add(entry)
    head.number, head.hash = entry.number, entry.hash
    await session.flush()
    return entry


def canonical(value: Mapping[str, Any]) -> str:
    """One text for one value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def hash_of(previous: str, entry: AuditEntry) -> str:
    """SHA-256 of the hash before and of everything in the entry, as hexadecimal digits."""
    content = {
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "organisation": entry.organisation_id,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "details": entry.details,
    }
    return sha256(f"{previous}\n{canonical(content)}".encode()).hexdigest()


async def entries(session: Session, after: int = 0) -> AsyncIterator[AuditEntry]:
    """All of them, in order, some at a time."""
    while True:
        page = list(
            await session.scalars(
                select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(PAGE)
            )
        )
        for entry in page:
            yield entry
        if len(page) < PAGE:
            return
        after = page[-1].number
        session.expunge_all()


async def verify(session: Session) -> tuple[int, Fault | None]:
    """How many entries are in order, and the first fault."""
    number, previous = 0, FIRST
    async for entry in entries(session):
        if entry.number != number + 1:
            return number, Fault(number + 1, "missing")
        if entry.hash != hash_of(previous, entry):
            return number, Fault(entry.number, "changed, or the one before it")
        number, previous = entry.number, entry.hash
    head = (await session.execute(select(AuditHead))).scalar_one_or_none()
    if head is None or (head.number, head.hash) != (number, previous):
        return number, Fault(number + 1, "the end of the log is missing")
    return number, None
