"""A UDP relay in front of the server: between the two lies a line with a rate, a delay and loss by a seed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from .link import Link

Address = tuple[str, int]
Send = Callable[[], None]


class Line:
    """Both directions of one line. `up`: towards the server. Without arguments it passes everything at once."""

    def __init__(self, *, up: Link[Send] | None = None, down: Link[Send] | None = None) -> None:
        self.up = up or Link()
        self.down = down or Link()

    @classmethod
    def symmetric(cls, *, delay_s: float = 0.0, loss: float = 0.0, seed: int = 1) -> Line:
        """`delay_s`, `loss`: of each direction; no limit of the rate."""
        return cls(
            up=Link(delay_s=delay_s, loss=loss, seed=seed),
            down=Link(delay_s=delay_s, loss=loss, seed=seed + 1),
        )

    def set_loss(self, loss: float) -> None:
        """For what is sent from now on."""
        self.up.loss = self.down.loss = loss

    @property
    def lost(self) -> int:
        return self.up.record.lost + self.down.record.lost


class Pump:
    """Runs a link by the event loop's clock."""

    def __init__(self, link: Link[Send]) -> None:
        self.link = link
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def pass_on(self, size: int, send: Send) -> None:
        """Calls `send` when the datagram is through, if it gets through."""
        self.link.send(self._loop.time(), send, size)
        self._run()

    def _run(self) -> None:
        for send in self.link.receive(self._loop.time()):
            send()
        self.stop()
        due = self.link.due()
        if due is not None:
            self._timer = self._loop.call_at(due, self._run)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Relay(asyncio.DatagramProtocol):
    """One socket towards all clients; one towards the server for each of them, as a NAT has."""

    def __init__(self, line: Line, server: Address | None) -> None:
        self.server = server
        """None: not known yet, what comes is thrown away."""
        self._up = Pump(line.up)
        self._down = Pump(line.down)
        self._upstream: dict[Address, asyncio.Future[asyncio.DatagramTransport]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Where clients reach it."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self.server is None:
            return
        if addr not in self._upstream:
            self._upstream[addr] = asyncio.ensure_future(self._open(addr, self.server))
        self._up.pass_on(len(data), lambda: self._to_server(addr, data))

    async def _open(self, client: Address, server: Address) -> asyncio.DatagramTransport:
        relay = self

        class Upstream(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Address) -> None:
                relay._down.pass_on(len(data), lambda: relay._to_client(client, data))

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Upstream, remote_addr=server)
        return transport

    def _to_server(self, client: Address, data: bytes) -> None:
        upstream = self._upstream[client]
        if upstream.done() and not upstream.result().is_closing():
            upstream.result().sendto(data)

    def _to_client(self, client: Address, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, client)

    async def close(self) -> None:
        for pump in (self._up, self._down):
            pump.stop()
        for transport in await asyncio.gather(*self._upstream.values()):
            transport.abort()
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def relay(port: int, server: Address | None, line: Line) -> AsyncIterator[Relay]:
    """Listens on `port` (0: any) of every address until the end of the block."""
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(
        lambda: Relay(line, server), local_addr=("0.0.0.0", port), family=socket.AF_INET
    )
    try:
        yield made
    finally:
        await made.close()
