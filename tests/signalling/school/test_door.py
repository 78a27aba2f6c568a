"""The door against a table that was written by hand, and properties that no table may break."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.school.door import RULES, Action, Actor, Audience, Target, allows, check
from signalling.school.errors import Denied, NotFound
from signalling.school.words import STAFF, Role

HERE, ELSEWHERE = "here", "elsewhere"
MINE, OTHER = "my group", "other group"
#: What the columns of the table are to the actor, who teaches MINE and is a guardian of "my family" in MINE.
TARGETS = {
    "mine": Target(HERE, groups=frozenset({MINE})),
    "both": Target(HERE, groups=frozenset({MINE, OTHER})),
    "other": Target(HERE, groups=frozenset({OTHER})),
    "family": Target(HERE, groups=frozenset({MINE}), family="my family"),
    "stranger": Target(HERE, groups=frozenset({MINE}), family="other family"),
    "own": Target(HERE, groups=frozenset({OTHER}), person="anna"),
    "staff": Target(HERE, audience=Audience.STAFF),
    "all": Target(HERE, audience=Audience.EVERYBODY),
    "school": Target(HERE),
}
#: For each action: roles of which `x` reaches the column. H head, T teacher, M methodologist, O operator, G guardian.
TABLE = """
action               mine   both   other  family stranger own   staff  all    school
see_staff            HTMO   HTMO   HTMO   HTMO   HTMO     HTMO  HTMO   HTMO   HTMO
see_contacts         H      H      H      H      H        H     H      H      H
invite_staff         H      H      H      H      H        H     H      H      H
confirm_role         H      H      H      H      H        H     H      H      H
revoke_role          H      H      H      H      H        H     H      H      H
change_organisation  H      H      H      H      H        H     H      H      H
see_group            HTMG   HTMG   HM     HTMG   HTM      HTM   HTM    HTMG   HM
change_group         H      H      H      H      H        H     H      H      H
see_family           HTG    HTG    H      HTG    HT       HT    HT     HTG    H
change_family        HT     H      H      HT     HT       HT    H      H      H
import_roster        H      H      H      H      H        H     H      H      H
invite_family        HT     HT     H      HT     HT       HT    HT     HT     H
see_audit            H      H      H      H      H        H     H      H      H
see_lesson           HTMG   HTMG   HM     HTMG   HTM      HTM   HTM    HTMG   HM
change_lesson        HT     H      H      HT     HT       HT    H      H      H
join_lesson          HTMG   HTMG   HM     HTMG   HTM      HTM   HTM    HTMG   HM
host_lesson          HT     H      H      HT     HT       HT    H      H      H
see_attendance       HT     H      H      HT     HT       HT    H      H      H
give_consent         G      G      -      G      -        -     -      G      -
see_consents         HG     HG     H      HG     H        H     H      HG     H
change_consents      H      H      H      H      H        H     H      H      H
export_family        HG     HG     H      HG     H        H     H      HG     H
delete_family        H      H      H      H      H        H     H      H      H
see_content          HTM    HTM    HM     HTM    HTM      HTM   HTM    HTM    HM
add_content          HTM    HTM    HM     HTM    HTM      HTM   HTM    HTM    HM
change_content       HTM    HM     HM     HTM    HTM      HTM   HM     HM     HM
verify_content       HM     HM     HM     HM     HM       HM    HM     HM     HM
see_recordings       HTM    HM     HM     HTM    HTM      HTM   HM     HM     HM
remove_recording     HT     H      H      HT     HT       HT    H      H      H
"""
LETTERS = {"H": Role.HEAD, "T": Role.TEACHER, "M": Role.METHODOLOGIST, "O": Role.OPERATOR, "G": Role.GUARDIAN}


def by_hand() -> dict[tuple[Action, str], frozenset[Role]]:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (Action(row[0]), column): frozenset(LETTERS[letter] for letter in cell if letter != "-")
        for row in rows
        for column, cell in zip(header[1:], row[1:], strict=True)
    }


ANSWERS = by_hand()


def actor(roles: frozenset[Role], organisation: str = HERE) -> Actor:
    teaches = frozenset({MINE}) if Role.TEACHER in roles else frozenset()
    guards = Role.GUARDIAN in roles
    families, groups = ({"my family"}, {MINE}) if guards else (set(), set())
    return Actor("anna", {organisation: roles}, teaches, frozenset(families), frozenset(groups))


def test_the_table_has_every_action_and_every_column() -> None:
    assert set(ANSWERS) == {(action, column) for action in Action for column in TARGETS}
    assert set(RULES) == set(Action)


roles_strategy = st.frozensets(st.sampled_from(list(Role)))


@settings(derandomize=True, max_examples=2000)
@given(roles_strategy, st.sampled_from(list(Action)), st.sampled_from(list(TARGETS)))
def test_the_door_is_the_table(roles: frozenset[Role], action: Action, column: str) -> None:
    assert allows(actor(roles), action, TARGETS[column]) == bool(roles & ANSWERS[action, column])


@pytest.mark.parametrize("role", Role)
def test_each_role_alone(role: Role) -> None:
    for (action, column), roles in ANSWERS.items():
        assert allows(actor(frozenset({role})), action, TARGETS[column]) == (role in roles), (action, column)


@settings(derandomize=True)
@given(roles_strategy, st.sampled_from(list(Action)), st.sampled_from(list(TARGETS.values())))
def test_roles_of_another_organisation_count_nothing(
    roles: frozenset[Role], action: Action, target: Target
) -> None:
    stranger = actor(roles, ELSEWHERE)
    assert not allows(stranger, action, target)
    with pytest.raises(NotFound):
        check(stranger, action, target)


@settings(derandomize=True)
@given(roles_strategy, roles_strategy, st.sampled_from(list(Action)), st.sampled_from(list(TARGETS.values())))
def test_a_role_more_takes_nothing_away(
    roles: frozenset[Role], more: frozenset[Role], action: Action, target: Target
) -> None:
    assert allows(actor(roles), action, target) <= allows(actor(roles | more), action, target)


def test_nobody_may_anything() -> None:
    nobody = Actor("anna")
    assert not any(allows(nobody, action, target) for action in Action for target in TARGETS.values())


def test_the_operator_sees_no_content() -> None:
    operator = actor(frozenset({Role.OPERATOR}))
    allowed = {action for action in Action for target in TARGETS.values() if allows(operator, action, target)}
    assert allowed == {Action.SEE_STAFF}


def test_those_who_belong_here_are_told_that_they_may_not() -> None:
    with pytest.raises(Denied):
        check(actor(frozenset({Role.TEACHER})), Action.CONFIRM_ROLE, Target(HERE))
    check(actor(frozenset({Role.HEAD})), Action.CONFIRM_ROLE, Target(HERE))


def test_staff_are_those_who_are_no_guardians() -> None:
    assert set(Role) - {Role.GUARDIAN} == STAFF
    assert actor(frozenset({Role.TEACHER})).is_staff(HERE) and not actor(frozenset({Role.GUARDIAN})).is_staff(
        HERE
    )
