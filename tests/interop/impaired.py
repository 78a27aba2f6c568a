"""A UDP relay in front of the server that loses and delays datagrams by a seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

Address = tuple[str, int]


@dataclass
class Impairment:
    """`loss`: 0 to 1, `delay_s`: one way; both in each direction."""

    loss: float = 0.0
    delay_s: float = 0.0
    seed: int = 1
    lost: int = field(default=0, init=False)


class Relay(asyncio.DatagramProtocol):
    """One socket towards all clients; one towards the server for each of them, as a NAT has."""

    def __init__(self, server: Address, impairment: Impairment) -> None:
        self._server = server
        self.impairment = impairment
        self._random = random.Random(impairment.seed)
        self._upstream: dict[Address, asyncio.Future[asyncio.DatagramTransport]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if addr not in self._upstream:
            self._upstream[addr] = asyncio.ensure_future(self._open(addr))
        self._pass_on(lambda: self._to_server(addr, data))

    async def _open(self, client: Address) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        relay = self

        class Upstream(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Address) -> None:
                relay._pass_on(lambda: relay._to_client(client, data))

        transport, _ = await loop.create_datagram_endpoint(Upstream, remote_addr=self._server)
        return transport

    def _pass_on(self, send: Callable[[], None]) -> None:
        if self._random.random() < self.impairment.loss:
            self.impairment.lost += 1
            return
        asyncio.get_running_loop().call_later(self.impairment.delay_s, send)

    def _to_server(self, client: Address, data: bytes) -> None:
        upstream = self._upstream[client]
        if upstream.done() and not upstream.result().is_closing():
            upstream.result().sendto(data)

    def _to_client(self, client: Address, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, client)

    async def close(self) -> None:
        for transport in await asyncio.gather(*self._upstream.values()):
            transport.abort()
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def relay(port: int, server: Address, impairment: Impairment) -> AsyncIterator[Relay]:
    """Listens on `port` of every address until the end of the block."""
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(
        lambda: Relay(server, impairment), local_addr=("0.0.0.0", port)
    )
    try:
        yield made
    finally:
        await made.close()
