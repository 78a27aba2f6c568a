"""The library in a browser: a real clip from its upload to its badge, its seal checked there, and a flipped byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.signalling.library.clips import write_film

from .browser import Visitor, chromium
from .film import FPS, film
from .school_site import SchoolSite, school_site
from .server import running_server
from .test_school_calls import family_page, host_page

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(120)]
SECONDS = 2
SUBTITLES = "1\n00:00:00,000 --> 00:00:01,500\nЖил-был <b>кролик</b>\n"
PREPARED_MS = 60_000


def clip(folder: Path) -> Path:
    """The beginning of Big Buck Bunny, small."""
    found = film()
    sound = found.sound[: SECONDS * 48_000].astype(np.float32)[None, :] / 32_768
    return write_film(folder / "зайка.mp4", SECONDS, lambda time: found.pictures[round(time * FPS)], sound)


async def describe(page: Page) -> None:
    await page.get_by_test_id("add-content").click()
    await page.get_by_test_id("save-content").click()
    await expect(page.get_by_test_id("field-title")).to_be_focused()  # it must not be empty
    await page.get_by_test_id("field-title").fill("Большой кролик")
    await page.get_by_test_id("field-licence").fill("CC BY 3.0")
    await page.get_by_test_id("field-basis").fill("№ 4 от 1 сентября 2026 года")
    await page.get_by_test_id("save-content").click()
    await expect(page.get_by_test_id("content-page")).to_contain_text("Большой кролик")


async def break_off(page: Page, file: Path) -> None:
    """A tab that is loaded anew in the middle of an upload."""

    async def hold(route: Route) -> None:
        """Nothing gets through."""

    await page.route("**/api/uploads/*", hold)
    async with page.expect_request(lambda request: request.method == "PATCH"):
        await page.get_by_test_id("upload-file").set_input_files(file)
    await page.get_by_test_id("upload-pause").click()
    await expect(page.get_by_test_id("upload-resume")).to_be_visible()
    await page.reload()
    await expect(page.get_by_test_id("upload")).to_contain_text("не закончена")
    await page.unroute_all(behavior="ignoreErrors")


async def seen_in_a_call(site: SchoolSite, browser: Browser) -> None:
    """The head shows it; a family without an account opens the check by the film's badge."""
    group = await site.group("Солнышко")
    links = await site.families(group, "Семья Ивановых")
    planned = await site.plan(site.head, "Сказка", programme="basic", groups=[group])
    host = await host_page(await site.head.browser(browser), site.server, planned["lesson"]["id"])
    await host.page.get_by_test_id("tools-button").click()
    await host.page.get_by_test_id("film-choose").click()
    await host.page.get_by_test_id("film-choice").click()
    family = (await family_page(browser, site.server, links["Семья Ивановых"])).page
    await family.get_by_test_id("film-check-seal").click(timeout=15_000)
    check = family.get_by_test_id("seal-check")
    await expect(check).to_have_attribute("data-state", "signatureOnly", timeout=10_000)
    await expect(check).to_contain_text("Большой кролик")
    await family.context.close()
    # Or the film would go on for a while, and its files be watched.
    await host.page.get_by_test_id("tools-button").click()
    await host.page.get_by_test_id("end-call").click()
    await host.page.get_by_test_id("confirm-end-yes").click()
    await expect(host.page.get_by_test_id("left-screen")).to_be_visible(timeout=10_000)
    await host.page.context.close()


async def test_from_a_file_to_a_seal_that_a_browser_checks(speech: Path, tmp_path: Path) -> None:
    file = clip(tmp_path)
    folder = tmp_path / "library"
    with running_server(tmp_path / "server", POLYANA_LIBRARY__FOLDER=str(folder)) as server:
        async with school_site(server) as site, chromium(speech) as browser:
            olga = await site.staff("methodologist", "Ольга Петровна", "olga@example.org")
            author = await (await olga.browser(browser)).new_page()
            seen = Visitor(author, server.http)
            await author.goto(server.http + "/library")
            await expect(author.get_by_test_id("empty")).to_be_visible()
            await describe(author)
            await expect(author.get_by_test_id("todo").get_by_role("listitem")).to_have_count(1)

            wrong = {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"these are words" * 99}
            await author.get_by_test_id("upload-file").set_input_files(wrong)  # type: ignore[arg-type]
            await expect(author.get_by_test_id("upload").get_by_role("alert")).to_contain_text("не фильм")
            await author.get_by_test_id("upload-close").click()
            seen.errors.clear()  # browsers write refusals to the console

            await break_off(author, file)
            await author.context.set_offline(True)
            await author.get_by_test_id("upload-file").set_input_files(file)
            await expect(author.get_by_test_id("upload").get_by_role("alert")).to_contain_text("Нет связи")
            async with author.expect_request(lambda request: request.method == "HEAD"):  # where it was
                await author.context.set_offline(False)
            seen.errors.clear()
            await expect(author.get_by_test_id("step-encode")).to_be_visible()
            await expect(author.get_by_test_id("report")).to_be_visible(timeout=PREPARED_MS)
            await expect(author.get_by_test_id("check-flashes")).to_have_attribute("data-verdict", "good")
            await expect(author.get_by_test_id("loudness")).to_contain_text("LUFS")

            await author.get_by_test_id("add-subtitles").click()
            subtitles = {"name": "ru.srt", "mimeType": "text/plain", "buffer": SUBTITLES.encode()}
            await author.get_by_test_id("subtitles-file").set_input_files(subtitles)  # type: ignore[arg-type]
            await author.get_by_test_id("save-subtitles").click()
            await expect(author.get_by_test_id("subtitles-row")).to_contain_text("Русский", timeout=20_000)
            await author.get_by_test_id("review-submit").click()
            await expect(author.get_by_test_id("own-content")).to_be_visible()
            await expect(author.get_by_test_id("review-verify")).to_have_count(0)

            head = await (await site.head.browser(browser)).new_page()
            await head.goto(server.http + "/")
            await head.get_by_test_id("to-review").click()
            video = head.get_by_test_id("preview-video")
            await expect(video).to_have_js_property("readyState", 4, timeout=15_000)
            assert await video.evaluate("(video) => video.textTracks.length") == 1
            await head.get_by_test_id("review-verify").click()
            await head.get_by_test_id("confirm-action").click()
            await expect(head.get_by_test_id("badge")).to_have_text("Верифицировано")

            await head.get_by_test_id("check-seal").click()
            await expect(head.get_by_test_id("seal-check")).to_have_attribute("data-state", "good")
            await seen_in_a_call(site, browser)
            sealed = next(folder.glob("content/*/h264-0.prtp"))
            data = bytearray(sealed.read_bytes())
            data[-100] ^= 1
            sealed.write_bytes(data)
            await head.get_by_test_id("check-seal").click()
            await expect(head.get_by_test_id("changed-pieces").get_by_role("listitem")).to_have_count(1)
            await expect(head.get_by_test_id("changed-pieces")).to_contain_text("h264-0.prtp")
            await expect(head.get_by_test_id("changed-pieces")).to_contain_text("0:01")
            seen.check()
