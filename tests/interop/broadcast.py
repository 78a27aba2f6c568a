"""A participant that shows the film of `film.py` round and round: 720p with simulcast, and its sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import av
from livekit import rtc

from .film import CLIP, FPS, film, until
from .sdk import RATE, SOUND_FRAME, publish_camera

WIDTH, HEIGHT = 1280, 720
#: Of the top layer, as LiveKit's SDKs take it for 720p.
MAX_BITRATE_BPS = 1_700_000
#: Speech as LiveKit's SDKs send it when they are told that it is speech; else they take 48 kbit/s.
SPEECH_BPS = 24_000


@cache
def pictures() -> list[bytes]:
    """The clip forwards and backwards, so that its end joins its beginning: I420."""
    with av.open(str(CLIP)) as container:
        frames = [
            frame.reformat(WIDTH, HEIGHT, format="yuv420p").to_ndarray().tobytes()
            for frame in container.decode(video=0)
        ]
    return frames + frames[-2:0:-1]


class Broadcast:
    """Publishes with `publish`, shows with `run` until it is cancelled."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self._video = rtc.VideoSource(WIDTH, HEIGHT)
        self._audio = rtc.AudioSource(RATE, 1)
        self.captured = 0
        """Pictures that were given to the encoder in time."""

    async def publish(self, audio_bps: int | None) -> None:
        encoding = rtc.VideoEncoding(max_bitrate=MAX_BITRATE_BPS, max_framerate=FPS)
        self.picture, self.sound = await publish_camera(
            self._room,
            self._video,
            self._audio,
            "vp8",
            encoding,
            simulcast=True,
            dtx=False,
            audio_bps=audio_bps,
        )

    async def run(self) -> None:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(self._show(began), self._speak())

    async def _show(self, began: float) -> None:
        frames = pictures()
        loop = asyncio.get_running_loop()
        number = 0
        while True:
            # What the machine was too late for is left out: a camera does not wait.
            number = max(number + 1, int((loop.time() - began) * FPS))
            await until(began + number / FPS)
            frame = rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, frames[number % len(frames)])
            self._video.capture_frame(frame)
            self.captured += 1

    async def _speak(self) -> None:
        sound = film().sound
        while True:
            for begin in range(0, len(sound), SOUND_FRAME):
                samples = sound[begin : begin + SOUND_FRAME]
                # Waits while a second is queued: a program that is late now and then is not heard.
                await self._audio.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples)))


@asynccontextmanager
async def broadcast(room: rtc.Room, audio_bps: int | None = None) -> AsyncIterator[Broadcast]:
    """Shows the film until the end of the block. `audio_bps`: None leaves it to the SDK."""
    made = Broadcast(room)
    await made.publish(audio_bps)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
