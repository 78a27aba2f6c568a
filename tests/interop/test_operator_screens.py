"""The operator's page: the key, live load while lessons go on, alarms, a server that does not answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from .browser import chromium
from .inspector import Inspector, Variant, in_variants, inspector
from .sdk import camera, joined
from .server import RunningServer, running_server

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(180)]
LOAD = re.compile(r"/api/operator/load$")


async def signed_in(seen: Inspector, server: RunningServer) -> Page:
    page = seen.page
    await page.goto(server.http + server.operator_path())
    await expect(page.get_by_test_id("operator-rooms")).to_be_visible(timeout=10_000)
    return page


async def look_whole(seen: Inspector, screen: str) -> None:
    """All of a page that is longer than the window."""
    page, size = seen.page, seen.page.viewport_size
    assert size is not None
    await page.set_viewport_size(size | {"height": await page.evaluate("document.body.scrollHeight")})  # type: ignore[arg-type]
    await seen.look(screen)
    await page.set_viewport_size(size)


@in_variants
async def test_the_key(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        page = seen.page
        await page.goto(server.http + "/operator")
        await expect(page.get_by_test_id("operator-token")).to_be_visible()
        await seen.look("operator-key")
        await page.get_by_test_id("operator-token").fill("not the key")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await seen.look("operator-wrong-key")
        seen.check()


@in_variants
async def test_load(speech: Path, tmp_path: Path, variant: Variant) -> None:
    """First nobody is there, then two lessons go on with published pictures and sound."""
    with running_server(tmp_path) as server:
        async with chromium(speech) as browser:
            seen = await inspector(browser, variant)
            page = await signed_in(seen, server)
            await expect(page.get_by_test_id("operator-state")).to_have_text(
                "Всё в порядке" if variant.locale == "ru-RU" else "All is well"
            )
            await look_whole(seen, "operator-idle")
            async with (
                joined(server, "viewer", "Занятие: звуки и буквы, старшая группа", single=True),
                joined(server, "teacher", "Занятие: звуки и буквы, старшая группа", single=True) as (room, _),
                camera(room),
                joined(server, "second", "parents", single=True) as (other, _),
                camera(other),
            ):
                await expect(page.get_by_test_id("operator-participants")).to_have_text("3", timeout=10_000)
                await expect(page.locator(".rooms tbody tr").first).to_contain_text(
                    re.compile(r"Мбит/с|Mbit/s|кбит/с|kbit/s"), timeout=15_000
                )
                await page.wait_for_timeout(5000)  # some course for the charts
                await look_whole(seen, "operator-load")
            seen.check()


def alarmed(load: dict[str, Any]) -> dict[str, Any]:
    """What the server tells, with everything that an operator fears, and as busy as it gets."""
    totals = load["totals"] | {
        "rooms": 40, "participants": 1234, "publishers_tracks": 980, "packets_in_per_s": 41_234.5,
        "packets_out_per_s": 1_234_567.8, "bitrate_in_bps": 412_345_678, "bitrate_out_bps": 11_234_567_890,
        "loss_in": 0.0734, "loss_out": 0.1234, "nacks_per_s": 12_345.6, "plis_per_s": 345.6,
        "forward_latency_p50_us": 950, "forward_latency_p99_us": 51_200, "rejected_per_s": 48_123.4,
    }  # fmt: skip
    rooms = [
        {"name": name, "participants": 31, "tracks": 44, "bitrate_in_bps": 22_345_678, "bitrate_out_bps": 1_345_678_901}
        for name in (
            "Занятие: звуки и буквы", "Родительское собрание подготовительной группы «Солнышко»",
            "c0ffee00-1234-5678-9abc-def012345678-without-any-blank", "педсовет",
        )
    ]  # fmt: skip
    workers = [{"cpu_share": 0.97, "packets_in_per_s": 20_617.2, "packets_out_per_s": 617_283.9}] * 4
    faults = {"workers_failed": 1, "internal": 12, "connections_failed": 321}
    return load | {"totals": totals, "rooms": rooms, "workers": workers, "faults": faults}


@in_variants
async def test_alarms(server: RunningServer, speech: Path, variant: Variant) -> None:
    async with chromium(speech) as browser:
        seen = await inspector(browser, variant)
        told = 0

        async def alarm(route: Route) -> None:
            nonlocal told
            told += 1
            load = alarmed(await (await route.fetch()).json())
            load["faults"]["connections_failed"] += told // 2
            await route.fulfill(json=load)

        await seen.page.route(LOAD, alarm)
        page = await signed_in(seen, server)
        await expect(page.locator(".card--alarm")).to_have_count(5, timeout=10_000)
        names = page.get_by_test_id("operator-state").get_by_role("link")
        await expect(names).to_have_count(5)
        await names.last.click()
        await expect(page.locator("#failedConnections")).to_be_in_viewport()
        await page.wait_for_timeout(4000)  # some course for the charts
        await look_whole(seen, "operator-alarm")
        await page.route(LOAD, lambda route: route.abort())
        await expect(page.locator(".notice--danger")).to_be_visible(timeout=10_000)
        await seen.look("operator-silent")
        seen.check()
