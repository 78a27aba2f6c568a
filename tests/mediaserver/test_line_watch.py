"""Lines that rest are looked at all at once: what is said of them is what would be said had each been judged."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver.connection_quality import QualityMonitor
from mediaserver.diagnosis import SETTLING_S, WINDOW, ClientReport, ServerSample, Verdict
from mediaserver.line_watch import LineWatch
from mediaserver.participant import Participant, ParticipantState
from mediaserver.peer_connection import ConnectionState
from mediaserver.permissions import Permissions
from mediaserver.room import Room
from mediaserver.statistics import Statistics
from mediaserver.track import CodecStream, Track, TrackSource
from tests.mediaserver.made_statistics import ratings, statistics
from tests.mediaserver.room_fakes import ALL, fake, make_participant, make_room, publish

PICTURES = Permissions(can_subscribe=True, can_publish=False, can_publish_data=True)


class Sleepless(LineWatch):
    """Judges every line by itself."""

    def _let_rest(self, sid: str) -> None:
        pass


class Forgetful(QualityMonitor):
    """Looks at everybody anew."""

    def rate(self, participants: Iterable[Participant]) -> None:
        self._last.looks.clear()
        super().rate(participants)


@dataclass
class Line:
    """How the counters of a participant grow each second; a good line as it is."""

    arrived: int = 200
    lost: int = 0
    jitter_us: int = 3000
    rtt_us: int = 20_000
    upstream_rtt_us: int = -1
    keyframe_requests: int = 0
    sent: int = 200
    """From each publisher, and to each subscriber, on each track."""
    up_lost: int = 0
    up_jitter_us: int = 3000
    frames: int = 25
    encodings: int = 0b11
    fraction_lost: float = 0.0
    report: ClientReport | None = None


@dataclass
class Audience:
    """A publisher and those who watch it."""

    room: Room
    people: list[Participant]
    watches: list[LineWatch]
    lines: dict[str, Line] = field(default_factory=lambda: defaultdict(Line))
    server: ServerSample = field(default_factory=ServerSample)
    now: float = 100.0
    monitors: tuple[QualityMonitor, ...] = field(default_factory=lambda: (QualityMonitor(), Forgetful()))
    counted: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)

    @classmethod
    async def gathered(cls, viewers: int, *watches: LineWatch) -> Audience:
        room = make_room()
        people = [make_participant(room, f"p{n}", single=n % 3 != 2) for n in range(1 + viewers)]
        await publish(people[0], "audio")
        await publish(people[0], "video", source=TrackSource.CAMERA)
        made = cls(room, people, list(watches))
        for number, person in enumerate(people):
            made.move(person, f"198.51.100.{number % 5}:{number}")
            for connection in person.connections:
                fake(connection).become(ConnectionState.CONNECTED)
            fake(person.subscriber_connection).estimate(5_000_000)
        return made

    def move(self, person: Participant, remote: str, protocol: str = "udp") -> None:
        for connection in person.connections:
            fake(connection).path = protocol, remote

    def second(self) -> list[dict[str, Verdict | None]]:
        """What each of the watches says. Who is rated is rated the same by who remembers and who looks anew."""
        self.now += 1
        self.room.update_allocations(self.now)
        now = self._counted()
        remembered, anew = (ratings(one, self.people, now) for one in self.monitors)
        assert remembered == anew
        reports = {p.sid: one for p in self.people if (one := self.lines[p.sid].report) is not None}
        said = []
        for watch in self.watches:
            watch.begin(now, reports)
            for person in self.people:
                watch.pass_over([person])
            watch.read()
            said.append(watch.judge(self.server))
        return said

    def _counted(self) -> Statistics:
        for person in self.people:
            line = self.lines[person.sid]
            down = self._row("transport", person.subscriber_connection.id)
            for name, more in (
                ("feedback_arrived", line.arrived),
                ("feedback_lost", line.lost),
                ("keyframe_requests", line.keyframe_requests),
            ):
                down[name] = down.get(name, 0) + more
            down |= {"jitter_us": line.jitter_us, "rtt_us": line.rtt_us}
            if not person.single_connection:
                self._row("transport", person.publisher_connection.id)["rtt_us"] = line.upstream_rtt_us
            for track in person.publisher.tracks.values():
                if track.receiver is not None:
                    receiver = self._row("receiver", track.receiver.id)
                    for name, more in (
                        ("packets", line.sent),
                        ("lost", line.up_lost),
                        ("frames", line.frames * line.encodings.bit_count()),
                    ):
                        receiver[name] = receiver.get(name, 0) + more
                    receiver |= {"jitter_us": line.up_jitter_us, "live_encodings": line.encodings}
            for subscription in person.subscriber.subscriptions.values():
                sender = self._row("sender", subscription.sender.id)
                sender["packets"] = sender.get("packets", 0) + line.sent
                sender["fraction_lost"] = line.fraction_lost
        tables = {
            f"{kind}s": [row for (what, _), row in self.counted.items() if what == kind]
            for kind in ("transport", "receiver", "sender")
        }
        return statistics(self.now, **tables)

    def _row(self, kind: str, number: int) -> dict[str, Any]:
        return self.counted.setdefault((kind, number), {kind: number})

    async def happens(self, action: str, person: Participant, stage: int) -> None:
        """Something that is no number of the data plane."""
        track = next(iter(self.people[0].publisher.tracks))
        match action:
            case "moves":
                self.move(person, f"203.0.113.{stage}:7")
            case "tcp":
                self.move(person, f"203.0.113.{stage}:7", "tcp")
            case "unsubscribes":
                person.subscriber.request(track, False)
            case "subscribes":
                person.subscriber.request(track, True)
            case "loses its connection":
                fake(person.primary_connection).become(ConnectionState.DISCONNECTED)
            case "connects":
                fake(person.primary_connection).become(ConnectionState.CONNECTED)
            case "narrow":
                fake(person.subscriber_connection).estimate(1)
            case "wide":
                fake(person.subscriber_connection).estimate(5_000_000)
            case "publishes" if person.permissions == ALL and not person.publisher.tracks:
                await publish(person, "audio")
                await publish(person, "video", source=TrackSource.CAMERA)
            case "mutes":
                for published in person.publisher.tracks.values():
                    published.set_muted(not published.muted)
            case "changes source":
                for published in person.publisher.tracks.values():
                    published.update(source=TrackSource.UNKNOWN)
            case "unpublishes" if person is not self.people[0]:
                for published in list(person.publisher.tracks.values()):
                    person.publisher.unpublish(published)
            case "permission" if person is not self.people[0]:
                person.set_permissions(PICTURES if person.permissions == ALL else ALL)
            case "leaves" if person is not self.people[0]:
                self.people.remove(person)
            case "server":
                late = 0.0 if self.server.loop_lag_s else 1.0
                self.server = ServerSample(loop_lag_s=late)


REPORTS = [ClientReport(bandwidth_limited=True), ClientReport(lag_ms=150.0), ClientReport(relayed=True)]
VALUES: dict[str, list[Any]] = {
    "arrived": [20, 0],
    "lost": [3, 4, 5, 9],
    "jitter_us": [29_900, 31_000],
    "rtt_us": [-1, 260_000, 280_000, 310_000, 399_000, 401_000],
    "upstream_rtt_us": [20_000, 310_000, 401_000],
    "keyframe_requests": [1, 3],
    "sent": [3, 0],
    "up_lost": [3, 4, 5, 9, 20],
    "up_jitter_us": [29_900, 31_000],
    "frames": [0, 8, 9, 10, 13, -1],
    "encodings": [0, 1],
    "fraction_lost": [0.03, 0.3],
    "report": REPORTS,
}
# On both sides of every limit, little of which is wrong with most.
value = st.one_of([st.tuples(st.just(name), st.sampled_from(found)) for name, found in VALUES.items()])
odd = st.lists(value, min_size=1, max_size=3).map(lambda found: replace(Line(), **dict(found)))
unreported = st.builds(
    Line, arrived=st.just(0), sent=st.sampled_from([200, 3, 0]), fraction_lost=st.sampled_from([0.0, 0.03])
)
# A line is as it is for some time, and most are good.
line = st.just(Line()) | unreported | odd | odd
action = st.sampled_from(
    [
        "nothing",
        "nothing",
        "nothing",
        "moves",
        "tcp",
        "unsubscribes",
        "subscribes",
        "loses its connection",
        "connects",
        "narrow",
        "wide",
        "publishes",
        "publishes",
        "mutes",
        "changes source",
        "unpublishes",
        "permission",
        "leaves",
        "server",
    ]
)
everybody = st.integers(0, 5)
stages = st.lists(
    st.tuples(
        st.integers(1, 3 * WINDOW),
        st.lists(st.tuples(everybody, line), min_size=1, max_size=4),
        everybody,
        action,
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2 * WINDOW), stages)
def test_what_is_said_is_what_would_be_said_had_each_line_been_judged(
    viewers: int, good: int, stages: Any
) -> None:
    """`good`: so many seconds after the join the first line changes."""

    async def run() -> None:
        watch, sleepless = (kind(lambda host: host, ()) for kind in (LineWatch, Sleepless))
        audience = await Audience.gathered(viewers, watch, sleepless)
        for _ in range(good):
            audience.second()
        for number, (seconds, lines, who, what) in enumerate(stages):
            for index, one in lines:
                if index < len(audience.people):
                    audience.lines[audience.people[index].sid] = one
            if who < len(audience.people):
                await audience.happens(what, audience.people[who], number)
            for _ in range(seconds):
                said, expected = audience.second()
                assert said == expected
                for person in audience.people:
                    assert watch.sample(person.sid) == sleepless.sample(person.sid)
                    assert watch.verdict(person.sid) is sleepless.verdict(person.sid)

    asyncio.run(run())


async def test_an_audience_on_good_lines_rests_and_each_wakes_alone() -> None:
    watch = LineWatch(lambda host: host, ())
    audience = await Audience.gathered(6, watch)
    for _ in range(int(SETTLING_S)):
        audience.second()
    assert watch.resting == 0
    audience.second()
    assert watch.resting == 7, "the publisher too"
    bad = audience.lines[audience.people[3].sid] = Line(lost=20)
    said = [audience.second()[0] for _ in range(8)]
    assert watch.resting == 6
    assert {audience.people[3].sid: Verdict.HOME_LOSS} in said
    bad.lost = 0
    for _ in range(3 * WINDOW):
        audience.second()
    assert watch.resting == 7 and watch.verdict(audience.people[3].sid) is None


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(Line(up_lost=9), id="loss"),
        pytest.param(Line(up_jitter_us=31_000), id="jitter of speech"),
        pytest.param(Line(frames=8), id="few frames of a camera"),
    ],
)
async def test_who_sends_is_woken_by_what_that_shows(shown: Line) -> None:
    watch, sleepless = LineWatch(lambda host: host, ()), Sleepless(lambda host: host, ())
    audience = await Audience.gathered(2, watch, sleepless)
    for _ in range(WINDOW):
        audience.second()
    assert watch.resting == 3
    publisher = audience.people[0].sid
    audience.lines[publisher] = shown
    for _ in range(2 * WINDOW):
        said, expected = audience.second()
        assert said == expected
        assert watch.resting == 2
    assert watch.sample(publisher) == sleepless.sample(publisher)
    assert watch.sample(publisher).shows_anything


async def test_few_frames_of_what_is_no_camera_show_nothing() -> None:
    watch = LineWatch(lambda host: host, ())
    audience = await Audience.gathered(2, watch)
    publisher = audience.people[0]
    for track in publisher.publisher.tracks.values():
        track.update(source=TrackSource.SCREEN_SHARE)
    audience.lines[publisher.sid] = Line(frames=1)
    for _ in range(3 * WINDOW):
        audience.second()
    assert watch.resting == 3


async def test_nobody_who_has_left_is_remembered() -> None:
    watch = LineWatch(lambda host: host, ())
    audience = await Audience.gathered(4, watch)
    for _ in range(3 * WINDOW):
        audience.second()
    assert watch.resting == 5
    del audience.people[2:]
    audience.second()
    assert watch.resting == 2


LOSES, WAITS, LOSES_UP = Line(lost=20), Line(rtt_us=450_000), Line(up_lost=20)
ENOUGH, FEW, LATE, FEW_UP = Line(), Line(arrived=3), Line(rtt_us=310_000), Line(sent=3)


@pytest.mark.parametrize(
    ("others", "bad", "expected"),
    [
        pytest.param(ENOUGH, LOSES, Verdict.HOME_LOSS, id="others lose nothing"),
        pytest.param(FEW, LOSES, Verdict.SERVER_LINE, id="of others nothing is known"),
        pytest.param(ENOUGH, WAITS, Verdict.HOME_DELAY, id="others are quick"),
        pytest.param(LATE, WAITS, Verdict.SERVER_LINE, id="others are nearly as late"),
        pytest.param(ENOUGH, LOSES_UP, Verdict.HOME_LOSS, id="of others nothing is lost"),
        pytest.param(FEW_UP, LOSES_UP, Verdict.SERVER_LINE, id="others send too little to tell"),
    ],
)
async def test_lines_that_rest_count_when_most_networks_suffer(
    others: Line, bad: Line, expected: Verdict
) -> None:
    watch, sleepless = LineWatch(lambda host: host, ()), Sleepless(lambda host: host, ())
    audience = await Audience.gathered(9, watch, sleepless)
    publisher, *viewers = audience.people
    ill = [viewer for viewer in viewers if viewer.single_connection][:3]
    for person in viewers:
        await publish(person, "audio")
    for number, person in enumerate(audience.people):
        audience.move(person, f"192.0.2.{number}:1")
    for person in (publisher, *viewers):
        audience.lines[person.sid] = replace(others)
    for _ in range(3 * WINDOW):
        audience.second()
    assert watch.resting == 10
    for person in (publisher, *ill):
        audience.lines[person.sid] = replace(bad)
    for _ in range(2 * WINDOW):
        said, same = audience.second()
        assert said == same
    assert {watch.verdict(person.sid) for person in ill} == {expected}
    assert watch.resting == 6


def its_tracks(participant: Participant) -> list[Track]:
    return list(participant.publisher.tracks.values())


def received(participant: Participant) -> str:
    return next(iter(participant.subscriber.subscriptions))


def end_backup(participant: Participant) -> None:
    """Its section comes back with nothing in it."""
    (track, *_) = its_tracks(participant)
    backup = CodecStream(track, 1)
    track.backups.append(backup)
    participant.publisher._end(backup)


CHANGES: dict[str, Callable[[Participant], object]] = {
    "leaves": lambda one: one.become(ParticipantState.DISCONNECTED),
    "may do less": lambda one: one.set_permissions(replace(ALL, can_publish_data=False)),
    "loses its connection": lambda one: fake(one.primary_connection).become(ConnectionState.DISCONNECTED),
    "moves": lambda one: setattr(fake(one.primary_connection), "path", ("udp", "203.0.113.1:7")),
    "unsubscribes": lambda one: one.subscriber.request(received(one), False),
    "has less room": lambda one: fake(one.subscriber_connection).estimate(1),
    "mutes": lambda one: its_tracks(one)[0].set_muted(True),
    "says what it is": lambda one: its_tracks(one)[0].update(source=TrackSource.CAMERA),
    "unpublishes": lambda one: one.publisher.unpublish(its_tracks(one)[0]),
    "ends a backup codec": end_backup,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_nobody_counts_is_said_at_once(change: Callable[[Participant], object]) -> None:
    audience = await Audience.gathered(2)
    person = audience.people[1]
    await publish(person, "video")
    audience.second()
    before = person.line_changes
    change(person)
    assert person.line_changes > before


async def test_pictures_that_are_shared_out_anew_are_said_too() -> None:
    audience = await Audience.gathered(1)
    person = audience.people[1]
    audience.second()
    fake(person.subscriber_connection).estimate(1)
    before = person.line_changes
    audience.room.update_allocations(audience.now + 1)
    assert person.line_changes > before
