"""Chromium and the pages in it: who visits a lesson, and what must not happen there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from .server import RunningServer

#: How long a page takes is that of the machine, which others use too; what must be quick says so itself.
expect.set_options(timeout=15_000)
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SENTENCE = "Good morning children, today we read about the forest and its birds."
#: Of the received sound, 0 to 1 full scale; silence and comfort noise stay far below.
SPEECH_LEVEL = 0.01
#: Loudness of the loudest moment of two seconds of a remote audio track.
LISTEN = """async () => {
    const context = new AudioContext();
    const tracks = [...document.querySelectorAll('audio, video')]
        .flatMap((element) => element.srcObject ? element.srcObject.getAudioTracks() : [])
    if (!tracks.length) return 0;
    const analyser = context.createAnalyser();
    for (const track of tracks) context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    await context.resume();
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (const end = performance.now() + 3000; performance.now() < end; ) {
        analyser.getFloatTimeDomainData(samples);
        loudest = Math.max(loudest, Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length));
        await new Promise((next) => setTimeout(next, 50));
    }
    await context.close();
    return loudest;
}"""
#: Widths and play positions of all videos with a picture.
VIDEOS = """() => [...document.querySelectorAll('video')]
    .filter((video) => video.videoWidth > 0)
    .map((video) => video.currentTime)"""


#: What the browser does with a page that asks for camera and microphone. Contexts without the permission are refused
#: unless the question answers itself.
CAPTURE = {
    "granted": ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
    "asked": ["--use-fake-device-for-media-stream"],
    "no devices": [],
}


@asynccontextmanager
async def chromium(speech: Path, capture: str = "granted") -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *CAPTURE[capture],
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--autoplay-policy=no-user-gesture-required",
                f"--use-file-for-fake-audio-capture={speech}",
            ],
        )
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """One page with what must not happen on it."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._request(request.url, origin))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, url: str, origin: str) -> None:
        if not url.startswith((origin, "blob:", "data:")):
            self.foreign.append(url)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)

    async def join(self, name: str) -> None:
        await self.page.get_by_test_id("join-name").fill(name)
        await self.page.get_by_test_id("join-button").click()
        await expect(self.page.get_by_test_id("call")).to_be_visible(timeout=20_000)

    def check(self) -> None:
        assert not self.foreign, self.foreign
        assert not self.errors, self.errors


async def positions(page: Page, holds: Callable[[list[float]], bool]) -> list[float]:
    """Play positions of the videos with a picture, as soon as they are as wanted.

    Playwright's own waiting for a function needs `eval`, which our Content-Security-Policy forbids.
    """
    found: list[float] = []
    async with asyncio.timeout(20):
        while not holds(found := await page.evaluate(VIDEOS)):
            await page.wait_for_timeout(100)
    return found


async def visit(context: BrowserContext, server: RunningServer) -> Visitor:
    page = await context.new_page()
    visitor = Visitor(page, server.http)
    await page.goto(server.http + server.lesson_path())
    return visitor
