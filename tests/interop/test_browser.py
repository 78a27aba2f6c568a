"""Two Chromium pages meet through the real pages: pre-join, call, sound and picture, mute, leaving."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from .browser import LISTEN, SPEECH_LEVEL, Visitor, chromium, positions, visit
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(120)]


async def test_two_people_meet(server: RunningServer, speech: Path) -> None:
    async with chromium(speech) as browser:
        anna = await visit(await browser.new_context(locale="ru-RU"), server)
        boris = await visit(await browser.new_context(locale="en-GB"), server)
        await anna.join("Анна")
        await boris.join("Boris")
        for visitor in (anna, boris):
            page = visitor.page
            await expect(page.get_by_test_id("tile")).to_have_count(2, timeout=20_000)
            before = await positions(page, lambda now: len(now) == 2)
            await positions(page, lambda now, before=before: min(now) > max(before))
            assert await page.evaluate(LISTEN) > SPEECH_LEVEL
        await boris.page.get_by_test_id("toggle-camera").click()
        remote = anna.page.locator("[data-testid=tile]", has_text="Boris")
        await expect(remote).to_have_attribute("data-video", "off", timeout=10_000)
        await boris.page.get_by_test_id("leave").click()
        await expect(boris.page.get_by_test_id("left-screen")).to_be_visible(timeout=10_000)
        await expect(anna.page.get_by_test_id("tile")).to_have_count(1, timeout=10_000)
        anna.check()
        boris.check()


async def test_a_wrong_link_says_nothing(server: RunningServer, speech: Path) -> None:
    async with chromium(speech) as browser:
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        await page.goto(f"{server.http}/l/nothing-here")
        await expect(page.get_by_test_id("join-name")).to_have_count(0)
        await expect(page.locator("main")).to_contain_text("link", ignore_case=True)


async def test_the_operator_sees_the_load(server: RunningServer, speech: Path) -> None:
    async with chromium(speech) as browser:
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        visitor = Visitor(page, server.http)
        await page.goto(server.http + server.operator_path())
        await expect(page.get_by_test_id("operator-load")).to_be_visible(timeout=10_000)
        visitor.check()
