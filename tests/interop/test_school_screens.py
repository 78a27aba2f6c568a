"""Every page of the school, empty and full, as a strict reader looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from .browser import chromium
from .inspector import Inspector, Variant, in_variants, inspector
from .school import PASSWORD, register, set_up, setup_path, sign_in
from .server import RunningServer, running_server
from .test_operator_screens import look_whole

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(300)]
ATTENDANCE = re.compile(r"/attendance(/now)?(\?.*)?$")
SETTINGS = {
    "POLYANA_HTTP__REQUEST_BURST": "10000",
    "POLYANA_SCHOOL__ATTEMPTS__ADDRESS_BURST": "1000",
    "POLYANA_SCHOOL__ATTEMPTS__ACCOUNT_BURST": "1000",
}
STAFF = [
    ("Мария Ивановна Константинопольская", "maria.konstantinopolskaya@example.org", "teacher", True),
    ("Ольга Петровна", "olga@example.org", "methodologist", True),
    ("Пётр", "petr@example.org", "operator", True),
    ("Светлана Александровна", "svetlana@example.org", "teacher", False),
    ("Иван Иванович Заведующий", "ivan@example.org", "head", False),
]
GROUPS = [("Солнышко", "4-5"), ("Подготовительная группа «Звёздочки-непоседы»", "6-7"), ("Ручеёк", "1.5-3")]
GUARDIAN = "irina@example.org"
CONSENT = "Мы просим согласия на обработку имени ребёнка и записей о посещении занятий.\n\n" * 6
FAULTY = "группа;семья;ребёнок;возраст\nСолнышко;;Аня;4-5\nСолнышко;Семья Ли;Аня;9\nСолнышко;Семья Ли\n"
GOOD = "группа;семья;ребёнок;возраст\nСолнышко;Семья Ли;Аня;4-5\nЛучик;Семья Ким;Лиза;\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("school"), **SETTINGS) as running:
        yield running


async def send(page: Page, method: str, path: str, body: Any = None) -> Any:
    """A request with the session of the page."""
    answer = await page.request.fetch(path, method=method, data=body, headers={"X-Polyana": "1"})
    assert answer.ok, (path, answer.status, await answer.text())
    return await answer.json() if answer.status != 204 else None


async def fill_school(head: Page, browser: Browser, server: RunningServer) -> None:
    """Everything that a school has, by the API."""
    me = await send(head, "GET", f"{server.http}/api/me")
    organisation = me["roles"][0]["organisation"]["id"]
    base = f"{server.http}/api/organisations/{organisation}"
    for name, email, role, _ in STAFF:
        person = {"name": name, "email": email, "password": PASSWORD, "role": role}
        await send(head, "POST", f"{server.http}/api/registrations", person | {"organisation": organisation})
    members = (await send(head, "GET", f"{base}/staff"))["members"]
    teacher = ""
    for name, _, role, confirmed in STAFF:
        member = next(each for each in members if each["name"] == name)
        if confirmed:
            await send(head, "POST", f"{server.http}/api/roles/{member['roles'][0]['id']}/confirmation")
            teacher = member["id"] if role == "teacher" else teacher
    groups = [
        (await send(head, "POST", f"{base}/groups", {"name": name, "age": age}))["id"] for name, age in GROUPS
    ]
    await send(head, "PUT", f"{server.http}/api/groups/{groups[0]}/teachers/{teacher}")
    for number in range(10):
        child = {"first_name": f"Миша {number + 1}", "group": groups[number % 3]}
        family = {"name": f"Семья Ивановых {number + 1}", "children": [child], "groups": groups[:1]}
        await send(head, "POST", f"{base}/families", family)
    for title, kind, hours in (
        ("Звуки и буквы", "lesson", 0),
        ("Собрание подготовительной группы", "parent_meeting", 26),
    ):
        begin = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        lesson = {"title": title, "kind": kind, "programme": "basic", "starts_at": begin, "minutes": 25}
        await send(head, "POST", f"{base}/schedule", lesson | {"groups": groups[:1], "host": teacher})
    await add_guardian(head, server, organisation)
    document = {"purpose": "processing", "title": "Согласие на обработку данных", "text": CONSENT}
    await send(head, "POST", f"{base}/consents", document)
    await send(
        head,
        "POST",
        f"{base}/staff-invitations",
        {"name": "Анна Сергеевна", "email": "anna@example.org", "role": "teacher"},
    )


async def add_guardian(head: Page, server: RunningServer, organisation: str) -> None:
    """A guardian with an account, of the first family."""
    person = {"name": "Ирина Иванова", "email": GUARDIAN, "password": PASSWORD, "role": "guardian"}
    await send(head, "POST", f"{server.http}/api/registrations", person | {"organisation": organisation})
    base = f"{server.http}/api/organisations/{organisation}"
    (member,) = (await send(head, "GET", f"{base}/guardians"))["members"]
    await send(head, "POST", f"{server.http}/api/roles/{member['roles'][0]['id']}/confirmation")
    family = (await send(head, "GET", f"{base}/families"))["families"][0]
    body = {
        "name": family["name"],
        "groups": family["groups"],
        "children": family["children"],
        "guardians": [member["id"]],
    }
    await send(head, "PUT", f"{server.http}/api/families/{family['id']}", body)


def attended(lesson: str, day: int, person: str, name: str, minutes: float) -> dict[str, Any]:
    """A line of the journal."""
    begin = datetime(2026, 11, day, 7, tzinfo=UTC)
    return {
        "lesson": lesson,
        "title": "Звуки и буквы: как живут шипящие в лесу",
        "starts_at": begin.isoformat(),
        "person": person,
        "name": name,
        "came_at": (begin + timedelta(minutes=1)).isoformat(),
        "left_at": (begin + timedelta(minutes=minutes)).isoformat(),
        "received_s": minutes * 57,
        "joins": 1 + day % 3,
        "groups": [],
    }


async def fake_attendance(page: Page) -> None:
    """As after some weeks of lessons; all but the rows is real."""
    names = ["Семья Константинопольских-Преображенских", "Семья Ли", "Sam, dad of Leo", "Семья Ивановых"]
    rows = [
        attended("0" * 32, day, f"family:{number}", name, 21.4 + number)
        for day in (10, 12)
        for number, name in enumerate(names)
    ]

    async def tell(route: Route) -> None:
        if route.request.url.endswith("/now"):
            now = datetime.now(UTC)
            await route.fulfill(
                json={
                    "rows": [
                        {
                            "person": row["person"],
                            "name": row["name"],
                            "here": number != 2,
                            "came_at": (now - timedelta(minutes=9)).isoformat(),
                            "left_at": now.isoformat(),
                            "received_s": 530.0,
                            "joins": 1,
                        }
                        for number, row in enumerate(rows[:4])
                    ]
                }
            )
        else:
            await route.fulfill(json={"rows": rows})

    await page.route(ATTENDANCE, tell)


async def as_head(browser: Browser, server: RunningServer, variant: Variant) -> Inspector:
    """Signed in as the head of a school that has everything; the first who comes makes it."""
    seen = await inspector(browser, variant)
    site = await send(seen.page, "GET", f"{server.http}/api/site")
    if site["needs_setup"]:
        await set_up(seen.page, server)
        await fill_school(seen.page, browser, server)
        await seen.page.goto(server.http + "/")
    else:
        await sign_in(seen.page, server, "head@example.org")
    return seen


@in_variants
async def test_before_there_is_a_head(speech: Path, tmp_path: Path, variant: Variant) -> None:
    with running_server(tmp_path) as server:
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
            for name in ("lessons", "groups", "families"):
                await page.get_by_test_id(f"nav-{name}").click()
                await expect(page.get_by_test_id("empty")).to_be_visible()
                await look_whole(seen, f"school-{name}-empty")
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
        await page.get_by_test_id("nav-audit").click()
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
            for path in ("families", "lessons", "people", "audit", "account", "consents", "data"):
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
