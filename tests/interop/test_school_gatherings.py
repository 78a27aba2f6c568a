"""Full lessons and meetings of the school: pages by its real links and accounts, and many families by theirs with the
SDK. With `SCREENS` naming a folder, pictures of the journeys are left there."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from .browser import LISTEN, SPEECH_LEVEL, Visitor, chromium, positions
from .call_client import Person
from .families import PATIENCE_S, families_of
from .school_site import SchoolSite, school_site
from .sdk import Received
from .server import RunningServer, running_server

pytestmark = [
    pytest.mark.interop,
    pytest.mark.alone,
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(900),
]
SCREENS = os.environ.get("SCREENS")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
#: Everybody comes from one address.
SETTINGS = {"POLYANA_HTTP__REQUEST_BURST": "100000", "POLYANA_RTC__JOIN_BURST": "100000"}
LESSON_FAMILIES = 20
MEETING_FAMILIES = 200
PATIENCE_MS = PATIENCE_S * 1000


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[SchoolSite]:
    with running_server(tmp_path, **SETTINGS) as server:
        async with school_site(server) as made:
            yield made


async def look(page: Page, name: str) -> None:
    if SCREENS:
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(SCREENS) / f"gathering-{name}.png")


async def by_link(browser: Browser, server: RunningServer, link: str, screen: str, **options: Any) -> Visitor:
    page = await (await browser.new_context(locale="ru-RU", **options)).new_page()
    seen = Visitor(page, server.http)
    await page.goto(link)
    await page.get_by_test_id("join-button").click()
    await expect(page.get_by_test_id(screen)).to_be_visible(timeout=PATIENCE_MS)
    return seen


def names_of(count: int) -> list[str]:
    return [f"Семья {number + 1}" for number in range(count)]


async def plan_with_lobby(page: Page, server: RunningServer) -> None:
    """The teacher plans a lesson that begins in a minute; everybody waits until let in."""
    await page.goto(server.http + "/lessons")
    await page.get_by_test_id("plan-lesson").click()
    await page.get_by_test_id("field-title").fill("Звуки и буквы")
    soon = "new Date(Date.now() + 60000)"
    clock = await page.evaluate(f"() => {soon}.toTimeString().slice(0, 5)")
    day = await page.evaluate(f"() => {soon}.toLocaleDateString('sv')")
    await page.get_by_test_id("field-time").fill(clock)
    await page.get_by_test_id("field-date").fill(day)
    await page.get_by_test_id("call-fields").locator("summary").click()
    await page.get_by_test_id("field-lobby").select_option("all")
    await page.get_by_test_id("lesson-form").get_by_label("Солнышко").check()
    await look(page, "plan")
    await page.get_by_test_id("save-lesson").click()
    await expect(page.get_by_test_id("lesson")).to_contain_text("Звуки и буквы")


async def test_a_teacher_runs_a_lesson_with_a_lobby(site: SchoolSite, speech: Path) -> None:
    """Three browsers and twenty families: planned, let in, heard, ended, and the attendance downloaded."""
    server, teacher = site.server, await site.teacher("Мария Ивановна", "maria@example.org")
    group = await site.group("Солнышко", teacher)
    links = await site.families(group, *names_of(LESSON_FAMILIES + 2))
    phones = {name: links.pop(name) for name in names_of(LESSON_FAMILIES + 2)[-2:]}
    async with chromium(speech) as browser, families_of(server) as crowd:
        context = await teacher.browser(browser, **DESKTOP)
        page = await context.new_page()
        host = Visitor(page, server.http)
        await plan_with_lobby(page, server)
        await page.get_by_test_id("join-lesson").click()
        await page.get_by_test_id("join-button").click()
        await expect(page.get_by_test_id("call")).to_be_visible(timeout=PATIENCE_MS)
        lesson_path = page.url

        families = [await by_link(browser, server, link, "waiting-room", **PHONE) for link in phones.values()]
        await crowd.come(links)
        await page.get_by_test_id("participants-button").click()
        await expect(page.get_by_test_id("lobby-row")).to_have_count(LESSON_FAMILIES + 2, timeout=PATIENCE_MS)
        assert not await crowd.reached()
        await look(page, "lobby")
        await page.get_by_test_id("admit-expected").click()
        for one in families:
            await expect(one.page.get_by_test_id("call")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_test_id("person-row")).to_have_count(
            LESSON_FAMILIES + 3, timeout=PATIENCE_MS
        )
        await crowd.all_reached()

        speaker = Person("s", crowd.here.guests["Семья 1"].room, Received(), "")
        await speaker.speak()
        for one in (host, *families):
            await positions(one.page, lambda found: len(found) > 0 and min(found) > 0)
            assert await one.page.evaluate(LISTEN) > SPEECH_LEVEL
        await look(page, "lesson-host")
        await look(families[0].page, "lesson-family")
        for task in speaker.tasks:
            task.cancel()

        await page.get_by_test_id("tools-button").click()
        await page.get_by_test_id("end-call").click()
        await page.get_by_test_id("confirm-end-yes").click()
        for one in (host, *families):
            await expect(one.page.get_by_test_id("left-screen")).to_be_visible(timeout=PATIENCE_MS)

        await page.goto(f"{lesson_path.partition('?')[0]}/attendance")
        table = page.get_by_test_id("attended")
        await expect(table).to_contain_text("Семья 1", timeout=PATIENCE_MS)
        await look(page, "attendance")
        async with page.expect_download() as download:
            await page.get_by_test_id("download-csv").click()
        file = await (await download.value).path()
        rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
        found = {cell for row in rows for cell in row if cell.startswith("Семья ")}
        assert found == {*links, *phones}, rows
        for one in (host, *families):
            one.check()


async def test_a_head_runs_a_meeting_of_two_hundred(site: SchoolSite, speech: Path) -> None:
    """A webinar: all see and hear the head, nobody can send, one viewer asks and is brought on the stage."""
    server = site.server
    group = await site.group("Все группы")
    links = await site.families(group, *names_of(MEETING_FAMILIES))
    asking = links.pop("Семья 200")
    planned = await site.plan(
        site.head, "Общее собрание", kind="parent_meeting", mode="webinar", groups=[group]
    )
    async with chromium(speech) as browser, families_of(server) as crowd:
        page = await (await site.head.browser(browser, **DESKTOP)).new_page()
        host = Visitor(page, server.http)
        await page.goto(f"{server.http}/lessons/{planned['lesson']['id']}")
        await page.get_by_test_id("join-button").click()
        await expect(page.get_by_test_id("call")).to_be_visible(timeout=PATIENCE_MS)
        family = await by_link(browser, server, asking, "call", **PHONE)
        await crowd.come(links)
        await page.get_by_test_id("participants-button").click()
        shown = page.get_by_test_id("people-shown")
        await expect(shown).to_contain_text(str(MEETING_FAMILIES + 1), timeout=PATIENCE_MS)
        await crowd.all_reached()
        await look(page, "meeting-host")
        await positions(family.page, lambda found: len(found) == 1 and min(found) > 0)
        assert await family.page.evaluate(LISTEN) > SPEECH_LEVEL
        await look(family.page, "meeting-viewer")
        permissions = crowd.here.guests["Семья 1"].room.local_participant.permissions
        assert permissions is not None and not permissions.can_publish
        assert len(await crowd.seen()) == 1, "the head, and none of the others"

        await family.page.get_by_test_id("hand").click()
        await expect(page.get_by_test_id("hand-row")).to_contain_text("Семья 200", timeout=PATIENCE_MS)
        await page.get_by_test_id("give-floor").click()
        await family.page.get_by_test_id("toggle-mic").click(timeout=PATIENCE_MS)
        await family.page.get_by_test_id("toggle-camera").click()
        await positions(page, lambda found: len(found) == 2 and min(found) > 0)
        assert await page.evaluate(LISTEN) > SPEECH_LEVEL
        await crowd.all_have(2)
        await look(page, "meeting-stage")
        await look(family.page, "meeting-promoted")

        await page.get_by_test_id("find-person").fill("Семья 200")
        row = page.locator("[data-testid=person-row]").filter(has_text="Семья 200")
        await row.get_by_test_id("more").click()
        await page.get_by_test_id("action-demote").click()
        await positions(page, lambda found: len(found) == 1)
        await crowd.all_reached()
        for one in (host, family):
            one.check()
