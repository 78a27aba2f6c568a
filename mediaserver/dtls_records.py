"""DTLS 1.2 records under AES-128-GCM after the handshake (RFC 6347, section 4.1; RFC 5288). Pure.

OpenSSL keeps 92 KiB of a connection for as long as it lives: buffers for messages of a handshake that is over, and its
record layers of both epochs. What is left to do is to protect records with keys that it gives out.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CIPHER_SUITE = "ECDHE-ECDSA-AES128-GCM-SHA256"
"""In OpenSSL's words; what every WebRTC client must have (RFC 8827, section 6.5)."""
VERSION = b"\xfe\xfd"
EPOCH = 1
FIRST_SEQUENCE = 1 << 16
"""Of ours: OpenSSL has numbered its few records of this epoch from 0. Ours are the nonces as well and never come twice;
those of OpenSSL's few records count from a random number of 64 bits."""
MAX_PLAINTEXT = 1 << 14
CLOSE_NOTIFY = b"\x01\x00"
"""Warning, close_notify (RFC 5246, section 7.2.1)."""
_HEADER = struct.Struct("!B2sQH")
_NONCE_BYTES, _TAG_BYTES = 8, 16
_KEY_BYTES, _SALT_BYTES = 16, 4
_WINDOW = 64


class Content(enum.IntEnum):
    """Content types (RFC 5246, section 6.2.1)."""

    ALERT = 21
    HANDSHAKE = 22
    DATA = 23


@dataclass(frozen=True, slots=True)
class Direction:
    """Write key and implicit part of the nonce of one side."""

    key: bytes
    salt: bytes


def directions(master: bytes, client_random: bytes, server_random: bytes) -> tuple[Direction, Direction]:
    """Those of the client and of the server (RFC 5246, section 6.3)."""
    seed = b"key expansion" + server_random + client_random
    block, a = b"", seed
    while len(block) < 2 * (_KEY_BYTES + _SALT_BYTES):
        a = hmac.digest(master, a, hashlib.sha256)
        block += hmac.digest(master, a + seed, hashlib.sha256)
    keys, salts = block[: 2 * _KEY_BYTES], block[2 * _KEY_BYTES :]
    return (
        Direction(keys[:_KEY_BYTES], salts[:_SALT_BYTES]),
        Direction(keys[_KEY_BYTES:], salts[_SALT_BYTES : 2 * _SALT_BYTES]),
    )


class DtlsRecords:
    """Both directions of one connection. Key schedules are made for each record: they would be twenty times the size of
    all else that is kept here, and data channels are silent most of the time."""

    __slots__ = ("_highest", "_next", "_receive", "_received", "_send")

    def __init__(self, send: Direction, receive: Direction) -> None:
        self._send, self._receive = send, receive
        self._next = EPOCH << 48 | FIRST_SEQUENCE
        self._highest = -1
        self._received = 0
        """Bit n: the record n before the highest was received."""

    def seal(self, content: Content, plain: bytes) -> bytes:
        """A record, which is a datagram. `plain`: at most 2^14 bytes."""
        number, self._next = self._next, self._next + 1
        nonce = number.to_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._send.key).encrypt(
            self._send.salt + nonce, plain, _authenticated(content, number, len(plain))
        )
        return _HEADER.pack(content, VERSION, number, len(nonce) + len(sealed)) + nonce + sealed

    def open(self, datagram: bytes) -> Iterator[tuple[int, bytes]]:
        """(content type, plaintext) of all records that are authentic and new; those of the handshake may repeat."""
        offset = 0
        while len(datagram) - offset >= _HEADER.size:
            content, version, number, length = _HEADER.unpack_from(datagram, offset)
            begin = offset + _HEADER.size
            offset = begin + length
            if offset > len(datagram):
                return
            plain_bytes = length - _NONCE_BYTES - _TAG_BYTES
            if version != VERSION or number >> 48 != EPOCH or not 0 <= plain_bytes <= MAX_PLAINTEXT:
                continue
            if content != Content.HANDSHAKE and not self._is_new(number):
                continue
            nonce = self._receive.salt + datagram[begin : begin + _NONCE_BYTES]
            header = _authenticated(content, number, plain_bytes)
            try:
                plain = AESGCM(self._receive.key).decrypt(
                    nonce, datagram[begin + _NONCE_BYTES : offset], header
                )
            except InvalidTag:
                continue
            self._insert(number)
            yield content, plain

    def _is_new(self, number: int) -> bool:
        age = self._highest - number
        return age < 0 or (age < _WINDOW and not self._received >> age & 1)

    def _insert(self, number: int) -> None:
        ahead = number - self._highest
        if ahead > 0:
            self._highest = number
            self._received = (self._received << min(ahead, _WINDOW) | 1) & (1 << _WINDOW) - 1
        elif -ahead < _WINDOW:
            self._received |= 1 << -ahead


def _authenticated(content: int, number: int, length: int) -> bytes:
    """What is authenticated beside the text: number, type, version, length (RFC 5246, section 6.2.3.3)."""
    return struct.pack("!QB2sH", number, content, VERSION, length)
