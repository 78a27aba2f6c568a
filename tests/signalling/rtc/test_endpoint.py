"""The HTTP side with real WebSockets on loopback: statuses, frames, limits, closing."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from google.protobuf import json_format
from livekit.protocol import models, rtc

from mediaserver.participant import ParticipantState
from mediaserver.peer_connection import ConnectionState
from signalling.rtc.endpoint import Endpoint
from signalling.rtc.tokens import VideoGrants, create_token
from tests.mediaserver.room_fakes import fake
from tests.signalling.rtc.rtc_fakes import NEW_KEYS, World

HttpClient = TestClient[web.Request, web.Application]


class Server:
    """A signalling server on loopback, with peer connections that a test controls."""

    def __init__(self, **settings: Any) -> None:
        self.world = World(**settings)
        self.endpoint = Endpoint(
            self.world.settings,
            self.world.keys,
            self.world.clock,
            self.world.metrics,
            self.world.attendance,
            self.world.sessions,
        )
        application = web.Application()
        application.add_routes(self.endpoint.routes())
        self.http: HttpClient = TestClient(TestServer(application))

    def token(self, identity: str = "anna", *, secret: str = "secret", **grants: Any) -> str:
        video = VideoGrants(**{"room_join": True, "room": "lesson", **grants})
        ttl = timedelta(minutes=10)
        return create_token(
            "devkey", secret, identity=identity, video=video, ttl=ttl, now=self.world.clock.time()
        )

    async def connect(self, identity: str = "anna", **params: str) -> aiohttp.ClientWebSocketResponse:
        params.setdefault("access_token", self.token(identity))
        params.setdefault("protocol", "17")
        return await self.http.ws_connect("/rtc", params=params)

    async def close(self) -> None:
        await self.world.attendance.close()
        await self.endpoint.close()
        await self.http.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.http.start_server()
    yield made
    await made.close()


def join_request(**fields: Any) -> str:
    join = rtc.JoinRequest(client_info=models.ClientInfo(protocol=17), **fields)
    wrapped = rtc.WrappedJoinRequest(join_request=join.SerializeToString())
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


async def next_response(socket: aiohttp.ClientWebSocketResponse) -> rtc.SignalResponse:
    return rtc.SignalResponse.FromString(await socket.receive_bytes(timeout=5))


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Any:
    """Reads up to the next response of this kind."""
    while True:
        response = await next_response(socket)
        if response.WhichOneof("message") == kind:
            return getattr(response, kind)


async def test_a_v0_session(server: Server) -> None:
    socket = await server.connect()
    assert (await next_response(socket)).join.participant.identity == "anna"
    assert (await next_response(socket)).offer.id == 1
    await socket.send_bytes(rtc.SignalRequest(ping_req=rtc.Ping(timestamp=3)).SerializeToString())
    assert (await until(socket, "pong_resp")).last_ping_timestamp == 3
    await socket.send_bytes(rtc.SignalRequest(leave=rtc.LeaveRequest()).SerializeToString())
    message = await socket.receive(timeout=5)
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert list(server.world.sessions) == []
    assert server.world.metric("polyana_rtc_joins_total", result="joined") == 1


async def test_a_v1_session_with_the_token_in_the_header(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.token()}"}
    socket = await server.http.ws_connect("/rtc/v1", params={"join_request": join_request()}, headers=headers)
    join = await until(socket, "join")
    assert join.participant.identity == "anna" and not join.subscriber_primary
    await socket.close()


async def test_json_frames_are_answered_with_json(server: Server) -> None:
    socket = await server.connect()
    await until(socket, "join")
    await socket.send_str(json_format.MessageToJson(rtc.SignalRequest(ping_req=rtc.Ping(timestamp=3))))
    while True:
        message = await socket.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.TEXT:
            break
    response = json_format.Parse(message.data, rtc.SignalResponse())
    assert response.WhichOneof("message") is not None
    await socket.close()


async def refused(server: Server, path: str, **params: str) -> tuple[int, str]:
    async with server.http.get(path, params=params) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("path", ["/rtc/validate", "/rtc/v1/validate"])
async def test_validate(server: Server, path: str) -> None:
    valid = {"access_token": server.token(), "join_request": join_request()}
    async with server.http.get(path, params=valid) as response:
        assert (response.status, await response.text()) == (200, "success")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    async with server.http.get(path, params={**valid, "access_token": "nonsense"}) as response:
        assert response.status == 401 and response.headers["Access-Control-Allow-Origin"] == "*"
    wrong = server.token(secret="other")
    assert (await refused(server, path, **{**valid, "access_token": wrong}))[0] == 401
    no_grant = server.token(room_join=False)
    assert (await refused(server, path, **{**valid, "access_token": no_grant}))[0] == 401
    no_room = server.token(room="")
    assert (await refused(server, path, **{**valid, "access_token": no_room}))[0] == 400
    assert (await refused(server, path))[0] == 401


async def test_v1_needs_its_join_request(server: Server) -> None:
    token = server.token()
    assert (await refused(server, "/rtc/v1/validate", access_token=token))[0] == 400
    assert (await refused(server, "/rtc/v1/validate", access_token=token, join_request="%%"))[0] == 400


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1"])
async def test_plain_requests_find_nothing(server: Server, path: str) -> None:
    assert (await refused(server, path, access_token=server.token()))[0] == 404


async def test_the_upgrade_is_refused_with_the_same_statuses(server: Server) -> None:
    for token, status in ((server.token(secret="other"), 401), ("", 401), (server.token(room=""), 400)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await server.connect(access_token=token)
        assert error.value.status == status
    assert server.world.metric("polyana_rtc_joins_total", result="unauthorised") == 2


async def test_a_key_that_was_taken_back_admits_nobody_and_removes_nobody(server: Server) -> None:
    token = server.token()
    socket = await server.connect()
    await until(socket, "join")
    server.world.keys.replace({**server.world.keys, **NEW_KEYS})
    assert (await refused(server, "/rtc/validate", access_token=token))[0] == 200, "both are valid"
    server.world.keys.replace(NEW_KEYS)
    assert (await refused(server, "/rtc/validate", access_token=token))[0] == 401
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await server.connect("boris", access_token=token)
    assert error.value.status == 401
    await socket.send_bytes(rtc.SignalRequest(ping=1).SerializeToString())
    assert await until(socket, "pong")
    await socket.close()


async def test_a_room_that_may_not_be_created_is_not_found() -> None:
    server = Server(auto_create=False)
    await server.http.start_server()
    status, text = await refused(server, "/rtc/validate", access_token=server.token())
    assert status == 404 and "requested room does not exist" in text, "livekit-client looks for these words"
    await server.close()


async def test_limits_of_connections() -> None:
    server = Server(max_connections_per_address=2, max_connections_per_identity=1)
    await server.http.start_server()
    first = await server.connect("anna")
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await server.connect("anna")
    assert error.value.status == 429
    second = await server.connect("boris")
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await server.connect("clara")
    assert error.value.status == 429
    await first.close()
    await second.close()
    await _settle(lambda: list(server.world.sessions) == [])
    await (await server.connect("clara")).close()
    await server.close()


async def test_a_full_server_says_so() -> None:
    server = Server(max_participants=1)
    await server.http.start_server()
    socket = await server.connect("anna")
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await server.connect("boris")
    assert error.value.status == 503
    await socket.close()
    await server.close()


async def test_a_message_that_is_too_big_ends_the_connection() -> None:
    server = Server(max_message_bytes=10_000)
    await server.http.start_server()
    socket = await server.connect()
    await until(socket, "join")
    await socket.send_bytes(b"\0" * 20_000)
    await _closed(socket)
    assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await _settle(lambda: server.world.metric("polyana_rtc_signal_errors_total", kind="too_big") == 1)
    await server.close()


async def test_random_frames_only_ever_end_the_connection(server: Server) -> None:
    generator = random.Random(20_240_501)
    healthy = await server.connect("healthy")
    for number in range(60):
        socket = await server.connect(f"fuzzer-{number}")
        for _ in range(3):
            data = generator.randbytes(generator.randrange(60))
            if generator.random() < 0.3:
                await socket.send_str(data.decode("latin-1"))
            else:
                await socket.send_bytes(data)
        await socket.close()
    assert server.world.metric("polyana_rtc_signal_errors_total", kind="internal") == 0
    assert server.world.metric("polyana_rtc_signal_errors_total", kind="malformed") > 20
    await healthy.send_bytes(rtc.SignalRequest(ping=1).SerializeToString())
    await until(healthy, "pong")
    await healthy.close()


async def test_a_lost_socket_is_resumed(server: Server) -> None:
    socket = await server.connect()
    sid = (await until(socket, "join")).participant.sid
    (session,) = server.world.sessions
    fake(session.participant.subscriber_connection).become(ConnectionState.CONNECTED)
    await socket.close()
    await _settle(lambda: not session.connected)
    assert session.participant.state is ParticipantState.ACTIVE
    again = await server.connect(reconnect="1", sid=sid)
    assert (await next_response(again)).WhichOneof("message") == "reconnect"
    await again.close()
    gone = await server.connect("nobody", reconnect="1", sid="PA_x")
    leave = await until(gone, "leave")
    assert leave.action == rtc.LeaveRequest.RECONNECT
    await _closed(gone)


async def test_shutdown_says_goodbye_and_leaves_no_task(server: Server) -> None:
    before = asyncio.all_tasks()
    sockets = [await server.connect(name) for name in ("anna", "boris")]
    readers = [asyncio.ensure_future(until(socket, "leave")) for socket in sockets]
    await server.world.attendance.close()
    for leave in await asyncio.gather(*readers):
        assert leave.reason == models.DisconnectReason.SERVER_SHUTDOWN
    for socket in sockets:
        await _closed(socket)
    await server.endpoint.close()
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await server.connect("late")
    assert error.value.status == 503
    left = {task.get_name() for task in asyncio.all_tasks() - before if not task.done()}
    assert not any(name.startswith(("session", "signal")) for name in left)


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    while not socket.closed:
        await socket.receive(timeout=5)


async def _settle(condition: Any) -> None:
    """Lets the event loop run until the condition holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")
