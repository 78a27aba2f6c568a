"""Every failure that livekit-client can simulate: media goes on afterwards, or the client is told that it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .js_client import JsClient, chromium_pages
from .server import RunningServer
from .test_js_media import CAMERA, MICROPHONE

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(150)]

#: The event that tells of the end of a recovery: a resume keeps the participant, a full reconnect makes a new one.
RESUMED, RESTARTED = "signalReconnecting", "reconnecting"
SCENARIOS = {
    "signal-reconnect": (RESUMED, ()),
    "resume-reconnect": (RESTARTED, ()),
    "full-reconnect": (RESTARTED, ()),
    "disconnect-signal-on-resume": (RESUMED, ("simulate.disconnect_signal_on_resume",)),
    "disconnect-signal-on-resume-no-messages": (
        RESUMED,
        ("simulate.disconnect_signal_on_resume_no_messages",),
    ),
    "leave-full-reconnect": (RESTARTED, ("simulate.leave_request_full_reconnect", "leave_action.RECONNECT")),
    "node-failure": (RESTARTED, ("simulate.node_failure",)),
    "migration": (RESTARTED, ("simulate.migration",)),
    "force-tcp": (RESTARTED, ("simulate.switch_candidate_protocol",)),
    "force-tls": (RESTARTED, ("simulate.switch_candidate_protocol",)),
}
#: Run on every commit; the others by `make interop`.
QUICK = {"signal-reconnect", "full-reconnect", "node-failure"}


def each_scenario() -> Any:
    return pytest.mark.parametrize(
        "scenario",
        [
            pytest.param(
                name,
                marks=[
                    *([pytest.mark.compatibility(*names)] if names else []),
                    *([] if name in QUICK else [pytest.mark.heavy]),
                ],
            )
            for name, (_, names) in SCENARIOS.items()
        ],
    )


@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@each_scenario()
async def test_media_goes_on(server: RunningServer, speech: Path, scenario: str, single: bool) -> None:
    name = f"js-{scenario}-{single}"
    async with chromium_pages(server, speech) as (page,):
        anna = await page.join("anna", name, single=single)
        boris = await page.join("boris", name, single=single)
        await anna.call(CAMERA)
        await anna.call(MICROPHONE)
        await boris.call(CAMERA)
        await both_play(anna, boris)
        sid = await anna.call("(room) => room.localParticipant.sid")
        await anna.call("(room, scenario) => room.simulateScenario(scenario)", scenario)
        await anna.told(SCENARIOS[scenario][0], seconds=40)
        await anna.told("reconnected", seconds=60)
        await both_play(anna, boris)
        same = await anna.call("(room) => room.localParticipant.sid") == sid
        assert same == (SCENARIOS[scenario][0] == RESUMED)
        await anna.call("(room) => room.localParticipant.publishData(new TextEncoder().encode('here'))")
        await boris.told("dataReceived", arg0="here", arg1="anna")
        assert not [e for e in await anna.log() if e["event"] == "disconnected"]


async def both_play(anna: JsClient, boris: JsClient) -> None:
    """What each publishes now goes on at the other."""
    tracks = "(room) => [...room.localParticipant.trackPublications.values()].map((p) => p.trackSid)"
    for one, other in ((anna, boris), (boris, anna)):
        for sid in await one.call(tracks):
            await other.plays(sid, seconds=40)


@pytest.mark.compatibility("simulate.server_leave", "leave_action.DISCONNECT")
async def test_the_server_ends_it(server: RunningServer, speech: Path) -> None:
    async with chromium_pages(server, speech) as (page,):
        anna, boris = await page.join("anna", "js-leave"), await page.join("boris", "js-leave")
        await anna.call("(room) => room.simulateScenario('server-leave')")
        await anna.told("disconnected")
        await boris.told("participantDisconnected", arg0="anna")


@pytest.mark.compatibility("simulate.speaker_update", "signal.response.speakers_changed")
async def test_a_simulated_speaker(server: RunningServer, speech: Path) -> None:
    async with chromium_pages(server, speech) as (page,):
        anna = await page.join("anna", "js-speaker")
        await anna.call("(room) => room.simulateScenario('speaker')")
        await anna.told("activeSpeakersChanged", arg0=["anna"])
        await anna.told("activeSpeakersChanged", arg0=[])


@pytest.mark.heavy
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@pytest.mark.compatibility("media.ice_restart", "reconnect_reason.RR_PUBLISHER_FAILED")
async def test_media_that_stops_is_repaired(server: RunningServer, speech: Path, single: bool) -> None:
    """The transports lose their way without the WebSocket's knowledge: the client restarts ICE."""
    restart = """async (room) => {
        const manager = room.engine.pcManager;
        room.engine.handleDisconnect('test', 2);
    }"""
    async with chromium_pages(server, speech) as (page,):
        anna = await page.join("anna", f"js-ice-{single}", single=single)
        boris = await page.join("boris", f"js-ice-{single}", single=single)
        await anna.call(CAMERA)
        await boris.call(CAMERA)
        await both_play(anna, boris)
        await anna.call(restart)
        await anna.told("reconnected", seconds=60)
        await both_play(anna, boris)
