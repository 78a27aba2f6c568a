"""The first run, registration, signing in and out, one's own account."""

from pydantic import Field
from sqlalchemy import select

from signalling.school.api.endpoint import Access, Call, Endpoints
from signalling.school.api.models import (
    Answer,
    Body,
    Code,
    Email,
    GivenPassword,
    Id,
    Language,
    Name,
    Password,
    Zone,
)
from signalling.school.people import NewPerson
from signalling.school.words import Role, RoleState
from signalling.store.tables import Membership, Organisation, Person

endpoints = Endpoints()


class OrganisationName(Answer):
    id: str
    name: str


class ProviderName(Answer):
    id: str
    name: str


class Site(Answer):
    """What a page needs before anybody has signed in. `signed_in`: whether this browser has a session. Strangers are
    told of organisations only where they can register."""

    needs_setup: bool
    signed_in: bool
    registration: bool
    pupils_data: bool
    organisations: list[OrganisationName]
    oidc: list[ProviderName]
    """Where else somebody can sign in: a link to `/api/oidc/<id>/start`."""


class OrganisationAnswer(Answer):
    id: str
    name: str
    time_zone: str
    recording: bool
    """Whether its lessons may be planned with recordings."""


class RoleAnswer(Answer):
    """`id` is that of the membership."""

    id: str
    role: Role
    state: RoleState
    organisation: OrganisationAnswer


class Me(Answer):
    """Who is signed in. `groups` are taught, `families` guarded."""

    id: str
    name: str
    email: str
    language: Language
    has_password: bool
    roles: list[RoleAnswer]
    groups: list[str]
    families: list[str]


class SetUp(Body):
    code: Code
    organisation: Name
    time_zone: Zone | None = None
    name: Name
    email: Email
    password: Password
    language: Language = "ru"


class Registration(Body):
    organisation: Id
    role: Role
    name: Name
    email: Email
    password: Password
    language: Language = "ru"


class Accepted(Answer):
    """The same whether or not the address has an account."""

    status: str = "requested"


class Credentials(Body):
    email: Email
    password: GivenPassword


class AccountChange(Body):
    name: Name | None = None
    language: Language | None = None


class PasswordChange(Body):
    old: GivenPassword
    new: Password


class RoleWish(Body):
    organisation: Id
    role: Role = Field(description="What somebody wants to be")


@endpoints.add("GET", "/api/site", access=Access.PUBLIC, answer=Site)
async def get_site(call: Call) -> Site:
    """What this server is, for somebody who has not signed in."""
    settings = call.school.context.settings
    told = settings.registration or call.known is not None
    organisations = await call.school.organisations.all() if told else []
    return Site(
        needs_setup=await call.school.organisations.needs_setup(),
        signed_in=call.known is not None,
        registration=settings.registration,
        pupils_data=settings.pupils_data,
        organisations=[OrganisationName(id=found.id, name=found.name) for found in organisations],
        oidc=[ProviderName(id=provider.id, name=provider.name) for provider in settings.oidc],
    )


@endpoints.add("POST", "/api/setup", access=Access.PUBLIC, body=SetUp, answer=Me, status=201)
async def set_up(call: Call, body: SetUp) -> Me:
    """Make the organisation and its first head, with the code that the console prints."""
    head = NewPerson(body.name, body.email, body.password, body.language)
    zone = body.time_zone or call.school.context.settings.time_zone
    token = await call.school.organisations.set_up(body.code, body.organisation, zone, head, call.agent)
    return await signed_in(call, token)


@endpoints.add(
    "POST", "/api/registrations", access=Access.PUBLIC, body=Registration, answer=Accepted, status=202
)
async def register(call: Call, body: Registration) -> Accepted:
    """Make an account that asks for a role; it gives nothing until the head confirms it."""
    new = NewPerson(body.name, body.email, body.password, body.language)
    await call.school.people.register(new, body.organisation, body.role, call.address)
    return Accepted()


@endpoints.add("POST", "/api/session", access=Access.PUBLIC, body=Credentials, answer=Me)
async def sign_in(call: Call, body: Credentials) -> Me:
    """Sign in; the answer sets the cookie."""
    token = await call.school.people.sign_in(body.email, body.password, call.address, call.agent)
    return await signed_in(call, token)


@endpoints.add("DELETE", "/api/session")
async def sign_out(call: Call) -> None:
    """Sign out of this browser."""
    await call.school.sessions.end(call.me.sign_in)
    call.ended = True


@endpoints.add("DELETE", "/api/sessions")
async def sign_out_everywhere(call: Call) -> None:
    """Sign out of all browsers, this one too."""
    await call.school.people.sign_out_everywhere(call.me.person.id)
    call.ended = True


@endpoints.add("GET", "/api/me", answer=Me)
async def get_me(call: Call) -> Me:
    """Who is signed in, with roles in every state."""
    return await me(call, call.me.person)


@endpoints.add("PATCH", "/api/me", body=AccountChange, answer=Me)
async def change_me(call: Call, body: AccountChange) -> Me:
    """Change one's own name or language."""
    return await me(call, await call.school.people.change(call.me.person.id, body.name, body.language))


@endpoints.add("PUT", "/api/me/password", body=PasswordChange)
async def change_password(call: Call, body: PasswordChange) -> None:
    """Change one's own password; all other browsers are signed out."""
    await call.school.people.change_password(call.me, body.old, body.new, call.address)


@endpoints.add("POST", "/api/me/roles", body=RoleWish, answer=Me, status=201)
async def request_role(call: Call, body: RoleWish) -> Me:
    """Ask for one more role."""
    await call.school.roles.request(call.me.person.id, body.organisation, body.role)
    return await me(call, call.me.person)


async def signed_in(call: Call, token: str) -> Me:
    """The answer to whoever has just got a session."""
    call.begun = token
    call.known = await call.school.sessions.resolve(token)
    return await me(call, call.me.person)


async def me(call: Call, person: Person) -> Me:
    """A person as they see themselves."""
    query = (
        select(Membership, Organisation)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person.id, Membership.state != RoleState.REVOKED)
        .order_by(Organisation.name, Membership.requested_at, Membership.id)
    )
    async with call.school.context.database.read() as session:
        rows = (await session.execute(query)).all()
    roles = [
        RoleAnswer(
            id=membership.id,
            role=Role(membership.role),
            state=RoleState(membership.state),
            organisation=OrganisationAnswer(
                id=organisation.id,
                name=organisation.name,
                time_zone=organisation.time_zone,
                recording=organisation.recording,
            ),
        )
        for membership, organisation in rows
    ]
    return Me(
        id=person.id,
        name=person.name,
        email=person.email,
        language="en" if person.language == "en" else "ru",
        has_password=person.password_hash is not None,
        roles=roles,
        groups=sorted(call.actor.teaches),
        families=sorted(call.actor.families),
    )
