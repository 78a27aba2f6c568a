"""DTLS and SCTP of the adapter against itself, without a network."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from mediaserver.aiortc_adapter import Certificate, SecureTransport

PORT, MESSAGE_BYTES = 5000, 65_536


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


class End:
    """One end of a connection, in cycles as its owners are: what it sends arrives at `peer`."""

    def __init__(self, certificate: Certificate) -> None:
        self.peer: End | None = None
        self.opened = asyncio.Event()
        self.secure = SecureTransport(
            certificate, self._send, lambda label, data: None, self._channel_open, self._closed
        )

    def _send(self, datagram: bytes) -> None:
        if self.peer is not None:
            self.peer.secure.receive(datagram)

    def _channel_open(self, label: str) -> None:
        self.opened.set()

    def _closed(self) -> None:
        pass


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


async def test_who_is_closed_holds_no_memory_of_openssl_or_sctp(no_collector: None) -> None:
    server, client = await connected()
    held = [weakref.ref(thing) for thing in (server.secure._dtls._ssl, server.secure._sctp)]
    assert all(reference() is not None for reference in held)
    await asyncio.gather(server.secure.close(), client.secure.close())
    await asyncio.sleep(0)  # tasks of SCTP that were on their way
    assert [reference() for reference in held] == [None, None]


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
