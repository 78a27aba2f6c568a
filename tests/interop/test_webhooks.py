"""Webhooks of a running server, verified by the receiver of LiveKit's SDK; the queue outlives the process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from livekit import api, rtc

from .sdk import STEP_S, camera, joined, token
from .server import free_port, running_server, start_server, wait_until_ready

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
LESSON = [
    "room_started",
    "participant_joined",
    "track_published",
    "track_published",
    "track_unpublished",
    "track_unpublished",
    "participant_left",
    "room_finished",
]


@dataclass
class Receiver:
    """What came, verified."""

    events: list[api.WebhookEvent] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/webhook+json"
        verifier = api.WebhookReceiver(api.TokenVerifier("devkey", "secret"))
        event = verifier.receive(await request.text(), request.headers["Authorization"])
        async with self.changed:
            self.events.append(event)
            self.changed.notify_all()
        return web.Response()

    def names(self) -> list[str]:
        return [event.event for event in self.events]

    async def until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(STEP_S), self.changed:
                await self.changed.wait_for(holds)
        except TimeoutError:
            pytest.fail(f"webhooks: {self.names()}")


@asynccontextmanager
async def receiving(port: int) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield receiver
    finally:
        await runner.cleanup()


def environment(port: int) -> dict[str, str]:
    return {
        "POLYANA_WEBHOOK__URLS": json.dumps([f"http://127.0.0.1:{port}/hook"]),
        "POLYANA_RTC__DEPARTURE_TIMEOUT_S": "1",
    }


async def test_a_lesson_is_told_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    port = free_port()
    with running_server(tmp_path, **environment(port)) as server:
        async with receiving(port) as receiver:
            async with joined(server, "anna", "lesson", single=True) as (room, _), camera(room, "vp8"):
                await receiver.until(lambda: receiver.names().count("track_published") == 2)
            await receiver.until(lambda: len(receiver.events) == len(LESSON))
    assert receiver.names() == LESSON
    assert {event.room.name for event in receiver.events} == {"lesson"}
    assert len({event.id for event in receiver.events}) == len(LESSON)
    sources = {event.track.source for event in receiver.events if event.event == "track_published"}
    assert sources == {rtc.TrackSource.SOURCE_CAMERA, rtc.TrackSource.SOURCE_MICROPHONE}


async def test_what_was_not_delivered_outlives_a_kill(tmp_path: Path) -> None:
    port = free_port()  # nobody listens yet
    first, process = start_server(tmp_path, environment(port))
    try:
        wait_until_ready(first, process)
        room = rtc.Room()
        await room.connect(first.websocket, token("anna", "lesson"))
        await until_metric(first.http, "polyana_webhooks_failed_total", 1)
        await until_metric(first.http, "polyana_webhooks_queued", 2)
    finally:
        process.kill()
        process.wait()
    await room.disconnect()
    with running_server(tmp_path, **environment(port)):
        async with receiving(port) as receiver:
            await receiver.until(lambda: len(receiver.events) >= 2)
    assert receiver.names()[:2] == LESSON[:2]
    assert len({event.id for event in receiver.events}) == len(receiver.events)


async def until_metric(http: str, name: str, least: float) -> None:
    """Waits until the server has counted so much by this name."""
    async with aiohttp.ClientSession() as client, asyncio.timeout(STEP_S):
        while True:
            async with client.get(f"{http}/metrics") as answer:
                lines = (await answer.text()).splitlines()
            values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)]
            if any(value >= least for value in values):
                return
            await asyncio.sleep(0.05)  # a poll of another process, bounded by the deadline
