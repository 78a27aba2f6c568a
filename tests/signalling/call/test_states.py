"""The pure states of a call, each by itself."""

from signalling.call.entrance import Entrance, Refusal
from signalling.call.groups import Groups
from signalling.call.guardian import GuardianRule
from signalling.call.hands import Hands
from signalling.call.holds import Hold
from signalling.call.polls import Option, Poll
from signalling.call.roles import CallRole, person_of, role_of
from signalling.call.settings import LobbyRule
from signalling.call.time_limit import TimeLimit, TimePhase

FAMILY, GUEST, HOST = CallRole.FAMILY, CallRole.GUEST, CallRole.HOST


def test_persons_and_roles() -> None:
    assert person_of("family:12:phone") == person_of("family:12:tablet#camera") == "family:12"
    assert person_of("guest:ab12") == "guest:ab12" and person_of("anna") == "anna"
    assert person_of("a:b:c:d") == "a:b:c:d"
    assert role_of("host") is HOST and role_of("") is GUEST and role_of("HOST") is GUEST


def test_who_waits() -> None:
    for rule, waiting in (
        (LobbyRule.OFF, set()),
        (LobbyRule.GUESTS, {GUEST}),
        (LobbyRule.ALL, {GUEST, FAMILY, CallRole.VIEWER}),
    ):
        for role in CallRole:
            assert Entrance(rule).arrive("x", role, 1.0) == (role not in waiting), (rule, role)


def test_who_was_admitted_comes_back_without_waiting() -> None:
    entrance = Entrance(LobbyRule.ALL)
    assert not entrance.arrive("f", FAMILY, 1.0)
    entrance.admit("f")
    assert entrance.arrive("f", FAMILY, 2.0) and not entrance.waiting
    entrance.remove("f")
    assert not entrance.arrive("f", FAMILY, 3.0)


def test_who_was_removed_waits_whatever_the_rule() -> None:
    entrance = Entrance(LobbyRule.OFF)
    assert entrance.arrive("f", FAMILY, 1.0)
    entrance.remove("f")
    assert entrance.refusal("f", FAMILY) is None and not entrance.arrive("f", FAMILY, 2.0)


def test_a_lock_a_block_and_the_end() -> None:
    entrance = Entrance(LobbyRule.GUESTS, locked=True)
    assert entrance.refusal("new", FAMILY) is Refusal.LOCKED
    assert entrance.refusal("teacher", HOST) is None
    entrance.admit("old")
    assert entrance.refusal("old", FAMILY) is None
    entrance.block("old")
    assert entrance.refusal("old", FAMILY) is Refusal.BLOCKED
    entrance.ended = True
    assert entrance.refusal("teacher", HOST) is Refusal.ENDED


def test_hands_keep_their_order() -> None:
    hands = Hands()
    for person, now in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        hands.up(person, now)
    assert list(hands.queue) == ["a", "b"] and hands.place("b") == 2
    hands.down("a")
    assert hands.place("b") == 1 and hands.place("a") is None


def test_a_hold_of_everybody_meets_newcomers() -> None:
    hold = Hold()
    hold.hold_all()
    assert hold.holds("late")
    hold.release("late")
    assert not hold.holds("late") and hold.holds("another")
    hold.hold("late")
    assert hold.holds("late")
    hold.release_all()
    assert not hold.holds("late")


def test_the_guardian_rule() -> None:
    rule = GuardianRule(True, 10)
    assert rule.frozen  # nobody has come yet
    assert rule.update(1, 0.0) and not rule.frozen
    assert not rule.update(0, 100.0)
    assert not rule.update(0, 109.9) and not rule.frozen
    assert rule.update(0, 110.0) and rule.frozen
    assert not rule.update(0, 200.0)
    assert rule.update(1, 201.0) and not rule.frozen
    rule.update(0, 300.0)
    rule.update(1, 309.0)  # back in time: the count begins anew
    rule.update(0, 310.0)
    assert not rule.update(0, 319.9) and rule.update(0, 320.0)
    off = GuardianRule(False, 10)
    assert not off.update(0, 0.0) and not off.update(0, 100.0) and not off.frozen


def test_the_limit_of_time() -> None:
    limit = TimeLimit(900, 120, 60)
    assert limit.phase(5000.0) is TimePhase.WAITING
    limit.begin(0.0)
    limit.begin(50.0)
    phases = [limit.phase(now) for now in (779.9, 780.0, 899.9, 900.0, 959.9, 960.0)]
    running, warning, over, stopped = TimePhase.RUNNING, TimePhase.WARNING, TimePhase.OVER, TimePhase.STOPPED
    assert phases == [running, warning, warning, over, over, stopped]
    limit.extend(300, 1000.0)  # from now on, as the time was up
    assert limit.phase(1000.0) is running and limit.end == 1300.0
    limit.extend(60, 1100.0)
    assert limit.end == 1360.0
    endless = TimeLimit(0, 120, 60)
    endless.begin(0.0)
    assert endless.phase(1e6) is running and endless.end is None


def test_groups() -> None:
    groups = Groups()
    groups.open([("Mice", ["a", "b"]), ("Cats", ["b", "c"])])
    assert [groups.place(one) for one in "abcd"] == ["g1", "g2", "g2", "main"]
    assert groups.put("d", "g1") and not groups.put("d", "g9") and groups.put("a", None)
    assert [groups.place(one) for one in "ad"] == ["main", "g1"]
    groups.close()
    assert groups.place("d") == "main" and not groups.names


def poll(**choice: bool) -> Poll:
    return Poll("p1", "?", (Option("yes"), Option("no", "🍎"), Option("maybe")), **choice)


def test_a_named_poll() -> None:
    named = poll(multiple=True, anonymous=False)
    named.vote("a", [0, 2])
    assert named.refusal("a", [1]) is None
    named.vote("a", [1])
    named.vote("b", [1])
    assert named.counts == [0, 2, 0] and named.choices == {"a": (1,), "b": (1,)}
    named.open = False
    assert named.refusal("c", [0]) == "POLL_CLOSED"


def test_an_anonymous_poll_remembers_no_choice() -> None:
    anonymous = poll(multiple=False, anonymous=True)
    for bad in ([], [0, 1], [3], [-1]):
        assert anonymous.refusal("a", bad) == "BAD_VOTE"
    assert poll(multiple=True, anonymous=True).refusal("a", [1, 1]) == "BAD_VOTE"
    anonymous.vote("a", [1])
    assert anonymous.refusal("a", [0]) == "ALREADY_VOTED"
    assert anonymous.counts == [0, 1, 0] and not anonymous.choices and anonymous.voters == {"a"}
