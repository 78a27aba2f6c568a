"""Signing in at an OpenID provider: flows that have begun, and whose account it is. HTTP is in `api/oidc_client.py`."""

import base64
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select

from signalling.school.codes import new_token, token_hash
from signalling.school.context import Context
from signalling.school.errors import Denied
from signalling.school.people import NewPerson, People, normal_email
from signalling.school.sessions import Sessions
from signalling.store import Session
from signalling.store.tables import ExternalIdentity, Person

MAX_FLOWS = 10_000
FLOW_S = 600.0


@dataclass(frozen=True)
class Flow:
    """A sign-in that has begun. `browser` binds it to the browser that began it."""

    provider: str
    nonce: str
    verifier: str
    """PKCE (RFC 7636)."""
    browser: str
    """Hash of a cookie."""
    begun_at: float

    @property
    def challenge(self) -> str:
        """S256 of the verifier."""
        return base64.urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Claims:
    """What a provider has said in a verified ID token."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


class OpenId:
    """Flows live in memory: a restart ends those that are under way."""

    def __init__(self, context: Context, people: People, sessions: Sessions) -> None:
        self._context, self._people, self._sessions = context, people, sessions
        self._flows: OrderedDict[str, Flow] = OrderedDict()

    def begin(self, provider: str) -> tuple[str, str, Flow]:
        """The state, the secret for the browser's cookie, and the flow."""
        state, browser = new_token(), new_token()
        flow = Flow(
            provider,
            new_token(),
            secrets.token_urlsafe(64),
            token_hash(browser),
            self._context.clock.monotonic(),
        )
        self._flows[state] = flow
        if len(self._flows) > MAX_FLOWS:
            self._flows.popitem(last=False)
        return state, browser, flow

    def finish(self, provider: str, state: str, browser: str) -> Flow:
        """Once for each flow. Raises `Denied`."""
        flow = self._flows.pop(state, None)
        late = flow is not None and self._context.clock.monotonic() - flow.begun_at > FLOW_S
        if flow is None or late or flow.provider != provider or flow.browser != token_hash(browser):
            raise Denied("This sign-in was not begun here, or long ago", "OIDC_FLOW")
        return flow

    async def sign_in(self, claims: Claims, language: str, device: str) -> str:
        """The token of a new session. Who is not known by the provider's id is by a verified address, else gets a new
        account without any role. Raises `Denied`."""
        async with self._context.database.write() as session:
            person = await self._known(session, claims) or await self._adopt(session, claims, language)
            await self._context.record(
                session, person.id, "signed_in", f"person:{person.id}", issuer=claims.issuer
            )
            return await self._sessions.begin(session, person.id, device)

    async def _known(self, session: Session, claims: Claims) -> Person | None:
        return await session.scalar(
            select(Person)
            .join(ExternalIdentity, ExternalIdentity.person_id == Person.id)
            .where(ExternalIdentity.issuer == claims.issuer, ExternalIdentity.subject == claims.subject)
        )

    async def _adopt(self, session: Session, claims: Claims, language: str) -> Person:
        if not (claims.email and claims.email_verified):
            raise Denied("The provider has not verified an address of this account", "OIDC_EMAIL")
        email = normal_email(claims.email)
        person = await session.scalar(select(Person).where(Person.email == email))
        if person is None:
            if not self._context.settings.registration:
                raise Denied("Registration is closed: ask the head for an invitation", "REGISTRATION_CLOSED")
            new = NewPerson(claims.name or email.partition("@")[0], email, None, language)
            person = await self._people.add(session, new, None)
            await self._context.record(session, person.id, "registered", f"person:{person.id}")
        session.add(
            ExternalIdentity(
                issuer=claims.issuer,
                subject=claims.subject,
                person_id=person.id,
                created_at=self._context.now(),
            )
        )
        await self._context.record(
            session, person.id, "identity_linked", f"person:{person.id}", issuer=claims.issuer
        )
        return person
