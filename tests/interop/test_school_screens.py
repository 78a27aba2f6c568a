"""Every page of the school, empty and full, as a strict reader looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from .browser import chromium
from .full_school import GUARDIAN, as_head, fake_attendance
from .inspector import Variant, in_variants, inspector
from .school import register, set_up, setup_path, sign_in
from .server import RunningServer, running_server
from .test_operator_screens import look_whole

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(300)]
SETTINGS = {
    "POLYANA_HTTP__REQUEST_BURST": "10000",
    "POLYANA_SCHOOL__ATTEMPTS__ADDRESS_BURST": "1000",
    "POLYANA_SCHOOL__ATTEMPTS__ACCOUNT_BURST": "1000",
}
FAULTY = "группа;семья;ребёнок;возраст\nСолнышко;;Аня;4-5\nСолнышко;Семья Ли;Аня;9\nСолнышко;Семья Ли\n"
GOOD = "группа;семья;ребёнок;возраст\nСолнышко;Семья Ли;Аня;4-5\nЛучик;Семья Ким;Лиза;\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("school"), **SETTINGS) as running:
        yield running


@in_variants
async def test_before_there_is_a_head(speech: Path, tmp_path: Path, variant: Variant) -> None:
    """Where nothing is written down about children."""
    with running_server(tmp_path, POLYANA_SCHOOL__PUPILS_DATA="false") as server:
        async with chromium(speech) as browser:
            seen = await inspector(browser, variant)
            page = seen.page
            await page.goto(server.http + "/")
            await expect(page.locator(".notice")).to_be_visible()
            await look_whole(seen, "school-front-new")
            await page.goto(server.http + "/setup")
            await expect(page.get_by_test_id("setup-no-code")).to_be_visible()
            await seen.look("school-setup-no-code")
            await page.goto(server.http + "/")
            await page.goto(server.http + setup_path(server))
            await expect(page.get_by_test_id("submit")).to_be_visible()
            await look_whole(seen, "school-setup")
            await page.get_by_test_id("submit").click()
            await look_whole(seen, "school-setup-faults")
            await page.goto(server.http + "/")  # else only the fragment changes
            await set_up(page, server)
            await look_whole(seen, "school-home-new")
            for name in ("lessons", "library", "groups", "families"):
                await page.get_by_test_id(f"nav-{name}").click()
                await expect(page.get_by_test_id("empty")).to_be_visible()
                await look_whole(seen, f"school-{name}-empty")
            await expect(page.get_by_test_id("no-pupils")).to_be_visible()
            await page.get_by_test_id("to-roster").click()
            await look_whole(seen, "school-roster-no-pupils")
            await page.goto(server.http + "/data")
            await expect(page.get_by_test_id("pupils-data")).to_be_visible()
            await look_whole(seen, "school-data-no-pupils")
            await page.goto(server.http + "/register")
            await expect(page.get_by_test_id("submit")).to_be_visible()
            await look_whole(seen, "school-register")
            seen.check()


@in_variants
async def test_pages_of_the_head(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await as_head(browser, server, variant)
        page = seen.page
        await expect(page.get_by_test_id("request").first).to_be_visible()
        await look_whole(seen, "school-home")
        await page.get_by_test_id("confirm-role").first.click()
        await seen.look("school-confirm")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("nav-people").click()
        await expect(page.get_by_test_id("invitations")).to_be_visible()
        await look_whole(seen, "school-people")
        await page.get_by_test_id("invite").click()
        await page.get_by_test_id("submit-invite").click()
        await seen.look("school-invite-faults")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("nav-lessons").click()
        await expect(page.get_by_test_id("lesson")).to_have_count(2)
        await look_whole(seen, "school-lessons")
        await page.get_by_test_id("open-lesson").first.click()
        await expect(page.get_by_test_id("lesson-link")).to_be_visible()
        await seen.look("school-lesson")
        await page.get_by_test_id("change-lesson").click()
        await expect(page.get_by_test_id("lesson-form")).to_be_visible()
        await seen.look("school-lesson-form")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("nav-groups").click()
        await expect(page.get_by_test_id("groups")).to_be_visible()
        await look_whole(seen, "school-groups")
        await page.get_by_test_id("groups").get_by_role("link").last.click()
        await expect(page.get_by_test_id("group-teachers")).to_be_visible()
        await look_whole(seen, "school-group")
        await page.get_by_test_id("to-sheet").click()
        await expect(page.get_by_test_id("sheet-card").first).to_be_visible()
        await look_whole(seen, "school-sheet")
        await page.get_by_test_id("nav-families").click()
        await expect(page.get_by_test_id("family").first).to_be_visible()
        await look_whole(seen, "school-families")
        await page.get_by_test_id("family").first.get_by_role("button").first.click()
        await expect(page.locator(".qr")).to_be_visible()
        await seen.look("school-family")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("to-roster").click()
        for screen, text in (("faults", FAULTY), ("preview", GOOD)):
            file = {"name": "families.csv", "mimeType": "text/csv", "buffer": text.encode()}
            await page.get_by_test_id("roster-files").set_input_files(files=[file])  # type: ignore[list-item]
            await expect(page.get_by_test_id(f"roster-{screen}")).to_be_visible()
            await look_whole(seen, f"school-roster-{screen}")
        await page.get_by_test_id("nav-people").click()
        await page.get_by_test_id("to-audit").click()
        await expect(page.get_by_test_id("audit-entry").first).to_be_visible()
        await seen.look("school-audit")
        await page.get_by_test_id("account-link").click()
        await expect(page.get_by_test_id("account-page")).to_be_visible()
        await look_whole(seen, "school-account")
        seen.check()


@in_variants
async def test_records_of_the_head(server: RunningServer, speech: Path, variant: Variant) -> None:
    """Attendance, consents, data."""
    async with chromium(speech) as browser:
        seen = await as_head(browser, server, variant)
        page = seen.page
        await fake_attendance(page)
        await page.get_by_test_id("nav-lessons").click()
        await page.get_by_test_id("to-journal").click()
        await expect(page.get_by_test_id("journal-people")).to_be_visible()
        await look_whole(seen, "school-journal")
        await page.get_by_test_id("nav-lessons").click()
        await page.get_by_test_id("open-lesson").first.click()
        await page.get_by_test_id("to-attendance").click()
        await expect(page.get_by_test_id("present-row").first).to_be_visible()
        await expect(page.get_by_test_id("attended")).to_be_visible()
        await look_whole(seen, "school-attendance")
        await page.get_by_test_id("nav-families").click()
        await page.get_by_test_id("to-consents").click()
        await page.get_by_test_id("consents-page").locator("summary").first.click()
        await look_whole(seen, "school-consents")
        await page.get_by_test_id("publish-recording").click()
        await page.get_by_test_id("publish-document").click()
        await seen.look("school-document-faults")
        await page.keyboard.press("Escape")
        await page.goto(server.http + "/data")
        await expect(page.get_by_test_id("pupils-data")).to_be_visible()
        await look_whole(seen, "school-data")
        await page.get_by_test_id("nav-lessons").click()
        await page.get_by_test_id("plan-lesson").click()
        await page.get_by_test_id("field-kind").select_option("consultation")
        await page.get_by_test_id("call-fields").locator("summary").click()
        await seen.look("school-lesson-call")
        seen.check()


@in_variants
async def test_pages_of_a_guardian(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        await as_head(browser, server, variant)
        seen = await inspector(browser, variant)
        page = seen.page
        await page.goto(server.http + "/sign-in?error=OIDC_TOKEN")
        await expect(page.get_by_role("alert")).to_be_visible()
        assert page.url.endswith("/sign-in")
        await look_whole(seen, "school-sign-in-oidc")
        await sign_in(page, server, GUARDIAN)
        await look_whole(seen, "school-guardian")
        await page.get_by_test_id("nav-family").click()
        await expect(page.get_by_test_id("answer-processing")).to_be_visible()
        await look_whole(seen, "school-own-family")
        seen.check()


@in_variants
async def test_in_high_contrast(server: RunningServer, speech: Path, variant: Variant) -> None:
    """By a setting, and in the colours of the system."""
    async with chromium(speech) as browser:
        for name, options in (("contrast", {"contrast": "more"}), ("forced", {"forced_colors": "active"})):
            await as_head(browser, server, variant)
            seen = await inspector(browser, variant, **options)
            page = seen.page
            await sign_in(page, server, "head@example.org")
            for path in ("families", "lessons", "library", "people", "audit", "account", "consents", "data"):
                await page.goto(f"{server.http}/{path}")
                await expect(page.locator(".card-box").first).to_be_visible()
                await seen.look(f"school-{name}-{path}")
            seen.check()


@in_variants
async def test_pages_of_the_others(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        await as_head(browser, server, variant)
        seen = await inspector(browser, variant)
        page = seen.page
        await page.goto(server.http + "/")
        await expect(page.get_by_test_id("to-sign-in")).to_be_visible()
        await look_whole(seen, "school-front")
        await page.get_by_test_id("to-sign-in").click()
        await page.get_by_test_id("field-email").fill("head@example.org")
        await page.get_by_test_id("field-password").fill("not the password")
        await page.get_by_test_id("submit").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await seen.look("school-sign-in-wrong")
        await sign_in(page, server, "maria.konstantinopolskaya@example.org")
        await expect(page.get_by_test_id("groups")).to_be_visible()
        await look_whole(seen, "school-teacher")
        await page.context.clear_cookies()
        await register(page, server, "Новый педагог", f"new-{variant}@example.org")
        await seen.look("school-waiting")
        seen.check()
