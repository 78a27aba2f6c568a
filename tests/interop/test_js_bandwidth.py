"""Narrow lines of the published livekit-client: smaller pictures, then pauses, of which it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from .js_client import JsClient, chromium_pages
from .server import RunningServer
from .test_js_media import CAMERA, MICROPHONE

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(150)]

LOWEST_BPS, NOTHING_BPS = 300_000, 20_000
"""What carries 180p and no more, and what carries nothing (livekit-client: 160, 450 and 1700 kbit/s)."""
NARROW = "(room, bits) => room.simulateScenario('subscriber-bandwidth', bits)"
STATE = """(room, sid) => {
    for (const participant of room.remoteParticipants.values())
        if (participant.trackPublications.has(sid)) return participant.trackPublications.get(sid).track?.streamState;
}"""


async def state_is(viewer: JsClient, sid: str, state: str) -> None:
    await viewer.until(f"(...given) => ({STATE})(...given) === '{state}'", sid)


@pytest.mark.compatibility("signal.response.stream_state_update", "simulate.subscriber_bandwidth")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_pictures_get_smaller_then_stop_and_come_back(
    server: RunningServer, speech: Path, single: bool
) -> None:
    name = f"js-narrow-{single}"
    async with chromium_pages(server, speech) as (page,):
        viewer = await page.join("viewer", name, single=single)
        teacher = await page.join("teacher", name, single=single)
        picture, sound = await teacher.call(CAMERA), await teacher.call(MICROPHONE)
        wide = (await viewer.incoming(picture, "now.frameWidth >= 1280", seconds=40))["frameWidth"]
        await viewer.call(NARROW, LOWEST_BPS)
        await viewer.incoming(picture, f"now.frameWidth <= {wide // 4}")
        await viewer.plays(picture)
        assert not [e for e in await viewer.log() if e["event"] == "trackStreamStateChanged"]
        await viewer.call(NARROW, NOTHING_BPS)
        await state_is(viewer, picture, "paused")
        await viewer.plays(sound)
        await viewer.told("connectionQualityChanged", arg0="poor", arg1="viewer")
        await viewer.call(NARROW, 0)
        await state_is(viewer, picture, "active")
        await viewer.incoming(picture, f"now.frameWidth >= {wide}", seconds=40)


@pytest.mark.compatibility("join.query.subscriber_allow_pause")
@pytest.mark.compatibility("join.request.connection_settings.subscriber_allow_pause")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_who_wants_no_pauses_gets_the_smallest_picture(
    server: RunningServer, speech: Path, single: bool
) -> None:
    name = f"js-no-pause-{single}"
    async with chromium_pages(server, speech) as (page,):
        viewer = await page.join("viewer", name, single=single, connect={"subscriberAllowPause": False})
        teacher = await page.join("teacher", name, single=single)
        picture = await teacher.call(CAMERA)
        wide = (await viewer.incoming(picture, "now.frameWidth >= 1280", seconds=40))["frameWidth"]
        await viewer.call(NARROW, NOTHING_BPS)
        await viewer.incoming(picture, f"now.frameWidth <= {wide // 4}")
        await viewer.plays(picture)
        assert await viewer.call(STATE, picture) == "active"
