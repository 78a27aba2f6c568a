"""A room that somebody controls: edges for each medium, gates, and who knows of whom. At once, and back as it was."""

from dataclasses import replace
from itertools import product
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.data_tracks import DataTrackSettings
from mediaserver.participant import Participant, ParticipantState, RemovalReason
from mediaserver.permissions import Permissions
from mediaserver.publisher import PublishRefused
from mediaserver.room import Room
from mediaserver.rules import CLOSED, Circles, Gate, Medium, MediumRules, Rules, open_rules
from mediaserver.track import TrackSource
from tests.mediaserver.room_fakes import (
    ALL,
    FakeReceiver,
    RecordingRoomObserver,
    fake,
    make_participant,
    make_room,
    publish,
    told,
)

IN = frozenset({"call"})
OPEN = open_rules("call")


class Controller:
    """Gives what a test says."""

    def __init__(self, **rules: Rules) -> None:
        self.rules = rules
        self.gone: list[str] = []

    def seating(self, participant: Participant) -> Rules:
        return self.rules.get(participant.identity, OPEN)

    def unseated(self, participant: Participant) -> None:
        self.gone.append(participant.identity)


def controlled(**rules: Rules) -> Room:
    room = make_room()
    room.policy.control(Controller(**rules))
    return room


def gated(gate: Gate, *media: str) -> Rules:
    return replace(OPEN, **{medium: MediumRules(IN, gate) for medium in media})


def hears(subscriber: Participant, track: Any) -> bool:
    """Whether the data plane forwards it."""
    subscription = subscriber.subscriber.subscriptions.get(track.sid)
    return subscription is not None and cast(Any, subscription.sender).target.get("enabled") is True


def passes(track: Any) -> bool:
    """Whether the data plane lets its packets in."""
    return cast(FakeReceiver, track.receiver).enabled


async def test_a_room_without_a_controller_is_open() -> None:
    room = make_room()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    track = await publish(anna)
    assert room.may_receive(boris, track) and hears(boris, track) and passes(track)
    assert room.policy.sees(anna, boris) and room.policy.may_send_data(anna)


async def test_the_matrix_of_who_hears_whom_is_what_the_rules_say() -> None:
    names = ("anna", "boris", "clara", "dora")
    edges = {("anna", "boris"), ("boris", "anna"), ("clara", "anna"), ("dora", "anna"), ("anna", "dora")}

    def rules(name: str) -> Rules:
        reach = MediumRules(frozenset(f"@{to}" for by, to in edges if by == name))
        return Rules(IN | {f"@{name}"}, IN, reach, reach, reach, reach)

    room = controlled(**{name: rules(name) for name in names})
    people = {name: make_participant(room, name) for name in names}
    tracks = {
        (name, kind): await publish(people[name], kind) for name in names for kind in ("audio", "video")
    }
    for (by, kind), to in product(tracks, names):
        if by != to:
            assert hears(people[to], tracks[by, kind]) == ((by, to) in edges), (by, to, kind)
    room.policy.set_rules(dict.fromkeys(people.values(), OPEN))
    assert all(hears(people[to], track) for (by, _), track in tracks.items() for to in names if by != to)


async def test_what_was_negotiated_stays_and_forwards_nothing() -> None:
    room = controlled()
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    sound, picture = await publish(anna), await publish(anna, "video")
    sender = boris.subscriber.subscriptions[sound.sid].sender
    away = replace(OPEN, audio=MediumRules(frozenset({"group"})), video=MediumRules(frozenset({"group"})))
    room.policy.set_rules({anna: away})
    assert boris.subscriber.subscriptions[sound.sid].sender is sender
    assert not hears(boris, sound) and not hears(boris, picture)
    boris.subscriber.request(sound.sid, True)  # a modified client insists
    assert not hears(boris, sound)
    room.policy.set_rules({anna: OPEN})
    assert boris.subscriber.subscriptions[sound.sid].sender is sender
    assert hears(boris, sound) and hears(boris, picture)
    assert told(boris, "subscription_permission_changed") == []


async def test_a_waiting_guest_knows_of_nobody() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    room.policy.control(Controller(guest=CLOSED))
    anna = make_participant(room, "anna")
    track = await publish(anna)
    guest = make_participant(room, "guest")
    room.flush()
    assert room.policy.known_to(guest) == [] and room.policy.known_to(anna) == []
    assert not any("guest" in recipients for changed, recipients in observer.changes if changed != ["guest"])
    guest.subscriber.request(track.sid, True)
    assert not guest.subscriber.subscriptions
    assert told(guest, "subscription_permission_changed") == []
    assert told(guest, "subscription_failed")  # as of a track that does not exist
    assert room.policy.counted(guest) == (1, 0) and room.policy.counted(anna) == (1, 1)
    assert room.policy.data_recipients(anna) == room.policy.data_recipients(guest) == []
    assert room.policy.data_recipients(None) == [anna]

    room.policy.set_rules({guest: OPEN})
    assert sorted(observer.sights) == [("anna", ["guest"], []), ("guest", ["anna"], [])]
    assert hears(guest, track)
    room.policy.set_rules({guest: CLOSED})
    assert sorted(observer.sights[2:]) == [("anna", [], ["guest"]), ("guest", [], ["anna"])]
    assert not guest.subscriber.subscriptions and not fake(guest.subscriber_connection).senders


async def test_a_frozen_track_is_dropped_and_comes_back_as_it_was() -> None:
    room = controlled()
    anna = make_participant(room, "anna")
    loud, quiet, picture = await publish(anna), await publish(anna), await publish(anna, "video")
    anna.publisher.mute(quiet, True)
    room.policy.set_rules({anna: gated(Gate.FROZEN, "audio", "video", "screen", "data")})
    assert not any(passes(track) for track in (loud, quiet, picture)) and not loud.muted
    anna.publisher.mute(loud, False)  # whatever the client says
    assert not passes(loud) and not anna.may_send_data
    late = await publish(anna)
    assert not passes(late) and not late.muted
    room.policy.set_rules({anna: OPEN})
    assert [passes(track) for track in (loud, quiet, picture, late)] == [True, False, True, True]
    assert anna.may_send_data and told(anna, "track_muted") == []


async def test_a_muted_participant_cannot_unmute_itself() -> None:
    room = controlled()
    anna = make_participant(room, "anna")
    track = await publish(anna)
    room.policy.set_rules({anna: gated(Gate.MUTED, "audio")})
    assert track.muted and told(anna, "track_muted") == [(track,)]
    anna.publisher.mute(track, False)
    assert track.muted and not passes(track) and len(told(anna, "track_muted")) == 2
    another = await publish(anna)
    assert another.muted and not passes(another)
    room.policy.set_rules({anna: OPEN})
    assert track.muted and not passes(track)  # nobody switches a microphone on from outside
    anna.publisher.mute(track, False)
    assert passes(track)


async def test_the_name_of_a_source_opens_no_gate() -> None:
    """A microphone under the name of a screen's sound, a camera under the name of a microphone."""
    room = controlled(anna=gated(Gate.MUTED, "audio", "video"))
    anna = make_participant(room, "anna")
    for kind, source in (
        ("audio", TrackSource.SCREEN_SHARE_AUDIO),
        ("audio", TrackSource.UNKNOWN),
        ("video", TrackSource.MICROPHONE),
        ("video", TrackSource.SCREEN_SHARE),
    ):
        assert not passes(await publish(anna, kind, source=source))
    only_sound = Permissions(True, True, can_publish_sources=frozenset({TrackSource.MICROPHONE}))
    boris = make_participant(room, "boris", only_sound)
    for kind, source in (("video", TrackSource.MICROPHONE), ("video", TrackSource.CAMERA)):
        try:
            await publish(boris, kind, source=source)
        except PublishRefused:
            continue
        raise AssertionError(source)


async def test_data_goes_where_the_rules_let_it() -> None:
    to_hosts = replace(OPEN, data=MediumRules(frozenset({"hosts"})))
    host = replace(OPEN, circles=IN | {"hosts"})
    room = controlled(teacher=host, anna=to_hosts, boris=to_hosts)
    teacher, anna, boris = (
        make_participant(room, name, ALL, auto_subscribe_data_tracks=True)
        for name in ("teacher", "anna", "boris")
    )
    assert room.policy.data_recipients(anna) == [teacher]
    assert room.policy.data_recipients(anna, {"boris"}) == []
    assert room.policy.data_recipients(teacher) == [anna, boris]
    track = anna.data_publisher.publish(DataTrackSettings(1, "pointer"))
    assert list(track.handles) == [teacher]
    room.policy.set_rules({anna: OPEN})
    assert set(track.handles) == {teacher, boris}


async def test_who_leaves_is_told_of_to_those_who_knew() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    controller = Controller(guest=CLOSED)
    room.policy.control(controller)
    make_participant(room, "anna")
    guest, boris = make_participant(room, "guest"), make_participant(room, "boris")
    room.flush()
    observer.changes.clear()
    room.remove(guest, RemovalReason.CLIENT_INITIATED)
    room.remove(boris, RemovalReason.CLIENT_INITIATED)
    assert observer.changes == [(["boris"], ["anna"])]
    assert controller.gone == ["guest", "boris"] and guest.state is ParticipantState.DISCONNECTED


async def test_a_controller_takes_over_a_room_that_was_open() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    anna, boris = make_participant(room, "anna"), make_participant(room, "boris")
    track = await publish(anna)
    assert hears(boris, track)
    room.policy.control(Controller(boris=CLOSED))
    assert not boris.subscriber.subscriptions and room.policy.known_to(boris) == []
    assert sorted(observer.sights) == [("anna", [], ["boris"]), ("boris", [], ["anna"])]


circles = st.frozensets(st.sampled_from(("a", "b", "c")))


@given(circles, circles, circles, circles)
def test_an_edge_is_where_reach_and_circles_meet(
    mine: Circles, seen: Circles, reach: Circles, screen: Circles
) -> None:
    viewer = Rules(circles=mine)
    other = Rules(seen_by=seen, video=MediumRules(reach), screen=MediumRules(screen))
    camera, shared = (Medium.VIDEO,), (Medium.VIDEO, Medium.SCREEN)
    assert viewer.sees(other) == bool(mine & seen)
    assert viewer.receives(other, camera) == bool(mine & reach)
    assert viewer.receives(other, shared) == (bool(mine & reach) and bool(mine & screen))
    assert not CLOSED.receives(other, camera) and not viewer.receives(CLOSED, camera)


def _rules(made: st.DataObject) -> Rules:
    return Rules(circles=made.draw(circles), seen_by=made.draw(circles))


@given(st.data(), st.booleans())
def test_an_audience_is_asked_about_as_pairs_would_be(made: st.DataObject, controlled: bool) -> None:
    """What is kept by circles says the same as the rules of each pair, whatever has changed before."""
    room = make_room()
    controller = Controller()
    if controlled:
        room.policy.control(controller)
    people: list[Participant] = []
    for number in range(made.draw(st.integers(2, 7))):
        controller.rules[f"p{number}"] = _rules(made)
        hidden = replace(ALL, hidden=made.draw(st.booleans()))
        people.append(make_participant(room, f"p{number}", hidden))
    for _ in range(made.draw(st.integers(0, 4))):
        changed = made.draw(st.lists(st.sampled_from(people), unique=True))
        room.policy.set_rules({participant: _rules(made) for participant in changed})
    if made.draw(st.booleans()):
        room.remove(people.pop(), RemovalReason.CLIENT_INITIATED)
    policy = room.policy
    for viewer in people:
        others = [p for p in people if p is not viewer and policy.sees(viewer, p)]
        assert set(policy.known_to(viewer)) == set(others)
        if controlled:
            assert policy.counted(viewer)[0] == 1 + len(others)
    changed = [
        p for p in made.draw(st.lists(st.sampled_from(people), unique=True)) if not p.permissions.hidden
    ]
    without = made.draw(st.sampled_from([None, *people]))
    told: dict[Participant, set[Participant]] = {}
    for known, viewers in policy.groups(changed, without) if changed else ():
        for viewer in viewers:
            assert viewer not in told, "one message for each"
            told[viewer] = set(known)
    expected = {v: {p for p in changed if policy.sees(v, p)} for v in people if v is not without}
    assert told == {viewer: known for viewer, known in expected.items() if known}
    sights = [p.rules.seen_by for p in changed]
    concerned = {v for v in people if not controlled or any(v.rules.circles & sight for sight in sights)}
    assert set(policy.viewers_of(sights)) == (concerned if sights else set())


def test_only_whom_it_concerns_is_told_how_many_there_are() -> None:
    observer = RecordingRoomObserver()
    room = make_room(observer)
    audience = Rules(circles=frozenset({"all"}), seen_by=frozenset({"hosts"}))
    host = Rules(circles=frozenset({"all", "hosts"}), seen_by=frozenset({"all", "hosts"}))
    room.policy.control(Controller(host=host, anna=audience, boris=audience, tape=CLOSED))
    make_participant(room, "host")
    make_participant(room, "anna")
    assert room.flush_room() == 2 and room.flush_room() == 0
    observer.room_viewers.clear()
    make_participant(room, "boris")
    room.flush_room()
    assert observer.room_viewers == [["host"]]
    make_participant(room, "tape", replace(ALL, recorder=True))
    room.flush_room()
    assert observer.room_viewers[1:] == [["anna", "boris", "host", "tape"]], (
        "that it is recorded, all must know"
    )
