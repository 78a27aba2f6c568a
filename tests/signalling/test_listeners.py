"""The sockets of HTTP: one application on several addresses and ports."""

import logging
import socket

import aiohttp
import pytest
from aiohttp import web

from signalling.config import HttpSettings
from signalling.listeners import Listeners


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def application(text: str) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text)

    app = web.Application()
    app.router.add_get("/", answer)
    return app


async def test_every_address_and_port_is_served_until_they_close() -> None:
    listeners = Listeners(HttpSettings(host=("127.0.0.1", "127.0.0.2")), logging.getLogger("test"))
    pages, metrics = free_port(), free_port()
    await listeners.open(application("pages"), [(pages, None)])
    await listeners.open(application("metrics"), [(metrics, None)])
    async with aiohttp.ClientSession() as client:
        for host in ("127.0.0.1", "127.0.0.2"):
            for port, text in ((pages, "pages"), (metrics, "metrics")):
                async with client.get(f"http://{host}:{port}/") as response:
                    assert await response.text() == text
    await listeners.close()
    await listeners.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", pages), 1)


async def test_what_opened_is_closed_when_the_next_port_is_taken() -> None:
    listeners = Listeners(HttpSettings(host="127.0.0.1"), logging.getLogger("test"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = free_port()
        with pytest.raises(OSError, match=str(other.getsockname()[1])):
            await listeners.open(application("pages"), [(port, None), (other.getsockname()[1], None)])
    await listeners.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
