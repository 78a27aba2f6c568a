"""WHIP publishers reach LiveKit's clients, and WHEP players receive them: real media through the real server."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import numpy as np
import pytest
from livekit.rtc import ParticipantKind

from .sdk import HEIGHT, RATE, WIDTH, Image, Received, camera, joined, number_of, ssim
from .server import RunningServer
from .test_sdk import MIN_SSIM, spectrum_peak_hz
from .whip import Ffmpeg, player, publisher

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(90)]


def full(received: Received) -> list[Image]:
    return [p for p in received.pictures if p.shape[:2] == (HEIGHT, WIDTH)]


async def check_pictures(received: Received, sent: dict[int, Image]) -> None:
    """The last pictures are those that were sent, or soon will be: aiortc asks for a lost packet once and no more, and
    what it shows then is damaged until a keyframe has come through its buffer."""
    likenesses: list[tuple[int, float]] = []

    def are_alike() -> bool:
        for image in full(received)[len(likenesses) :]:
            number = number_of(image)
            likenesses.append((number, round(ssim(sent[number], image), 2) if number in sent else 0.0))
        return float(np.mean([likeness for _, likeness in likenesses[-20:]])) >= MIN_SSIM

    try:
        await received.until(are_alike, "the last pictures are those that were sent")
    finally:
        if any(likeness < MIN_SSIM for _, likeness in likenesses):
            log.warning("pictures and their likeness: %s", likenesses)


def check_tone(received: Received) -> None:
    sound = received.speech()[-RATE:]
    assert abs(spectrum_peak_hz(sound) - 440) < 15
    assert np.abs(sound).max() > 2000


async def received_all(received: Received) -> None:
    await received.until(lambda: len(full(received)) >= 40, "40 pictures at full size")
    await received.until(lambda: len(received.speech()) > 2 * RATE, "two seconds of sound")


@pytest.mark.compatibility("client.whip_aiortc")
@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_a_whip_publisher_is_seen_and_heard(server: RunningServer, codec: str) -> None:
    room_name = f"whip-{codec}"
    async with (
        joined(server, "viewer", room_name, single=True) as (room, received),
        publisher(server, "obs", room_name, codec) as (client, pictures),
    ):
        await received_all(received)
        await check_pictures(received, pictures.sent)
        check_tone(received)
        assert room.remote_participants["obs"].kind == ParticipantKind.PARTICIPANT_KIND_INGRESS
        assert (await client.request("DELETE")).status == 200
        await received.until(lambda: "left" in received.events, "the publisher leaves")
        assert (await client.request("DELETE")).status == 404


@pytest.mark.compatibility("client.whip_ffmpeg")
async def test_ffmpeg_publishes(server: RunningServer, tmp_path: Path) -> None:
    """Its muxer is a DTLS server without alternative."""
    async with joined(server, "viewer", "whip-ffmpeg", single=True) as (_, received):
        film = Ffmpeg(server, "film", "whip-ffmpeg", tmp_path)
        playing = asyncio.create_task(asyncio.to_thread(film.play))
        try:
            await received_all(received)
            await check_pictures(received, film.sent)
            check_tone(received)
        finally:
            film.stop()
            await playing
        await received.until(lambda: "left" in received.events, "FFmpeg deletes its session")


async def test_a_player_goes_on_with_another_publisher(server: RunningServer) -> None:
    room_name = "whep-turns"
    async with player(server, "player", room_name) as (_, received):
        for codec in ("h264", "vp8", "h264"):
            async with publisher(server, f"obs-{codec}", room_name, codec) as (client, pictures):
                received.pictures.clear()
                received.sound.clear()
                await received_all(received)
                await check_pictures(received, pictures.sent)
                check_tone(received)
                assert (await client.request("DELETE")).status == 200


@pytest.mark.compatibility("client.whep_aiortc")
@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_a_whep_player_sees_and_hears(server: RunningServer, codec: str) -> None:
    room_name = f"whep-{codec}"
    async with (
        player(server, "player", room_name) as (_, received),
        joined(server, "teacher", room_name, single=True) as (room, _),
        camera(room, codec) as source,
    ):
        await received_all(received)
        await check_pictures(received, source.sent)
        check_tone(received)
