"""DTLS and SCTP of the adapter against itself, without a network."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from mediaserver.aiortc_adapter import MAX_REPEATED_FLIGHTS, Certificate, SecureTransport, _Handshake

PORT, MESSAGE_BYTES = 5000, 65_536
MOST_BYTES_OF_AN_END = 4_500
CHANGE_CIPHER, HANDSHAKE = 20, 22


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


class End:
    """One end of a connection, in cycles as its owners are: what it sends arrives at `peer`."""

    def __init__(self, certificate: Certificate) -> None:
        self.peer: End | None = None
        self.opened, self.closed, self._news = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.secure = SecureTransport(
            certificate,
            self._send,
            self._received,
            self._channel_open,
            self.closed.set,
        )

    def _send(self, datagram: bytes) -> None:
        self.sent.append(datagram)
        self._news.set()
        if self.peer is not None:
            self.peer.secure.receive(datagram)

    def _received(self, label: str, data: bytes) -> None:
        self.received.append(data)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Something that was sent or received makes it true."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def _channel_open(self, label: str) -> None:
        self.opened.set()


async def connected() -> tuple[End, End]:
    certificate = Certificate()
    server, client = End(certificate), End(certificate)
    server.peer, client.peer = client, server
    fingerprints = [certificate.fingerprint]
    await asyncio.gather(
        server.secure.handshake(fingerprints, server=True),
        client.secure.handshake(fingerprints, server=False),
    )
    await asyncio.gather(*(end.secure.start_sctp(PORT, MESSAGE_BYTES) for end in (server, client)))
    server.secure.open_channel("_reliable", ordered=True, max_retransmits=None)
    await asyncio.gather(server.opened.wait(), client.opened.wait())
    return server, client


async def test_who_is_closed_holds_no_memory_of_sctp(no_collector: None) -> None:
    server, client = await connected()
    held = weakref.ref(server.secure._sctp)
    assert held() is not None
    await asyncio.gather(server.secure.close(), client.secure.close())
    await asyncio.sleep(0)  # tasks of SCTP that were on their way
    assert held() is None


async def test_openssl_is_let_go_when_the_handshake_is_done(no_collector: None) -> None:
    made = SSL.Connection.__init__
    connections: list[weakref.ref[SSL.Connection]] = []

    def init(connection: SSL.Connection, *arguments: object) -> None:
        connections.append(weakref.ref(connection))
        made(connection, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SSL.Connection, "__init__", init)
        server, client = await connected()
    assert len(connections) == 2 and [connection() for connection in connections] == [None, None]
    await asyncio.gather(server.secure.close(), client.secure.close())


async def test_who_never_ends_the_handshake_holds_no_memory_of_openssl_when_closed(
    no_collector: None,
) -> None:
    certificate = Certificate()
    end = End(certificate)
    trying = asyncio.ensure_future(end.secure.handshake([certificate.fingerprint], server=False))
    await end.until(lambda: bool(end.sent))
    handshake: _Handshake | None = end.secure._handshake
    assert handshake is not None and handshake._ssl is not None
    held = weakref.ref(handshake._ssl)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    await end.secure.close()
    assert held() is None


async def test_the_last_flight_is_repeated_for_a_client_that_has_not_seen_it() -> None:
    server, client = await connected()
    finished = next(
        datagram for datagram in reversed(client.sent) if datagram[0] in (HANDSHAKE, CHANGE_CIPHER)
    )
    before = len(server.sent)
    server.secure.receive(finished)
    flight = next(datagram for datagram in server.sent if datagram[0] == CHANGE_CIPHER)
    assert server.sent[before:] == [flight]
    for _ in range(100):
        server.secure.receive(finished)
    assert len(server.sent) == before + MAX_REPEATED_FLIGHTS
    client.secure.receive(flight)
    server.secure.send("_reliable", b"still here")
    await client.until(lambda: client.received == [b"still here"])
    await asyncio.gather(server.secure.close(), client.secure.close())


async def test_messages_come_in_order_both_ways_and_the_end_is_told_once() -> None:
    server, client = await connected()
    messages = [bytes([number]) * (1 + number * 300) for number in range(60)]
    for message in messages:
        server.secure.send("_reliable", message)
        client.secure.send("_reliable", message)
    for end in (server, client):
        await end.until(lambda end=end: len(end.received) == len(messages))  # type: ignore[misc]
        assert end.received == messages
    old = client.sent[-1]
    await client.secure.close()
    await server.closed.wait()
    assert not client.closed.is_set()
    server.closed.clear()
    for datagram in (*client.sent, old):
        server.secure.receive(datagram)
    await asyncio.sleep(0)
    assert not server.closed.is_set(), "what was received is not received again"
    await server.secure.close()


async def test_a_retransmission_that_comes_due_while_the_connection_ends_is_dropped_without_a_word() -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    server, client = await connected()
    assert client.secure._sctp is not None
    client.secure.send("_reliable", bytes(MESSAGE_BYTES))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(client.secure.close())
    client.secure._sctp._t3_expired()
    await asyncio.gather(closing, server.secure.close())
    await asyncio.sleep(0)  # tasks of SCTP that were on their way
    gc.collect()  # where an exception that nobody took is told
    assert told == []


async def test_what_stays_of_a_handshake_is_small() -> None:
    certificate = Certificate()

    async def joined() -> tuple[End, End]:
        server, client = End(certificate), End(certificate)
        server.peer, client.peer = client, server
        await asyncio.gather(
            server.secure.handshake([certificate.fingerprint], server=True),
            client.secure.handshake([certificate.fingerprint], server=False),
        )
        for end in (server, client):
            end.sent.clear()
        return server, client

    kept = [await joined()]
    tracemalloc.start()
    try:
        kept += [await joined() for _ in range(20)]
        gc.collect()
        traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, __file__)]).traces
        end_bytes = sum(trace.size for trace in traces) / 40
    finally:
        tracemalloc.stop()
    assert 500 < end_bytes < MOST_BYTES_OF_AN_END
    await asyncio.gather(*(end.secure.close() for pair in kept for end in pair))
