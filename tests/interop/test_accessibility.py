"""Every screen by axe-core (WCAG 2.2 A and AA), in both themes and languages, on a phone and on a desktop.

With `SCREENS` naming a folder, pictures of the screens are left there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from .browser import Visitor, chromium
from .server import ROOT, RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(180)]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"phone": {"width": 320, "height": 640}, "desktop": {"width": 1280, "height": 800}}
SCREENS = os.environ.get("SCREENS")
RUN = """async (tags) => {
    const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(' | ')}`);
}"""
#: Nothing may stick out to the side: pages scroll in one direction (WCAG 1.4.10).
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Inspector:
    """Goes from screen to screen and collects what is wrong."""

    def __init__(self, page: Page, variant: str) -> None:
        self.page = page
        self.variant = variant
        self.faults: list[str] = []

    async def look(self, screen: str) -> None:
        await self.page.wait_for_timeout(300)  # transitions of colours would be measured half way
        found = await self.page.evaluate(RUN, TAGS)
        self.faults.extend(f"{screen} {self.variant}: {fault}" for fault in found)
        if (over := await self.page.evaluate(OVERFLOW)) > 0:
            self.faults.append(f"{screen} {self.variant}: {over} px stick out")
        if SCREENS:
            await self.page.screenshot(path=Path(SCREENS) / f"{screen}-{self.variant}.png")


async def inspector(
    browser: Browser, theme: Literal["light", "dark"], locale: str, size: str, *, camera: bool = True
) -> Inspector:
    context = await browser.new_context(
        locale=locale,
        color_scheme=theme,
        viewport=SIZES[size],
        bypass_csp=True,
        permissions=["camera", "microphone"] if camera else [],
        reduced_motion="reduce",
    )
    await context.add_init_script(path=AXE)
    return Inspector(await context.new_page(), f"{size}-{locale[:2]}-{theme}")


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("locale", ["ru-RU", "en-GB"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_screens(
    server: RunningServer, speech: Path, theme: Literal["light", "dark"], locale: str, size: str
) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, theme, locale, size)
        page = seen.page
        await page.goto(server.http + "/")
        await expect(page.locator("main")).to_be_visible()
        await seen.look("home")
        await page.goto(f"{server.http}/l/nothing-here")
        await expect(page.locator("main h1")).to_be_visible()
        await seen.look("wrong-link")
        await page.goto(server.http + server.operator_path())
        await expect(page.get_by_test_id("operator-load")).to_be_visible(timeout=10_000)
        await seen.look("operator")
        await page.goto(server.http + server.lesson_path())
        await expect(page.get_by_test_id("join-name")).to_be_visible()
        await seen.look("prejoin")
        await Visitor(page, server.http).join("Мария Ивановна Константинопольская")
        await expect(page.get_by_test_id("tile").first).to_be_visible()
        await seen.look("call")
        await page.get_by_test_id("participants-button").click()
        await expect(page.get_by_test_id("participants-panel")).to_be_visible()
        await seen.look("people")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("devices-button").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await seen.look("settings")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("leave").click()
        await expect(page.get_by_test_id("left-screen")).to_be_visible(timeout=10_000)
        await seen.look("left")
        assert not seen.faults, "\n".join(seen.faults)


@pytest.mark.parametrize(("system", "own"), [("light", "dark"), ("dark", "light")])
async def test_own_choice_of_look_wins(
    server: RunningServer, speech: Path, system: Literal["light", "dark"], own: str
) -> None:
    async with chromium(speech) as browser:
        page = (await inspector(browser, system, "ru-RU", "phone")).page
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
