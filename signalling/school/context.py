"""What the services of the school share."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mediaserver.clock import Clock
from signalling.school import audit
from signalling.school.codes import Codes
from signalling.school.events import SchoolEvents
from signalling.school.passwords import Passwords
from signalling.school.settings import SchoolSettings
from signalling.school.words import AuditAction
from signalling.store import Database, Session
from signalling.store.types import moment


@dataclass(frozen=True)
class Context:
    """One for the whole school."""

    database: Database
    clock: Clock
    passwords: Passwords
    codes: Codes
    settings: SchoolSettings
    events: SchoolEvents = field(default_factory=SchoolEvents)

    def now(self) -> datetime:
        """Aware, UTC."""
        return moment(self.clock.time())

    async def record(
        self,
        session: Session,
        actor: str,
        action: AuditAction,
        target: str,
        *,
        organisation: str | None = None,
        **details: Any,
    ) -> None:
        """An entry of the audit log, in the transaction of what it tells."""
        await audit.record(session, self.now(), actor, action, target, organisation=organisation, **details)
