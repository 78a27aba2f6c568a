"""The service on a real data plane: what the composition root relies on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from livekit.protocol import models, rtc
from prometheus_client import CollectorRegistry

from mediaserver.clock import SystemClock
from mediaserver.engine import Engine, EngineSettings
from mediaserver.metrics import MediaMetrics
from signalling.api_keys import ApiKeys
from signalling.rtc import RtcService, RtcSettings, VideoGrants, create_token

KEYS = {"devkey": "secret"}


class Running:
    """A service behind HTTP on loopback."""

    def __init__(self, engine: Engine, registry: CollectorRegistry) -> None:
        self.service = RtcService(engine, ApiKeys(KEYS), RtcSettings(), SystemClock(), registry)
        application = web.Application()
        application.add_routes(self.service.routes())
        self.http: TestClient[web.Request, web.Application] = TestClient(TestServer(application))

    async def join(self, identity: str, **query: str) -> aiohttp.ClientWebSocketResponse:
        video = VideoGrants(room_join=True, room="lesson")
        ttl = timedelta(minutes=1)
        token = create_token(
            "devkey", "secret", identity=identity, video=video, ttl=ttl, correlation_id=f"c-{identity}"
        )
        return await self.http.ws_connect("/rtc", params={"access_token": token, "protocol": "17", **query})


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    registry = CollectorRegistry()
    engine = Engine(EngineSettings(udp_binds=("127.0.0.1:0",), tcp_binds=()), MediaMetrics(registry))
    await engine.start()
    made = Running(engine, registry)
    await made.http.start_server()
    yield made
    await made.service.close()
    await made.http.close()
    await engine.close()


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> object:
    while True:
        response = rtc.SignalResponse.FromString(await socket.receive_bytes(timeout=5))
        if response.WhichOneof("message") == kind:
            return cast(object, getattr(response, kind))


@pytest.mark.compatibility("join.query.disable_ice_lite", unimplemented=True)
@pytest.mark.compatibility("join.request.connection_settings.disable_ice_lite", unimplemented=True)
async def test_every_description_says_that_the_server_is_ice_lite(running: Running) -> None:
    """A client that asks for a full agent is told in the description (RFC 8445, section 2.5); all clients can do it."""
    socket = await running.join("anna", disable_ice_lite="1")
    assert "a=ice-lite" in cast(rtc.SessionDescription, await until(socket, "offer")).sdp


async def test_a_join_gets_a_real_offer_and_shows_in_the_snapshot(running: Running) -> None:
    assert running.service.snapshot().rooms == ()
    socket = await running.join("anna")
    offer = cast(rtc.SessionDescription, await until(socket, "offer"))
    assert offer.sdp.startswith("v=0") and "m=application" in offer.sdp and "a=ice-lite" in offer.sdp
    (room,) = running.service.snapshot().rooms
    (anna,) = room.participants
    assert (room.name, anna.identity, anna.state) == ("lesson", "anna", "joined")
    assert anna.connected and anna.correlation_id == "c-anna" and not anna.single_connection


async def test_others_hear_of_a_join_without_anybody_pushing(running: Running) -> None:
    anna = await running.join("anna")
    await until(anna, "offer")
    await running.join("boris")
    update = cast(rtc.ParticipantUpdate, await until(anna, "update"))
    assert "boris" in [p.identity for p in update.participants]


async def test_closing_says_goodbye_and_leaves_nothing_behind(running: Running) -> None:
    before = asyncio.all_tasks()
    socket = await running.join("anna")
    leave = asyncio.ensure_future(until(socket, "leave"))
    await running.service.close()
    assert cast(rtc.LeaveRequest, await leave).reason == models.DisconnectReason.SERVER_SHUTDOWN
    await socket.close()
    await running.service.close()
    names = [task.get_name() for task in asyncio.all_tasks() - before if not task.done()]
    assert not [name for name in names if name.startswith(("rtc-", "session-", "signal-", "handshake-"))]


async def test_a_service_that_nobody_used_closes(running: Running) -> None:
    await running.service.close()
