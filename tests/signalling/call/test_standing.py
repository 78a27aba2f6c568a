"""The rules of random calls against what the product says, written down a second time and simpler."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.permissions import Permissions
from mediaserver.rules import Gate, Medium
from mediaserver.track import TrackSource
from signalling.call.roles import CallRole
from signalling.call.settings import CallSettings, Mode, Reach
from signalling.call.standing import permissions_of, rules_of
from signalling.call.state import CallState
from signalling.call.time_limit import TimePhase

PEOPLE = {
    "host": CallRole.HOST,
    "cohost": CallRole.COHOST,
    "ann": CallRole.FAMILY,
    "bob": CallRole.FAMILY,
    "cid": CallRole.FAMILY,
    "vic": CallRole.VIEWER,
    "guest": CallRole.GUEST,
}
LEADERS = {"host", "cohost"}
GIVEN = Permissions(can_subscribe=True, can_publish=True, can_publish_data=True)
names = st.sampled_from(sorted(PEOPLE))


@dataclass
class Setup:
    mode: Mode
    reach: Reach
    waiting: set[str]
    groups: dict[str, str]
    directed: dict[str, frozenset[str]]
    announcing: set[str]
    muted: set[str]
    panic: bool
    attended: bool
    stopped: bool
    promoted: set[str]


setups = st.builds(
    Setup,
    mode=st.sampled_from(Mode),
    reach=st.sampled_from(Reach),
    waiting=st.sets(st.sampled_from(["ann", "guest", "vic"])),
    groups=st.dictionaries(names, st.sampled_from(["g1", "g2"])),
    directed=st.dictionaries(names, st.frozensets(names, max_size=3), max_size=3),
    announcing=st.sets(st.sampled_from(sorted(LEADERS))),
    muted=st.sets(names),
    panic=st.booleans(),
    attended=st.booleans(),
    stopped=st.booleans(),
    promoted=st.sets(st.sampled_from(["ann", "vic"])),
)


def built(setup: Setup) -> CallState:
    state = CallState(CallSettings(mode=setup.mode, reach=setup.reach))
    for name, role in PEOPLE.items():
        state.person(name, role, name).devices["sid"] = name
        if name not in setup.waiting:
            state.entrance.admit(name)
    state.groups.open([("one", []), ("two", [])])
    state.groups.members = dict(setup.groups)
    state.groups.announcing = set(setup.announcing)
    state.directed = dict(setup.directed)
    for name in setup.muted:
        state.holds[Medium.AUDIO].hold(name)
    state.panic, state.guardian.frozen = setup.panic, not setup.attended
    state.time_phase = TimePhase.STOPPED if setup.stopped else TimePhase.RUNNING
    state.stage = dict.fromkeys(setup.promoted, True)
    return state


def may_hear(setup: Setup, by: str, to: str) -> bool:
    """Whether the sound of one goes to another, as far as rules say."""
    if {by, to} & setup.waiting or by in setup.muted or setup.panic:
        return False
    if by not in LEADERS and (not setup.attended or setup.stopped):
        return False
    if by in setup.announcing:
        return True
    if setup.groups.get(by) != setup.groups.get(to):
        return False
    if by in setup.directed:
        return to in setup.directed[by]
    return by in LEADERS or setup.reach is Reach.EVERYONE or to in LEADERS


@given(setups)
def test_who_hears_whom(setup: Setup) -> None:
    rules = {name: rules_of(built(setup), name) for name in PEOPLE}
    sound = (Medium.AUDIO,)
    for by, to in permutations(PEOPLE, 2):
        heard = rules[to].receives(rules[by], sound) and rules[by].gate(sound) is Gate.OPEN
        assert heard == may_hear(setup, by, to), (by, to)


@given(setups)
def test_who_knows_of_whom(setup: Setup) -> None:
    state = built(setup)
    for viewer, other in permutations(PEOPLE, 2):
        audience = setup.mode is Mode.WEBINAR and other not in LEADERS | setup.promoted
        expected = not {viewer, other} & setup.waiting and (viewer in LEADERS or not audience)
        assert rules_of(state, viewer).sees(rules_of(state, other)) == expected, (viewer, other)


@given(setups)
def test_who_publishes_what(setup: Setup) -> None:
    state = built(setup)
    for name, role in PEOPLE.items():
        permissions = permissions_of(state, name, GIVEN)
        usual = setup.mode is not Mode.WEBINAR and role is not CallRole.VIEWER
        stage = name in LEADERS or name in setup.promoted or usual
        may = name not in setup.waiting and stage
        assert permissions.may_publish(TrackSource.CAMERA) == may
        assert permissions.may_publish(TrackSource.SCREEN_SHARE) == (may and name in LEADERS)
        assert permissions.can_publish_data == (name not in setup.waiting)


@given(setups)
def test_data_of_children_reach_no_child(setup: Setup) -> None:
    rules = {name: rules_of(built(setup), name) for name in PEOPLE}
    for by, to in permutations(set(PEOPLE) - LEADERS, 2):
        assert not rules[to].receives(rules[by], (Medium.DATA,))
