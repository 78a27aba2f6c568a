"""What a client is told when its line cannot carry everything, and what it can say about that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from livekit.protocol import models, rtc

from mediaserver.stream_allocator import BEGINNING_S
from tests.signalling.rtc.rtc_fakes import Client, World

PAUSED, ACTIVE = rtc.StreamState.PAUSED, rtc.StreamState.ACTIVE
LAYERS = [models.VideoLayer(quality=q, width=w, height=w, bitrate=w * 1000) for q, w in ((0, 100), (1, 400))]  # type: ignore[arg-type]
LINE = 50_000
"""Bit/s: nothing fits."""


async def a_call(world: World, **boris: Any) -> tuple[Client, Client, str]:
    anna, viewer = await world.join("anna"), await world.join("boris", v1=False, **boris)
    sid = await anna.publish("video", layers=LAYERS, simulcast_codecs=[rtc.SimulcastCodec(codec="vp8")])
    await viewer.request(answer=rtc.SessionDescription(type="answer", sdp="answer", id=1))
    for client in (anna, viewer):
        client.media_connects()
    viewer.subscriber.estimate(100_000_000)
    await world.pass_time(BEGINNING_S)
    return anna, viewer, sid


def states(client: Client) -> list[Any]:
    return [info.state for update in client.told("stream_state_update") for info in update.stream_states]


@pytest.mark.compatibility("signal.response.stream_state_update")
async def test_pictures_that_stop_and_go_on(world: World) -> None:
    anna, boris, sid = await a_call(world)
    boris.subscriber.estimate(LINE)
    await world.pass_time(0.5)
    ((info,),) = [update.stream_states for update in boris.told("stream_state_update")]
    assert info == rtc.StreamStateInfo(participant_sid=anna.participant.sid, track_sid=sid, state=PAUSED)
    (sender,) = boris.subscriber.senders
    assert sender.target["enabled"] is False
    boris.subscriber.estimate(150_000)
    await world.pass_time(2)
    assert states(boris) == [PAUSED, ACTIVE]
    assert (sender.target["enabled"], sender.target["max_spatial"]) == (True, 0)
    assert anna.told("stream_state_update") == []


async def test_only_changes_are_told_and_muted_is_not_paused(world: World) -> None:
    anna, boris, sid = await a_call(world)
    boris.subscriber.estimate(LINE)
    await world.pass_time(2)
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    await world.pass_time(2)
    assert states(boris) == [PAUSED]
    boris.subscriber.estimate(5_000_000)
    await world.pass_time(2)
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=False))
    await world.pass_time(2)
    assert states(boris) == [PAUSED, ACTIVE]


@pytest.mark.parametrize(("meanwhile", "state"), [(LINE, PAUSED), (5_000_000, ACTIVE)])
async def test_a_client_that_comes_back_hears_what_is_paused_or_was(
    world: World, meanwhile: int, state: rtc.StreamState
) -> None:
    _, boris, sid = await a_call(world)
    boris.subscriber.estimate(LINE)
    await world.pass_time(1)
    boris.session.detach(boris.sink)
    boris.subscriber.estimate(meanwhile)
    await world.pass_time(2)
    back = await world.resume(boris)
    (update,) = back.told("stream_state_update")
    assert [(info.track_sid, info.state) for info in update.stream_states] == [(sid, state)]


async def test_a_client_that_comes_back_hears_nothing_if_nothing_was_paused(world: World) -> None:
    _, boris, _ = await a_call(world)
    boris.subscriber.estimate(5_000_000)
    await world.pass_time(1)
    boris.session.detach(boris.sink)
    assert not (await world.resume(boris)).told("stream_state_update")


@pytest.mark.compatibility(
    "join.query.subscriber_allow_pause", "join.request.connection_settings.subscriber_allow_pause"
)
@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("client", [True, False, None])
async def test_who_decides_whether_pictures_may_stop(ours: bool, client: bool | None) -> None:
    world = World(congestion_control={"allow_pause": ours})
    _, boris, _ = await a_call(world, subscriber_allow_pause=client)
    boris.subscriber.estimate(LINE)
    await world.pass_time(2)
    may = ours if client is None else client
    (sender,) = boris.subscriber.senders
    assert sender.target["enabled"] is not may and states(boris) == [PAUSED] * may
    assert world.metric("polyana_rtc_paused_subscriptions") == may
    assert world.metric("polyana_rtc_deficient_subscribers") == 1
    await world.attendance.close()


@pytest.fixture
async def simulating() -> AsyncIterator[World]:
    made = World(allow_simulate=True)
    yield made
    await made.attendance.close()


@pytest.mark.compatibility("simulate.subscriber_bandwidth")
async def test_a_simulated_narrow_line(simulating: World) -> None:
    _, boris, _ = await a_call(simulating)
    await boris.request(simulate=rtc.SimulateScenario(subscriber_bandwidth=LINE))
    await simulating.pass_time(0.5)
    assert states(boris) == [PAUSED]
    await boris.request(simulate=rtc.SimulateScenario(subscriber_bandwidth=0))
    await simulating.pass_time(0.5)
    assert states(boris) == [PAUSED, ACTIVE]


async def test_layers_cost_what_comes_in(world: World) -> None:
    anna, boris, sid = await a_call(world)
    track = anna.participant.publisher.tracks[sid]
    assert track.receiver is not None
    boris.subscriber.estimate(450_000)
    await world.pass_time(0.5)
    (sender,) = boris.subscriber.senders
    assert sender.target["max_spatial"] == 255
    receiver = track.receiver
    world.attendance.rooms.layer_bitrates([(receiver, 1, 0, 900_000), (receiver, 0, 0, 90_000)])
    await world.pass_time(0.5)
    assert sender.target["max_spatial"] == 0
    assert boris.subscriber.wanted_bitrate == 550_000, "no more than a quarter above what was announced"


async def test_the_client_may_say_what_matters_to_it(world: World) -> None:
    anna, boris, first = await a_call(world)
    second = await anna.publish("video", layers=LAYERS, simulcast_codecs=[rtc.SimulcastCodec(codec="vp8")])
    boris.subscriber.estimate(150_000)
    for wanted in (first, second, first):
        for sid in (first, second):
            priority = 3_000_000_000 if sid == wanted else 2
            settings = rtc.UpdateTrackSettings(
                track_sids=[sid], quality=models.VideoQuality.LOW, priority=priority
            )
            await boris.request(track_setting=settings)
        await world.pass_time(3)
        shown = {s.track_id for s in boris.subscriber.senders if s.target["enabled"]}
        assert shown == {wanted}
