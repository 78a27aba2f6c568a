"""Participants by the published `livekit` Python SDK (libwebrtc): what they send, what they got."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from livekit import api, rtc

WIDTH, HEIGHT, FPS = 640, 360, 20
RATE = 48_000
#: Samples of a frame of WebRTC's sound, 10 ms.
SOUND_FRAME = RATE // 100
STEP_S = 20.0
#: Frames of sound are taken within their second.
CAPTURE_S = 3.0
Image = npt.NDArray[np.uint8]
log = logging.getLogger(__name__)
CODECS = {
    "vp8": rtc.VideoCodec.VP8,
    "h264": rtc.VideoCodec.H264,
    "vp9": rtc.VideoCodec.VP9,
    "av1": rtc.VideoCodec.AV1,
}


def token(
    identity: str,
    room: str,
    *,
    ttl_s: int = 3600,
    secret: str = "secret",
    attributes: dict[str, str] | None = None,
    **grants: Any,
) -> str:
    video = api.VideoGrants(room_join=True, room=room, **grants)
    made = api.AccessToken("devkey", secret).with_identity(identity).with_grants(video)
    return made.with_attributes(attributes or {}).with_ttl(timedelta(seconds=ttl_s)).to_jwt()


def picture(number: int) -> Image:
    """A smooth scene that moves, with its number as a bar code of ten bits in the top rows."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    shade = 128 + 60 * np.sin((x + 4 * number) / 40.0) + 40 * np.cos(y / 30.0)
    image = np.stack([shade, np.roll(shade, 50, 1), 255 - shade], axis=-1).clip(0, 255).astype(np.uint8)
    for bit in range(10):
        image[0:48, bit * 64 : bit * 64 + 64] = 235 if number >> bit & 1 else 16
    return image


def number_of(image: Image) -> int:
    """Reads the bar code at whatever size the picture has."""
    width = image.shape[1] / 10
    rows = image[image.shape[0] // 30 : image.shape[0] // 10]
    bits = [rows[:, int((bit + 0.3) * width) : int((bit + 0.7) * width)].mean() > 125 for bit in range(10)]
    return sum(1 << bit for bit, value in enumerate(bits) if value)


def ssim(one: Image, other: Image) -> float:
    """Mean structural similarity of luma (Wang et al. 2004, Gaussian window 11, sigma 1.5)."""
    a, b = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (one, other))

    def blur(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(value, (11, 11), 1.5), dtype=np.float64)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


@dataclass
class Received:
    """What one participant got."""

    pictures: list[Image] = field(default_factory=list)
    pictures_at: list[float] = field(default_factory=list)
    """When each picture came, in seconds of the event loop."""
    sound: list[npt.NDArray[np.int16]] = field(default_factory=list)
    sound_at: list[float] = field(default_factory=list)
    data: list[tuple[str, bytes, str]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def note(self, event: str) -> None:
        """Remembers an event and wakes who waits for it."""
        self.events.append(event)
        self.tasks.append(asyncio.create_task(self.tell()))

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Waits for a condition; fails with its name."""
        try:
            async with asyncio.timeout(STEP_S), self.changed:
                await self.changed.wait_for(holds)
        except TimeoutError:
            pytest.fail(f"{what}: {len(self.pictures)} pictures, {self.data}, {self.events}")

    def speech(self) -> npt.NDArray[np.int16]:
        return np.concatenate(self.sound) if self.sound else np.zeros(0, np.int16)


def listen(room: rtc.Room) -> Received:
    """Collects everything that a room gives."""
    received = Received()

    note = received.note

    async def watch(track: rtc.RemoteVideoTrack) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.RGB24)
        async for event in stream:
            frame = event.frame
            image = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3)
            received.pictures.append(image.copy())
            received.pictures_at.append(asyncio.get_running_loop().time())
            await received.tell()

    async def hear(track: rtc.RemoteAudioTrack) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        async for event in stream:
            received.sound.append(np.frombuffer(event.frame.data, np.int16).copy())
            received.sound_at.append(asyncio.get_running_loop().time())
            await received.tell()

    def subscribed(track: rtc.Track, publication: object, participant: object) -> None:
        run = watch(track) if isinstance(track, rtc.RemoteVideoTrack) else hear(track)  # type: ignore[arg-type]
        received.tasks.append(asyncio.create_task(run))
        note("subscribed")

    def data(packet: rtc.DataPacket) -> None:
        sender = packet.participant.identity if packet.participant else ""
        received.data.append((packet.topic or "", packet.data, sender))
        note("data")

    room.on("track_subscribed", subscribed)
    room.on("data_received", data)
    room.on("track_unsubscribed", lambda *_: note("unsubscribed"))
    room.on("track_unpublished", lambda *_: note("unpublished"))
    room.on("track_muted", lambda *_: note("muted"))
    room.on("track_unmuted", lambda *_: note("unmuted"))
    room.on("disconnected", lambda *_: note("disconnected"))
    room.on("participant_connected", lambda *_: note("came"))
    room.on("participant_disconnected", lambda *_: note("left"))
    room.on("room_metadata_changed", lambda *_: note("metadata"))
    room.on("active_speakers_changed", lambda speakers: note("speaks" if speakers else "silence"))
    return received


class Signalling(Protocol):
    """The server, or a way to it."""

    @property
    def websocket(self) -> str: ...


@asynccontextmanager
async def joined(
    server: Signalling,
    identity: str,
    room_name: str,
    *,
    single: bool,
    relayed: bool = False,
    passphrase: bytes = b"",
    **grants: Any,
) -> AsyncIterator[tuple[rtc.Room, Received]]:
    """`relayed`: media takes a TURN server that our server names, and no other way. `passphrase`: of end-to-end
    encryption."""
    room = rtc.Room()
    received = listen(room)
    policy = rtc.IceTransportType.TRANSPORT_RELAY if relayed else rtc.IceTransportType.TRANSPORT_ALL
    keys = rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=passphrase))
    await room.connect(
        server.websocket,
        token(identity, room_name, **grants),
        rtc.RoomOptions(
            auto_subscribe=True,
            single_peer_connection=single,
            rtc_config=rtc.RtcConfiguration(ice_transport_type=policy),
            encryption=keys if passphrase else None,
        ),
    )
    try:
        yield room, received
    finally:
        await room.disconnect()
        for task in received.tasks:
            task.cancel()
        await asyncio.gather(*received.tasks, return_exceptions=True)


async def publish_camera(
    room: rtc.Room,
    video: rtc.VideoSource,
    audio: rtc.AudioSource,
    codec: str,
    encoding: rtc.VideoEncoding,
    *,
    simulcast: bool = False,
    dtx: bool = True,
    audio_bps: int | None = None,
) -> tuple[rtc.LocalTrackPublication, rtc.LocalTrackPublication]:
    """Publishes a camera and a microphone; gives both publications."""
    camera_options = rtc.TrackPublishOptions(
        source=rtc.TrackSource.SOURCE_CAMERA,
        video_codec=CODECS[codec],
        simulcast=simulcast,
        video_encoding=encoding,
    )
    microphone_options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=dtx)
    if audio_bps is not None:
        microphone_options.audio_encoding.max_bitrate = audio_bps
    camera_track = rtc.LocalVideoTrack.create_video_track("camera", video)
    microphone_track = rtc.LocalAudioTrack.create_audio_track("microphone", audio)
    return (
        await room.local_participant.publish_track(camera_track, camera_options),
        await room.local_participant.publish_track(microphone_track, microphone_options),
    )


class Camera:
    """Publishes numbered pictures and a tone until it is stopped."""

    def __init__(self, room: rtc.Room) -> None:
        self.room = room
        self.video = rtc.VideoSource(WIDTH, HEIGHT)
        self.audio = rtc.AudioSource(RATE, 1)
        self.sent: dict[int, Image] = {}
        self._task: asyncio.Task[None] | None = None

    async def publish(self, codec: str, *, simulcast: bool = False) -> None:
        encoding = rtc.VideoEncoding(max_bitrate=1_500_000, max_framerate=FPS)
        self.picture, self.sound = await publish_camera(
            self.room, self.video, self.audio, codec, encoding, simulcast=simulcast
        )
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        samples = RATE // FPS
        number = 0
        while True:
            image = picture(number)
            self.sent[number] = image
            rgba = np.dstack([image, np.full((HEIGHT, WIDTH), 255, np.uint8)])
            self.video.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, rgba.tobytes()))
            times = np.arange(number * samples, (number + 1) * samples) / RATE
            # Syllables: a tone of 440 Hz, four bursts a second, so that its envelope can be matched.
            tone = 9000 * np.sin(2 * np.pi * 440 * times) * (np.sin(2 * np.pi * 2 * times) > 0)
            frame = rtc.AudioFrame(tone.astype(np.int16).tobytes(), RATE, 1, samples)
            await self._sound(frame)
            number = (number + 1) % 1024
            await asyncio.sleep(1 / FPS)

    async def _sound(self, frame: rtc.AudioFrame) -> None:
        """Paces the loop: it waits while a second is queued."""
        try:
            async with asyncio.timeout(CAPTURE_S):
                await self.audio.capture_frame(frame)
        except TimeoutError:
            log.warning("the SDK did not say that it took the sound")  # and would be waited for for ever

    async def stop(self) -> None:
        """Fails if it had failed before."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        elif self._task is not None:
            self._task.result()


@asynccontextmanager
async def camera(room: rtc.Room, codec: str = "vp8", *, simulcast: bool = False) -> AsyncIterator[Camera]:
    made = Camera(room)
    await made.publish(codec, simulcast=simulcast)
    try:
        yield made
    finally:
        await made.stop()
