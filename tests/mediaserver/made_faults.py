"""A lesson in which something goes wrong at a known time: lines are `Link`s by a seed, and what the data plane would
count of them goes through the real reader, the real allocation of a line and the real policy.

A second is a step. Lines without a fault are not simulated packet by packet: their counters grow as those of a good
line do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from mediaserver.diagnosis import ClientReport, ServerSample, Verdict
from mediaserver.layers import VideoLayer, VideoQuality
from mediaserver.line_watch import LineWatch
from mediaserver.participant import Participant
from mediaserver.peer_connection import ConnectionState
from mediaserver.room import Room
from mediaserver.statistics import Statistics
from mediaserver.track import TrackSource
from tests.interop.link import Link
from tests.mediaserver import made_statistics
from tests.mediaserver.room_fakes import fake, make_participant, make_room, publish

RELAY = "203.0.113.9"
SPEECH_PPS, SPEECH_BYTES = 50, 160
FPS, PACKETS_A_FRAME, PICTURE_BYTES = 30, 2, 1000
WANTED_BPS = 1_700_000
LAYERS = (
    VideoLayer(VideoQuality.LOW, 320, 180, 100_000),
    VideoLayer(VideoQuality.MEDIUM, 640, 360, 400_000),
    VideoLayer(VideoQuality.HIGH, 1280, 720, 1_600_000),
)
ADAPTS_AFTER_S = 2
"""Congestion control and encoders take so long to follow a line that has become narrow."""
RTT_GAIN = 1 / 8


@dataclass
class Transport:
    """Of `statistics.TransportRow`."""

    transport: int
    rtt_us: int | None = None
    feedback_arrived: int = 0
    feedback_lost: int = 0
    jitter_us: int = 0
    keyframe_requests: int = 0


@dataclass
class Receiver:
    """Of `statistics.ReceiverRow`."""

    receiver: int
    packets: int = 0
    lost: int = 0
    jitter_us: int = 2000
    frames: int = 0
    live_encodings: int = 1
    missing: int = 0


@dataclass
class Sender:
    """Of `statistics.SenderRow`."""

    sender: int
    packets: int = 0
    fraction_lost: float = 0.0


@dataclass
class Direction:
    """One direction of one line."""

    link: Link[tuple[float, int]] = field(default_factory=Link)
    is_simulated: bool = False
    jitter_s: float = 0.0
    """Packets wait for up to so long, one by one."""
    outages: Callable[[float], bool] = lambda now: False
    """Nothing passes then."""
    jitter_ms: float = 3.0
    waited_s: float = 0.0
    transit: float | None = None

    def second(self, now: float, flows: list[tuple[int, int]], chance: random.Random) -> tuple[int, int]:
        """(arrived, lost) of a second that begins at `now`; `flows`: packets a second and their sizes."""
        if not self.is_simulated:
            packets = sum(pps for pps, _ in flows)
            lost = sum(chance.random() < self.link.loss for _ in range(packets))
            return packets - lost, lost
        departures = sorted((now + n / pps, size) for pps, size in flows if pps for n in range(pps))
        base_s, arrived, sent = self.link.delay_s, 0, len(departures)
        for at, size in departures:
            self.link.delay_s = base_s + (chance.random() * self.jitter_s if self.jitter_s else 0.0)
            if not self.outages(at):
                self.link.send(at, (at, size), size)
            arrived += self._receive(at)
        self.link.delay_s = base_s
        arrived += self._receive(now + 1)
        return arrived, max(0, sent - arrived)

    def _receive(self, now: float) -> int:
        out = self.link.receive(now)
        for (sent, _), (at, _) in zip(out, self.link.record.late[-len(out) :], strict=False):
            transit = at - sent
            if self.transit is not None:
                self.jitter_ms += (1000 * abs(transit - self.transit) - self.jitter_ms) / 16
            self.transit, self.waited_s = transit, max(0.0, transit - self.link.delay_s)
        return len(out)


@dataclass
class Person:
    """A participant, its line, its device and its counters."""

    participant: Participant
    up: Direction
    down: Direction
    transport: Transport
    base_rtt_ms: float
    receivers: dict[str, Receiver] = field(default_factory=dict)
    senders: list[Sender] = field(default_factory=list)
    gives_feedback: bool = True
    camera_fps: float = FPS
    uplink_bps: int | None = None
    """None: it is wide enough."""
    adapts_by_frames: bool = False
    """To a narrow uplink, rather than by smaller pictures."""
    keyframe_requests_a_second: float = 0.0
    report: ClientReport | None = None
    reports_limits: bool = False
    narrow_since: float | None = None
    each_second: Callable[[], None] = lambda: None
    """What changes from second to second."""
    unreported: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def name(self) -> str:
        return self.participant.identity

    def lose(self, *directions: Direction, share: float) -> None:
        for direction in directions:
            direction.is_simulated, direction.link.loss = True, share

    def move(self, protocol: str, remote: str) -> None:
        """Its media takes this path from now on."""
        fake(self.participant.primary_connection).path = protocol, remote


@dataclass
class Lesson:
    """A teacher with camera and voice, children of whom some speak; `people[0]` is the teacher."""

    room: Room
    people: list[Person]
    chance: random.Random
    watch: LineWatch
    server: ServerSample = field(default_factory=ServerSample)
    now: float = 0.0
    said: dict[str, list[tuple[float, Verdict | None]]] = field(default_factory=dict)

    @property
    def teacher(self) -> Person:
        return self.people[0]

    @property
    def children(self) -> list[Person]:
        return self.people[1:]

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self._second()

    def verdicts(self) -> dict[str, Verdict]:
        """The standing ones, by name."""
        found = {one.name: self.watch.verdict(one.participant.sid) for one in self.people}
        return {name: verdict for name, verdict in found.items() if verdict is not None}

    def _second(self) -> None:
        for person in self.people:
            person.each_second()
        upstream = {person.name: self._up(person) for person in self.people}
        for person in self.people:
            self._down(person, upstream)
            self._measure(person)
        self.now += 1
        self.room.update_allocations(self.now)
        reports = {one.participant.sid: one.report for one in self.people if one.report is not None}
        participants = [person.participant for person in self.people]
        self.watch.begin(_counted(self.people, self.now), reports)
        self.watch.pass_over(participants)
        self.watch.read()
        names = {person.participant.sid: person.name for person in self.people}
        for sid, verdict in self.watch.judge(self.server).items():
            self.said.setdefault(names[sid], []).append((self.now, verdict))

    def _up(self, person: Person) -> dict[str, float]:
        """What a person sends; the share that was lost of each kind."""
        fps, size = person.camera_fps, PICTURE_BYTES
        limited = False
        if person.uplink_bps is not None:
            limited, fps, size = self._adapted(person, fps, size)
        if person.reports_limits and person.report is not None:
            person.report = replace(person.report, bandwidth_limited=limited)
        flows = {
            kind: (SPEECH_PPS, SPEECH_BYTES) if kind == "audio" else (round(fps) * PACKETS_A_FRAME, size)
            for kind in person.receivers
        }
        loss = {}
        arrived, lost = person.up.second(self.now, list(flows.values()), self.chance)
        share = lost / max(1, arrived + lost)
        is_out = person.up.outages(self.now + 0.99)
        for kind, receiver in person.receivers.items():
            packets = flows[kind][0]
            receiver.packets += round(packets * (1 - share))
            receiver.missing += round(packets * share)
            if not is_out:  # what is missing shows when something comes
                receiver.lost, receiver.missing = receiver.lost + receiver.missing, 0
            receiver.jitter_us = round(1000 * person.up.jitter_ms)
            receiver.frames += round(fps * (1 - share)) if kind == "video" else 0
            loss[kind] = share
        return loss

    def _adapted(self, person: Person, fps: float, size: int) -> tuple[bool, float, int]:
        assert person.uplink_bps is not None
        if person.narrow_since is None:
            person.narrow_since = self.now
            person.up.is_simulated, person.up.link.rate_bps = True, person.uplink_bps
        if self.now - person.narrow_since < ADAPTS_AFTER_S:
            return False, fps, size
        left = max(0.0, 0.8 * person.uplink_bps - 8 * SPEECH_PPS * SPEECH_BYTES)
        if person.adapts_by_frames:
            return True, min(fps, max(1.0, left / (8 * PACKETS_A_FRAME * size))), size
        return True, fps, max(50, min(size, round(left / (8 * PACKETS_A_FRAME * fps))))

    def _down(self, person: Person, upstream: dict[str, dict[str, float]]) -> None:
        rate = person.down.link.rate_bps
        flows, shown = [], []
        for sender, subscription in zip(
            person.senders, person.participant.subscriber.subscriptions.values(), strict=True
        ):
            kind = subscription.track.kind
            pps = SPEECH_PPS if kind == "audio" else FPS * PACKETS_A_FRAME
            if kind == "video" and rate is not None and self._has_adapted(person):
                pps = min(pps, round(max(0.0, 0.85 * rate - 70_000) / (8 * PICTURE_BYTES)))
            flows.append((pps, SPEECH_BYTES if kind == "audio" else PICTURE_BYTES))
            shown.append((sender, upstream[subscription.track.publisher.identity][kind], pps))
        arrived, lost = person.down.second(self.now, flows, self.chance)
        share = lost / max(1, arrived + lost)
        person.unreported = [one + more for one, more in zip(person.unreported, (arrived, lost), strict=True)]
        is_heard = not person.up.outages(self.now + 0.99)
        if person.gives_feedback and is_heard:
            person.transport.feedback_arrived += person.unreported[0]
            person.transport.feedback_lost += person.unreported[1]
            person.unreported = [0, 0]
            person.transport.jitter_us = round(1000 * person.down.jitter_ms)
        for sender, published, pps in shown:
            sender.packets += round(pps * (1 - published))
            if is_heard:
                sender.fraction_lost = 1 - (1 - share) * (1 - published)
        requests = person.keyframe_requests_a_second
        person.transport.keyframe_requests += int(requests) + (self.chance.random() < requests % 1)
        estimate = 0.85 * rate if rate is not None and self._has_adapted(person) else 5e6
        fake(person.participant.subscriber_connection).estimate(round(estimate))

    def _has_adapted(self, person: Person) -> bool:
        if person.narrow_since is None:
            person.narrow_since = self.now
        return self.now - person.narrow_since >= ADAPTS_AFTER_S

    def _measure(self, person: Person) -> None:
        """A round trip for each stream that is reported, smoothed as in the data plane."""
        delay_s = (
            person.up.link.delay_s + person.down.link.delay_s + person.up.waited_s + person.down.waited_s
        )
        for _ in person.senders:
            sample = 1000 * (person.base_rtt_ms + self.chance.random() * 10) + 1e6 * delay_s
            known = person.transport.rtt_us
            person.transport.rtt_us = round(sample if known is None else known + (sample - known) * RTT_GAIN)


def _counted(people: list[Person], now: float) -> Statistics:
    return made_statistics.statistics(
        now,
        transports=[_row(person.transport) for person in people],
        receivers=[_row(one, without="missing") for person in people for one in person.receivers.values()],
        senders=[_row(sender) for person in people for sender in person.senders],
    )


def _row(counts: Transport | Receiver | Sender, without: str = "") -> dict[str, Any]:
    fields = vars(counts).items()
    return {name: value for name, value in fields if value is not None and name != without}


async def a_lesson(seed: int) -> Lesson:
    """The teacher and three to five families, with the luck of this seed."""
    chance = random.Random(seed)
    room = make_room()
    names = ["teacher", *(f"family-{number}" for number in range(chance.randint(3, 5)))]
    single = chance.random() < 0.5
    participants = [make_participant(room, name, single=single) for name in names]
    tracks: dict[str, list[Any]] = {name: [] for name in names}
    speaks = {"teacher", *names[1 : 2 + chance.randint(0, 2)]}
    for participant in participants:
        if participant.identity in speaks:
            tracks[participant.identity].append(
                await publish(participant, "audio", source=TrackSource.MICROPHONE)
            )
    camera = await publish(participants[0], "video", source=TrackSource.CAMERA, layers=LAYERS)
    tracks["teacher"].append(camera)
    people = [_person(one, tracks[one.identity], number, chance) for number, one in enumerate(participants)]
    return Lesson(room, people, chance, new_watch())


def new_watch() -> LineWatch:
    """To which everybody has joined just now."""
    return LineWatch(lambda host: host, frozenset({RELAY}))


def _person(participant: Participant, tracks: list[Any], number: int, chance: random.Random) -> Person:
    for connection in participant.connections:
        fake(connection).path = "udp", f"198.51.100.{number + 1}:{5000 + number}"
        fake(connection).become(ConnectionState.CONNECTED)
    up, down = (
        Direction(Link(delay_s=0.0, loss=chance.choice([0.0, 0.002, 0.006]), seed=chance.randrange(1 << 30)))
        for _ in range(2)
    )
    return Person(
        participant,
        up,
        down,
        Transport(fake(participant.subscriber_connection).id),
        base_rtt_ms=chance.uniform(20, 150),
        receivers={track.kind: Receiver(track.receiver.id) for track in tracks},
        senders=[Sender(one.sender.id) for one in participant.subscriber.subscriptions.values()],
    )


def any_family(lesson: Lesson) -> Person:
    return cast(Person, lesson.chance.choice(lesson.children))
