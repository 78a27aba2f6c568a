"""A lesson that a teacher leads, in real browsers: the lobby, hands, mute, polls, panic, the guardian rule, removal.

With `SCREENS` naming a folder, pictures of the journey are left there.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from signalling.rtc.tokens import VideoGrants, create_token

from .browser import LISTEN, SPEECH_LEVEL, Visitor, chromium
from .call_client import ROLE, CallRoom, call_room
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(240)]
SCREENS = os.environ.get("SCREENS")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
#: What is refused on purpose ends up in the console as a failed load.
REFUSED = "Failed to load resource"


async def look(page: Page, name: str) -> None:
    if SCREENS:
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(SCREENS) / f"journey-{name}.png")


async def visitor(
    browser: Browser,
    call: CallRoom,
    identity: str,
    role: str,
    name: str,
    *,
    badge: str = "",
    **options: object,
) -> Visitor:
    """A page of the lesson link whose join gives an access token with what the server sets."""
    attributes = {ROLE: role} | ({"polyana.badge": badge} if badge else {})
    bearer = create_token(
        "devkey",
        "secret",
        identity=identity,
        name=name,
        video=VideoGrants(room_join=True, room=call.name),
        ttl=timedelta(hours=1),
        attributes=attributes,
    )
    context = await browser.new_context(**{"locale": "ru-RU", **options})  # type: ignore[arg-type]
    page = await context.new_page()
    answer = {"token": bearer, "identity": identity, "correlation_id": "journey-1"}
    await page.route("**/api/lessons/*/join", lambda route: route.fulfill(json=answer))
    found = Visitor(page, call.server.http)
    await page.goto(call.server.http + call.server.lesson_path())
    await page.get_by_test_id("join-name").fill(name)
    return found


async def enter(one: Visitor, screen: str) -> None:
    await one.page.get_by_test_id("join-button").click()
    await expect(one.page.get_by_test_id(screen)).to_be_visible(timeout=20_000)


async def press(page: Page, *names: str) -> None:
    for name in names:
        await page.get_by_test_id(name).click()


async def test_a_lesson_with_a_lobby(server: RunningServer, speech: Path) -> None:
    expected = [{"person": f"family:{n}", "name": f"Семья {n}"} for n in ("1", "2", "3")]
    rules = {"lobby": "all", "expected": expected, "guardian_grace_s": 1}
    async with chromium(speech) as browser, call_room(server, "led", **rules) as call:
        teacher = await visitor(
            browser, call, "staff:1:laptop", "host", "Ольга Белова", badge="teacher", **DESKTOP
        )
        anna = await visitor(browser, call, "family:1:phone", "family", "Анна, мама Миши", **PHONE)
        boris = await visitor(browser, call, "family:2:pc", "family", "Борис", locale="en-GB", **DESKTOP)
        host, family, other = teacher.page, anna.page, boris.page
        await enter(anna, "waiting-room")
        await look(family, "waiting")
        await enter(teacher, "call")
        await enter(boris, "waiting-room")

        # The lobby: expected against who came.
        await expect(host.get_by_test_id("waiting-count")).to_have_attribute("data-mark", "2")
        await press(host, "participants-button")
        await expect(host.get_by_test_id("lobby-row")).to_have_count(2)
        await look(host, "lobby")
        async with call.person("stranger", "guest:x", "guest"):
            await expect(host.get_by_test_id("lobby-row")).to_have_count(3)
            row = host.locator("[data-person='guest:x']")
            await row.get_by_test_id("more").click()
            await press(host, "deny")
            await expect(host.get_by_test_id("lobby-row")).to_have_count(2)
            await call.people["stranger"].received.until(
                lambda: "disconnected" in call.people["stranger"].received.events, "denied"
            )
        await host.locator("[data-person='family:1']").get_by_test_id("admit").click()
        await expect(family.get_by_test_id("call")).to_be_visible()
        await press(host, "admit-expected")
        await expect(other.get_by_test_id("call")).to_be_visible()

        # Who was let in is seen and heard without another question; the badge is the server's.
        tile = family.locator("[data-testid=tile][data-identity='staff:1:laptop']")
        await expect(tile).to_have_class(re.compile(r"\btile--main\b"), timeout=15_000)  # it may be speaking
        await expect(tile.get_by_test_id("badge")).to_have_text("Педагог")
        await expect(family.get_by_test_id("badge")).to_have_count(1)
        mine = host.locator("[data-testid=tile][data-identity='family:1:phone']")
        await expect(mine).to_have_attribute("data-video", "on", timeout=15_000)
        assert await host.evaluate(LISTEN) > SPEECH_LEVEL
        await look(family, "admitted")
        await look(host, "in-call")

        # A hand, in order, and the floor.
        await press(other, "hand")
        await expect(other.get_by_test_id("hand-place")).to_have_text("Your hand is first")
        await press(family, "hand")
        await expect(family.get_by_test_id("hand-place")).to_contain_text("2-й в очереди")
        await expect(host.get_by_test_id("hand-row")).to_have_count(2)
        await look(host, "hands")
        await press(host, "tools-button", "mute-all")
        await expect(family.get_by_test_id("toggle-mic")).to_have_class("control control--locked")
        await expect(mine.locator(".tile__label svg.icon").first).to_be_visible()
        await press(host, "participants-button")
        await host.get_by_test_id("give-floor").nth(1).click()
        await expect(family.get_by_test_id("asked-audio")).to_be_visible()
        await look(family, "asked")
        await expect(family.get_by_test_id("toggle-mic")).to_have_accessible_name("Микрофон: включить")
        await press(family, "asked-audio-yes")
        await expect(family.get_by_test_id("asked-audio")).to_have_count(0)
        await expect(host.locator("[data-person='family:1']").get_by_test_id("mute")).to_be_visible()
        await press(other, "toggle-mic")  # it is not given back: nothing happens
        await expect(other.get_by_test_id("toggle-mic")).to_have_class("control control--locked")

        # Chat and a poll with pictures.
        await press(family, "chat-button")
        await family.get_by_test_id("chat-input").fill("Здравствуйте!")
        await press(family, "chat-send")
        await expect(family.get_by_test_id("chat-message")).to_have_count(1)
        await press(host, "chat-button")
        await expect(host.get_by_test_id("chat-message")).to_contain_text("Здравствуйте!")
        await look(family, "chat")
        await press(family, "chat-button")
        await host.get_by_test_id("react").first.click()
        await expect(family.locator(".tile__reaction")).to_have_count(1)
        await press(host, "tools-button", "new-poll", "poll-pictures")
        await host.get_by_test_id("poll-question").fill("Кто живёт в лесу?")
        for index, (picture, text) in enumerate([("кошка", "Кот"), ("дерево", "Ёлка")]):
            await host.get_by_test_id("poll-picture").nth(index).click()
            await host.get_by_test_id("palette-picture").and_(host.get_by_label(picture, exact=True)).click()
            await host.get_by_test_id("poll-answer").nth(index).fill(text)
        await look(host, "poll-maker")
        await press(host, "poll-start")
        await expect(family.get_by_test_id("poll-option")).to_have_count(2)
        await look(family, "poll")
        await family.get_by_test_id("poll-option").nth(1).click()
        await expect(family.get_by_test_id("poll-voted")).to_be_visible()
        await expect(host.get_by_test_id("poll-voters")).to_have_text("Ответил 1")
        await look(host, "poll-bars")
        await press(host, "poll-close")
        await expect(family.get_by_test_id("poll")).to_have_attribute("data-open", "false")

        # Panic, and all back.
        await press(host, "tools-button", "panic", "confirm-panic-yes")
        await expect(family.get_by_test_id("frozen")).to_be_visible()
        await look(family, "panic")
        await look(host, "panic-host")
        await press(host, "calm")
        await expect(family.get_by_test_id("frozen")).to_have_count(0)

        # The guardian rule: the teacher's connection is gone, and comes back.
        await press(host, "leave")
        await expect(family.get_by_test_id("guardian-card")).to_be_visible(timeout=15_000)
        await look(family, "guardian")
        await press(host, "rejoin")
        await expect(family.get_by_test_id("guardian-card")).to_have_count(0, timeout=20_000)

        # Removal.
        await press(host, "participants-button")
        row = host.locator("[data-testid=person-row][data-person='family:2']")
        await row.get_by_test_id("more").click()
        await look(host, "actions")
        await press(host, "action-remove", "confirm-remove-yes")
        await expect(other.get_by_test_id("left-screen")).to_be_visible()
        await expect(other.get_by_test_id("end-code")).to_have_text("PARTICIPANT_REMOVED")
        await look(other, "removed")
        await expect(host.get_by_test_id("person-row")).to_have_count(2)
        for one in (teacher, anna, boris):
            one.errors = [error for error in one.errors if REFUSED not in error]
            one.check()


async def test_a_locked_call_and_one_that_has_ended(server: RunningServer, speech: Path) -> None:
    async with chromium(speech) as browser, call_room(server, "locked", lobby="off") as call:
        teacher = await visitor(browser, call, "staff:1:a", "host", "Ольга", badge="teacher", **DESKTOP)
        await enter(teacher, "call")
        await press(teacher.page, "tools-button", "lock")
        await expect(teacher.page.get_by_test_id("lock")).to_have_attribute("aria-checked", "true")
        late = await visitor(browser, call, "family:1:a", "family", "Anna", locale="en-GB", **PHONE)
        await late.page.get_by_test_id("join-button").click()
        await expect(late.page.get_by_test_id("join-error-code")).to_have_text("CALL_LOCKED", timeout=15_000)
        await look(late.page, "locked")
        await press(teacher.page, "lock")
        await enter(late, "call")
        await press(teacher.page, "end-call", "confirm-end-yes")
        await expect(late.page.get_by_test_id("end-code")).to_have_text("ROOM_DELETED")
        await press(late.page, "rejoin")
        await expect(late.page.get_by_text("CALL_ENDED")).to_be_visible(timeout=15_000)
        await look(late.page, "ended")


async def test_who_is_not_let_in_is_told_so(server: RunningServer, speech: Path) -> None:
    async with chromium(speech) as browser, call_room(server, "denied", lobby="all") as call:
        anna = await visitor(browser, call, "family:1:a", "family", "Anna", locale="en-GB", **PHONE)
        await enter(anna, "waiting-room")
        async with call.person("t", "staff:1:a", "host"):
            await call.command("t", "deny", identity="family:1")
            await expect(anna.page.get_by_test_id("end-code")).to_have_text("NOT_ADMITTED")
            await look(anna.page, "denied")


async def test_a_webinar_promotes_and_groups_come_back(server: RunningServer, speech: Path) -> None:
    """A viewer becomes a speaker; groups are opened and closed; the lesson goes on with a reason."""
    limits = {"limit_minutes": 0.02, "warning_minutes": 0, "soft_stop_s": 3}
    async with chromium(speech) as browser, call_room(server, "webinar", mode="webinar", **limits) as call:
        teacher = await visitor(browser, call, "staff:1:a", "host", "Ольга", badge="head", **DESKTOP)
        anna = await visitor(browser, call, "family:1:a", "viewer", "Анна", **PHONE)
        host, family = teacher.page, anna.page
        await enter(anna, "guardian-card")
        await enter(teacher, "call")
        await expect(family.get_by_test_id("guardian-card")).to_have_count(0, timeout=15_000)
        await expect(family.get_by_test_id("viewer-note")).to_be_visible()
        await expect(family.get_by_test_id("toggle-mic")).to_have_count(0)
        await expect(family.get_by_test_id("badge")).to_have_text("Заведующий")
        await look(family, "viewer")

        # Time: over, stopped, and on with a reason.
        await expect(family.get_by_test_id("frozen")).to_be_visible(timeout=15_000)
        await look(family, "time-over")
        await press(host, "extend")
        await host.get_by_test_id("extend-reason").fill("дети дорисовывают")
        await press(host, "extend-submit")
        await expect(family.get_by_test_id("frozen")).to_have_count(0)

        # A hand, the stage: the microphone is there, and off until one switches it on.
        await press(family, "hand")
        await press(host, "participants-button", "give-floor")
        await expect(family.get_by_test_id("toggle-mic")).to_be_visible()
        tile = host.locator("[data-testid=tile][data-identity='family:1:a']")
        await expect(tile).to_have_attribute("data-video", "off")
        await press(family, "toggle-camera")
        await expect(tile).to_have_attribute("data-video", "on", timeout=15_000)

        # Groups.
        async with call.person("b", "family:2:a", "family"):
            await call.command("b", "raise_hand")
            await press(host, "give-floor", "tools-button", "open-groups")
            await expect(family.get_by_test_id("group-note")).to_be_visible()
            await expect(host.get_by_test_id("group-row")).to_have_count(3)
            await look(host, "groups")
            await press(host, "close-groups")
            await expect(family.get_by_test_id("group-note")).to_have_count(0)
        for one in (teacher, anna):
            one.check()
