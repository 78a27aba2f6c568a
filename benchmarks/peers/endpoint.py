"""A raw WebRTC endpoint: one UDP socket, ICE check, DTLS handshake; its media is left to the load generator."""

import asyncio
import hmac
import secrets
import socket
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha1

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from .plan import PeerPlan

MAGIC_COOKIE = 0x2112A442
HANDSHAKE_TIMEOUT_S = 20.0
RETRANSMIT_S = 1.0
SRTP_PROFILES = {
    b"SRTP_AEAD_AES_128_GCM": (16, 12),
    b"SRTP_AEAD_AES_256_GCM": (32, 12),
    b"SRTP_AES128_CM_SHA1_80": (16, 14),
}


class HandshakeError(RuntimeError):
    """ICE or DTLS did not complete in time."""


@dataclass(frozen=True)
class Identity:
    """Certificate shared by all endpoints of a run, so that a thousand joins make one key."""

    key: crypto.PKey
    certificate: crypto.X509
    fingerprint: str

    @classmethod
    def create(cls) -> "Identity":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loadgen")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(
            crypto.load_privatekey(crypto.FILETYPE_PEM, pem),
            crypto.X509.from_cryptography(certificate),
            digest,
        )


@dataclass(frozen=True)
class SrtpKeys:
    """Master keys after the handshake, from this endpoint's side."""

    profile: str
    send_key: bytes
    send_salt: bytes
    receive_key: bytes
    receive_salt: bytes


class Endpoint:
    """One peer's transport. `plan()` gives what the load generator needs."""

    def __init__(self, identity: Identity, profiles: bytes) -> None:
        self.identity = identity
        self.ufrag = secrets.token_hex(4)
        self.password = secrets.token_hex(12)
        self._profiles = profiles
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._remote_ufrag = ""
        self._remote_password = ""
        self._keys: SrtpKeys | None = None

    @property
    def fd(self) -> int:
        return self._socket.fileno()

    @property
    def keys(self) -> SrtpKeys:
        """Raises HandshakeError before the handshake."""
        if self._keys is None:
            raise HandshakeError("not connected")
        return self._keys

    @property
    def server_address(self) -> tuple[str, int]:
        """Where the server receives this endpoint's packets."""
        host, port = self._socket.getpeername()
        return host, port

    @property
    def server_ufrag(self) -> str:
        return self._remote_ufrag

    def send(self, datagram: bytes) -> None:
        self._socket.send(datagram)

    async def connect(self, address: tuple[str, int], ufrag: str, password: str, *, client: bool) -> None:
        """Checks connectivity with nomination, then shakes hands as DTLS client (or server)."""
        self._remote_ufrag, self._remote_password = ufrag, password
        self._socket.connect(address)
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self._check()
                await self._handshake(client)
        except TimeoutError as error:
            raise HandshakeError(f"no handshake with {address}") from error

    def refresh_consent(self) -> None:
        """Shows the server that this endpoint is still there (RFC 7675), and reads what has come meanwhile."""
        if self._keys is None:
            return
        with suppress(BlockingIOError, ConnectionRefusedError):
            self._socket.send(self._binding_request(secrets.token_bytes(12)))
            while True:
                self._answer_stun(self._socket.recv(2048))

    async def first_media(self) -> None:
        """Returns when an RTP packet has come (RFC 7983 and RFC 5761, section 4). Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
            while True:
                datagram = await loop.sock_recv(self._socket, 2048)
                if not self._answer_stun(datagram) and is_rtp(datagram):
                    return

    def plan(self, transport_sequence_id: int | None = None) -> PeerPlan:
        """The endpoint as `PeerPlan` of the load generator. `transport_sequence_id`: of the header extension."""
        keys = self.keys
        return {
            "fd": self.fd,
            "profile": keys.profile,
            "send_key": keys.send_key.hex(),
            "send_salt": keys.send_salt.hex(),
            "receive_key": keys.receive_key.hex(),
            "receive_salt": keys.receive_salt.hex(),
            "ice_username": f"{self._remote_ufrag}:{self.ufrag}",
            "ice_password": self._remote_password,
            "transport_sequence_id": transport_sequence_id,
        }

    def close(self) -> None:
        self._socket.close()

    async def _check(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            transaction = secrets.token_bytes(12)
            self._socket.send(self._binding_request(transaction))
            try:
                async with asyncio.timeout(0.5):
                    while True:
                        datagram = await loop.sock_recv(self._socket, 2048)
                        if self._answer_stun(datagram) and datagram[:2] == b"\x01\x01":
                            return
            except TimeoutError:
                continue

    def _binding_request(self, transaction: bytes) -> bytes:
        return binding_request(f"{self._remote_ufrag}:{self.ufrag}", self._remote_password, transaction)

    def _answer_stun(self, datagram: bytes) -> bool:
        """Answers a check of a full ICE server (Janus); True when the datagram is STUN."""
        if not datagram or datagram[0] > 3:
            return False
        if datagram[:2] == b"\x00\x01":
            host, port = self._socket.getpeername()
            address = int.from_bytes(socket.inet_aton(host), "big") ^ MAGIC_COOKIE
            mapped = struct.pack("!BBHI", 0, 1, port ^ (MAGIC_COOKIE >> 16), address)
            self._socket.send(_stun(0x0101, datagram[8:20], _attribute(0x0020, mapped), self.password))
        return True

    async def _handshake(self, client: bool) -> None:
        connection = SSL.Connection(_context(self.identity, self._profiles), None)
        if client:
            connection.set_connect_state()
        else:
            connection.set_accept_state()
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection.do_handshake()
                self._flush(connection)
                break
            except SSL.WantReadError:
                self._flush(connection)
            try:
                async with asyncio.timeout(RETRANSMIT_S):
                    datagram = await loop.sock_recv(self._socket, 4096)
            except TimeoutError:
                connection.DTLSv1_handle_timeout()
                self._flush(connection)
                continue
            if not self._answer_stun(datagram) and 20 <= datagram[0] <= 63:
                connection.bio_write(datagram)
        self._keys = _export(connection, client)

    def _flush(self, connection: SSL.Connection) -> None:
        while True:
            try:
                data = connection.bio_read(1500)
            except SSL.WantReadError:
                return
            for record in _records(data):
                self._socket.send(record)


def binding_request(username: str, password: str, transaction: bytes) -> bytes:
    """A check of a controlling agent that nominates (RFC 8445, section 7.2.2)."""
    attributes = _attribute(0x0006, username.encode())
    attributes += _attribute(0x0024, struct.pack("!I", 0x7E0000FF))
    attributes += _attribute(0x802A, b"\0" * 7 + b"\1")
    attributes += _attribute(0x0025, b"")
    return _stun(0x0001, transaction, attributes, password)


def is_rtp(datagram: bytes) -> bool:
    """Whether it is media, neither control nor anything else on the port."""
    return len(datagram) >= 12 and 128 <= datagram[0] <= 191 and not 192 <= datagram[1] <= 223


@cache
def _context(identity: Identity, profiles: bytes) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_privatekey(identity.key)
    context.use_certificate(identity.certificate)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.set_tlsext_use_srtp(profiles)
    return context


def _records(data: bytes) -> list[bytes]:
    """DTLS records of a flight, packed into datagrams of at most 1,200 bytes."""
    datagrams, current, offset = [], b"", 0
    while offset < len(data):
        length = 13 + int.from_bytes(data[offset + 11 : offset + 13], "big")
        record = data[offset : offset + length]
        if current and len(current) + len(record) > 1200:
            datagrams.append(current)
            current = b""
        current += record
        offset += length
    return [*datagrams, current] if current else datagrams


def _export(connection: SSL.Connection, client: bool) -> SrtpKeys:
    profile = connection.get_selected_srtp_profile()
    key, salt = SRTP_PROFILES[profile]
    view = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
    client_key, server_key = view[:key], view[key : 2 * key]
    client_salt, server_salt = view[2 * key : 2 * key + salt], view[2 * key + salt :]
    ours, theirs = (client_key, client_salt), (server_key, server_salt)
    if not client:
        ours, theirs = theirs, ours
    return SrtpKeys(profile.decode(), *ours, *theirs)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def _stun(kind: int, transaction: bytes, attributes: bytes, password: str) -> bytes:
    def header(length: int) -> bytes:
        return struct.pack("!HHI", kind, length, MAGIC_COOKIE) + transaction

    signed = header(len(attributes) + 24) + attributes
    attributes += _attribute(0x0008, hmac.new(password.encode(), signed, sha1).digest())
    printed = header(len(attributes) + 8) + attributes
    return printed + _attribute(0x8028, struct.pack("!I", zlib.crc32(printed) ^ 0x5354554E))
