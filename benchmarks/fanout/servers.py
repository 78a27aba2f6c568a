"""How each server is started for a run."""

import asyncio
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import aiohttp

from .. import machine
from ..peers.endpoint import Endpoint
from ..peers.janus import JanusServer, write_configuration
from ..peers.livekit import LiveKitServer
from ..peers.mediasoup import DRIVER, MediasoupServer
from ..peers.plan import PeerPlan, PublisherPlan, Traffic
from ..peers.process import SERVER_CORE, free_port, pinned, python, wait_for_port


@dataclass(frozen=True)
class Door:
    """Where a server that speaks LiveKit's protocol is reached, and a key that it knows."""

    port: int
    key: str
    secret: str

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


GCM = b"SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"
Running = tuple[int, "Adapter"]
"""The process which with all below it is the server, and what joins peers to it."""
Serving = tuple[asyncio.subprocess.Process, Door]


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


@runtime_checkable
class TwoWayAdapter(Protocol):
    """An adapter whose publishers can receive, too."""

    async def receive_others(self, ssrc: int, tracks: int) -> tuple[PeerPlan, list[int]]:
        """As `subscribe`, for who publishes `ssrc`: the `tracks` of all others of the room."""
        ...


class Server(Protocol):
    """A server that the benchmark can start."""

    name: str
    program: str

    def version(self) -> str: ...

    def running(self, log: Path) -> AbstractAsyncContextManager[Running]: ...


class Sfu:
    """A server that speaks LiveKit's protocol."""

    name: str
    program: str

    def version(self) -> str:
        return machine.output([self.program, "--version"])

    def serving(self, log: Path, cores: str = SERVER_CORE) -> AbstractAsyncContextManager[Serving]:
        """Runs it on these cores until the end of the block."""
        raise NotImplementedError

    @asynccontextmanager
    async def running(self, log: Path) -> AsyncIterator[Running]:
        async with self.serving(log) as (process, door), client_session() as http:
            adapter = LiveKitServer(http, door.websocket, door.key, door.secret, GCM)
            try:
                yield process.pid, adapter
            finally:
                await adapter.close()


class Polyana(Sfu):
    """This project, as installed in the environment that runs the benchmark.

    `workers` of the data plane, on the one core of the server: what several cost more for each packet than one does.
    """

    program = python()
    port = 0
    """Of HTTP, while it runs."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self.name = f"polyana-{workers}-workers" if workers > 1 else "polyana"

    @asynccontextmanager
    async def serving(self, log: Path, cores: str = SERVER_CORE) -> AsyncIterator[Serving]:
        self.port = port = free_port()
        folder = log.parent / "polyana-data"
        arguments = [python(), "-m", "signalling", "serve", "--dev", "--data", str(folder)]
        settings = {
            "POLYANA_HTTP__PORT": str(port),
            "POLYANA_HTTP__TLS_PORT": str(free_port()),
            "POLYANA_MEDIA__UDP_PORT": str(free_port(socket.SOCK_DGRAM)),
            "POLYANA_MEDIA__TCP_PORT": str(free_port()),
            "POLYANA_MEDIA__WORKERS": str(self._workers),
            # Everybody comes from one address.
            "POLYANA_RTC__JOINS_PER_S": "10000",
            "POLYANA_RTC__MAX_CONNECTIONS_PER_ADDRESS": "10000",
        }
        async with pinned(arguments, log, settings, cores=cores) as process:
            await wait_for_port(port)
            yield process, Door(port, "devkey", "secret")


class LiveKit(Sfu):
    """LiveKit's server in its development mode; the binary is on PATH or named by LIVEKIT_SERVER.

    `options`: further lines of YAML in its section `rtc`.
    """

    program = os.environ.get("LIVEKIT_SERVER", "livekit-server")

    def __init__(self, name: str = "livekit", options: Sequence[str] = ()) -> None:
        self.name = name
        self._options = options

    @asynccontextmanager
    async def serving(self, log: Path, cores: str = SERVER_CORE) -> AsyncIterator[Serving]:
        port, udp = free_port(), free_port(socket.SOCK_DGRAM)
        configuration = log.with_suffix(".yaml")
        configuration.parent.mkdir(parents=True, exist_ok=True)
        configuration.write_text(
            f"port: {port}\nbind_addresses: ['127.0.0.1']\nkeys:\n  devkey: {'secret' * 6}\n"
            f"rtc:\n  udp_port: {udp}\n  tcp_port: 0\n  use_ice_lite: true\n"
            f"  use_external_ip: false\n  node_ip: {own_address()}\n"
            + "".join(f"  {line}\n" for line in self._options)
            + "logging:\n  level: warn\n"
        )
        arguments = [self.program, "--config", str(configuration)]
        async with pinned(arguments, log, cores=cores) as process:
            await wait_for_port(port)
            yield process, Door(port, "devkey", "secret" * 6)


class Janus:
    """Janus as the distribution ships it; 0 loops: a thread for each peer connection, its default."""

    program = "janus"

    def __init__(self, event_loops: int) -> None:
        self._loops = event_loops
        self.name = f"janus-{event_loops}-loop" if event_loops else "janus"

    def version(self) -> str:
        return machine.output([self.program, "--help"])

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
                yield process.pid, adapter
            finally:
                await adapter.close()


class Mediasoup:
    """One mediasoup worker, named by MEDIASOUP_WORKER_BIN; it lies in the npm package whose library is used.

    Only the worker is counted: a Node process tells it who joins and has no part in forwarding.
    """

    name = "mediasoup"
    program = os.environ.get("MEDIASOUP_WORKER_BIN", "mediasoup-worker")

    def version(self) -> str:
        package = Path(self.program).absolute().parents[3] / "package.json"
        return f"worker of mediasoup {json.loads(package.read_text(encoding='utf-8'))['version']}"

    @asynccontextmanager
    async def running(self, log: Path) -> AsyncIterator[Running]:
        port = free_port()
        async with pinned(["node", str(DRIVER), str(port), own_address()], log):
            await wait_for_port(port)
            adapter = await MediasoupServer.connect(port)
            try:
                yield adapter.worker_pid, adapter
            finally:
                await adapter.close()


def own_address() -> str:
    """This machine's address towards others (no packet is sent)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        return address
