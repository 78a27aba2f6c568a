"""Who has only so much data for a lesson gets smaller pictures in time, and is told so."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from livekit.protocol import models, rtc

from mediaserver.data_budget import DataPlan
from mediaserver.room import RoomSettings
from mediaserver.statistics import Statistics
from signalling.rtc.data_saving import (
    BUDGET_ATTRIBUTE,
    MINUTES_ATTRIBUTE,
    SAVING_HOLD_S,
    TOPIC,
    DataSaving,
    plan_of,
)
from signalling.rtc.errors import InvalidRequest, PermissionDenied
from tests.mediaserver import made_statistics
from tests.signalling.rtc.rtc_fakes import Client, World

MB = 1_000_000
LAYERS = [
    models.VideoLayer(quality=cast(Any, q), width=w, height=w * 9 // 16, bitrate=bits)
    for q, w, bits in ((0, 320, 150_000), (1, 640, 500_000), (2, 1280, 1_700_000))
]


class Lesson:
    """A teacher's picture and a family that watches; the data plane is numbers of the test."""

    def __init__(self, world: World, family: Client, track: str) -> None:
        self.world, self.family, self.track = world, family, track
        self.saving = DataSaving()
        self.wire = self.pictures = 0

    @classmethod
    async def begin(cls, world: World, **family: Any) -> Lesson:
        teacher = await world.join("teacher")
        codecs = [rtc.SimulcastCodec(codec="vp8")]
        track = await teacher.publish("video", layers=LAYERS, simulcast_codecs=codecs)
        teacher.media_connects()
        return cls(world, await watching(world, **family), track)

    async def second(self, wire: int = 0, pictures: int = 0) -> None:
        self.wire += wire
        self.pictures += pictures
        self.world.clock.advance(1.0)
        await self.saving.update(self.world.attendance.rooms, self._statistics())
        await self.world.pass_time(0.5)

    def _statistics(self) -> Statistics:
        participant = self.family.participant
        transport = {"transport": participant.subscriber_connection.id, "wire_bytes_out": self.wire}
        senders = [
            {"sender": one.sender.id, "bytes": self.pictures}
            for one in participant.subscriber.subscriptions.values()
        ]
        now = self.world.clock.monotonic()
        return made_statistics.statistics(now, transports=[transport], senders=senders)

    @property
    def layer(self) -> int | None:
        """None: no picture."""
        target = cast(Any, self.family.participant.subscriber.subscriptions[self.track].sender).target
        return target["max_spatial"] if target["enabled"] else None

    def told(self) -> list[dict[str, Any]]:
        packets = [models.DataPacket.FromString(payload) for _, payload in self.family.subscriber.sent]
        return [json.loads(packet.user.payload) for packet in packets if packet.user.topic == TOPIC]


async def watching(world: World, **family: Any) -> Client:
    viewer = await world.join("family", v1=False, **family)
    await viewer.request(answer=rtc.SessionDescription(type="answer", sdp="answer", id=1))
    viewer.media_connects()
    return viewer


def budget(megabytes: int, minutes: int = 10) -> dict[str, Any]:
    return {"attributes": {BUDGET_ATTRIBUTE: str(megabytes), MINUTES_ATTRIBUTE: str(minutes)}}


async def test_without_a_budget_nothing_happens(world: World) -> None:
    lesson = await Lesson.begin(world)
    await lesson.second(1000 * MB)
    assert lesson.layer == 255 and not lesson.told()
    assert lesson.family.participant.data_budget is None


async def test_the_ladder_goes_down_and_ends_in_sound_alone(world: World) -> None:
    lesson = await Lesson.begin(world, claims=budget(150))
    await lesson.second()
    assert lesson.layer == 255
    seen = []
    for megabytes in (60, 60, 25):
        await lesson.second(megabytes * MB, megabytes * MB)
        seen.append(lesson.layer)
    await lesson.second(5 * MB, 5 * MB)
    for _ in range(3):
        await lesson.second()
    assert [*seen, lesson.layer] == [1, 0, None, None]
    assert [one["saving"] for one in lesson.told()] == [True]
    assert lesson.told()[0]["budget_bytes"] == 150 * MB


async def test_the_client_hears_when_it_saves_no_more_and_not_for_a_moment(world: World) -> None:
    lesson = await Lesson.begin(world, claims=budget(50))
    for _ in range(2):
        await lesson.second()
    assert [one["saving"] for one in lesson.told()] == [True]
    for mb in (200, 50):
        await lesson.family.request(
            update_metadata=rtc.UpdateParticipantMetadata(attributes={BUDGET_ATTRIBUTE: str(mb)})
        )
        await lesson.second()
    assert len(lesson.told()) == 1
    await lesson.family.request(
        update_metadata=rtc.UpdateParticipantMetadata(attributes={BUDGET_ATTRIBUTE: "300"})
    )
    for _ in range(int(SAVING_HOLD_S) + 1):
        await lesson.second()
    assert [one["saving"] for one in lesson.told()] == [True, False]


async def test_who_gives_its_budget_up_gets_everything_at_once(world: World) -> None:
    lesson = await Lesson.begin(world, claims=budget(20))
    for _ in range(2):
        await lesson.second()
    assert lesson.layer == 0
    await lesson.family.request(
        update_metadata=rtc.UpdateParticipantMetadata(attributes={BUDGET_ATTRIBUTE: "0"})
    )
    await lesson.second()
    assert lesson.layer == 255
    assert [one["saving"] for one in lesson.told()] == [True, False]


async def test_who_comes_back_has_spent_what_it_had_spent(world: World) -> None:
    lesson = await Lesson.begin(world, claims=budget(50))
    await lesson.second(50 * MB, 50 * MB)
    lesson.family = await watching(world, claims=budget(50))
    lesson.wire = lesson.pictures = 0
    await lesson.second()
    found = lesson.family.participant.data_budget
    assert found is not None and found.spent_bytes == 50 * MB
    assert lesson.layer is None


@pytest.mark.parametrize(
    ("own", "plan"),
    [
        ({}, DataPlan(100 * MB, 1800.0, True)),
        ({BUDGET_ATTRIBUTE: "30"}, DataPlan(30 * MB, 1800.0, True)),
        ({BUDGET_ATTRIBUTE: "30", MINUTES_ATTRIBUTE: "20"}, DataPlan(30 * MB, 1200.0)),
        ({BUDGET_ATTRIBUTE: "0"}, None),
    ],
)
async def test_own_choice_before_the_operators(own: dict[str, str], plan: DataPlan | None) -> None:
    world = World(data_budget={"megabytes": 100, "minutes": 30})
    client = await world.join("family", claims={"attributes": own})
    assert plan_of(client.participant) == plan


async def test_a_preset_says_how_long_its_lessons_are() -> None:
    preset = {"webinar": {"data_budget": {"megabytes": 200, "minutes": 60}}}
    world = World(data_budget={"megabytes": 100}, room_configurations=preset)
    client = await world.join("family", claims={"room_preset": "webinar"})
    assert plan_of(client.participant) == DataPlan(200 * MB, 3600.0)
    assert RoomSettings().data_budget.total_bytes == 0


@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "much", "100001", "9999999", "\u0661"])
async def test_a_budget_that_is_none_is_refused(world: World, value: str) -> None:
    with pytest.raises(InvalidRequest):
        await world.join("family", claims={"attributes": {BUDGET_ATTRIBUTE: value}})
    client = await world.join("family")
    message = rtc.UpdateParticipantMetadata(attributes={BUDGET_ATTRIBUTE: value}, request_id=7)
    await client.request(update_metadata=message)
    (answer,) = client.told("request_response")
    assert answer.reason == rtc.RequestResponse.LIMIT_EXCEEDED and not client.participant.attributes


async def test_the_choice_needs_no_grant_and_opens_no_other_door(world: World) -> None:
    grants = {"can_update_own_metadata": False}
    client = await world.join("family", grants=grants, attributes={BUDGET_ATTRIBUTE: "50"})
    assert client.participant.attributes == {BUDGET_ATTRIBUTE: "50"}
    own = rtc.UpdateParticipantMetadata(attributes={BUDGET_ATTRIBUTE: "70"}, request_id=1)
    more = rtc.UpdateParticipantMetadata(attributes={BUDGET_ATTRIBUTE: "90", "role": "teacher"}, request_id=2)
    for message in (own, more):
        await client.request(update_metadata=message)
    reasons = [one.reason for one in client.told("request_response")]
    assert reasons == [rtc.RequestResponse.OK, rtc.RequestResponse.NOT_ALLOWED]
    assert client.participant.attributes == {BUDGET_ATTRIBUTE: "70"}
    with pytest.raises(PermissionDenied):
        await world.join("other", grants=grants, attributes={BUDGET_ATTRIBUTE: "50", "role": "teacher"})
