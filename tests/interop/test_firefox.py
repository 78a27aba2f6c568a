"""Firefox and Chromium in one lesson: each sees and hears the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from .browser import LISTEN, SPEECH_LEVEL, VIDEOS, chromium, positions, visit
from .firefox import HEARD, firefox
from .server import RunningServer, running_server

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(150)]


async def test_firefox_meets_chromium(speech: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    # A lesson of its own: whoever closed a browser in another test is kept for a while, as one who may come back.
    with running_server(tmp_path / "server") as server:
        await meet(server, speech, profile)


async def meet(server: RunningServer, speech: Path, profile: Path) -> None:
    async with chromium(speech) as browser, firefox(profile) as fox:
        anna = await visit(await browser.new_context(locale="ru-RU"), server)
        await anna.join("Анна")
        await fox.goto(server.http + server.lesson_path())
        await fox.fill("join-name", "Boris")
        await fox.click("join-button")
        await fox.until("() => !!document.querySelector('[data-testid=call]')")

        await expect(anna.page.get_by_test_id("tile")).to_have_count(2, timeout=20_000)
        before = await positions(anna.page, lambda now: len(now) == 2)
        await positions(anna.page, lambda now: min(now) > max(before))
        assert await anna.page.evaluate(LISTEN) > SPEECH_LEVEL

        await fox.until(f"() => ({VIDEOS})().length === 2")
        before = await fox.evaluate(VIDEOS)
        await fox.until(f"(before) => Math.min(...({VIDEOS})()) > before", max(before))
        # Firefox makes no AudioContext where there is no sound device, so it is asked what it decoded.
        before_speech = await fox.evaluate(HEARD)
        await fox.until(f"async (before) => (await ({HEARD})()) > before + 0.001", before_speech)

        await fox.click("toggle-camera")
        remote = anna.page.locator("[data-testid=tile]", has_text="Boris")
        await expect(remote).to_have_attribute("data-video", "off", timeout=10_000)
        await fox.click("toggle-camera")
        await expect(remote).to_have_attribute("data-video", "on", timeout=10_000)
        await fox.click("leave")
        await fox.until("() => !!document.querySelector('[data-testid=left-screen]')")
        await expect(anna.page.get_by_test_id("tile")).to_have_count(1, timeout=10_000)
        anna.check()
        assert not fox.errors, fox.errors
