"""The call with any number of people and in every state, from the gallery of `web/dev`: the same component, fed with
drawn pictures instead of a room."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import expect

from .browser import chromium
from .inspector import Inspector, Variant, in_variants, inspector
from .server import ROOT

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(300)]
STATES = {
    "grid-1": "n=1",
    "grid-2": "n=2",
    "grid-4": "n=4",
    "grid-9": "n=9",
    "grid-16": "n=16",
    "grid-30": "n=30",
    "screen": "n=5&screen",
    "own-screen": "n=4&own",
    "reconnecting": "n=4&reconnecting",
    "autoplay-blocked": "n=4&silent",
    "trouble-camera": "n=4&trouble=camera",
    "trouble-device": "n=4&trouble=device",
    "saving-data": "n=4&saving",
    "verdict-home": "n=4&verdict=HOME_UPLINK",
    "verdict-device": "n=1&verdict=DEVICE_DECODING",
    "verdict-firewall": "n=4&screen&verdict=FIREWALL_TCP",
    "verdict-server": "n=9&verdict=SERVER_DROPS",
    "everything-at-once": "n=4&silent&reconnecting&own&trouble=microphone",
    "verdict-and-all": "n=4&silent&own&trouble=microphone&verdict=HOME_LOSS",
}
#: Of calls that somebody leads: what the person sees, and the panel that is open.
LED = {
    "waiting": "control=waiting",
    "family": "n=6&control=family",
    "held": "n=4&control=held",
    "asked": "n=4&control=asked",
    "hand": "n=4&control=hand",
    "guardian": "n=4&control=guardian",
    "guardian-before": "n=1&control=guardian-before",
    "panic": "n=4&control=panic",
    "time": "n=4&control=time",
    "groups": "n=3&control=groups",
    "viewer": "n=2&control=viewer",
    "recording": "n=4&control=recording",
    "recording-question": "n=4&control=recording-question",
    "recording-late": "n=4&control=recording-late",
    "recording-paused": "n=4&control=recording-paused",
    "recording-asking-host": "n=4&control=recording-asking-host",
    "poll-words": "n=4&control=poll",
    "poll-pictures": "n=4&control=poll-pictures",
    "poll-voted": "n=4&control=poll-voted",
    "film-pages": "n=4&control=film-pages",
    "film-pages-host": "n=4&control=film-pages-host",
    "host": "n=9&control=host",
    "panic-host": "n=4&control=panic-host",
    "time-host": "n=4&control=time-host",
}
PANELS = {
    "family-chat": ("n=4&control=family", "chat-button"),
    "voted-chat": ("n=4&control=poll-voted", "chat-button"),
    "family-people": ("n=4&control=family", "participants-button"),
    "host-people": ("n=6&control=host", "participants-button"),
    "crowd-people": ("n=120&control=crowd-host", "participants-button"),
    "host-chat": ("n=4&control=host", "chat-button"),
    "host-tools": ("n=6&control=host", "tools-button"),
    "recording-tools": ("n=6&control=recording-paused-host", "tools-button"),
    "busy-host-tools": ("n=6&control=busy-host", "tools-button"),
}
ENDS = ("left", "removed", "denied", "duplicate", "shutdown", "lost", "closed", "failed")


class Quiet(SimpleHTTPRequestHandler):
    """Without a line for each request."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the gallery, built as the pages are."""
    folder = tmp_path_factory.mktemp("gallery")
    vite = ["node", "node_modules/vite/bin/vite.js", "build", "--config", "dev/vite.config.ts"]
    command = [*vite, "--outDir", str(folder), "--emptyOutDir"]
    subprocess.run(command, cwd=ROOT / "web", check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dev/gallery.html"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def open_call(seen: Inspector, address: str) -> None:
    await seen.page.goto(address)
    await expect(seen.page.get_by_test_id("tile").first).to_be_visible(timeout=20_000)


@in_variants
async def test_calls_of_every_size_and_state(gallery: str, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        for name, query in STATES.items():
            await open_call(seen, f"{gallery}?{query}")
            await seen.look(f"call-{name}")
        for count in (2, 9, 16):
            await open_call(seen, f"{gallery}?n={count}")
            await page.get_by_test_id("layout-switch").click()
            await expect(page.locator(".tile--main")).to_be_visible()
            await seen.look(f"call-speaker-{count}")
        await page.get_by_test_id("participants-button").click()
        await seen.look("call-people-16")
        seen.check()


@in_variants
async def test_calls_that_somebody_leads(gallery: str, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        for name, query in LED.items():
            await page.goto(f"{gallery}?{query}")
            await expect(page.locator("main")).to_be_visible(timeout=20_000)
            await seen.look(f"led-{name}")
        await open_call(seen, f"{gallery}?n=4&control=film")
        await expect(page.get_by_test_id("subtitles")).to_have_count(0)
        await page.get_by_test_id("subtitles-choice").select_option("ru")
        await expect(page.get_by_test_id("subtitles")).to_contain_text("Ёжик")
        await seen.look("led-film-subtitles")
        for name, (query, button) in PANELS.items():
            await open_call(seen, f"{gallery}?{query}")
            await page.get_by_test_id(button).click()
            await expect(page.locator(".panel")).to_be_visible()
            await seen.look(f"led-{name}")
        seen.check()


@in_variants
async def test_dialogs_of_who_leads(gallery: str, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        await open_call(seen, f"{gallery}?n=6&control=host")
        await page.get_by_test_id("participants-button").click()
        await page.get_by_test_id("person-row").nth(2).get_by_test_id("more").click()
        await seen.look("led-actions")
        for dialog in ("pause", "direct"):
            await page.get_by_test_id(f"action-{dialog}-some").click()
            await expect(page.get_by_test_id(f"{dialog}-dialog")).to_be_visible()
            await seen.look(f"led-{dialog}")
            await page.keyboard.press("Escape")
            await page.get_by_test_id("person-row").nth(2).get_by_test_id("more").click()
        await page.get_by_test_id("action-remove").click()
        await seen.look("led-confirm-remove")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("tools-button").click()
        await page.get_by_test_id("panic").click()
        await seen.look("led-confirm-panic")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("new-poll").click()
        await page.get_by_test_id("poll-pictures").click()
        await page.get_by_test_id("poll-picture").first.click()
        await seen.look("led-poll-maker")
        await open_call(seen, f"{gallery}?n=4&control=time-host")
        await page.get_by_test_id("extend").click()
        await page.get_by_test_id("extend-submit").click()
        await seen.look("led-extend")
        seen.check()


@in_variants
async def test_calls_in_high_contrast(gallery: str, speech: Path, variant: Variant) -> None:
    """By the wish of the system, and in its colours."""
    async with chromium(speech) as browser:
        for name, options in (("contrast", {"contrast": "more"}), ("forced", {"forced_colors": "active"})):
            seen = await inspector(browser, variant, **options)
            page = seen.page
            for state in ("family", "asked", "poll-pictures", "poll-voted"):
                await open_call(seen, f"{gallery}?n=4&control={state}")
                await seen.look(f"{name}-{state}")
            for panel in ("tools-button", "participants-button"):
                await open_call(seen, f"{gallery}?n=4&control=host")
                await page.get_by_test_id(panel).click()
                await seen.look(f"{name}-{panel}")
            seen.check()


@in_variants
async def test_ends_of_calls(gallery: str, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        for end in ENDS:
            await seen.page.goto(f"{gallery}?end={end}")
            await expect(seen.page.get_by_test_id("left-screen")).to_be_visible()
            await seen.look(f"ended-{end}")
        seen.check()


@in_variants
async def test_every_tile_of_a_grid_is_seen_or_can_be_scrolled_to(
    gallery: str, speech: Path, variant: Variant
) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        for count in (2, 4, 9, 16, 30):
            await open_call(seen, f"{gallery}?n={count}")
            tiles = seen.page.get_by_test_id("tile")
            await expect(tiles).to_have_count(count)
            await tiles.last.scroll_into_view_if_needed()
            await expect(tiles.last).to_be_in_viewport(ratio=0.9)
