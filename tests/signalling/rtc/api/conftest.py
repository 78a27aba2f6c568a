"""The server API over HTTP, in front of rooms without sockets and media."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from google.protobuf.message import Message
from multidict import CIMultiDictProxy

from signalling.rtc.api.context import ApiContext
from signalling.rtc.api.endpoint import ApiEndpoint
from signalling.rtc.api.metrics import ApiMetrics
from signalling.rtc.api.services import methods
from signalling.rtc.tokens import SipGrants, VideoGrants, create_token
from tests.signalling.rtc.rtc_fakes import World

ROOM = "lesson"
ADMIN = {"room_admin": True, "room": ROOM}


@dataclass(frozen=True)
class Answer:
    """What came back. `message`: of a call that succeeded."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])

    @property
    def words(self) -> str:
        return str(self.json["msg"])


class Api:
    """A caller of the server API."""

    def __init__(self, world: World, http: TestClient[web.Request, web.Application]) -> None:
        self.world, self.http = world, http

    def token(self, *, sha256: str = "", sip: SipGrants | None = None, **grants: Any) -> str:
        return create_token(
            "devkey",
            "secret",
            identity="backend",
            video=VideoGrants(**grants),
            ttl=timedelta(minutes=10),
            now=self.world.clock.time(),
            sha256=sha256,
            sip=sip,
        )

    async def post(
        self,
        method: str,
        body: bytes,
        *,
        service: str = "RoomService",
        token: str | None = None,
        content_type: str = "application/json",
        **request: Any,
    ) -> Answer:
        """One request as it is."""
        headers = {"Content-Type": content_type, **request.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        path = request.pop("path", f"/twirp/livekit.{service}/{method}")
        async with self.http.request(
            request.pop("verb", "POST"), path, data=body, headers=headers, **request
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def json(self, method: str, fields: Any, *, service: str = "RoomService", **grants: Any) -> Answer:
        body = json.dumps(fields).encode()
        return await self.post(method, body, service=service, token=self.token(**grants))

    async def call(self, method: str, message: Message, **grants: Any) -> Any:
        """A call that succeeds: the response message."""
        answer = await self.protobuf(method, message, **grants)
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == "application/protobuf"
        await self.world.work()
        return methods()["livekit.RoomService", method].response.FromString(answer.body)

    async def protobuf(self, method: str, message: Message, **grants: Any) -> Answer:
        body = message.SerializeToString()
        return await self.post(
            method, body, token=self.token(**(grants or ADMIN)), content_type="application/protobuf"
        )


@pytest.fixture
async def api(world: World) -> AsyncIterator[Api]:
    context = ApiContext(world.attendance, world.settings, world.clock, world.metrics)
    application = web.Application()
    application.add_routes(ApiEndpoint(context, world.keys, ApiMetrics(world.registry)).routes())
    http: TestClient[web.Request, web.Application] = TestClient(TestServer(application))
    async with http:
        yield Api(world, http)
