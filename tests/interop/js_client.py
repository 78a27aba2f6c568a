"""Participants by the published livekit-client (JavaScript) in a page of the test's own, in Chromium or Firefox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from .browser import chromium
from .firefox import FirefoxPage, firefox
from .sdk import token
from .server import ROOT, RunningServer

PAGE = Path(__file__).parent / "js"
LIBRARY = ROOT / "web/node_modules/livekit-client/dist"
STEP_S = 25.0


class Evaluates(Protocol):
    """A page of any browser."""

    async def evaluate(self, function: str, *arguments: object) -> Any: ...


class ChromiumPage:
    """Playwright's page, with several arguments for a function."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def evaluate(self, function: str, *arguments: object) -> Any:
        return await self.page.evaluate(f"(given) => ({function})(...given)", list(arguments))


class JsClient:
    """One participant in a page; functions of the tests get its room first."""

    def __init__(self, page: Evaluates, name: str) -> None:
        self.page, self.name = page, name

    async def call(self, function: str, *arguments: object) -> Any:
        """Calls `(room, ...arguments) => ...` in the page."""
        call = f"(name, ...given) => ({function})(window.rooms[name], ...given)"
        return await self.page.evaluate(call, self.name, *arguments)

    async def until(self, function: str, *arguments: object, seconds: float = STEP_S) -> Any:
        """Calls a function until it returns something true; gives that."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := await self.call(function, *arguments)):  # noqa: ASYNC110 - a browser's
                    await asyncio.sleep(0.1)
        except TimeoutError:
            events = [(e["event"], e["args"]) for e in (await self.log())[-25:]]
            pytest.fail(f"{self.name}: {function} {arguments} is never true; told last: {events}")
        return found

    async def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.page.evaluate("(name) => window.log[name]", self.name)
        return found

    async def told(
        self, event: str, *, seconds: float = STEP_S, count: int = 1, **holds: object
    ) -> list[Any]:
        """Arguments of the newest of at least `count` events of a kind. `holds`: `arg0=...` and so on."""
        find = """(room, name, event, count, holds) => {
            const found = window.log[name].filter((e) => e.event === event && Object.entries(holds).every(
                ([key, value]) => JSON.stringify(e.args[+key.slice(3)]) === JSON.stringify(value)));
            return found.length >= count ? found.at(-1) : null;
        }"""
        found = await self.until(find, self.name, event, count, holds, seconds=seconds)
        args: list[Any] = found["args"]
        return args

    async def incoming(self, sid: str, holds: str, *, seconds: float = STEP_S) -> dict[str, Any]:
        """Statistics of a received track, as soon as `holds` (JavaScript over `now`) is true for them."""
        find = f"""async (room, name, sid) => {{
            const now = await window.incoming(name, sid);
            return now && ({holds}) ? now : null;
        }}"""
        found: dict[str, Any] = await self.until(find, self.name, sid, seconds=seconds)
        return found

    async def plays(self, sid: str, *, seconds: float = STEP_S) -> dict[str, Any]:
        """Waits until a track goes on: twenty more pictures, or a second of sound that is heard."""
        now = await self.incoming(sid, "true", seconds=seconds)
        if now["kind"] == "video":
            more = f"now.framesDecoded >= {now.get('framesDecoded', 0) + 20} && now.frameWidth > 0"
        else:
            more = f"now.totalAudioEnergy > {now.get('totalAudioEnergy', 0)} + 0.0005"
        return await self.incoming(sid, more, seconds=seconds)


class JsPage:
    """A page that participants join from."""

    def __init__(self, page: Evaluates, server: RunningServer) -> None:
        self.page, self._server = page, server

    async def join(
        self,
        name: str,
        room: str,
        *,
        single: bool = True,
        encrypted: str = "",
        connect: dict[str, Any] | None = None,
        grants: dict[str, bool] | None = None,
        **options: Any,
    ) -> JsClient:
        """`options`: RoomOptions; `connect`: RoomConnectOptions; `encrypted`: a passphrase."""
        asked = {
            "name": name,
            "url": self._server.websocket,
            "token": token(name, room, **(grants or {})),
            "options": {"singlePeerConnection": single, **options},
            "connect": connect or {},
            "encrypted": encrypted,
        }
        await self.page.evaluate("(asked) => window.join(asked)", asked)
        return JsClient(self.page, name)

    async def close(self) -> None:
        """All leave."""
        await self.page.evaluate(
            "() => Promise.all(Object.values(window.rooms).map((room) => room.disconnect()))"
        )


@asynccontextmanager
async def site() -> AsyncIterator[str]:
    """Serves the page and the library; gives its address."""
    if not LIBRARY.exists():
        pytest.skip("no web/node_modules: livekit-client is not installed")
    application = web.Application()
    application.router.add_static("/sdk", PAGE)
    for name in ("livekit-client.esm.mjs", "livekit-client.e2ee.worker.mjs"):
        application.router.add_get(f"/sdk/{name}", _file(LIBRARY / name))
    server = TestServer(application, host="localhost")
    async with server:
        yield str(server.make_url("/sdk/index.html"))


def _file(path: Path) -> Any:
    async def serve(request: web.Request) -> web.FileResponse:
        return web.FileResponse(path, headers={"Content-Type": "text/javascript"})

    return serve


@asynccontextmanager
async def chromium_pages(server: RunningServer, speech: Path, count: int = 1) -> AsyncIterator[list[JsPage]]:
    """Pages of one Chromium with a made camera, and a spoken sentence for a microphone."""
    async with site() as address, chromium(speech) as browser:
        pages = []
        for _ in range(count):
            page = await browser.new_page()
            await page.goto(address)
            await page.wait_for_function("() => !!window.join")
            pages.append(JsPage(ChromiumPage(page), server))
        try:
            yield pages
        finally:
            for one in pages:
                await one.close()


@asynccontextmanager
async def firefox_page(server: RunningServer, profile: Path) -> AsyncIterator[JsPage]:
    """A page in a fresh Firefox. `profile`: an empty folder."""
    async with site() as address, firefox(profile) as fox:
        await fox.goto(address)
        await fox.until("() => !!window.join")
        page = JsPage(_Fox(fox), server)
        try:
            yield page
        finally:
            await page.close()


class _Fox:
    def __init__(self, page: FirefoxPage) -> None:
        self._page = page

    async def evaluate(self, function: str, *arguments: object) -> Any:
        return await self._page.evaluate(function, *arguments)
