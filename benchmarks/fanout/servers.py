"""How each server is started for a run."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import aiohttp

from ..peers.endpoint import Endpoint
from ..peers.janus import JanusServer, write_configuration
from ..peers.livekit import LiveKitServer
from ..peers.plan import PeerPlan, PublisherPlan, Traffic
from ..peers.process import free_port, pinned, python, wait_for_port

GCM = b"SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"
Running = tuple[asyncio.subprocess.Process, "Adapter"]


def client_session() -> aiohttp.ClientSession:
    """Without aiohttp's bound of 100 connections: each participant holds a WebSocket."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


class Adapter(Protocol):
    """Joins peers to a running server. `endpoints`: all that were made so far."""

    endpoints: list[Endpoint]

    async def publish(self, room: str, *, kind: str, ssrc: int, traffic: Traffic) -> PublisherPlan: ...

    async def subscribe(self, room: str, number: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        """The peer, and the payload types that are retransmissions."""
        ...

    async def close(self) -> None: ...


class Server(Protocol):
    """A server that the benchmark can start."""

    name: str
    program: str
    version_option: str

    def running(self, log: Path) -> AbstractAsyncContextManager[Running]: ...


class Polyana:
    """This project, as installed in the environment that runs the benchmark."""

    name = "polyana"
    program = python()
    version_option = "--version"
    port = 0
    """Of HTTP, while it runs."""

    @asynccontextmanager
    async def running(self, log: Path) -> AsyncIterator[Running]:
        self.port = port = free_port()
        arguments = [
            python(),
            "-m",
            "signalling",
            "serve",
            "--dev",
            "--data",
            str(log.parent / "polyana-data"),
        ]
        settings = {
            "POLYANA_HTTP__PORT": str(port),
            "POLYANA_HTTP__TLS_PORT": str(free_port()),
            "POLYANA_MEDIA__UDP_PORT": str(free_port(socket.SOCK_DGRAM)),
            "POLYANA_MEDIA__TCP_PORT": str(free_port()),
            "POLYANA_MEDIA__WORKERS": "1",
        }
        async with pinned(arguments, log, settings) as process, client_session() as http:
            await wait_for_port(port)
            adapter = LiveKitServer(http, f"ws://127.0.0.1:{port}", "devkey", "secret", GCM)
            try:
                yield process, adapter
            finally:
                await adapter.close()


class LiveKit:
    """LiveKit's server in its development mode; the binary is on PATH or named by LIVEKIT_SERVER."""

    name = "livekit"
    program = os.environ.get("LIVEKIT_SERVER", "livekit-server")
    version_option = "--version"

    @asynccontextmanager
    async def running(self, log: Path) -> AsyncIterator[Running]:
        port, udp = free_port(), free_port(socket.SOCK_DGRAM)
        configuration = log.with_suffix(".yaml")
        configuration.write_text(
            f"port: {port}\nbind_addresses: ['127.0.0.1']\nkeys:\n  devkey: {'secret' * 6}\n"
            f"rtc:\n  udp_port: {udp}\n  tcp_port: 0\n  use_ice_lite: true\n"
            f"  use_external_ip: false\n  node_ip: {own_address()}\n"
            "logging:\n  level: warn\n"
        )
        arguments = [self.program, "--config", str(configuration)]
        async with pinned(arguments, log) as process, client_session() as http:
            await wait_for_port(port)
            adapter = LiveKitServer(http, f"ws://127.0.0.1:{port}", "devkey", "secret" * 6, GCM)
            try:
                yield process, adapter
            finally:
                await adapter.close()


class Janus:
    """Janus as the distribution ships it; 0 loops: a thread for each peer connection, its default."""

    program = "janus"
    version_option = "--help"

    def __init__(self, event_loops: int) -> None:
        self._loops = event_loops
        self.name = f"janus-{event_loops}-loop" if event_loops else "janus"

    @asynccontextmanager
    async def running(self, log: Path) -> AsyncIterator[Running]:
        port = free_port()
        folder = log.with_suffix(".conf")
        shutil.rmtree(folder, ignore_errors=True)
        write_configuration(folder, websocket_port=port, rtp_ports="20000-29999", event_loops=self._loops)
        arguments = [self.program, "-F", str(folder), "--config", str(folder / "janus.jcfg")]
        async with pinned(arguments, log) as process, client_session() as http:
            await wait_for_port(port)
            adapter = JanusServer(http, f"ws://127.0.0.1:{port}", GCM)
            await adapter.start()
            try:
                yield process, adapter
            finally:
                await adapter.close()


def own_address() -> str:
    """This machine's address towards others (no packet is sent)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        return address
