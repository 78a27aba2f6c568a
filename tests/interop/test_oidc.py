"""Signing in at a real OpenID provider (oidc-provider on Node), from the link to the session."""

import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from signalling.school.words import Role
from tests.interop.server import free_port
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.served import Served

FOLDER = Path(__file__).with_name("oidc")
SECRET = "s" * 40
HOST = "school.example"
CALLBACK = f"http://{HOST}/api/oidc/work/callback"
START = "/api/oidc/work/start"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm"),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    if not (FOLDER / "node_modules").is_dir():
        install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(install, cwd=FOLDER, check=True)
    command = ["node", "server.mjs", str(free_port()), CALLBACK, SECRET]
    process = subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        found = process.stdout.readline().strip()
        assert found.startswith("http://127.0.0.1:"), found
        yield found
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
async def site(tmp_path: Path, issuer: str) -> AsyncIterator[Site]:
    provider = {
        "id": "work",
        "name": "Work",
        "issuer": issuer,
        "client_id": "polyana",
        "client_secret": SECRET,
    }
    async with Served(tmp_path, school={"oidc": [provider]}).running() as served:
        served.clock.epoch += time.time() - served.clock.time()  # the provider has the machine's
        yield await Site(served).start()


async def at_the_provider(browser: Browser, issuer: str, who: str = "anna") -> str:
    """Goes there and back; the path and query that the provider sends the browser to."""
    await browser.get(START, headers={"Host": HOST}, allow_redirects=False)
    assert browser.status == 302, browser.text
    url = browser.headers["Location"]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as there:
        async with there.get(f"{issuer}/be/{who}"):
            pass
        while not url.startswith(f"http://{HOST}"):
            async with there.get(url, allow_redirects=False) as response:
                assert response.status in (302, 303), await response.text()
                location = response.headers["Location"]
                url = location if re.match("https?:", location) else issuer + location
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def come_back(browser: Browser, path: str) -> str:
    await browser.get(path, headers={"Host": HOST}, allow_redirects=False)
    assert browser.status == 302, browser.text
    return browser.headers["Location"]


async def test_somebody_new_gets_an_account_without_a_role(site: Site, issuer: str) -> None:
    browser = Browser(site.served)
    assert (await browser.get("/api/site"))["oidc"] == [{"id": "work", "name": "Work"}]
    assert await come_back(browser, await at_the_provider(browser, issuer)) == "/"
    me = await browser.get("/api/me")
    assert (me["name"], me["email"], me["roles"]) == ("Анна", "anna@example.org", [])
    assert not me["has_password"]
    again = Browser(site.served)
    await come_back(again, await at_the_provider(again, issuer))
    assert (await again.get("/api/me"))["id"] == me["id"]


async def test_a_verified_address_finds_its_account(site: Site, issuer: str) -> None:
    anna = await site.add("anna", Role.TEACHER)
    browser = Browser(site.served)
    assert await come_back(browser, await at_the_provider(browser, issuer)) == "/"
    assert (await browser.get("/api/me")) == (await anna.get("/api/me"))


async def test_an_address_that_is_not_verified_proves_nothing(site: Site, issuer: str) -> None:
    browser = Browser(site.served)
    path = await at_the_provider(browser, issuer, "eve")
    assert await come_back(browser, path) == "/sign-in?error=OIDC_EMAIL"
    await browser.get("/api/me")
    assert browser.status == 401


async def test_the_answer_counts_once_and_in_the_browser_that_asked(site: Site, issuer: str) -> None:
    browser, thief = Browser(site.served), Browser(site.served)
    path = await at_the_provider(browser, issuer)
    assert await come_back(thief, path) == "/sign-in?error=OIDC_FLOW"
    assert await come_back(browser, path) == "/sign-in?error=OIDC_FLOW", "tried by somebody else: begin anew"
    path = await at_the_provider(browser, issuer)
    assert await come_back(browser, path) == "/"
    assert await come_back(browser, path) == "/sign-in?error=OIDC_FLOW"
    path = await at_the_provider(browser, issuer)
    site.served.clock.advance(601)
    assert await come_back(browser, path) == "/sign-in?error=OIDC_FLOW"


async def test_a_code_that_was_changed(site: Site, issuer: str) -> None:
    browser = Browser(site.served)
    path = await at_the_provider(browser, issuer)
    assert await come_back(browser, path.replace("code=", "code=x")) == "/sign-in?error=OIDC_PROVIDER"


async def test_a_token_from_another_time_is_refused(site: Site, issuer: str) -> None:
    browser = Browser(site.served)
    path = await at_the_provider(browser, issuer)
    site.served.clock.epoch += 2 * 86_400
    assert await come_back(browser, path) == "/sign-in?error=OIDC_TOKEN"


async def test_a_provider_that_is_not_there(site: Site) -> None:
    await site.head.get("/api/oidc/nobody/start")
    assert site.head.refusal() == (404, "NOT_FOUND")


async def test_a_provider_that_does_not_answer(tmp_path: Path) -> None:
    provider = {"id": "work", "name": "Work", "issuer": f"http://127.0.0.1:{free_port()}", "client_id": "p"}
    async with Served(tmp_path, school={"oidc": [provider]}).running() as served:
        browser = Browser((await Site(served).start()).served)
        assert await come_back(browser, START) == "/sign-in?error=OIDC_PROVIDER"
