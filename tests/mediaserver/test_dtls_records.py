"""Records after the handshake: OpenSSL understands ours and we its, and nothing else is taken."""

from __future__ import annotations

import contextlib
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from mediaserver.aiortc_adapter import DTLS1_2_VERSION, Certificate
from mediaserver.dtls_records import (
    CIPHER_SUITE,
    CLOSE_NOTIFY,
    MAX_PLAINTEXT,
    Content,
    Direction,
    DtlsRecords,
    directions,
)

A, B = Direction(b"a" * 16, b"salt"), Direction(b"b" * 16, b"SALT")


@cache
def _context() -> SSL.Context:
    certificate = Certificate().rtc
    context = SSL.Context(SSL.DTLS_METHOD)
    assert isinstance(certificate._cert, x509.Certificate)
    assert isinstance(certificate._key, ec.EllipticCurvePrivateKey)
    context.use_certificate(certificate._cert)
    context.use_privatekey(certificate._key)
    context.set_cipher_list(CIPHER_SUITE.encode())
    context.set_max_proto_version(DTLS1_2_VERSION)
    return context


def _handshake() -> tuple[SSL.Connection, SSL.Connection]:
    """(client, server), both of OpenSSL."""
    client, server = SSL.Connection(_context()), SSL.Connection(_context())
    client.set_connect_state()
    server.set_accept_state()
    done = set()
    while len(done) < 2:
        for one, other in ((client, server), (server, client)):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
                done.add(one)
            _pass_on(one, other)
    return client, server


def _pass_on(one: SSL.Connection, other: SSL.Connection) -> None:
    with contextlib.suppress(SSL.WantReadError):
        other.bio_write(one.bio_read(65_536))


def _sent(connection: SSL.Connection, message: bytes) -> bytes:
    connection.send(message)
    return connection.bio_read(65_536)


def _server_records(connection: SSL.Connection) -> DtlsRecords:
    client, server = directions(
        connection.master_key(), connection.client_random(), connection.server_random()
    )
    return DtlsRecords(server, client)


def test_openssl_understands_our_records_and_we_its() -> None:
    client, server = _handshake()
    records = _server_records(server)
    for message in (b"x", b"hello" * 200, bytes(MAX_PLAINTEXT)):
        assert list(records.open(_sent(client, message))) == [(Content.DATA, message)]
        client.bio_write(records.seal(Content.DATA, message))
        assert client.recv(65_536) == message
    client.bio_write(records.seal(Content.ALERT, CLOSE_NOTIFY))
    with pytest.raises(SSL.ZeroReturnError):
        client.recv(100)
    client.shutdown()
    assert list(records.open(client.bio_read(65_536))) == [(Content.ALERT, CLOSE_NOTIFY)]


def test_records_of_one_datagram_come_one_after_the_other() -> None:
    client, server = _handshake()
    records = _server_records(server)
    datagram = _sent(client, b"one") + _sent(client, b"two")
    assert [plain for _, plain in records.open(datagram)] == [b"one", b"two"]
    assert list(records.open(datagram)) == [], "each comes once"


@given(st.lists(st.integers(0, 200), min_size=1, max_size=300))
def test_each_record_comes_once_and_none_that_is_too_old(order: list[int]) -> None:
    sender, receiver = DtlsRecords(A, B), DtlsRecords(B, A)
    sealed = [sender.seal(Content.DATA, bytes([number])) for number in range(201)]
    seen: set[int] = set()
    highest = -1
    for number in order:
        is_new = number not in seen and highest - number < 64
        assert bool(list(receiver.open(sealed[number]))) == is_new
        seen.add(number)
        highest = max(highest, number)


@given(st.binary(max_size=200), st.data())
def test_whatever_was_changed_is_not_taken(plain: bytes, data: st.DataObject) -> None:
    sender, receiver = DtlsRecords(A, B), DtlsRecords(B, A)
    sealed = bytearray(sender.seal(Content.DATA, plain))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    assert list(receiver.open(bytes(sealed))) == []


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_without_an_error(datagram: bytes, is_like_one: bool) -> None:
    records = DtlsRecords(A, B)
    prefix = bytes([Content.DATA]) + b"\xfe\xfd\x00\x01" if is_like_one else b""
    assert list(records.open(prefix + datagram)) == []


def test_numbers_of_ours_begin_where_openssl_has_never_been() -> None:
    first = DtlsRecords(A, B).seal(Content.DATA, b"")
    assert first[3:11] == b"\x00\x01\x00\x00\x00\x01\x00\x00" == first[13:21]
