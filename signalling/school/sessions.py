"""Browser sessions: made at a sign-in, rotated, expired, ended everywhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from signalling.school.actors import actor_of
from signalling.school.codes import new_token, token_hash
from signalling.school.context import Context
from signalling.school.door import Actor
from signalling.store import Session
from signalling.store.tables import Person, SignIn
from signalling.store.tables.base import MAX_NAME

GRACE = timedelta(seconds=60)
"""Requests that were on their way when a token was rotated."""
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Known:
    """Whose session it is. `token` is set when it is a new one that the browser must keep."""

    sign_in: str
    person: Person
    actor: Actor
    token: str | None = None


class Sessions:
    """Tokens are random and kept hashed."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def begin(self, session: Session, person: str, device: str) -> str:
        """Within a transaction: the token of a new session."""
        token, now = new_token(), self._context.now()
        session.add(
            SignIn(
                person_id=person,
                token_hash=token_hash(token),
                created_at=now,
                rotated_at=now,
                seen_at=now,
                device=device[:MAX_NAME],
            )
        )
        return token

    async def resolve(self, token: str) -> Known | None:
        """Whose token it is; None when it is nobody's, expired, or one that was rotated away."""
        now = self._context.now()
        async with self._context.database.read() as session:
            found = await self._find(session, token)
            if found is None:
                return None
            sign_in, person = found
            state = self._state(sign_in, token, now)
            if state == "valid":
                return Known(sign_in.id, person, await actor_of(session, person.id))
        return await self._changed(token, now)

    async def end(self, sign_in: str) -> None:
        """Signs out."""
        async with self._context.database.write() as session:
            await session.execute(delete(SignIn).where(SignIn.id == sign_in))

    async def end_all(self, session: Session, person: str, but: str | None = None) -> None:
        """Within a transaction: signs a person out everywhere, except for one session."""
        await session.execute(delete(SignIn).where(SignIn.person_id == person, SignIn.id != (but or "")))

    async def expire(self) -> None:
        """Forgets what is no longer valid."""
        settings, now = self._context.settings, self._context.now()
        idle = SignIn.seen_at < now - timedelta(seconds=settings.session_idle_s)
        old = SignIn.created_at < now - timedelta(seconds=settings.session_longest_s)
        async with self._context.database.write() as session:
            await session.execute(delete(SignIn).where(or_(idle, old)))

    async def _changed(self, token: str, now: datetime) -> Known | None:
        """Writes down what `resolve` found: a rotation, a use, an end."""
        async with self._context.database.write() as session:
            found = await self._find(session, token, lock=True)
            if found is None:
                return None
            sign_in, person = found
            state, fresh = self._state(sign_in, token, now), None
            if state == "over":
                await session.delete(sign_in)
                return None
            if state == "rotate":
                fresh = new_token()
                sign_in.previous_hash, sign_in.token_hash = sign_in.token_hash, token_hash(fresh)
                sign_in.rotated_at = now
            sign_in.seen_at = now
            return Known(sign_in.id, person, await actor_of(session, person.id), fresh)

    async def _find(self, session: Session, token: str, lock: bool = False) -> tuple[SignIn, Person] | None:
        hashed = token_hash(token)
        query = (
            select(SignIn, Person)
            .join(Person, Person.id == SignIn.person_id)
            .where(or_(SignIn.token_hash == hashed, SignIn.previous_hash == hashed))
        )
        row = (await session.execute(query.with_for_update() if lock else query)).first()
        return (row[0], row[1]) if row is not None else None

    def _state(self, sign_in: SignIn, token: str, now: datetime) -> str:
        settings = self._context.settings
        if now - sign_in.seen_at > timedelta(seconds=settings.session_idle_s):
            return "over"
        if now - sign_in.created_at > timedelta(seconds=settings.session_longest_s):
            return "over"
        if sign_in.token_hash != token_hash(token):
            # A token from before the last rotation: a request on its way, or a copy in other hands.
            return "valid" if now - sign_in.rotated_at <= GRACE else "over"
        if now - sign_in.rotated_at > timedelta(seconds=settings.session_rotation_s):
            return "rotate"
        return "seen" if now - sign_in.seen_at > SEEN_EVERY else "valid"
