"""Firefox of the distribution, driven by WebDriver BiDi. (Playwright drives only a build of its own, or newer ones.)"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

FIREFOX = os.environ.get("FIREFOX", "/usr/bin/firefox-esr")
START_S = 30.0
COMMAND_S = 30.0
#: Runs before the page's own scripts and remembers its connections, so that their statistics can be asked for.
REMEMBER_CONNECTIONS = """() => {
    const Original = window.RTCPeerConnection;
    window.connections = [];
    window.RTCPeerConnection = class extends Original {
        constructor(...given) {
            super(...given);
            window.connections.push(this);
        }
    };
}"""
#: Energy of all received sound so far (W3C webrtc-stats, totalAudioEnergy).
HEARD = """async () => {
    let energy = 0;
    for (const connection of window.connections)
        for (const report of (await connection.getStats()).values())
            if (report.type === 'inbound-rtp' && report.kind === 'audio') energy += report.totalAudioEnergy ?? 0;
    return energy;
}"""
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    "intl.accept_languages": "en-GB",
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
}


class FirefoxPage:
    """One tab. See https://w3c.github.io/webdriver-bidi/ for the commands."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._context = ""
        self.errors: list[str] = []

    async def command(self, method: str, **parameters: Any) -> Any:
        """Sends a command and gives its result; events that come meanwhile are read on the way."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(COMMAND_S):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("id") == self._number:
                    assert answer["type"] == "success", answer
                    return answer["result"]
                if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error":
                    self.errors.append(answer["params"]["text"])

    async def open(self) -> None:
        await self.command("session.new", capabilities={})
        await self.command("session.subscribe", events=["log.entryAdded"])
        await self.command("script.addPreloadScript", functionDeclaration=REMEMBER_CONNECTIONS)
        self._context = (await self.command("browsingContext.create", type="tab"))["context"]

    async def goto(self, url: str) -> None:
        await self.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, function: str, *arguments: object) -> Any:
        """Calls a JavaScript function (its text) and gives what it returns, as JSON can say it."""
        call = f"async () => JSON.stringify(await ({function})(...{json.dumps(arguments)}))"
        answer = await self.command(
            "script.callFunction",
            functionDeclaration=call,
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    async def until(self, function: str, *arguments: object, seconds: float = 20) -> Any:
        """Calls a function until it returns something true."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := await self.evaluate(function, *arguments)):  # noqa: ASYNC110 - a browser's
                    await asyncio.sleep(0.1)
        except TimeoutError:
            text = await self.evaluate("() => document.body.innerText")
            raise AssertionError(f"{function} {arguments}: never true; the page says: {text}") from None
        return found

    async def click(self, test_id: str) -> None:
        """Clicks an element as soon as it is there and enabled."""
        await self.until(
            """(id) => {
                const found = document.querySelector(`[data-testid=${id}]`);
                if (!found || found.disabled) return false;
                found.click();
                return true;
            }""",
            test_id,
        )

    async def fill(self, test_id: str, text: str) -> None:
        await self.until(
            """(id, text) => {
                const field = document.querySelector(`[data-testid=${id}]`);
                if (!field) return false;
                field.value = text;
                field.dispatchEvent(new Event('input', { bubbles: true }));
                return true;
            }""",
            test_id,
            text,
        )


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[FirefoxPage]:
    """A tab in a fresh Firefox with a made camera and a made microphone (a tone). `profile`: an empty folder."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"HOME": str(profile)},
        start_new_session=True,
    )
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _address(profile), max_msg_size=0) as socket,
        ):
            page = FirefoxPage(socket)
            await page.open()
            yield page
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: Firefox and its content processes
        await process.wait()


async def _address(profile: Path) -> str:
    """Firefox writes where it listens into its profile."""
    said = profile / "WebDriverBiDiServer.json"
    async with asyncio.timeout(START_S):
        while not said.exists() or not said.stat().st_size:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
    where = json.loads(said.read_text(encoding="utf-8"))
    return f"ws://{where['ws_host']}:{where['ws_port']}/session"
