"""A school on a running server, set up over its API: what journeys begin with. Pages sign in with the same accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from playwright.async_api import Browser, BrowserContext

from .school import PASSWORD, setup_path
from .server import RunningServer

HEADERS = {"X-Polyana": "1"}


@dataclass
class Account:
    """Somebody with an account, in a session of its own."""

    site: SchoolSite
    http: aiohttp.ClientSession
    email: str

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Must be done."""
        url = self.site.server.http + path
        async with self.http.request(method, url, json=body, params=query, headers=HEADERS) as answer:
            content = await (answer.json() if "json" in answer.content_type else answer.text())
            assert answer.status < 300, (path, content)
            return content

    async def browser(self, browser: Browser, **options: Any) -> BrowserContext:
        """A browser in which this person is signed in."""
        context = await browser.new_context(locale="ru-RU", **options)
        answer = await context.request.post(
            self.site.server.http + "/api/session",
            data={"email": self.email, "password": PASSWORD},
            headers=HEADERS,
        )
        assert answer.ok, await answer.text()
        return context


class SchoolSite:
    """A kindergarten with its head."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.organisation = ""
        self._sessions: list[aiohttp.ClientSession] = []

    async def start(self) -> None:
        self.head = self._account("head@example.org")
        me = await self.head.ask(
            "POST",
            "/api/setup",
            {
                "code": setup_path(self.server).partition("code=")[2],
                "organisation": "Детский сад «Поляна»",
                "name": "Анна Павловна",
                "email": self.head.email,
                "password": PASSWORD,
            },
        )
        self.organisation = me["roles"][0]["organisation"]["id"]

    async def close(self) -> None:
        for session in self._sessions:
            await session.close()

    def of(self, path: str) -> str:
        return f"/api/organisations/{self.organisation}/{path}"

    async def teacher(self, name: str, email: str) -> Account:
        """Confirmed."""
        return await self.staff("teacher", name, email)

    async def staff(self, role: str, name: str, email: str) -> Account:
        """Of that role, confirmed."""
        account = self._account(email)
        body = {"organisation": self.organisation, "role": role, "name": name, "email": email}
        await account.ask("POST", "/api/registrations", body | {"password": PASSWORD})
        me = await account.ask("POST", "/api/session", {"email": email, "password": PASSWORD})
        await self.head.ask("POST", f"/api/roles/{me['roles'][0]['id']}/confirmation")
        return account

    async def group(self, name: str, *teachers: Account) -> str:
        made = await self.head.ask("POST", self.of("groups"), {"name": name, "age": "5-6"})
        for teacher in teachers:
            person = (await teacher.ask("GET", "/api/me"))["id"]
            await self.head.ask("PUT", f"/api/groups/{made['id']}/teachers/{person}")
        return str(made["id"])

    async def families(self, group: str, *names: str) -> dict[str, str]:
        """Personal links by the names of families."""
        for name in names:
            await self.head.ask("POST", self.of("families"), {"name": name, "groups": [group]})
        made = await self.head.ask("POST", f"/api/groups/{group}/links")
        return {link["name"]: link["link"] for link in made["links"]}

    async def plan(self, by: Account, title: str, **more: Any) -> dict[str, Any]:
        """A lesson that can be joined now."""
        now = datetime.now(UTC).isoformat()
        body = {"title": title, "kind": "lesson", "programme": "parents", "starts_at": now, "minutes": 60}
        return dict(await by.ask("POST", self.of("schedule"), body | more))

    def _account(self, email: str) -> Account:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._sessions.append(session)
        return Account(self, session, email)


@asynccontextmanager
async def school_site(server: RunningServer) -> AsyncIterator[SchoolSite]:
    site = SchoolSite(server)
    await site.start()
    try:
        yield site
    finally:
        await site.close()
