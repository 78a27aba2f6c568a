"""First run, registration, signing in and out."""

from pathlib import Path
from typing import Any

import pytest

from signalling.school.words import Role
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.kindergarten import PASSWORD
from tests.signalling.served import Served

HEAD = {"organisation": "A", "name": "Eve", "email": "eve@example.org", "password": PASSWORD}


async def test_the_first_run(served: Served) -> None:
    browser = Browser(served)
    assert (await browser.get("/api/site"))["needs_setup"]
    assert served.server.links().setup is None, "not before the server has looked"
    await browser.post("/api/setup", HEAD | {"code": "wrong"})
    assert browser.refusal() == (403, "WRONG_CODE")
    site = await Site(served).start()
    me = await site.head.get("/api/me")
    assert me["roles"][0]["role"] == "head" and me["roles"][0]["state"] == "confirmed"
    about = await browser.get("/api/site")
    assert not about["needs_setup"]
    assert about["organisations"] == [{"id": site.organisation, "name": "Поляна"}]
    await browser.post("/api/setup", HEAD | {"code": served.server.school.organisations.setup_code})
    assert browser.refusal() == (403, "SET_UP")


async def test_a_closed_school_tells_strangers_no_names(tmp_path: Path) -> None:
    async with Served(tmp_path, {"registration": False}).running() as served:
        site = await Site(served).start()
        assert (await Browser(served).get("/api/site"))["organisations"] == []
        assert [one["id"] for one in (await site.head.get("/api/site"))["organisations"]] == [
            site.organisation
        ]


async def test_the_cookie(served: Served) -> None:
    site = await Site(served).start()
    line = site.head.headers["Set-Cookie"]
    assert line.startswith("polyana=") and "HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line
    assert "Secure" not in line
    secure = Browser(served)
    headers = {"X-Forwarded-Proto": "https"}
    await secure.post("/api/session", {"email": "head@example.org", "password": PASSWORD}, headers=headers)
    line = secure.headers["Set-Cookie"]
    assert line.startswith("__Host-polyana=") and "Secure" in line and "Domain" not in line


async def test_a_session_from_begin_to_end(site: Site) -> None:
    browser = Browser(site.served)
    await browser.get("/api/me")
    assert browser.refusal() == (401, "NOT_SIGNED_IN")
    me = await browser.sign_in("head")
    assert (await browser.get("/api/me")) == me
    await browser.request("DELETE", "/api/session")
    assert browser.status == 204 and not browser.cookies
    await browser.get("/api/me")
    assert browser.status == 401


async def test_a_rotated_token_reaches_the_browser(site: Site) -> None:
    before = site.head.cookies["polyana"]
    site.served.clock.advance(3601)
    await site.head.get("/api/me")
    assert site.head.cookies["polyana"] != before
    await site.head.get("/api/me")
    assert site.head.status == 200


async def test_sign_out_everywhere(site: Site) -> None:
    other = Browser(site.served)
    await other.sign_in("head")
    await other.request("DELETE", "/api/sessions")
    await site.head.get("/api/me")
    assert (other.status, site.head.status) == (204, 401)


async def test_registration_gives_no_power(site: Site) -> None:
    anna = await site.add("anna", Role.TEACHER, confirmed=False)
    me = await anna.get("/api/me")
    assert [(role["role"], role["state"]) for role in me["roles"]] == [("teacher", "requested")]
    await anna.get(site.of("staff"))
    assert anna.refusal() == (404, "NOT_FOUND")


async def test_registration_says_the_same_for_a_known_address(site: Site) -> None:
    browser = Browser(site.served)
    body = {"organisation": site.organisation, "role": "teacher", "name": "E", "password": PASSWORD}
    answers = [
        await browser.post("/api/registrations", body | {"email": email})
        for email in ("new@example.org", "HEAD@example.org")
    ]
    assert answers[0] == answers[1] == {"status": "requested"}


@pytest.mark.parametrize(
    "change",
    [
        {"password": "short"},
        {"password": "x" * 201},
        {"email": "nobody"},
        {"email": "a b@c.d"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a\u0000b"},
        {"role": "king"},
        {"organisation": "x"},
        {"more": 1},
    ],
)
async def test_a_registration_that_cannot_be(site: Site, change: dict[str, Any]) -> None:
    body = {
        "organisation": site.organisation,
        "role": "teacher",
        "name": "Eve",
        "email": "eve@example.org",
        "password": PASSWORD,
    }
    browser = Browser(site.served)
    await browser.post("/api/registrations", body | change)
    assert browser.refusal() == (400, "BAD_REQUEST")
    assert next(iter(change)) in browser.text and PASSWORD not in browser.text


async def test_attempts_run_out(site: Site) -> None:
    browser = Browser(site.served)
    for _ in range(10):
        await browser.sign_in("head", "wrong")
        assert browser.refusal() == (401, "WRONG_CREDENTIALS")
    await browser.sign_in("head")
    assert browser.refusal() == (429, "TOO_MANY_ATTEMPTS")


async def test_ones_own_account(site: Site) -> None:
    me = await site.head.request("PATCH", "/api/me", {"name": "Мария", "language": "en"})
    assert (me["name"], me["language"]) == ("Мария", "en")
    await site.head.request("PUT", "/api/me/password", {"old": "wrong", "new": "Another horse 2"})
    assert site.head.status == 401
    await site.head.request("PUT", "/api/me/password", {"old": PASSWORD, "new": "Another horse 2"})
    assert site.head.status == 204
    me = await site.head.post("/api/me/roles", {"organisation": site.organisation, "role": "methodologist"})
    assert {role["role"] for role in me["roles"]} == {"head", "methodologist"}


async def test_without_the_header_nothing_changes(site: Site) -> None:
    await site.head.post(site.of("groups"), {"name": "x", "age": "3-4"}, headers={"X-Polyana": ""})
    assert site.head.refusal() == (403, "NO_HEADER")
