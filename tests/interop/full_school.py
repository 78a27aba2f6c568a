"""A school that has everything, as the head makes it by the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Browser, Page, Route

from .inspector import Inspector, Variant, inspector
from .school import PASSWORD, set_up, sign_in
from .server import RunningServer

ATTENDANCE = re.compile(r"/attendance(/now)?(\?.*)?$")
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
