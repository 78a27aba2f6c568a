"""Real clients on lines that cannot carry the best picture: the server sends what fits, and sound before all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle

import cv2
import numpy as np
import pytest
from livekit import rtc

from .broadcast import HEIGHT, SPEECH_BPS, WIDTH, broadcast, pictures
from .line_process import Way
from .sdk import FPS, joined, token
from .server import RunningServer
from .signal_relay import Behind, behind
from .viewer import Seen, Span, watching

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.network, pytest.mark.timeout(60)]
DELAY_S = 0.03
#: What the server may take until it has found the line's rate.
SETTLED_S = 6.0
JUDGED_S = 5.0
#: Talk with a longer wait is no talk (ITU-T G.114), and a queue of 300 ms would be full.
MAX_QUEUE_S = 0.25
MAX_FREEZE_S = 1.0
WIDE = WIDTH
SMALL = 320, 180


@asynccontextmanager
async def receiving(
    server: RunningServer, room: str, name: str, kbps: int | None, *, single: bool
) -> AsyncIterator[tuple[Behind, Seen]]:
    """A receiver whose downlink has this rate."""
    down = Way(kbps * 1000 if kbps else None, DELAY_S)
    async with (
        behind(server.http, up=Way(delay_s=DELAY_S), down=down) as door,
        watching(door.websocket, token(name, room), single=single) as seen,
    ):
        await seen.until(lambda: len(seen.tracks) == 2, "picture and sound are subscribed")
        yield door, seen


async def judged(seen: Seen, after_s: float = 0.0) -> Span:
    """Waits until there is a time to judge, which begins so much later."""
    loop = asyncio.get_running_loop()
    begin = loop.time() + after_s
    end = begin + JUDGED_S
    await seen.until(lambda: loop.time() >= end, "time passes")
    return begin, end


def whole_second_wide(seen: Seen) -> bool:
    last = seen.pictures[-20:]
    return len(last) == 20 and all(one.width == WIDE for one in last) and last[-1].at - last[0].at < 2


async def test_a_bad_line_gets_a_smaller_picture_and_the_good_one_beside_it_all(
    server: RunningServer,
) -> None:
    async with (
        joined(server, "teacher", "downlink", single=False) as (room, _),
        broadcast(room),
        receiving(server, "downlink", "good", None, single=False) as (_, good),
    ):
        await good.until(lambda: whole_second_wide(good), "the best picture on a good line")
        async with receiving(server, "downlink", "bad", 400, single=False) as (door, bad):
            span = await judged(bad, SETTLED_S)
            pictures, (_, record) = bad.during(span), await door.line.records()
            assert not door.paused(bad.tracks["video"])
            assert pictures and {one.width for one in pictures} <= {320, 640}
            assert max(bad.freezes(span), default=0.0) < MAX_FREEZE_S
            assert record.waited(0.95, *span) < MAX_QUEUE_S
            assert bad.gaps(span) == []
            assert {one.width for one in good.during(span)} == {WIDE}
            assert max(good.freezes(span), default=0.0) < MAX_FREEZE_S


async def test_a_line_for_sound_alone_gets_sound_alone_until_it_grows(server: RunningServer) -> None:
    async with (
        joined(server, "teacher", "sound", single=True) as (room, _),
        broadcast(room, SPEECH_BPS),
        # Sound with redundancy takes 75 of it, the smallest picture would take 170.
        receiving(server, "sound", "tiny", 100, single=True) as (door, seen),
    ):
        video = seen.tracks["video"]
        await seen.until(lambda: door.paused(video), "the server says that the picture is paused")
        span = await judged(seen, 2.0)
        assert door.paused(video)
        assert seen.during(span) == []
        assert seen.gaps(span) == []
        _, record = await door.line.records()
        assert record.waited(0.95, *span) < MAX_QUEUE_S
        loop = asyncio.get_running_loop()
        grown = loop.time()
        await door.line.change_rate(grown, 3_000_000)
        await seen.until(lambda: not door.paused(video), "the picture is back")
        await seen.until(lambda: len(seen.during((grown, loop.time()))) > 20, "pictures move again")


def small_pictures() -> list[bytes]:
    """Those of `pictures` in I420, too."""
    rows = [np.frombuffer(one, np.uint8).reshape(HEIGHT * 3 // 2, WIDTH) for one in pictures()]
    colours = [cv2.resize(cv2.cvtColor(one, cv2.COLOR_YUV2BGR_I420), SMALL) for one in rows]
    return [cv2.cvtColor(one, cv2.COLOR_BGR2YUV_I420).tobytes() for one in colours]


@asynccontextmanager
async def showing(
    room: rtc.Room, source: rtc.TrackSource.ValueType, frames: list[bytes], size: tuple[int, int], bps: int
) -> AsyncIterator[None]:
    """One picture without simulcast."""
    video = rtc.VideoSource(*size)
    options = rtc.TrackPublishOptions(
        source=source,
        simulcast=False,
        video_encoding=rtc.VideoEncoding(max_bitrate=bps, max_framerate=FPS),
    )
    track = rtc.LocalVideoTrack.create_video_track("pictures", video)
    await room.local_participant.publish_track(track, options)

    async def run() -> None:
        for frame in cycle(frames):
            video.capture_frame(rtc.VideoFrame(*size, rtc.VideoBufferType.I420, frame))
            await asyncio.sleep(1 / FPS)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_screen_that_begins_beside_a_small_picture_is_not_paused(server: RunningServer) -> None:
    """Nothing but the small picture has gone over the line yet, and nothing is known beyond it."""
    camera, screen = rtc.TrackSource.SOURCE_CAMERA, rtc.TrackSource.SOURCE_SCREENSHARE
    way = Way(delay_s=DELAY_S)
    async with (
        behind(server.http, up=way, down=way) as door,
        joined(door, "viewer", "screen", single=True) as (_, received),
        joined(server, "teacher", "screen", single=True) as (room, _),
        showing(room, camera, small_pictures(), SMALL, 100_000),
    ):
        await received.until(lambda: len(received.pictures) >= 3 * FPS, "the small picture goes on")
        async with showing(room, screen, pictures(), (WIDTH, HEIGHT), 2_500_000):
            await received.until(
                lambda: sum(one.shape[1] > SMALL[0] for one in received.pictures) >= 2 * FPS,
                "two seconds of the screen",
            )
        assert door.states == []
