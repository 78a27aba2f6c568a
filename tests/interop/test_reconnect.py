"""A client that loses its WebSocket resumes; one that lost all joins anew and publishes again."""

from __future__ import annotations

import pytest
from livekit.rtc._proto import room_pb2

from .sdk import camera, joined
from .server import RunningServer

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(90)]


@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
@pytest.mark.parametrize("scenario", ["SIMULATE_SIGNAL_RECONNECT", "SIMULATE_FULL_RECONNECT"])
@pytest.mark.parametrize("who", ["viewer", "teacher"])
async def test_pictures_go_on(server: RunningServer, who: str, scenario: str, single: bool) -> None:
    room_name = f"reconnect-{who}-{scenario}-{single}"
    async with (
        joined(server, "viewer", room_name, single=single) as (viewer, received),
        joined(server, "teacher", room_name, single=single) as (teacher, _),
        camera(teacher),
    ):
        await received.until(lambda: len(received.pictures) > 10, "pictures")
        room = {"viewer": viewer, "teacher": teacher}[who]
        for name in ("reconnected", "disconnected"):
            room.on(name, lambda *_, name=name: received.note(name))
        await room.simulate_scenario(getattr(room_pb2.SimulateScenarioKind, scenario))
        await received.until(lambda: "reconnected" in received.events, "the client is back")
        seen = len(received.pictures)
        await received.until(lambda: len(received.pictures) > seen + 20, "pictures after it")
        assert "disconnected" not in received.events
        assert [p.identity for p in viewer.remote_participants.values()] == ["teacher"]
        resumed = scenario == "SIMULATE_SIGNAL_RECONNECT"
        if who == "teacher":
            assert ("left" not in received.events) is resumed, received.events
