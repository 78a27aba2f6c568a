"""The watching page: a broadcast by HLS, played by hls.js in Chromium, in step with the host's play, pause and seek."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from mediaserver.clock import SystemClock
from signalling.config import HttpSettings
from signalling.hls.endpoint import Audience, HlsEndpoint
from signalling.hls.service import HlsService, OnAir
from signalling.hls.settings import HlsSettings
from signalling.library.renditions.film import encode_film
from signalling.library.sealing.manifest import SealBroken, manifest_of
from signalling.pages.bundle import Bundle
from signalling.pages.security import RateLimits, middleware
from signalling.rate_limit import RateLimit
from tests.signalling.library.clips import Rgb, tone, write_film

from .browser import Visitor, chromium

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(240)]
CODE, ROOM, SECONDS = "a" * 26, "lesson", 60
BITS = 6
#: The second of the film that is shown, read from its picture; -1 without one.
SECOND = """() => {
    const video = document.querySelector('video');
    if (!video || !video.videoWidth) return -1;
    const canvas = document.createElement('canvas');
    canvas.width = 96; canvas.height = 54;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 96, 54);
    let second = 0;
    for (let bit = 0; bit < 6; bit++) {
        const [red] = context.getImageData(bit * 16 + 8, 27, 1, 1).data;
        if (red > 128) second |= 1 << bit;
    }
    return second;
}"""


def bars(time: float) -> Rgb:
    """The second as six bars, white for 1."""
    picture = np.full((180, 320, 3), 20, dtype=np.uint8)
    for bit in range(BITS):
        if int(time + 1e-6) >> bit & 1:
            picture[:, bit * 320 // BITS : (bit + 1) * 320 // BITS] = 230
    return picture


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> OnAir:
    """A minute that says which second it is, with a tone and subtitles."""
    folder = tmp_path_factory.mktemp("film")
    source = write_film(folder / "f.mp4", SECONDS, bars, tone(SECONDS, 0.05), fps=10)
    text = folder / "ru.srt"
    text.write_text("1\n00:00:00,000 --> 00:01:00,000\nЁжик вышел из дома\n", encoding="utf-8")
    made = folder / "made"
    made.mkdir()
    encode_film(source, made, rate=10, gain=1, tell=lambda done: None, hls=True, subtitles=[("ru", text)])
    return OnAir("c1", "Ёжик в тумане", manifest_of("c1", {}, source, made), made)


class Hall:
    """The page and HLS behind the server's own middleware; a host who is a test."""

    address: str

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.service = HlsService(HlsSettings(), self.clock, self._broken)
        self.state: Any = "live"

    async def _broken(self, content: str, error: SealBroken) -> None:
        raise error

    async def _audience(self, code: str) -> Audience | None:
        now = datetime.now(UTC)
        room = ROOM if self.state == "live" else None
        where = ("Праздник осени", "Детский сад «Поляна»")
        return Audience(*where, self.state, now, now, "Europe/Moscow", room) if code == CODE else None

    def application(self) -> web.Application:
        limit = RateLimit(self.clock, 1000, 1000)
        limits = RateLimits(limit, limit, limit, limit)
        app = web.Application(middlewares=[middleware(HttpSettings(), limits, {})])
        app.add_routes([*HlsEndpoint(self.service, self._audience).routes(), *Bundle().routes()])
        return app

    def position(self) -> float:
        channel = self.service.channel(ROOM)
        assert channel is not None
        place = channel.position
        return place.media + (self.clock.time() - place.at if place.playing else 0)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    hall = Hall()
    async with TestServer(hall.application()) as server:
        hall.address = str(server.make_url("/")).rstrip("/")
        yield hall
    await hall.service.close()


async def shown(page: Page, least: int, most: int = SECONDS) -> int:
    """The second that is seen, as soon as it is one of those."""
    second = -1
    async with asyncio.timeout(40):
        while not least <= (second := await page.evaluate(SECOND)) <= most:
            await page.wait_for_timeout(100)
    return second


async def test_an_audience_sees_the_film_in_step_with_its_host(hall: Hall, film: OnAir, speech: Path) -> None:
    address = f"{hall.address}/watch/{CODE}"
    async with chromium(speech, "no devices") as browser:
        context = await browser.new_context(locale="ru")
        page = await context.new_page()
        visitor = Visitor(page, hall.address)
        await page.goto(address)
        await expect(page.get_by_test_id("watch-soon")).to_be_visible(timeout=15_000)
        hall.service.moved(ROOM, film, 0, playing=True)
        await shown(page, 1)
        await expect(page.get_by_test_id("watch-state")).to_have_text("Прямой эфир", timeout=10_000)
        behind = [hall.position() - await page.evaluate(SECOND) for _ in range(10)]
        assert min(behind) > 0 and max(behind) < 12, behind
        assert await page.evaluate("document.querySelector('video').textTracks.length") == 1

        stopped = hall.position()
        hall.service.moved(ROOM, film, stopped, playing=False)
        await expect(page.get_by_test_id("watch-state")).to_have_text("Пауза", timeout=10_000)
        last = await shown(page, int(stopped) - 2, int(stopped))
        await page.wait_for_timeout(1500)
        assert await page.evaluate(SECOND) <= int(stopped)
        hall.service.moved(ROOM, film, int(stopped), playing=True)
        await shown(page, last + 2)

        hall.service.moved(ROOM, film, 40, playing=True)
        second = await shown(page, 40)
        assert second <= hall.position()
        hall.service.moved(ROOM, film, 2, playing=True)
        await shown(page, 2, 12)

        phone = await browser.new_context(locale="en", viewport={"width": 375, "height": 700})
        other = await phone.new_page()
        await other.goto(address)
        await shown(other, 2, 30)
        hall.service.stopped(ROOM)
        await expect(other.get_by_test_id("watch-soon")).to_be_visible(timeout=10_000)
        hall.state = "after"
        await expect(other.get_by_role("heading", level=1)).to_have_text("The event is over", timeout=10_000)
        visitor.check()


async def test_a_live_playlist_is_played_by_ffmpeg(hall: Hall, film: OnAir) -> None:
    """The demultiplexer of ffprobe: times grow within what was shown."""
    hall.service.moved(ROOM, film, 0, playing=True)
    await hall.service.settle()
    channel = hall.service.channel(ROOM)
    assert channel is not None
    # As if it had played for twenty seconds.
    channel.moved(type(channel.position)(hall.clock.time() - 20, 0, True))
    playlist = f"{hall.address}/hls/{CODE}/live.m3u8"
    times = await asyncio.to_thread(read, playlist)
    assert times == sorted(times) and len(times) >= 40 and max(times) <= 22


def read(playlist: str) -> list[float]:
    times: list[float] = []
    with av.open(playlist, timeout=30) as container:
        assert {stream.codec_context.name for stream in container.streams} >= {"h264", "aac"}
        for packet in container.demux(container.streams.video[0]):
            if packet.pts is not None:
                times.append(float(packet.pts * packet.time_base))
            if len(times) >= 40:
                break
    return times
