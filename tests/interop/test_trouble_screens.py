"""When it goes wrong, the screen says what and what to do: each trouble is made, not drawn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from livekit import api
from playwright.async_api import Page, Route, expect

from .browser import Visitor, chromium
from .inspector import VARIANTS, Inspector, Variant, in_variants, inspector
from .server import RunningServer, running_server, start_server, wait_until_ready

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(180)]
#: As a browser from before WebRTC, and as the view inside a messenger.
WITHOUT_WEBRTC = "delete window.RTCPeerConnection"
MESSENGER = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/140.0.0.0 Mobile Safari/537.36 Telegram-Android/11.0"
)
LONG_NAME = "Мария Ивановна Константинопольская"


async def enter_blocked(seen: Inspector, server: RunningServer, screen: str) -> None:
    """The pre-join screen tells what is blocked; one can go in all the same."""
    page = seen.page
    await page.goto(server.http + server.lesson_path())
    await expect(page.get_by_role("alert")).to_be_visible(timeout=15_000)
    await seen.look(screen)
    if await page.locator(".prejoin__steps").count():
        await page.locator(".prejoin__steps > summary").click()
        await seen.look(f"{screen}-steps")


@in_variants
async def test_camera_and_microphone_blocked(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech, "asked") as browser:
        seen = await inspector(browser, variant, permissions=[])
        await enter_blocked(seen, server, "blocked-both")
        await Visitor(seen.page, server.http).join(LONG_NAME)
        await seen.page.get_by_test_id("toggle-mic").click()
        await expect(seen.page.get_by_role("alert")).to_be_visible()
        await seen.look("blocked-in-call")
        await seen.page.get_by_test_id("leave").click()
        seen.check()


@in_variants
async def test_one_of_them_blocked(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech, "asked") as browser:
        camera = await inspector(browser, variant, permissions=["microphone"])
        await enter_blocked(camera, server, "blocked-camera")
        camera.check()
        microphone = await inspector(browser, variant, permissions=["camera"])
        await enter_blocked(microphone, server, "blocked-microphone")
        microphone.check()


@in_variants
async def test_no_devices(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech, "no devices") as browser:
        seen = await inspector(browser, variant)
        await enter_blocked(seen, server, "no-devices")
        seen.check()


@in_variants
async def test_in_a_messenger(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech, "asked") as browser:
        seen = await inspector(browser, variant, permissions=[], user_agent=MESSENGER)
        await enter_blocked(seen, server, "in-messenger")
        await expect(seen.page.get_by_role("alert")).to_contain_text("⋮")
        seen.check()


@in_variants
async def test_an_address_without_encryption(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        await seen.page.add_init_script(
            "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
        )
        await enter_blocked(seen, server, "insecure")
        await expect(seen.page.get_by_role("alert")).to_contain_text("https://")
        seen.check()


@in_variants
async def test_an_old_browser(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        await seen.page.add_init_script(WITHOUT_WEBRTC)
        await seen.page.goto(server.http + server.lesson_path())
        await expect(seen.page.get_by_test_id("old-browser")).to_be_visible()
        await seen.look("old-browser")
        seen.check()


async def refuse(page: Page, status: int, code: str) -> None:
    """Joining is answered with this from now on."""

    async def answer(route: Route) -> None:
        await route.fulfill(status=status, json={"error": {"code": code, "message": ""}})

    await page.route(re.compile(r"/api/lessons/.+/join$"), answer)


@in_variants
async def test_joining_is_refused(server: RunningServer, speech: Path, variant: Variant) -> None:
    """`LESSON_FULL` for real is `test_the_lesson_is_full`; here is how each refusal looks."""
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        await page.goto(server.http + server.lesson_path())
        await page.get_by_test_id("join-name").fill(LONG_NAME)
        for screen, status, code in (
            ("full", 503, "LESSON_FULL"),
            ("link-expired-meanwhile", 404, "LINK_NOT_FOUND"),
            ("too-many-tries", 429, "TOO_MANY_REQUESTS"),
        ):
            await refuse(page, status, code)
            await page.get_by_test_id("join-button").click()
            await expect(page.get_by_test_id("join-error-code")).to_have_text(code)
            await page.get_by_role("alert").last.scroll_into_view_if_needed()
            await seen.look(f"refused-{screen}")
        seen.check()


async def test_the_lesson_is_full(speech: Path, tmp_path: Path) -> None:
    with running_server(tmp_path, POLYANA_RTC__MAX_PARTICIPANTS="1") as server:
        async with chromium(speech) as browser:
            variant = Variant("phone", "ru-RU", "light")
            first, second = await inspector(browser, variant), await inspector(browser, variant)
            for seen in (first, second):
                await seen.page.goto(server.http + server.lesson_path())
            await Visitor(first.page, server.http).join("Анна")
            await second.page.get_by_test_id("join-name").fill("Борис")
            await second.page.get_by_test_id("join-button").click()
            await expect(second.page.get_by_test_id("join-error-code")).to_have_text("LESSON_FULL")
            await expect(second.page.get_by_role("alert")).to_contain_text("нет свободных мест")


@in_variants
async def test_the_server_is_away(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        await page.route(re.compile(r"/api/lessons/"), lambda route: route.abort())
        await page.goto(server.http + server.lesson_path())
        await expect(page.get_by_test_id("unreachable")).to_be_visible()
        await seen.look("unreachable")
        seen.check()


class Mortal:
    """A server that can be killed, and started anew in the same place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.server, self._process = start_server(folder, {})
        wait_until_ready(self.server, self._process)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        server = self.server
        ports = {
            "POLYANA_HTTP__PORT": str(server.port),
            "POLYANA_MEDIA__UDP_PORT": str(server.udp_port),
            "POLYANA_MEDIA__TCP_PORT": str(server.tcp_port),
        }
        _, self._process = start_server(self._folder, ports)
        wait_until_ready(server, self._process)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    made = Mortal(tmp_path)
    yield made
    made.kill()


@asynccontextmanager
async def in_call(server: RunningServer, speech: Path, variant: Variant) -> AsyncIterator[Inspector]:
    """Somebody in the lesson, with a picture."""
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        await seen.page.goto(server.http + server.lesson_path())
        await Visitor(seen.page, server.http).join(LONG_NAME)
        await expect(seen.page.locator("[data-video=on]").first).to_be_visible(timeout=15_000)
        yield seen


async def test_reconnecting_and_giving_up(mortal: Mortal, speech: Path) -> None:
    """All variants meet in one lesson: to give up takes most of a minute, for which they wait together."""
    async with chromium(speech) as browser:
        everybody = [await inspector(browser, variant) for variant in VARIANTS]
        for seen in everybody:
            await seen.page.goto(mortal.server.http + mortal.server.lesson_path())
            if seen is not everybody[0]:  # one camera is enough work for the machine
                await seen.page.get_by_test_id("prejoin-camera-toggle").click()
            await Visitor(seen.page, mortal.server.http).join(LONG_NAME)
            await expect(seen.page.locator("[data-video=on]").first).to_be_visible(timeout=15_000)
        mortal.kill()
        await asyncio.gather(*map(gives_up, everybody))


async def gives_up(seen: Inspector) -> None:
    page = seen.page
    banner = page.get_by_test_id("connection-banner")
    await expect(banner).to_contain_text(re.compile(r"… [1-9]"), timeout=20_000)
    # Who was there stays on screen, with the last picture.
    await expect(page.get_by_test_id("tile").first).to_be_visible()
    await seen.look("reconnecting")
    await expect(page.get_by_test_id("left-screen")).to_be_visible(timeout=90_000)
    await seen.look("lost")
    await page.get_by_test_id("rejoin").click()
    await expect(page.get_by_role("alert")).to_be_visible(timeout=30_000)
    await seen.look("lost-again")
    seen.check()


async def test_a_server_that_is_started_anew_has_everybody_back(mortal: Mortal, speech: Path) -> None:
    async with in_call(mortal.server, speech, Variant("phone", "ru-RU", "dark")) as seen:
        banner = seen.page.get_by_test_id("connection-banner")
        mortal.kill()
        await expect(banner).to_contain_text("Переподключаемся", timeout=20_000)
        mortal.start_again()
        await expect(banner).to_have_count(0, timeout=40_000)
        await expect(seen.page.locator("[data-video=on]").first).to_be_visible()
        await seen.page.get_by_test_id("leave").click()
        await expect(seen.page.get_by_test_id("left-screen")).to_be_visible()


@in_variants
async def test_removed_by_the_host(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with (
        in_call(server, speech, variant) as seen,
        api.LiveKitAPI(server.http, "devkey", "secret") as host,
    ):
        identity = await seen.page.get_by_test_id("tile").first.get_attribute("data-identity")
        (room,) = [
            room.name
            for room in (await host.room.list_rooms(api.ListRoomsRequest())).rooms
            if identity in await identities(host, room.name)
        ]
        await host.room.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity or ""))
        await expect(seen.page.get_by_test_id("left-screen")).to_be_visible(timeout=10_000)
        await expect(seen.page.get_by_test_id("end-code")).to_have_text("PARTICIPANT_REMOVED")
        await seen.look("removed")
        seen.check()


async def identities(host: api.LiveKitAPI, room: str) -> list[str]:
    found = await host.room.list_participants(api.ListParticipantsRequest(room=room))
    return [participant.identity for participant in found.participants]


@in_variants
async def test_a_screen_is_shared(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with in_call(server, speech, Variant("desktop", variant.locale, variant.theme)) as teacher:
        family = await inspector(teacher.page.context.browser, variant)  # type: ignore[arg-type]
        await family.page.goto(server.http + server.lesson_path())
        await Visitor(family.page, server.http).join("Анна, мама Миши")
        await teacher.page.get_by_test_id("toggle-screen").click()
        await expect(teacher.page.locator(".banner--plain")).to_be_visible(timeout=15_000)
        await teacher.look("shares-screen")
        shown = family.page.locator("[data-kind=screen][data-video=on]")
        await expect(shown).to_be_visible(timeout=15_000)
        await expect(family.page.locator(".tile--main[data-kind=screen]")).to_be_visible()
        await family.look("sees-screen")
        await teacher.page.locator(".banner--plain button").click()
        await expect(family.page.locator("[data-kind=screen]")).to_have_count(0, timeout=15_000)
        for seen in (family, teacher):
            await seen.page.get_by_test_id("leave").click()
            seen.check()
