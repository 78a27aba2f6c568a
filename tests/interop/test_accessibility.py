"""The screens of a visit to a lesson, one after the other, as everybody sees them when all goes well."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from .browser import Visitor, chromium
from .inspector import Theme, Variant, in_variants, inspector
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(180)]


@in_variants
async def test_screens_of_a_visit(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        await page.goto(server.http + "/")
        await expect(page.locator("main")).to_be_visible()
        await seen.look("home")
        await page.goto(f"{server.http}/l/nothing-here")
        await expect(page.locator("main h1")).to_be_visible()
        await seen.look("wrong-link")
        await page.goto(server.http + server.lesson_path())
        await expect(page.get_by_test_id("join-name")).to_be_visible()
        await expect(page.locator(".preview__video")).to_be_visible()
        await seen.look("prejoin")
        await page.get_by_test_id("join-button").click()
        await expect(page.locator("#join-name-error")).to_be_visible()
        await page.get_by_test_id("prejoin-camera-toggle").click()
        await page.locator(".prejoin__devices > summary").click()
        await seen.look("prejoin-no-name-devices")
        await Visitor(page, server.http).join("Мария Ивановна Константинопольская")
        await expect(page.get_by_test_id("tile").first).to_be_visible()
        await seen.look("call-alone")
        await page.get_by_test_id("participants-button").click()
        await expect(page.get_by_test_id("participants-panel")).to_be_visible()
        await seen.look("people-alone")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("devices-button").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await seen.look("settings")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("leave").click()
        await expect(page.get_by_test_id("left-screen")).to_be_visible(timeout=10_000)
        await seen.look("left")
        seen.check()


@pytest.mark.parametrize(("system", "own"), [("light", "dark"), ("dark", "light")])
async def test_own_choice_of_look_wins(server: RunningServer, speech: Path, system: Theme, own: str) -> None:
    async with chromium(speech) as browser:
        page = (await inspector(browser, Variant("phone", "ru-RU", system))).page
        await page.goto(server.http + "/")
        await expect_look(page, system)
        await page.get_by_test_id("theme-switch").click()
        await expect_look(page, own)
        await page.reload()
        await expect_look(page, own)


async def expect_look(page: Page, look: str) -> None:
    """The page's ground and the bar of a phone's browser agree."""
    ground, bar = {"light": ("rgb(246, 243, 234)", "#f6f3ea"), "dark": ("rgb(17, 23, 19)", "#111713")}[look]
    await expect(page.locator("main")).to_be_visible()
    await expect(page.locator("body")).to_have_css("background-color", ground)
    await expect(page.locator("meta[name=theme-color][media=all]")).to_have_attribute("content", bar)
