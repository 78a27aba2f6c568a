"""Faults that are made for real clients: the log names who is to blame, and so does the page in plain words."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from .browser import Visitor, chromium
from .impaired import Line, relay
from .inspector import Inspector, Variant, in_variants, inspector
from .sdk import FPS, camera, joined
from .server import RunningServer, free_port, running_server

pytestmark = [pytest.mark.interop, pytest.mark.network, pytest.mark.timeout(180)]
#: The policy's ten, and what a busy machine adds.
WITHIN_S = 20.0
#: Nobody listens there.
DEAD_PORT = "9"
VARIANT = Variant("phone", "ru-RU", "light")
#: The page has no time for anything, as on a device that is far too slow.
BUSY = """() => setInterval(() => {
    for (const end = performance.now() + 1500; performance.now() < end; );
}, 1600)"""


def codes(server: RunningServer) -> dict[str, set[str]]:
    """What the log says of each identity."""
    found: dict[str, set[str]] = {}
    for line in server.text().splitlines():
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if "a call goes badly" in line:
            code, identity = (re.search(rf"\b{name}=(\S+)", line) for name in ("code", "identity"))
            assert code and identity, line
            found.setdefault(identity[1], set()).add(code[1])
    return found


async def until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    """Polls the log of another process."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not holds():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail(str(what()))


@pytest.mark.alone
async def test_losses_of_a_home_network(tmp_path: Path) -> None:
    """SDKs tell the server nothing: it sees for itself."""
    port, line = free_port(socket.SOCK_DGRAM), Line.symmetric(delay_s=0.02)
    blocked = {
        "POLYANA_MEDIA__ANNOUNCED_UDP_PORT": str(port),
        "POLYANA_MEDIA__ANNOUNCED_TCP_PORT": DEAD_PORT,
    }
    with running_server(tmp_path, **blocked) as server:
        async with (
            relay(port, ("127.0.0.1", server.udp_port), line),
            joined(server, "viewer", "lossy", single=False) as (_, received),
            joined(server, "teacher", "lossy", single=False) as (room, _),
            camera(room),
        ):
            await received.until(lambda: len(received.pictures) >= FPS, "pictures without loss")
            line.set_loss(0.15)
            await until(
                lambda: all(
                    any(code.startswith("HOME_") for code in codes(server).get(name, ()))
                    for name in ("viewer", "teacher")
                ),
                lambda: codes(server),
            )


@asynccontextmanager
async def at_the_door(server: RunningServer, speech: Path, variant: Variant) -> AsyncIterator[Inspector]:
    """Somebody in a browser, before the call."""
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        await seen.page.goto(server.http + server.lesson_path())
        yield seen


@pytest.mark.alone
@pytest.mark.browser
async def test_a_network_without_udp(tmp_path: Path, speech: Path) -> None:
    with running_server(tmp_path, POLYANA_MEDIA__ANNOUNCED_UDP_PORT=DEAD_PORT) as server:
        async with at_the_door(server, speech, VARIANT) as seen:
            await Visitor(seen.page, server.http).join("Анна")
            verdict = seen.page.get_by_test_id("verdict")
            await expect(verdict).to_contain_text("Мешает защита сети", timeout=30_000)
            await expect(verdict).to_contain_text("мобильный интернет")
            await expect(seen.page.get_by_test_id("verdict-code")).to_have_text("FIREWALL_TCP")
            assert {"FIREWALL_TCP"} in codes(server).values()
            await verdict.get_by_role("button").click()
            await expect(verdict).to_have_count(0)
            seen.check()


@pytest.mark.browser
@in_variants
async def test_a_network_that_lets_nothing_through(tmp_path: Path, speech: Path, variant: Variant) -> None:
    dead = dict.fromkeys(
        ("POLYANA_MEDIA__ANNOUNCED_UDP_PORT", "POLYANA_MEDIA__ANNOUNCED_TCP_PORT"), DEAD_PORT
    )
    with running_server(tmp_path, **dead) as server:
        async with at_the_door(server, speech, variant) as seen:
            await seen.page.get_by_test_id("join-name").fill("Анна")
            await seen.page.get_by_test_id("join-button").click()
            code = seen.page.get_by_test_id("join-error-code")
            await expect(code).to_have_text("FIREWALL_BLOCKED", timeout=WITHIN_S * 1000)
            await code.scroll_into_view_if_needed()
            await seen.look("media-blocked")
            await until(lambda: {"FIREWALL_BLOCKED"} in codes(server).values(), lambda: codes(server))
            seen.check()


@pytest.mark.alone
@pytest.mark.browser
async def test_a_device_that_has_no_time(tmp_path: Path, speech: Path) -> None:
    with running_server(tmp_path) as server:
        async with at_the_door(server, speech, VARIANT) as seen:
            await Visitor(seen.page, server.http).join("Анна")
            await seen.page.evaluate(BUSY)
            await until(
                lambda: any("DEVICE_BUSY" in found for found in codes(server).values()), lambda: codes(server)
            )


@pytest.mark.alone
@pytest.mark.browser
async def test_a_healthy_call_gets_no_verdict(tmp_path: Path, speech: Path) -> None:
    """Two browsers in one call, for longer than a verdict takes. A machine that starves its browsers is told so, which
    is right; nothing else may be."""
    with running_server(tmp_path) as server:
        async with at_the_door(server, speech, VARIANT) as one, at_the_door(server, speech, VARIANT) as other:
            for seen, name in ((one, "Анна"), (other, "Борис")):
                await Visitor(seen.page, server.http).join(name)
            # Samples say something 4 s after the connection, and seven of them are looked at together.
            await one.page.wait_for_timeout(15_000)
            found = {code for said in codes(server).values() for code in said}
            assert all(code.startswith("DEVICE_") for code in found), codes(server)
            for seen in (one, other):
                seen.check()
