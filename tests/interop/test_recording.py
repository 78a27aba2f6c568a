"""A call of real clients (libwebrtc) becomes a film: who is in it, who is not, lips, and how long it took."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit import rtc
from prometheus_client import CollectorRegistry

from mediaserver.clock import SystemClock
from mediaserver.engine import Engine, EngineSettings
from mediaserver.metrics import MediaMetrics
from mediaserver.recording import RoomRecorder
from mediaserver.recording_files import read_recording
from signalling.api_keys import ApiKeys
from signalling.library.recording.composing import compose
from signalling.library.recording.seconds import FILM
from signalling.rtc import RtcService, RtcSettings

from .film import CHUNK, FPS, HEIGHT, WIDTH, Projector
from .sdk import RATE, Image, joined
from .server import RunningServer, other_server

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(90)]

RED, WHITE, GREEN, BLUE = (200, 30, 30), (240, 240, 240), (20, 190, 40), (30, 40, 220)
BEEP_HZ, CHILD_HZ = 880, 1500
SECONDS = 6
FLASH = FPS // 5
LIPS_S = 0.1
READY_S = 10.0
Sound = npt.NDArray[np.int16]


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[RunningServer, Engine, RtcService]]:
    registry = CollectorRegistry()
    engine = Engine(EngineSettings(udp_binds=("0.0.0.0:0",), tcp_binds=()), MediaMetrics(registry))
    await engine.start()
    service = RtcService(engine, ApiKeys({"devkey": "secret"}), RtcSettings(), SystemClock(), registry)
    application = web.Application()
    application.add_routes(service.routes())
    http = TestServer(application)
    await http.start_server(max_line_size=65_536)
    assert http.port is not None
    try:
        yield other_server(http.port), engine, service
    finally:
        await service.close()
        await http.close()
        await engine.close()


def plain(colour: tuple[int, int, int]) -> Image:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def tone(hertz: float, samples: int) -> Sound:
    return (9000 * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.int16)


def flashes_and_beeps() -> tuple[list[Image], Sound]:
    """Once a second, both for a fifth of it."""
    count = SECONDS * FPS
    pictures = [plain(WHITE if number % FPS < FLASH else RED) for number in range(count)]
    sound = tone(BEEP_HZ, count * CHUNK)
    return pictures, sound * (np.arange(len(sound)) % RATE < FLASH * CHUNK)


async def share(room: rtc.Room) -> rtc.VideoSource:
    source = rtc.VideoSource(WIDTH, HEIGHT, is_screencast=True)
    track = rtc.LocalVideoTrack.create_video_track("slides", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_SCREENSHARE, simulcast=False)
    await room.local_participant.publish_track(track, options)
    return source


async def show_slides(room: rtc.Room) -> None:
    """In the second half."""
    await asyncio.sleep(SECONDS / 2)
    source = await share(room)
    rgba = np.dstack([plain(GREEN), np.full((HEIGHT, WIDTH), 255, np.uint8)]).tobytes()
    for _ in range(SECONDS * 5):
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, rgba))
        await asyncio.sleep(0.1)


def decoded(path: Path) -> tuple[list[Image], npt.NDArray[np.float32]]:
    pictures: list[Image] = []
    sound = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0, audio=0):
            if isinstance(frame, av.VideoFrame):
                pictures.append(frame.reformat(320, 180, format="rgb24").to_ndarray().astype(np.uint8))
            elif isinstance(frame, av.AudioFrame):
                sound.append(frame.to_ndarray()[0])
    return pictures, np.concatenate(sound)


def amplitude(sound: npt.NDArray[np.float32], hertz: float) -> npt.NDArray[np.float64]:
    """Of a tone, every hundredth of a second."""
    step = RATE // 100
    parts = sound[: len(sound) // step * step].reshape(-1, step)
    carrier = np.exp(-2j * np.pi * hertz * np.arange(len(parts) * step) / RATE).reshape(-1, step)
    return np.asarray(2 * np.abs((parts * carrier).mean(axis=1)), dtype=np.float64)


def onsets(values: Sequence[bool] | npt.NDArray[np.bool_], each_s: float) -> list[float]:
    """When something begins that was not there for a fifth of a second, s."""
    pause = round(0.2 / each_s)
    return [n * each_s for n in range(pause, len(values)) if values[n] and not any(values[n - pause : n])]


def is_near(picture: Image, colour: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(picture.astype(int) - colour).max(axis=-1) < 70)


async def test_a_call_becomes_a_film_of_those_who_are_wanted(tmp_path: Path) -> None:
    async with (
        serving() as (server, engine, service),
        joined(server, "teacher", "recorded", single=True) as (teacher, _),
        joined(server, "child", "recorded", single=False) as (child, _),
    ):
        (room,) = service.attendance.rooms
        recorder = RoomRecorder(
            engine,
            room,
            tmp_path / "recording",
            wanted=lambda participant, track: participant.identity != "child",
            clock=SystemClock(),
        )
        lectern, seat = Projector(teacher), Projector(child)
        await lectern.publish("vp8")
        await seat.publish("vp8")
        await lectern.show_still(plain(RED), 1.0)
        recorder.start()
        pictures, sound = flashes_and_beeps()
        await asyncio.gather(
            lectern.show(pictures, sound),
            seat.show([plain(BLUE)] * len(pictures), tone(CHILD_HZ, len(sound))),
            show_slides(teacher),
        )
        assert len(room.tracks) == 5
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        folder = await recorder.stop()
        film = await compose(folder, lambda done: None)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    manifest = read_recording(folder)
    assert {(track.identity, track.source) for track in manifest.tracks} == {
        ("teacher", "camera"),
        ("teacher", "microphone"),
        ("teacher", "screen_share"),
    }
    assert all(track.packets > 10 and track.lost < track.packets * 0.02 for track in manifest.tracks)
    # Of one core, so that what else the machine does changes nothing.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < READY_S
    seen, heard = decoded(folder / FILM)
    assert len(seen) / FPS == pytest.approx(film.duration_s) == pytest.approx(manifest.duration_s, abs=0.5)
    assert amplitude(heard, BEEP_HZ).max() > 0.1
    # Beeps that begin and end are a little of every tone; the child's would last all the time.
    assert np.median(amplitude(heard, CHILD_HZ)) < 0.01, "the child is not heard"
    assert not any(is_near(picture, BLUE).any() for picture in seen[FPS // 5 :]), "nor seen"
    assert is_near(seen[FPS], RED).mean() + is_near(seen[FPS], WHITE).mean() > 0.5, "alone and large"
    assert is_near(seen[-FPS // 2], GREEN)[40:140, 30:220].all(), "slides are large"
    # The camera is in the middle at first, then in the corner on the right: white there is the flash.
    brightness = [
        max(is_near(p, WHITE)[60:120, 100:220].mean(), is_near(p, WHITE)[4:30, 270:300].mean()) for p in seen
    ]
    flashes = onsets([value > 0.5 for value in brightness], 1 / FPS)
    beeps = onsets(amplitude(heard, BEEP_HZ) > 0.08, 0.01)
    assert len(flashes) >= SECONDS - 2 and len(beeps) >= SECONDS - 2, (flashes, beeps)
    apart = [min((abs(flash - beep) for beep in beeps), default=9.0) for flash in flashes]
    assert np.median(apart) < LIPS_S, (flashes, beeps)
