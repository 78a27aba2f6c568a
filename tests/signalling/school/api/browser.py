"""A browser at the API: keeps its cookies, sends the header that other sites cannot."""

import json
from http.cookies import SimpleCookie
from typing import Any

from signalling.school.words import Role
from tests.signalling.school.kindergarten import PASSWORD
from tests.signalling.served import Served, client_at


class Browser:
    """`status`, `headers` and `content` of the last answer; `text` where it is text."""

    def __init__(self, served: Served, address: str = "192.0.2.1") -> None:
        self.served, self.address = served, address
        self.cookies: dict[str, str] = {}
        self.status, self.content, self.headers = 0, b"", dict[str, str]()

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    async def request(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        headers = client_at(self.address) | {"X-Polyana": "1", "User-Agent": "a browser"}
        self.served.http.session.cookie_jar.clear()  # several browsers share the test's client
        headers |= extra.pop("headers", {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self.served.http.request(method, path, json=body, headers=headers, **extra) as response:
            self.status, self.content = response.status, await response.read()
            self.headers = dict(response.headers)
            for line in response.headers.getall("Set-Cookie", []):
                self._keep(line)
            return await response.json() if response.content_type == "application/json" else self.text

    async def get(self, path: str, **extra: Any) -> Any:
        return await self.request("GET", path, **extra)

    async def post(self, path: str, body: Any = None, **extra: Any) -> Any:
        return await self.request("POST", path, body, **extra)

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel.value:
                self.cookies[name] = morsel.value
            else:
                self.cookies.pop(name, None)

    def refusal(self) -> tuple[int, str]:
        return self.status, json.loads(self.text)["error"]["code"]

    async def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        return await self.post("/api/session", {"email": f"{name}@example.org", "password": password})


class Site:
    """A served school with a head who is signed in."""

    def __init__(self, served: Served) -> None:
        self.served, self.head = served, Browser(served)
        self.organisation = ""

    async def start(self) -> "Site":
        code = self.served.server.school.organisations.setup_code
        me = await self.head.post(
            "/api/setup",
            {
                "code": code,
                "organisation": "Поляна",
                "name": "Head",
                "email": "head@example.org",
                "password": PASSWORD,
            },
        )
        assert self.head.status == 201, me
        self.organisation = me["roles"][0]["organisation"]["id"]
        return self

    def of(self, path: str) -> str:
        """Below the organisation."""
        return f"/api/organisations/{self.organisation}/{path}"

    async def add(self, name: str, role: Role, confirmed: bool = True) -> Browser:
        """Somebody new, signed in."""
        browser = Browser(self.served)
        person = {"name": name.title(), "email": f"{name}@example.org", "password": PASSWORD}
        await browser.post("/api/registrations", person | {"organisation": self.organisation, "role": role})
        assert browser.status == 202, browser.text
        me = await browser.sign_in(name)
        if confirmed:
            await self.head.post(f"/api/roles/{me['roles'][0]['id']}/confirmation")
            assert self.head.status == 200, self.head.text
        return browser

    async def group(self, name: str = "Rainbow", *teachers: Browser) -> str:
        """Its id."""
        made = await self.head.post(self.of("groups"), {"name": name, "age": "4-5"})
        for teacher in teachers:
            person = (await teacher.get("/api/me"))["id"]
            await self.head.request("PUT", f"/api/groups/{made['id']}/teachers/{person}")
            assert self.head.status == 200, self.head.text
        found: str = made["id"]
        return found

    async def family(self, name: str, *groups: str, **more: Any) -> str:
        """Its id."""
        made = await self.head.post(self.of("families"), {"name": name, "groups": list(groups), **more})
        assert self.head.status == 201, made
        found: str = made["id"]
        return found
