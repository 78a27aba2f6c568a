"""Data tracks and connection quality with the published `livekit` Python SDK."""

from __future__ import annotations

import asyncio

import pytest
from livekit import api, rtc

from .sdk import STEP_S, camera, joined
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(60)]
FRAMES = 50
LARGE = 60_000
"""Bytes: a frame of many packets."""


@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_frames_of_a_data_track_arrive_whole(server: RunningServer, single: bool) -> None:
    async with (
        joined(server, "viewer", f"data-track-{single}", single=single) as (viewer, _),
        joined(server, "robot", f"data-track-{single}", single=single) as (robot, _),
    ):
        found = announced(viewer)
        local = await robot.local_participant.publish_data_track(name="position")
        async with asyncio.timeout(STEP_S):
            remote = await found
            assert (remote.info.name, remote.publisher_identity) == ("position", "robot")
            got = await frames(remote, local)
        assert got[0].startswith(b"frame ")
        assert any(len(frame) == LARGE for frame in got), [len(frame) for frame in got]
        await local.unpublish()


@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@pytest.mark.compatibility("twirp.RoomService.ForwardParticipant")
async def test_data_tracks_of_a_forwarded_participant_are_in_the_other_room(
    server: RunningServer, single: bool
) -> None:
    lesson, group = f"data-track-lesson-{single}", f"data-track-group-{single}"
    async with (
        api.LiveKitAPI(server.http, "devkey", "secret") as lk,
        joined(server, "robot", lesson, single=single) as (robot, _),
        joined(server, "viewer", group, single=single) as (viewer, received),
    ):
        viewer.on("data_track_unpublished", lambda _: received.note("gone"))
        first = announced(viewer)
        local = await robot.local_participant.publish_data_track(name="position")
        forward = api.ForwardParticipantRequest(room=lesson, identity="robot", destination_room=group)
        await lk.room.forward_participant(forward)
        async with asyncio.timeout(STEP_S):
            remote = await first
            assert (remote.info.name, remote.publisher_identity) == ("position", "robot")
            assert len(await frames(remote, local)) == FRAMES
            second = announced(viewer)
            later = await robot.local_participant.publish_data_track(name="speed")
            assert len(await frames(await second, later)) == FRAMES
        await local.unpublish()
        await received.until(lambda: "gone" in received.events, "unpublished")
        await lk.room.remove_participant(api.RoomParticipantIdentity(room=group, identity="robot"))
        await received.until(lambda: not viewer.remote_participants, "the end of the forwarding")


def announced(viewer: rtc.Room) -> asyncio.Future[rtc.RemoteDataTrack]:
    """The next data track that the viewer hears of."""
    found: asyncio.Future[rtc.RemoteDataTrack] = asyncio.get_running_loop().create_future()
    viewer.once("data_track_published", found.set_result)
    return found


async def frames(remote: rtc.RemoteDataTrack, local: rtc.LocalDataTrack) -> list[bytes]:
    """Subscribes, and pushes frames, every fifth a large one, until enough have come: the track is lossy."""
    stream, got = remote.subscribe(), list[bytes]()

    async def push() -> None:
        for number in range(1000):
            payload = f"frame {number}".encode()
            large = number % 5 == 4
            local.try_push(rtc.DataTrackFrame(payload=payload.ljust(LARGE if large else len(payload), b".")))
            await asyncio.sleep(0.02)  # the source's own pace

    pushing = asyncio.create_task(push())
    try:
        async for frame in stream:
            got.append(bytes(frame.payload))
            if len(got) >= FRAMES:
                return got
    finally:
        pushing.cancel()
    return got


async def test_a_good_line_is_told_to_be_excellent(server: RunningServer) -> None:
    async with (
        joined(server, "viewer", "quality", single=True) as (viewer, received),
        joined(server, "teacher", "quality", single=True) as (room, _),
        camera(room, "vp8"),
    ):
        qualities: dict[str, int] = {}

        def changed(participant: rtc.Participant, quality: int) -> None:
            qualities[participant.identity] = quality
            received.note("quality")

        viewer.on("connection_quality_changed", changed)
        await received.until(lambda: set(qualities) == {"viewer", "teacher"}, "the quality of both")
        assert set(qualities.values()) == {rtc.ConnectionQuality.QUALITY_EXCELLENT}
