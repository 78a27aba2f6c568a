"""A webinar at any size: what one viewer does costs the same however many others watch, and nobody is told in vain."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from livekit.protocol import models, rtc

import mediaserver
import signalling
from mediaserver.participant import RemovalReason
from signalling.call.commands import COMMAND
from signalling.call.snapshot import MAX_WATCHING
from signalling.call.telling import AT_ONCE, INTERVAL_S, LONGEST_S
from tests.mediaserver.room_fakes import fake, offer_of
from tests.signalling.call.call_fakes import CallWorld, packets
from tests.signalling.rtc.rtc_fakes import Client, World

FEW, MANY = 20, 140
TOPIC = "polyana.call"
OURS = tuple(package.__path__[0] for package in (mediaserver, signalling))


@contextmanager
def calls_counted() -> Iterator[Counter[str]]:
    """How often which function of ours was called; others draw random numbers until one fits."""
    counts: Counter[str] = Counter()

    def called(frame: Any, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS):
            counts[f"{code.co_filename}:{code.co_qualname}"] += 1

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what it finds of other tests would be finished here
    sys.setprofile(called)
    try:
        yield counts
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


class Webinar:
    """A call with a host and an audience."""

    def __init__(self) -> None:
        self.world = CallWorld(mode="webinar", lobby="off")
        self.viewers: list[Client] = []

    async def begin(self, viewers: int) -> None:
        self.host = await self.world.come("staff:1:a", "host")
        for source, kind in ((2, "audio"), (1, "video")):
            await self.host.publish(kind, source=source)
        for _ in range(viewers):
            await self.join()
        await self.settle()

    async def join(self) -> Client:
        """As a client does, without what a test does for all."""
        identity = f"family:{len(self.viewers):03}:a"
        claims = {"attributes": {"polyana.role": "family"}, "name": identity}
        sink = type(self.host.sink)()
        session = await self.world.sessions.join(self.world.admission(identity, claims=claims), sink)
        client = Client(self.world, session, sink)
        fake(session.participant.primary_connection).open_channel("_reliable")
        offer = rtc.SessionDescription(type="offer", sdp=offer_of(free_audio=1, free_video=1))
        await session.handle(rtc.SignalRequest(offer=offer))
        await session.work()
        client.media_connects()
        self.viewers.append(client)
        return client

    async def leave(self) -> None:
        """Whoever came last goes."""
        viewer = self.viewers.pop()
        viewer.sink.session = viewer.session
        await viewer.session.handle(rtc.SignalRequest(leave=rtc.LeaveRequest()))
        await viewer.session.work()

    async def settle(self) -> None:
        """Everybody hears of everything."""
        for _ in range(100):
            self.world.clock.advance(0.1)
            self.world.service.tick()
            self.world.attendance.tick(self.world.clock.monotonic())
        await self.world.work()

    def forget(self) -> None:
        """What they were told, and what happened in the call."""
        for client in (self.host, *self.viewers):
            client.forget()
            client.subscriber.sent.clear()
        self.world.events.clear()

    def told(self) -> tuple[int, int]:
        """Messages so far: to the host and to the audience, over both ways."""
        return _messages([self.host]), _messages(self.viewers)


def _messages(clients: list[Client]) -> int:
    return sum(len(client.sink.responses) + len(client.subscriber.sent) for client in clients)


async def counted(viewers: int, act: Any) -> tuple[Counter[str], tuple[int, int]]:
    """Calls of our functions in one act, and the messages that follow from it to (the host, the audience)."""
    webinar = Webinar()
    await webinar.begin(viewers)
    before = webinar.told()
    with calls_counted() as counts:
        await act(webinar)
    await webinar.settle()
    after = webinar.told()
    await webinar.world.close()
    return counts, (after[0] - before[0], after[1] - before[1])


async def _one_more(webinar: Webinar) -> None:
    await webinar.join()


async def _leaves(webinar: Webinar) -> None:
    await webinar.viewers[3].session.handle(rtc.SignalRequest(leave=rtc.LeaveRequest()))


def _command(kind: str, **fields: Any) -> Any:
    async def act(webinar: Webinar) -> None:
        command = COMMAND.validate_python({"type": kind, **fields})
        done: Awaitable[None] = webinar.world.call.execute("family:003:a", command)
        await done

    return act


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(_one_more, id="join"),
        pytest.param(_leaves, id="leave"),
        pytest.param(_command("raise_hand"), id="hand"),
        pytest.param(_command("react", emoji="👍"), id="reaction"),
    ],
)
async def test_what_a_viewer_does_costs_the_same_in_any_audience(act: Any) -> None:
    await counted(5, act)  # what Python does once
    small, large = await counted(FEW, act), await counted(MANY, act)
    assert small[0] == large[0] and small[0].total() > 10


@pytest.mark.parametrize("act", [_one_more, _leaves], ids=["join", "leave"])
async def test_the_audience_is_not_told_who_comes_and_goes(act: Any) -> None:
    (_, small), (_, large) = await counted(FEW, act), await counted(MANY, act)
    assert small == large and 0 < small[0] < 10
    own = 10 if act is _one_more else 0
    assert small[1] <= own, "what a newcomer itself is told"


@pytest.mark.parametrize("controlled", [True, False], ids=["call", "open room"])
async def test_who_is_in_a_room_that_ends_is_not_told_who_else_leaves(controlled: bool) -> None:
    async def ended(people: int) -> int:
        world = CallWorld(lobby="off") if controlled else World()
        clients = [
            await world.join(f"family:{number:03}:a", claims={"name": str(number)})
            for number in range(people)
        ]
        for number, client in enumerate(clients):
            await client.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of()))
            client.media_connects()
            client.participant.data_subscriber.reconcile_all()
            if number < 2:
                handle = rtc.PublishDataTrackRequest(pub_handle=1, name="points")
                await client.request(publish_data_track_request=handle)
        data_tracks = [t for client in clients[:2] for t in client.participant.data_publisher.tracks.values()]
        for client in clients[2:]:
            for track in data_tracks:
                client.participant.data_subscriber.request(track.sid, wanted=True)
        assert controlled or [len(track.handles) for track in data_tracks] == [people - 2] * 2
        for client in clients:
            client.forget()
        (room,) = world.attendance.rooms
        with calls_counted() as counts:
            world.attendance.rooms.end(room, RemovalReason.ROOM_DELETED)
        assert all(client.kinds() == ["leave"] for client in clients)
        assert {client.told("leave")[0].reason for client in clients} == {models.ROOM_DELETED}
        assert not (room.participants or room.data_tracks or room.tracks)
        await world.attendance.close()
        return counts.total()

    await ended(5)  # what Python does once
    few, more, most = [await ended(people) for people in (10, 20, 40)]
    assert most - more == 2 * (more - few) > 0, "what one costs does not grow with those who leave with it"


async def test_whose_limits_are_far_is_not_looked_at() -> None:
    webinar = Webinar()
    await webinar.begin(FEW)
    world, lost = webinar.world, webinar.viewers[0]
    await world.sessions_hear(*webinar.viewers)

    def looks(seconds: float) -> int:
        world.clock.advance(seconds)
        with calls_counted() as counts:
            world.attendance.tick(world.clock.monotonic())
        return sum(number for name, number in counts.items() if name.endswith("lifetime.py:Lifetime.silent"))

    timeout = world.settings.ping_timeout_s
    assert looks(1) == FEW and looks(1) == 0
    lost.session.detach(lost.sink)
    assert looks(timeout - 4) == 1
    await world.sessions_hear(*webinar.viewers[1:10])
    assert looks(1.5) == 1 and looks(1) == FEW, "once for each, when a ping could be missing"
    assert [viewer.session.connected for viewer in webinar.viewers] == [
        False,
        *[True] * 9,
        *[False] * (FEW - 10),
    ]
    await world.close()


async def test_a_crowd_is_told_to_the_host_as_few_lists() -> None:
    webinar = Webinar()
    await webinar.begin(MANY)
    webinar.host.forget()
    for _ in range(60):
        await webinar.join()
    await webinar.settle()
    updates = webinar.host.told("update")
    assert len(updates) <= 2 and len(webinar.host.told("room_update")) == 1
    named = {p.identity for update in updates for p in update.participants}
    assert len(named) == 60
    assert webinar.host.told("room_update")[0].room.num_participants == 1 + MANY + 60
    await webinar.world.close()


async def test_who_leads_and_whom_it_concerns_need_not_wait_for_the_audience() -> None:
    webinar = Webinar()
    await webinar.begin(MANY)
    world = webinar.world
    asking, others = webinar.viewers[-1], webinar.viewers[:-1]
    everybody = [webinar.host, *webinar.viewers]
    before = {client: len(packets(client, TOPIC)) for client in everybody}

    def news() -> list[Client]:
        return [client for client in everybody if len(packets(client, TOPIC)) > before[client]]

    world.clock.advance(LONGEST_S)
    await world.call.execute(asking.participant.identity, COMMAND.validate_python({"type": "raise_hand"}))
    world.service.tick()
    assert news() == [webinar.host, asking]
    assert packets(asking, TOPIC)[-1]["you"]["hand"] == 1
    people = packets(webinar.host, TOPIC)[-1]["people"]
    assert len(people) == MAX_WATCHING < MANY
    first = people[:2]
    assert [one["person"] for one in first] == ["staff:1", f"family:{MANY - 1}"], (
        "not the hundredth of a list"
    )

    poll = {
        "type": "open_poll",
        "question": "?",
        "options": [{"text": "a"}, {"text": "b"}],
        "anonymous": True,
    }
    await world.call.execute("staff:1:a", COMMAND.validate_python(poll))
    turns = []
    while len(news()) < len(everybody):
        before_turn = len(news())
        world.clock.advance(INTERVAL_S)
        world.service.tick()
        turns.append(len(news()) - before_turn)
    assert max(turns) <= AT_ONCE + 1 and len(turns) == -(-len(everybody) // AT_ONCE)
    assert all(packets(client, TOPIC)[-1]["polls"] for client in [webinar.host, *others])
    for client in everybody:
        versions = [packet["version"] for packet in packets(client, TOPIC)]
        assert versions == sorted(set(versions))
    await world.close()


async def test_a_reaction_of_a_crowd_is_told_together() -> None:
    webinar = Webinar()
    await webinar.begin(MANY)
    world = webinar.world
    for client in webinar.viewers[:20]:
        await world.call.execute(
            client.participant.identity, COMMAND.validate_python({"type": "react", "emoji": "👍"})
        )
        world.clock.advance(0.01)
        world.service.tick()
    await webinar.settle()
    told = packets(webinar.viewers[-1], "polyana.reaction")
    assert sum(len(packet["reactions"]) for packet in told) == 20
    assert len(told) <= 3
    await world.close()


async def test_people_are_found_by_their_names(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    for number, name in enumerate(("Алёна Ежова", "Олег Алексеев", "Anna-Maria Berg")):
        await lesson.come(f"family:{number}:a", claims={"name": name})
    await lesson.come("family:9:a", claims={"name": "Алена Тайная"}, grants={"hidden": True})

    def found(query: str) -> list[str]:
        page = lesson.call.find_people(teacher.participant.identity, query, 0)
        people: Any = page["people"]
        assert page["total"] == len(people)
        return [one["name"] for one in people]

    assert found("ал") == ["Алёна Ежова", "Олег Алексеев"]
    assert found("  еЖОВА алена ") == ["Алёна Ежова"] and found("maria") == ["Anna-Maria Berg"]
    assert found("ксеев") == [] and len(found("")) == 4 == len(found("%"))


async def test_a_ping_is_answered_in_few_steps() -> None:
    webinar = Webinar()
    await webinar.begin(5)
    viewer = webinar.viewers[0]
    viewer.forget()
    await webinar.world.sessions_hear(viewer)  # what is done once
    with calls_counted() as counts:
        await webinar.world.sessions_hear(viewer)
    assert viewer.kinds() == ["pong", "pong"]
    assert counts.total() <= 8, counts
    await webinar.world.close()
