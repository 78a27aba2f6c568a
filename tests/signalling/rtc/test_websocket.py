"""What goes out over one WebSocket: at once while the client reads, in order when it does not, bounded in any case."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiohttp import WSMessage, web
from aiohttp.http import WS_CLOSED_MESSAGE
from livekit.protocol import rtc
from prometheus_client import CollectorRegistry

from signalling.rtc.metrics import RtcMetrics
from signalling.rtc.outgoing import Outgoing
from signalling.rtc.settings import RtcSettings
from signalling.rtc.websocket import SignalConnection
from tests.mediaserver.room_fakes import FakeClock


class FakeSocket:
    """As aiohttp's: what is sent is taken at once; when the transport is full, the sender then waits."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.full: asyncio.Future[None] | None = None
        self.lost = False
        self.closed: bytes | None = None
        self.ended = asyncio.Event()

    async def send_bytes(self, content: bytes) -> None:
        if self.lost:
            raise ConnectionResetError
        self.sent.append(rtc.SignalResponse.FromString(content).pong)
        if self.full is not None:
            await asyncio.shield(self.full)

    async def close(self, *, message: bytes) -> None:
        self.closed = message
        self.ended.set()

    async def receive(self) -> WSMessage:
        await self.ended.wait()
        return WS_CLOSED_MESSAGE


class Connected:
    """A connection whose client can be slow."""

    def __init__(self, **settings: Any) -> None:
        self.socket = FakeSocket()
        self.metrics = RtcMetrics(CollectorRegistry())
        self.aborted = 0
        socket = cast(web.WebSocketResponse, self.socket)
        limits = RtcSettings(**settings)
        self.connection = SignalConnection(socket, self._abort, limits, FakeClock(), self.metrics)

    def _abort(self) -> None:
        self.aborted += 1

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.connection.send(Outgoing(rtc.SignalResponse(pong=number)))

    def stop_reading(self) -> asyncio.Future[None]:
        self.socket.full = asyncio.get_running_loop().create_future()
        return self.socket.full

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def ignore(request: rtc.SignalRequest) -> None:
    pass


async def test_who_reads_is_written_to_at_once_and_without_a_task() -> None:
    client = Connected()
    before = asyncio.all_tasks()
    client.send(1, 2, 3)
    assert client.socket.sent == [1, 2, 3]
    assert asyncio.all_tasks() == before


async def test_what_waits_for_a_slow_client_keeps_its_order() -> None:
    client = Connected()
    full = client.stop_reading()
    client.send(1, 2, 3)
    assert client.socket.sent == [1], "the transport has it, and is full"
    await client.settle()
    client.send(4)
    assert client.socket.sent == [1]
    client.socket.full = None
    full.set_result(None)
    client.send(5)
    await client.settle()
    client.send(6)
    assert client.socket.sent == [1, 2, 3, 4, 5, 6]


async def test_who_does_not_read_at_all_is_cut_off() -> None:
    client = Connected(max_outgoing_messages=10)
    full = client.stop_reading()
    client.send(*range(11))
    assert client.aborted == 0
    client.send(11, 12)
    assert client.aborted == 1 and client.socket.sent == [0]
    assert client.metrics.errors.labels("slow_client")._value.get() == 1
    full.cancel()
    await client.settle()


async def test_what_was_sent_before_the_end_goes_out_before_it() -> None:
    client = Connected()
    full = client.stop_reading()
    run = asyncio.create_task(client.connection.run(ignore))
    client.send(1, 2)
    client.connection.close("room ended")
    client.send(3)
    await client.settle()
    assert client.socket.closed is None
    client.socket.full = None
    full.set_result(None)
    await asyncio.wait_for(run, 5)
    assert client.socket.sent == [1, 2] and client.socket.closed == b"room ended"
    assert client.aborted == 0, "its timer has ended"


async def test_the_end_waits_until_the_client_is_read() -> None:
    """The closing handshake takes both directions."""
    client = Connected()
    client.send(1)
    client.connection.close("refused")
    await client.settle()
    assert client.socket.closed is None
    await asyncio.wait_for(client.connection.run(ignore), 5)
    assert client.socket.closed == b"refused"


@pytest.mark.parametrize("slow", [False, True])
async def test_a_lost_connection_is_the_readers_business(slow: bool) -> None:
    client = Connected()
    full = client.stop_reading() if slow else None
    client.send(1, 2)
    client.socket.lost = True
    if full is not None:
        full.set_exception(ConnectionResetError())
    await client.settle()
    client.send(3)
    assert client.socket.sent == ([1] if slow else [1, 2])
    assert client.aborted == 0


async def test_the_end_of_the_connection_ends_a_write_that_waits() -> None:
    client = Connected()
    before = asyncio.all_tasks()
    client.stop_reading()
    run = asyncio.create_task(client.connection.run(ignore))
    client.send(1, 2)
    await client.settle()
    client.socket.ended.set()
    await asyncio.wait_for(run, 5)
    assert asyncio.all_tasks() == before and client.socket.sent == [1]
