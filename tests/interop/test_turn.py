"""coturn takes the credentials that clients are given, and only those; calls go through it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from aioice import stun
from aioice.turn import TurnClientUdpProtocol, create_turn_endpoint

from signalling.rtc.ice_servers import IceServer, ice_servers
from signalling.rtc.settings import RtcSettings

from .sdk import HEIGHT, RATE, WIDTH, camera, joined
from .server import RunningServer, running_server
from .turn import SECRET, Relay, running_relay

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(90)]
TTL_S = 3600
NOW = 1_900_000_000.0
"""Some time after the tests run."""
TRANSPORTS = ("udp", "tcp", "tls")


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with running_relay(tmp_path_factory.mktemp("turn") / "coturn") as running:
        yield running


class Echo(asyncio.DatagramProtocol):
    """Sends back what comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(data, address)


class Client(asyncio.DatagramProtocol):
    """Waits for what the relay brings."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost = asyncio.Event()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.received.put_nowait(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


def credentials(secret: str = SECRET, now: float = NOW) -> IceServer:
    settings = RtcSettings.model_validate(
        {"ice_servers": [{"urls": ["turn:relay"], "secret": secret, "ttl_s": TTL_S}]}
    )
    (server,) = ice_servers(settings, "PA_4hKq2Tz9pXwV", now)
    return server


async def echoed(relay: Relay, transport: str, given: IceServer, peer: str) -> bytes:
    """Sends a datagram through the relay to an echo at `peer`. Raises what aioice raises when it is refused."""
    loop = asyncio.get_running_loop()
    echo, _ = await loop.create_datagram_endpoint(Echo, local_addr=(peer, 0))
    context = ssl._create_unverified_context() if transport == "tls" else None
    try:
        client, protocol = await create_turn_endpoint(
            Client,
            (relay.address, relay.tls_port if transport == "tls" else relay.port),
            given.username,
            given.credential,
            ssl=context,
            transport="udp" if transport == "udp" else "tcp",
        )
        client.sendto(b"hello", echo.get_extra_info("sockname"))
        answer = await asyncio.wait_for(protocol.received.get(), 10)
        client.close()  # it takes leave of the relay first
        await asyncio.wait_for(protocol.lost.wait(), 10)
    finally:
        echo.close()
    return answer


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_relay_opens_with_our_credentials(relay: Relay, transport: str) -> None:
    assert await echoed(relay, transport, credentials(), relay.address) == b"hello"


@pytest.mark.parametrize(
    "given",
    [
        credentials(secret="another secret of 32 characters and more"),
        credentials(now=1_600_000_000.0),
        IceServer((), credentials().username, "guessed"),
        IceServer((), "school", credentials().credential),
    ],
    ids=["another secret", "expired", "guessed", "another user"],
)
async def test_nothing_else_opens_it(relay: Relay, given: IceServer) -> None:
    with pytest.raises(stun.TransactionFailed) as error:
        await echoed(relay, "udp", given, relay.address)
    assert error.value.response.error_code == 401


async def test_the_relay_is_no_way_into_the_network(relay: Relay) -> None:
    server, given = (relay.address, relay.port), credentials()
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: TurnClientUdpProtocol(server, given.username, given.credential, 600, 500),
        remote_addr=server,
    )
    await client.connect()
    for forbidden in ("127.0.0.2", "10.1.2.3", "203.0.113.1"):  # any machine that is not Polyana
        with pytest.raises(stun.TransactionFailed) as error:
            await client.channel_bind(0x4000, (forbidden, 80))
        assert error.value.response.error_code == 403
    await client.delete()
    transport.close()


@pytest.fixture(scope="module", params=["udp", "tcp"])  # libwebrtc trusts no certificate that we make
def relayed(
    request: pytest.FixtureRequest, relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that tells its clients of the relay."""
    entry = {"urls": [relay.urls[request.param]], "secret": SECRET}
    folder = tmp_path_factory.mktemp("relayed")
    with running_server(folder, POLYANA_RTC__ICE_SERVERS=json.dumps([entry])) as running:
        yield running


@pytest.mark.compatibility("media.turn_credentials")
@pytest.mark.parametrize("single", [False, True], ids=["v0", "v1"])
async def test_a_lesson_goes_through_the_relay(relayed: RunningServer, relay: Relay, single: bool) -> None:
    before = relay.text().count("ALLOCATE processed, success")
    async with (
        joined(relayed, "viewer", "far", single=single, relayed=True) as (_, received),
        joined(relayed, "teacher", "far", single=single, relayed=True) as (room, _),
        camera(room, "vp8"),
    ):
        await received.until(
            lambda: sum(p.shape[:2] == (HEIGHT, WIDTH) for p in received.pictures) >= 20, "20 pictures"
        )
        await received.until(lambda: len(received.speech()) > RATE, "a second of sound")
        assert np.abs(received.speech()[-RATE // 2 :]).max() > 2000
    assert relay.text().count("ALLOCATE processed, success") >= before + 2
