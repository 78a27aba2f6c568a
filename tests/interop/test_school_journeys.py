"""People of the school in real browsers: the first run makes the head, a teacher has no power before the head confirms
it, gets the badge, and loses both at once."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from .browser import Visitor, chromium
from .school import PASSWORD, confirm, register, set_up, setup_path, sign_in
from .server import RunningServer, running_server

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(180)]
TEACHER = "Мария Ивановна"


async def person(browser: Browser, server: RunningServer) -> tuple[Page, Visitor]:
    """Somebody's own browser."""
    page = await (await browser.new_context(locale="ru-RU")).new_page()
    return page, Visitor(page, server.http)


async def test_from_the_first_run_to_a_revoked_role(speech: Path, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with chromium(speech) as browser:
            head, seen = await person(browser, server)
            await head.goto(server.http + "/")
            await expect(head.locator(".notice")).to_contain_text("Make the first head")
            await set_up(head, server)
            assert "code=" not in head.url
            await head.goto(server.http + setup_path(server))
            await expect(head.get_by_test_id("setup-done")).to_be_visible()

            teacher, _ = await person(browser, server)
            await register(teacher, server, TEACHER, "teacher@example.org")
            await expect(teacher.get_by_test_id("role-state")).to_have_text("Ждёт подтверждения")
            await expect(teacher.locator(".menu")).to_have_count(0)
            await teacher.goto(server.http + "/people")
            await expect(teacher.get_by_test_id("waiting")).to_be_visible()

            await head.goto(server.http + "/")
            await expect(head.get_by_test_id("request")).to_contain_text(TEACHER)
            await confirm(head)
            await expect(head.get_by_test_id("request")).to_have_count(0)
            await head.get_by_test_id("nav-people").click()
            row = head.get_by_test_id("member").filter(has_text=TEACHER)
            await expect(row.get_by_test_id("badge")).to_have_text("Педагог")

            await teacher.goto(server.http + "/")
            await expect(teacher.get_by_test_id("badge")).to_have_text("Педагог")
            await expect(teacher.get_by_test_id("nav-audit")).to_have_count(0)

            await row.get_by_test_id("revoke-role").click()
            await head.get_by_test_id("confirm-action").click()
            await expect(row).to_have_count(0)
            await expect(head.get_by_test_id("former")).to_be_visible()
            await teacher.get_by_test_id("nav-people").click()
            await expect(teacher.get_by_test_id("submit")).to_be_visible(timeout=10_000)  # signed out at once
            await sign_in(teacher, server, "teacher@example.org")
            await expect(teacher.get_by_test_id("waiting")).to_be_visible()
            await expect(teacher.get_by_test_id("badge")).to_have_count(0)
            seen.check()


async def test_a_staff_invitation(speech: Path, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with chromium(speech) as browser:
            head, seen = await person(browser, server)
            await set_up(head, server)
            await head.get_by_test_id("nav-people").click()
            await head.get_by_test_id("invite").click()
            dialog = head.get_by_role("dialog")
            await dialog.get_by_test_id("field-name").fill("Ольга Петровна")
            await dialog.get_by_test_id("field-email").fill("olga@example.org")
            await dialog.get_by_test_id("field-role").select_option("methodologist")
            await dialog.get_by_test_id("submit-invite").click()
            link = await head.get_by_test_id("handover-link").input_value()
            assert link.startswith(server.http + "/welcome/")

            invited, invited_seen = await person(browser, server)
            await invited.goto(link)
            await expect(invited.locator("h1")).to_contain_text("Детский сад «Поляна»")
            await invited.get_by_test_id("field-password").fill("a forest of firs")
            await invited.get_by_test_id("submit").click()
            await expect(invited.get_by_test_id("badge")).to_have_text("Методист", timeout=15_000)
            invited_seen.check()

            stranger, _ = await person(browser, server)
            await stranger.goto(link)  # it worked once
            await expect(stranger.locator("h1")).to_have_text("Эта ссылка не открывается")
            seen.check()


async def test_groups_families_and_a_roster(speech: Path, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with chromium(speech) as browser:
            head, seen = await person(browser, server)
            await set_up(head, server)
            await head.get_by_test_id("nav-groups").click()
            await head.get_by_test_id("add-group").click()
            await head.get_by_test_id("field-name").fill("Солнышко")
            await head.get_by_test_id("save-group").click()
            await expect(head.get_by_test_id("group-page")).to_contain_text("Солнышко")

            await head.get_by_test_id("nav-families").click()
            await head.get_by_test_id("add-family").click()
            await head.get_by_test_id("save-family").click()
            await expect(head.get_by_test_id("field-name")).to_be_focused()  # it must not be empty
            await head.get_by_test_id("field-name").fill("Семья Ивановых")
            await head.get_by_test_id("child-1").fill("Миша")
            await head.get_by_test_id("save-family").click()
            await expect(head.get_by_test_id("family")).to_contain_text("Миша, Солнышко")

            await head.get_by_test_id("to-roster").click()
            await choose(head, "группа;семья;ребёнок;возраст\nСолнышко;;Аня;4-5\n")
            await expect(head.get_by_test_id("roster-faults")).to_contain_text("строка 2")
            await expect(head.get_by_test_id("roster-faults")).to_contain_text("Поле не заполнено")
            rows = "группа;семья;ребёнок;возраст\nСолнышко;Семья Петровых;Аня;4-5\nРучеёк;Семья Сидоровых;Петя;5-6\n"
            await choose(head, rows, "windows-1251")
            await expect(head.get_by_test_id("roster-preview")).to_be_visible()
            await head.get_by_test_id("roster-submit").click()
            await expect(head.get_by_test_id("family")).to_have_count(3, timeout=10_000)
            await expect(head.get_by_test_id("families-page")).to_contain_text("Петя, Ручеёк")

            await head.get_by_test_id("nav-audit").click()
            await expect(head.get_by_test_id("audit-entry").first).to_contain_text("Загружен список семей")
            seen.check()


async def choose(page: Page, text: str, encoding: str = "utf-8") -> None:
    """A file for the roster."""
    file = {"name": "families.csv", "mimeType": "text/csv", "buffer": text.encode(encoding)}
    await page.get_by_test_id("roster-files").set_input_files(files=[file])  # type: ignore[list-item]


async def test_a_lesson_and_a_family_by_its_link(speech: Path, tmp_path: Path) -> None:
    """The host enters with the own account, the family on a phone by its personal link, without an account."""
    with running_server(tmp_path) as server:
        async with chromium(speech) as browser:
            head, seen = await person(browser, server)
            await set_up(head, server)
            await head.get_by_test_id("nav-groups").click()
            await head.get_by_test_id("add-group").click()
            await head.get_by_test_id("field-name").fill("Солнышко")
            await head.get_by_test_id("save-group").click()
            await expect(head.get_by_test_id("group-page")).to_be_visible()
            await head.get_by_test_id("nav-families").click()
            await head.get_by_test_id("add-family").click()
            await head.get_by_test_id("field-name").fill("Семья Ивановых")
            await head.get_by_test_id("child-1").fill("Миша")
            await head.get_by_test_id("save-family").click()
            await expect(head.get_by_test_id("family")).to_be_visible()
            await head.get_by_test_id("nav-groups").click()
            await head.get_by_test_id("groups").get_by_role("link").click()
            await head.get_by_test_id("to-sheet").click()
            card = head.get_by_test_id("sheet-card")
            await expect(card).to_contain_text("Семья Ивановых")
            await expect(card.locator("img")).to_have_js_property("complete", True)
            link = (await card.locator(".sheet__link").text_content()) or ""

            await head.get_by_test_id("nav-lessons").click()
            await head.get_by_test_id("plan-lesson").click()
            await head.get_by_test_id("field-title").fill("Звуки и буквы")
            now = await head.evaluate("() => new Date(Date.now() + 60000).toTimeString().slice(0, 5)")
            day = await head.evaluate("() => new Date(Date.now() + 60000).toLocaleDateString('sv')")
            await head.get_by_test_id("field-time").fill(now)
            await head.get_by_test_id("field-date").fill(day)
            await head.get_by_test_id("save-lesson").click()
            await expect(head.get_by_test_id("lesson")).to_contain_text("Звуки и буквы")
            await head.get_by_test_id("join-lesson").click()
            await expect(head.get_by_test_id("known-as")).to_contain_text("Анна Павловна")
            await head.get_by_test_id("join-button").click()
            await expect(head.get_by_test_id("call")).to_be_visible(timeout=20_000)

            phone = await browser.new_context(
                locale="ru-RU",
                viewport={"width": 360, "height": 740},
                has_touch=True,
                permissions=["camera", "microphone"],
            )
            family = await phone.new_page()
            family_seen = Visitor(family, server.http)
            await family.goto(link)
            await expect(family.get_by_test_id("known-as")).to_contain_text("Семья Ивановых")
            await expect(family.get_by_test_id("host-badge")).to_have_text("заведующий")
            await family.get_by_test_id("join-button").click()
            await expect(family.get_by_test_id("call")).to_be_visible(timeout=20_000)
            await expect(head.get_by_test_id("tile").filter(has_text="Семья Ивановых")).to_be_visible(
                timeout=20_000
            )
            await attendance(head, family)
            family_seen.check()
            seen.check()


async def attendance(head: Page, family: Page) -> None:
    """Live in another tab of the host while the family is there; a line of the table and of the file afterwards."""
    teacher = await head.context.new_page()
    path = urlsplit(head.url)
    await teacher.goto(f"{path.scheme}://{path.netloc}{path.path}/attendance")
    row = teacher.get_by_test_id("present-row").filter(has_text="Семья Ивановых")
    await expect(row).to_contain_text("здесь", timeout=10_000)
    await family.get_by_test_id("leave").click()
    await expect(row).to_contain_text("ушли в", timeout=15_000)
    await teacher.reload()
    await expect(teacher.get_by_test_id("attended")).to_contain_text("Семья Ивановых", timeout=15_000)
    file = await teacher.request.get(
        str(await teacher.get_by_test_id("download-csv").evaluate("(a) => a.href"))
    )
    assert "Семья Ивановых" in await file.text()
    await teacher.goto(f"{path.scheme}://{path.netloc}/journal")
    await expect(teacher.get_by_test_id("journal-totals")).to_contain_text("1 занятие · 1 участник")
    await teacher.close()


async def tab_to(page: Page, test_id: str) -> None:
    """The Tab key alone, until the focus is there."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("() => document.activeElement?.dataset.testid ?? ''") == test_id:
            return
    raise AssertionError(f"the Tab key does not come to {test_id}")


async def test_a_lesson_by_the_keyboard_alone(speech: Path, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with chromium(speech) as browser:
            head, seen = await person(browser, server)
            await set_up(head, server)
            await head.context.clear_cookies()
            await head.goto(server.http + "/sign-in")
            await tab_to(head, "field-email")
            await head.keyboard.type("head@example.org")
            await tab_to(head, "field-password")
            await head.keyboard.type(PASSWORD)
            await head.keyboard.press("Enter")
            await expect(head.get_by_test_id("home")).to_be_visible(timeout=15_000)
            await head.keyboard.press("Tab")
            await expect(head.locator(".skip-link")).to_be_focused()
            await tab_to(head, "nav-lessons")
            await head.keyboard.press("Enter")
            await expect(head.get_by_test_id("empty")).to_be_visible()
            await tab_to(head, "plan-lesson")
            await head.keyboard.press("Enter")
            await expect(head.get_by_test_id("lesson-form")).to_be_visible()
            await tab_to(head, "field-title")
            await head.keyboard.type("Звуки и буквы")
            await tab_to(head, "save-lesson")
            await head.keyboard.press("Enter")
            await expect(head.get_by_test_id("lesson")).to_contain_text("Звуки и буквы")
            await tab_to(head, "open-lesson")
            await head.keyboard.press("Enter")
            await expect(head.get_by_test_id("lesson-dialog")).to_be_visible()
            await tab_to(head, "to-attendance")
            await head.keyboard.press("Escape")
            await expect(head.get_by_test_id("open-lesson")).to_be_focused()
            seen.check()
