"""Accounts, roles and sessions, on both engines."""

import asyncio

import pytest
from argon2 import PasswordHasher

from signalling.school import SchoolSettings
from signalling.school.door import Action, Target, allows
from signalling.school.errors import (
    Conflict,
    Denied,
    LinkNotFound,
    NotFound,
    SchoolError,
    TooManyAttempts,
    WrongCredentials,
)
from signalling.school.events import RoleConfirmed, RoleRevoked
from signalling.school.passwords import Argon2Passwords
from signalling.school.words import AgeBand, Role, RoleState
from signalling.store import Database
from tests.signalling.school.kindergarten import ADDRESS, PASSWORD, Kindergarten, person

# The first head


async def test_the_set_up_happens_once(database: Database) -> None:
    kindergarten = Kindergarten(database)
    organisations = kindergarten.school.organisations
    assert await organisations.needs_setup()
    for code in ("", "wrong", "я"):
        with pytest.raises(Denied):
            await organisations.set_up(code, "A", "Europe/Moscow", person("head"), "")
    await kindergarten.start()
    assert not await organisations.needs_setup()
    with pytest.raises(Denied) as refused:
        await organisations.set_up(organisations.setup_code, "B", "Europe/Moscow", person("other"), "")
    assert refused.value.code == "SET_UP"
    assert allows(await kindergarten.actor("head"), Action.CONFIRM_ROLE, Target(kindergarten.organisation))


async def test_two_set_ups_at_once_make_one_head(database: Database) -> None:
    organisations = Kindergarten(database).school.organisations
    code = organisations.setup_code
    attempts = (
        organisations.set_up(code, "A", "Europe/Moscow", person(name), "") for name in ("one", "two", "three")
    )
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, Denied) for result in results) == 2
    assert len(await organisations.all()) == 1


# Roles


async def test_a_role_has_no_power_before_it_is_confirmed(kindergarten: Kindergarten) -> None:
    anna = await kindergarten.add("anna", Role.TEACHER, confirmed=False)
    assert anna.roles == {}
    anna = await kindergarten.add("anna")
    assert anna.roles == {kindergarten.organisation: {Role.TEACHER}}


async def test_only_a_head_confirms(kindergarten: Kindergarten) -> None:
    teacher = await kindergarten.add("anna", Role.TEACHER)
    await kindergarten.add("boris", Role.TEACHER, confirmed=False)
    (wanted,) = await kindergarten.memberships("boris")
    with pytest.raises(Denied):
        await kindergarten.school.roles.confirm(teacher, wanted.id)
    with pytest.raises(NotFound):
        await kindergarten.school.roles.confirm(await kindergarten.actor("boris"), wanted.id)
    with pytest.raises(NotFound):
        await kindergarten.school.roles.confirm(teacher, "nothing")


async def test_revoking_ends_groups_sessions_and_is_told(kindergarten: Kindergarten) -> None:
    head = await kindergarten.actor("head")
    teacher = await kindergarten.add("anna", Role.TEACHER)
    view = await kindergarten.school.groups.make(head, kindergarten.organisation, "Rainbow", AgeBand.TO_5)
    await kindergarten.school.groups.add_teacher(head, view.group.id, teacher.person)
    token = await kindergarten.sign_in("anna")
    (membership,) = await kindergarten.memberships("anna")
    for _ in range(2):
        await kindergarten.school.roles.revoke(head, membership.id)
    assert [event for event in kindergarten.heard if not isinstance(event, RoleConfirmed)] == [
        RoleRevoked(teacher.person, kindergarten.organisation, Role.TEACHER)
    ]
    assert await kindergarten.school.sessions.resolve(token) is None
    assert (await kindergarten.actor("anna")).roles == {}
    with pytest.raises(Conflict):
        await kindergarten.school.roles.confirm(head, membership.id)
    # Asked for again and confirmed, it has no groups of before.
    again = await kindergarten.school.roles.request(teacher.person, kindergarten.organisation, Role.TEACHER)
    await kindergarten.school.roles.confirm(head, again.id)
    assert (await kindergarten.actor("anna")).teaches == frozenset()
    states = [membership.state for membership in await kindergarten.memberships("anna")]
    assert sorted(states) == [RoleState.CONFIRMED, RoleState.REVOKED]


async def test_asking_twice_is_one_request(kindergarten: Kindergarten) -> None:
    anna = await kindergarten.add("anna", Role.TEACHER, confirmed=False)
    await kindergarten.school.roles.request(anna.person, kindergarten.organisation, Role.TEACHER)
    assert len(await kindergarten.memberships("anna")) == 1
    await kindergarten.add("anna")
    with pytest.raises(Conflict):
        await kindergarten.school.roles.request(anna.person, kindergarten.organisation, Role.TEACHER)


async def test_the_last_head_stays(kindergarten: Kindergarten) -> None:
    head = await kindergarten.actor("head")
    (membership,) = await kindergarten.memberships("head")
    with pytest.raises(Conflict) as refused:
        await kindergarten.school.roles.revoke(head, membership.id)
    assert refused.value.code == "LAST_HEAD"
    await kindergarten.add("boris", Role.HEAD)
    await kindergarten.school.roles.revoke(head, membership.id)


# Signing in


async def test_a_registration_tells_nobody_who_has_an_account(kindergarten: Kindergarten) -> None:
    await kindergarten.add("anna", Role.TEACHER, confirmed=False)
    other = person("anna")
    await kindergarten.school.people.register(other, kindergarten.organisation, Role.HEAD, ADDRESS)
    assert [m.role for m in await kindergarten.memberships("anna")] == [Role.TEACHER]


async def test_registration_can_be_closed(database: Database) -> None:
    kindergarten = await Kindergarten(database, SchoolSettings(registration=False)).start()
    with pytest.raises(Denied):
        await kindergarten.add("anna", Role.TEACHER)


async def test_a_sign_in_makes_a_session(kindergarten: Kindergarten) -> None:
    token = await kindergarten.sign_in("head")
    known = await kindergarten.known(token)
    assert known.person.name == "Head" and known.token is None
    await kindergarten.school.sessions.end(known.sign_in)
    assert await kindergarten.school.sessions.resolve(token) is None


@pytest.mark.parametrize("email", ["head@example.org", "nobody@example.org"])
async def test_wrong_credentials_do_not_say_what_is_wrong(kindergarten: Kindergarten, email: str) -> None:
    with pytest.raises(WrongCredentials) as refused:
        await kindergarten.school.people.sign_in(email, "wrong", ADDRESS, "")
    assert str(refused.value) == "Name or password is wrong"


async def test_attempts_are_limited_by_account(kindergarten: Kindergarten) -> None:
    async def attempt(number: int, password: str = "wrong") -> None:
        await kindergarten.sign_in("head", password, f"192.0.2.{number}")

    for number in range(10):
        with pytest.raises(WrongCredentials):
            await attempt(number)
    with pytest.raises(TooManyAttempts):
        await attempt(99, PASSWORD)
    kindergarten.clock.advance(31)
    await attempt(99, PASSWORD)


async def test_attempts_are_limited_by_address(kindergarten: Kindergarten) -> None:
    refused: list[type[SchoolError]] = []
    for number in range(62):
        try:
            await kindergarten.school.people.sign_in(f"{number}@example.org", "wrong", ADDRESS, "")
        except SchoolError as error:
            refused.append(type(error))
    assert refused == [WrongCredentials] * 60 + [TooManyAttempts] * 2


async def test_what_succeeds_does_not_count(kindergarten: Kindergarten) -> None:
    for _ in range(70):
        await kindergarten.sign_in("head")


async def test_a_new_password_signs_out_all_others(kindergarten: Kindergarten) -> None:
    mine, other = await kindergarten.sign_in("head"), await kindergarten.sign_in("head")
    people, known = kindergarten.school.people, await kindergarten.known(mine)
    with pytest.raises(WrongCredentials):
        await people.change_password(known, "wrong", "Another horse 2", ADDRESS)
    await people.change_password(known, PASSWORD, "Another horse 2", ADDRESS)
    assert await kindergarten.school.sessions.resolve(other) is None
    assert await kindergarten.school.sessions.resolve(mine) is not None
    with pytest.raises(WrongCredentials):
        await kindergarten.sign_in("head")
    await kindergarten.sign_in("head", "Another horse 2")


async def test_sign_out_everywhere(kindergarten: Kindergarten) -> None:
    tokens = [await kindergarten.sign_in("head") for _ in range(3)]
    await kindergarten.school.people.sign_out_everywhere(kindergarten.people["head"])
    assert [await kindergarten.school.sessions.resolve(token) for token in tokens] == [None] * 3


# Sessions


async def test_a_token_is_rotated_and_the_old_one_ends(kindergarten: Kindergarten) -> None:
    sessions, clock = kindergarten.school.sessions, kindergarten.clock
    old = await kindergarten.sign_in("head")
    clock.advance(3601)
    fresh = (await kindergarten.known(old)).token
    assert fresh is not None and fresh != old
    clock.advance(30)
    assert (await kindergarten.known(old)).token is None, "a request that was on its way"
    clock.advance(31)
    assert await sessions.resolve(old) is None
    assert await sessions.resolve(fresh) is None, (
        "whoever shows an old token may be a thief: both must sign in"
    )


@pytest.mark.parametrize(("every", "days"), [(13, 60), (15, 15)])
async def test_sessions_expire(kindergarten: Kindergarten, every: int, days: int) -> None:
    token: str | None = await kindergarten.sign_in("head")
    for _ in range(0, days, every):
        assert token is not None
        kindergarten.clock.advance(every * 86_400)
        known = await kindergarten.school.sessions.resolve(token)
        token = known.token if known else None
    assert token is None


async def test_what_is_expired_is_forgotten(kindergarten: Kindergarten) -> None:
    await kindergarten.sign_in("head")
    kindergarten.clock.advance(15 * 86_400)
    fresh = await kindergarten.sign_in("head")
    await kindergarten.school.sessions.expire()
    assert await kindergarten.school.sessions.resolve(fresh) is not None


# Staff invitations


async def test_an_invitation_makes_a_confirmed_role_once(kindergarten: Kindergarten) -> None:
    head, staff = await kindergarten.actor("head"), kindergarten.school.staff
    _, code = await staff.invite(head, kindergarten.organisation, "Anna", "Anna@Example.org", Role.TEACHER)
    invitation, organisation = await staff.invited(code)
    assert (invitation.email, organisation.name) == ("anna@example.org", "Поляна")
    token = await staff.accept(code, "Анна", PASSWORD, "ru", "")
    known = await kindergarten.known(token)
    assert known.actor.roles == {kindergarten.organisation: {Role.TEACHER}}
    with pytest.raises(LinkNotFound):
        await staff.accept(code, "Eve", PASSWORD, "ru", "")


@pytest.mark.parametrize("end", ["late", "taken back", "wrong"])
async def test_invitations_that_lead_nowhere(kindergarten: Kindergarten, end: str) -> None:
    head, staff = await kindergarten.actor("head"), kindergarten.school.staff
    made, code = await staff.invite(head, kindergarten.organisation, "Anna", "a@example.org", Role.TEACHER)
    if end == "late":
        kindergarten.clock.advance(kindergarten.settings.staff_invitation_s)
    elif end == "taken back":
        await staff.take_back(head, made.id)
    else:
        code = code[:-1] + ("a" if code[-1] != "a" else "b")
    with pytest.raises(LinkNotFound) as refused:
        await staff.invited(code)
    assert str(refused.value) == "Please ask for a new link"


async def test_teachers_invite_nobody_and_see_no_addresses(kindergarten: Kindergarten) -> None:
    teacher, staff = await kindergarten.add("anna", Role.TEACHER), kindergarten.school.staff
    await kindergarten.add("boris", Role.TEACHER, confirmed=False)
    with pytest.raises(Denied):
        await staff.invite(teacher, kindergarten.organisation, "x", "x@example.org", Role.HEAD)
    seen = await staff.members(teacher, kindergarten.organisation)
    assert [(member.person.name, member.contact) for member in seen] == [("Anna", False), ("Head", False)]
    everybody = await staff.members(await kindergarten.actor("head"), kindergarten.organisation)
    assert [(member.person.name, member.contact) for member in everybody] == [
        ("Anna", True),
        ("Boris", True),
        ("Head", True),
    ]


# Passwords


async def test_passwords_are_argon2id() -> None:
    passwords = Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    known = await passwords.hash(PASSWORD)
    assert known.startswith("$argon2id$") and known != await passwords.hash(PASSWORD)
    assert await passwords.verify(PASSWORD, known)
    for password, of in (("wrong", known), (PASSWORD, None), (PASSWORD, "nonsense"), ("nobody's", None)):
        assert not await passwords.verify(password, of)


def test_todays_parameters_cost_enough() -> None:
    hasher = PasswordHasher()
    assert hasher.memory_cost >= 64 * 1024 and hasher.time_cost >= 3, "RFC 9106, section 4"
