"""Calls of the school in real browsers, by its real links and accounts. With `SCREENS` naming a folder, pictures of the
journeys are left there."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from livekit import api
from playwright.async_api import Browser, BrowserContext, Page, expect

from .browser import LISTEN, SPEECH_LEVEL, Visitor, chromium, positions
from .school_site import SchoolSite, school_site
from .server import RunningServer, running_server

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(240)]
SCREENS = os.environ.get("SCREENS")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
REFUSED = "Failed to load resource"
"""What is refused on purpose ends up in the console so."""
SETTINGS = {"POLYANA_HTTP__REQUEST_BURST": "10000", "POLYANA_RTC__JOIN_BURST": "10000"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[SchoolSite]:
    with running_server(tmp_path, **SETTINGS) as server:
        async with school_site(server) as made:
            yield made


async def look(page: Page, name: str) -> None:
    if SCREENS:
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(SCREENS) / f"school-{name}.png")


async def host_page(context: BrowserContext, server: RunningServer, lesson: str) -> Visitor:
    """Somebody enters with the own account."""
    page = await context.new_page()
    seen = Visitor(page, server.http)
    await page.goto(f"{server.http}/lessons/{lesson}")
    await page.get_by_test_id("join-button").click()
    await expect(page.get_by_test_id("call")).to_be_visible(timeout=20_000)
    return seen


async def family_page(
    browser: Browser, server: RunningServer, link: str, screen: str = "call", **options: object
) -> Visitor:
    """A family comes by its personal link, without an account."""
    context = await browser.new_context(locale="ru-RU", **options)  # type: ignore[arg-type]
    page = await context.new_page()
    seen = Visitor(page, server.http)
    await page.goto(link)
    await page.get_by_test_id("join-button").click()
    await expect(page.get_by_test_id(screen)).to_be_visible(timeout=20_000)
    return seen


async def test_a_role_revoked_in_the_middle_of_a_call(site: SchoolSite, speech: Path) -> None:
    """The teacher is out at once and cannot come back; the children are not left alone."""
    server, teacher = site.server, await site.teacher("Мария Ивановна", "maria@example.org")
    group = await site.group("Солнышко", teacher)
    links = await site.families(group, "Семья Ивановых")
    lesson = (await site.plan(teacher, "Звуки и буквы", groups=[group]))["lesson"]["id"]
    async with chromium(speech) as browser:
        host = await host_page(await teacher.browser(browser, **DESKTOP), server, lesson)
        family = await family_page(browser, server, links["Семья Ивановых"], **PHONE)
        await expect(family.page.get_by_test_id("badge")).to_have_text("Педагог", timeout=15_000)
        await positions(family.page, lambda found: len(found) > 0)
        members = (await site.head.ask("GET", site.of("staff")))["members"]
        (role,) = [one["roles"][0]["id"] for one in members if one["name"] == "Мария Ивановна"]
        await site.head.ask("POST", f"/api/roles/{role}/revocation")
        await expect(host.page.get_by_test_id("left-screen")).to_be_visible(timeout=5000)
        await expect(host.page.get_by_test_id("end-code")).to_have_text("PARTICIPANT_REMOVED")
        await expect(family.page.get_by_test_id("badge")).to_have_count(0, timeout=5000)
        await look(host.page, "revoked-teacher")
        await expect(family.page.get_by_test_id("guardian-card")).to_be_visible(timeout=20_000)
        await look(family.page, "revoked-family")
        await host.page.get_by_test_id("rejoin").click()
        await expect(host.page.get_by_test_id("field-password")).to_be_visible(timeout=10_000)  # signed out
        await look(host.page, "revoked-rejoin")
        family.check()


async def test_a_consultation_that_the_server_cannot_read(site: SchoolSite, speech: Path) -> None:
    """Teacher and family see and hear each other, and the same code; whoever has only what the server has does not."""
    server, teacher = site.server, await site.teacher("Мария Ивановна", "maria@example.org")
    group = await site.group("Солнышко", teacher)
    links = await site.families(group, "Семья Ивановых")
    planned = await site.plan(teacher, "Консультация", kind="consultation", groups=[group])
    async with chromium(speech) as browser:
        host = await host_page(await teacher.browser(browser, **DESKTOP), server, planned["lesson"]["id"])
        family = await family_page(browser, server, links["Семья Ивановых"], "waiting-room", **PHONE)
        await host.page.get_by_test_id("participants-button").click()
        await host.page.get_by_test_id("admit").click()
        await expect(family.page.get_by_test_id("call")).to_be_visible(timeout=15_000)
        codes = []
        for one in (host, family):
            await expect(one.page.get_by_test_id("secrecy-code")).to_be_visible(timeout=20_000)
            codes.append(await one.page.get_by_test_id("secrecy-code").text_content())
            await positions(one.page, lambda found: len(found) > 1 and min(found) > 0)
            assert await one.page.evaluate(LISTEN) > SPEECH_LEVEL
        assert codes[0] == codes[1]
        await look(host.page, "consultation-host")
        await look(family.page, "consultation-family")
        backend = api.LiveKitAPI(server.http, "devkey", "secret")
        found = await backend.room.list_participants(api.ListParticipantsRequest(room=planned["room"]))
        await backend.aclose()
        tracks = [track for one in found.participants for track in one.tracks]
        assert len(tracks) == 4 and {track.encryption for track in tracks} == {api.Encryption.GCM}
        for one in (host, family):
            # The first pictures come before the key, and are thrown away.
            one.errors = [error for error in one.errors if "MissingKey" not in error]
            one.check()
