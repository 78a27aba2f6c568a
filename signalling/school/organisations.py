"""Organisations, and the first one with its head."""

import hmac
from collections.abc import Sequence

from sqlalchemy import func, select

from signalling.school import audit
from signalling.school.codes import new_code
from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, check
from signalling.school.errors import Denied, NotFound
from signalling.school.people import NewPerson, People
from signalling.school.roles import Roles
from signalling.school.sessions import Sessions
from signalling.school.words import Role, RoleState
from signalling.store import Session
from signalling.store.tables import AuditHead, Membership, Organisation


class Organisations:
    """`setup_code` opens the first-run page; the console prints it."""

    def __init__(self, context: Context, people: People, roles: Roles, sessions: Sessions) -> None:
        self._context, self._people, self._roles, self._sessions = context, people, roles, sessions
        self.setup_code = new_code()

    async def needs_setup(self) -> bool:
        """True until somebody is a confirmed head."""
        async with self._context.database.read() as session:
            return not await self._has_head(session)

    async def set_up(self, code: str, name: str, time_zone: str, head: NewPerson, device: str) -> str:
        """Makes an organisation and its head; the token of the head's session. Raises `Denied` for a wrong code, and
        for every code once there is a head."""
        if not hmac.compare_digest(code.encode("utf-8", "replace"), self.setup_code.encode()):
            raise Denied("The set-up code is wrong: the console of the server prints it", "WRONG_CODE")
        hashed = await self._people.hashed(head)
        async with self._context.database.write() as session:
            await session.execute(select(AuditHead).with_for_update())  # one set-up at a time
            if await self._has_head(session):
                raise Denied("This server has been set up", "SET_UP")
            person = await self._people.add(session, head, hashed)
            organisation = await self.add(session, name, time_zone, audit.CONSOLE)
            await self._roles.add(
                session, person.id, organisation.id, Role.HEAD, RoleState.CONFIRMED, audit.CONSOLE
            )
            return await self._sessions.begin(session, person.id, device)

    async def add(self, session: Session, name: str, time_zone: str, actor: str) -> Organisation:
        """Within a transaction."""
        made = Organisation(name=name, time_zone=time_zone, created_at=self._context.now())
        session.add(made)
        await session.flush()
        await self._context.record(
            session,
            actor,
            "organisation_made",
            f"organisation:{made.id}",
            organisation=made.id,
        )
        return made

    async def change(
        self,
        by: Actor,
        organisation: str,
        name: str | None = None,
        time_zone: str | None = None,
        recording: bool | None = None,
    ) -> None:
        """None: as it was. Raises `Denied`, `NotFound`."""
        check(by, Action.CHANGE_ORGANISATION, Target(organisation))
        async with self._context.database.write() as session:
            found = await session.get(Organisation, organisation)
            if found is None:
                raise NotFound
            found.name, found.time_zone = name or found.name, time_zone or found.time_zone
            found.recording = found.recording if recording is None else recording
            await self._context.record(
                session,
                by.person,
                "organisation_changed",
                f"organisation:{organisation}",
                organisation=organisation,
                **({} if recording is None else {"recording": recording}),
            )

    async def recording_allowed(self, organisation: str) -> bool:
        """Whether lessons there may be recorded, if they were planned so."""
        async with self._context.database.read() as session:
            found = await session.get(Organisation, organisation)
        return found is not None and found.recording

    async def all(self) -> Sequence[Organisation]:
        """By name."""
        async with self._context.database.read() as session:
            return list(await session.scalars(select(Organisation).order_by(Organisation.name)))

    async def _has_head(self, session: Session) -> bool:
        heads = await session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(Membership.role == Role.HEAD, Membership.state == RoleState.CONFIRMED)
        )
        return bool(heads)
