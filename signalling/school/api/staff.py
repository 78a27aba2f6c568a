"""The staff: lists, invitations, roles confirmed and revoked."""

from collections.abc import Sequence
from datetime import datetime

from signalling.school.api.endpoint import Access, Call, Endpoints
from signalling.school.api.models import Answer, Body, Email, Language, Name, Password, Zone
from signalling.school.api.sessions import Me, me, signed_in
from signalling.school.staff import Member
from signalling.school.words import Role, RoleState, badge_of
from signalling.store.tables import Membership, StaffInvitation

endpoints = Endpoints()


class OrganisationChange(Body):
    name: Name | None = None
    time_zone: Zone | None = None
    recording: bool | None = None


class HeldRole(Answer):
    """`id` is what confirms and revokes."""

    id: str
    role: Role
    state: RoleState
    requested_at: datetime
    confirmed_at: datetime | None
    revoked_at: datetime | None


class MemberAnswer(Answer):
    """`badge` is what the server vouches for: draw it from here and from nothing else. `email` only for the head."""

    id: str
    name: str
    email: str | None
    badge: Role | None
    roles: list[HeldRole]


class Members(Answer):
    members: list[MemberAnswer]


class Invite(Body):
    name: Name
    email: Email
    role: Role


class StaffInvitationAnswer(Answer):
    """`link` is there once, when it is made."""

    id: str
    name: str
    email: str
    role: Role
    state: str
    created_at: datetime
    expires_at: datetime
    link: str | None = None


class StaffInvitations(Answer):
    invitations: list[StaffInvitationAnswer]


class Welcome(Answer):
    """What somebody is invited to."""

    organisation: str
    name: str
    email: str
    role: Role


class Acceptance(Body):
    name: Name
    password: Password
    language: Language = "ru"


@endpoints.add("PATCH", "/api/organisations/{organisation}", body=OrganisationChange)
async def change_organisation(call: Call, body: OrganisationChange) -> None:
    """Change an organisation: its name, its time zone, whether its lessons may be recorded."""
    await call.school.organisations.change(call.actor, call.path["organisation"], **dict(body))


@endpoints.add("GET", "/api/organisations/{organisation}/staff", answer=Members)
async def list_staff(call: Call) -> Members:
    """The staff with badges; the head also sees requests, revoked roles and addresses."""
    return _members(await call.school.staff.members(call.actor, call.path["organisation"]))


@endpoints.add("GET", "/api/organisations/{organisation}/guardians", answer=Members)
async def list_guardians(call: Call) -> Members:
    """People who are guardians or ask to be."""
    guardians = frozenset({Role.GUARDIAN})
    return _members(await call.school.staff.members(call.actor, call.path["organisation"], guardians))


@endpoints.add("GET", "/api/organisations/{organisation}/staff-invitations", answer=StaffInvitations)
async def list_staff_invitations(call: Call) -> StaffInvitations:
    """Invitations of staff, newest first."""
    found = await call.school.staff.invitations(call.actor, call.path["organisation"])
    now = call.school.context.now()
    return StaffInvitations(invitations=[_invitation(invitation, now) for invitation in found])


@endpoints.add(
    "POST",
    "/api/organisations/{organisation}/staff-invitations",
    body=Invite,
    answer=StaffInvitationAnswer,
    status=201,
)
async def invite_staff(call: Call, body: Invite) -> StaffInvitationAnswer:
    """Invite somebody to the staff; the link is shown this once."""
    invitation, code = await call.school.staff.invite(
        call.actor, call.path["organisation"], body.name, body.email, body.role
    )
    return _invitation(invitation, call.school.context.now(), f"{call.origin}/welcome/{code}")


@endpoints.add("DELETE", "/api/staff-invitations/{invitation}")
async def take_back_staff_invitation(call: Call) -> None:
    """Take an invitation back."""
    await call.school.staff.take_back(call.actor, call.path["invitation"])


@endpoints.add("GET", "/api/welcome/{code}", access=Access.LINK, answer=Welcome)
async def get_welcome(call: Call) -> Welcome:
    """What a staff invitation leads to."""
    invitation, organisation = await call.school.staff.invited(call.path["code"])
    return Welcome(
        organisation=organisation.name,
        name=invitation.name,
        email=invitation.email,
        role=Role(invitation.role),
    )


@endpoints.add("POST", "/api/welcome/{code}", access=Access.LINK, body=Acceptance, answer=Me, status=201)
async def accept_welcome(call: Call, body: Acceptance) -> Me:
    """Make the account that a staff invitation is for, and sign in."""
    token = await call.school.staff.accept(
        call.path["code"], body.name, body.password, body.language, call.agent
    )
    return await signed_in(call, token)


@endpoints.add("POST", "/api/welcome/{code}/role", answer=Me)
async def accept_welcome_signed_in(call: Call) -> Me:
    """Take the role of a staff invitation for the account that is signed in."""
    await call.school.staff.accept_signed_in(call.path["code"], call.actor)
    return await me(call, call.me.person)


@endpoints.add("POST", "/api/roles/{role}/confirmation", answer=HeldRole)
async def confirm_role(call: Call) -> HeldRole:
    """Confirm a role that somebody asked for."""
    return _held(await call.school.roles.confirm(call.actor, call.path["role"]))


@endpoints.add("POST", "/api/roles/{role}/revocation", answer=HeldRole)
async def revoke_role(call: Call) -> HeldRole:
    """Revoke or refuse a role; sessions, links and hosting end at once."""
    return _held(await call.school.roles.revoke(call.actor, call.path["role"]))


def _members(found: Sequence[Member]) -> Members:
    people: dict[str, list[Member]] = {}
    for member in found:
        people.setdefault(member.person.id, []).append(member)
    return Members(members=[_member(rows) for rows in people.values()])


def _member(rows: list[Member]) -> MemberAnswer:
    confirmed = {Role(row.membership.role) for row in rows if row.membership.state == RoleState.CONFIRMED}
    person = rows[0].person
    return MemberAnswer(
        id=person.id,
        name=person.name,
        email=person.email if rows[0].contact else None,
        badge=badge_of(frozenset(confirmed)),
        roles=[_held(row.membership) for row in rows],
    )


def _held(membership: Membership) -> HeldRole:
    return HeldRole(
        id=membership.id,
        role=Role(membership.role),
        state=RoleState(membership.state),
        requested_at=membership.requested_at,
        confirmed_at=membership.confirmed_at,
        revoked_at=membership.revoked_at,
    )


def _invitation(found: StaffInvitation, now: datetime, link: str | None = None) -> StaffInvitationAnswer:
    states = {"used": found.used_at, "revoked": found.revoked_at, "expired": found.expires_at <= now}
    return StaffInvitationAnswer(
        id=found.id,
        name=found.name,
        email=found.email,
        role=Role(found.role),
        state=next((state for state, holds in states.items() if holds), "open"),
        created_at=found.created_at,
        expires_at=found.expires_at,
        link=link,
    )
