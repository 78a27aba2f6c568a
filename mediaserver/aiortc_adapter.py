"""DTLS and SCTP by aiortc over datagrams of the data plane.

All contact with private names of aiortc is in this file; the version is pinned exactly (pyproject.toml).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import structlog
from aiortc import (
    RTCCertificate,
    RTCDataChannel,
    RTCDataChannelParameters,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCIceTransport,
    RTCSctpCapabilities,
    RTCSctpTransport,
)
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCDtlsTransport, SRTPProtectionProfile, State
from aiortc.rtcsctptransport import LOCAL_MAX_MESSAGE_SIZE
from OpenSSL import SSL

from . import engine
from .dtls_records import CIPHER_SUITE, CLOSE_NOTIFY, Content, DtlsRecords, directions

#: Announced as a=max-message-size (RFC 8841, section 6).
MAX_MESSAGE_SIZE: int = LOCAL_MAX_MESSAGE_SIZE
SCTP_PORT = 5000
#: DTLS datagrams of one peer that may wait; the peer repeats what is dropped.
MAX_WAITING_DATAGRAMS = 256
HANDSHAKE_TIMEOUT_S = 30.0
MAX_REPEATED_FLIGHTS = 16
"""A peer asks again for the end of the handshake about ten times before it gives up."""
DTLS1_2_VERSION = 0xFEFD
"""Of OpenSSL's prov_ssl.h; pyOpenSSL has no name for it."""
FATAL = 2
"""Level of an alert (RFC 5246, section 7.2)."""
_log = structlog.get_logger("mediaserver.aiortc_adapter")
#: The data plane's preference: AES-128-GCM costs it least and is as strong as WebRTC asks for.
PROFILE_ORDER = [name.encode() for name in engine.SRTP_PROFILES]


class HandshakeError(Exception):
    """The DTLS handshake failed; the text says why."""


@dataclass(frozen=True)
class SrtpKeys:
    """Master keys of both directions with the profile's OpenSSL name (RFC 5764, section 4.2)."""

    profile: str
    receive_key: bytes
    receive_salt: bytes
    send_key: bytes
    send_salt: bytes


@dataclass(frozen=True)
class Fingerprint:
    """`a=fingerprint` (RFC 8122)."""

    algorithm: str
    value: str


class _RtcCertificate(RTCCertificate):
    """aiortc's certificate with one TLS context for all connections: one for each costs 60 KiB and half a handshake's
    time."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            # Nobody may take up another's session.
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            # What `dtls_records` goes on with.
            self._context.set_min_proto_version(DTLS1_2_VERSION)
            self._context.set_max_proto_version(DTLS1_2_VERSION)
            self._context.set_cipher_list(CIPHER_SUITE.encode())
        return self._context


class Certificate:
    """A self-signed ECDSA P-256 certificate, one for the process: peers check it by its fingerprint."""

    def __init__(self) -> None:
        self.rtc = _RtcCertificate.generateCertificate()
        found = next(f for f in self.rtc.getFingerprints() if f.algorithm == "sha-256")
        #: SHA-256, which every client knows. Every description carries it, so it is computed once.
        self.fingerprint = Fingerprint(found.algorithm, found.value)


class _DatagramPath:
    """Stands in for aiortc's ICE transport during a handshake: what DTLS sends goes down, what the data plane received
    comes up."""

    role = "controlled"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_datagram = send
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.last_sent = b""

    async def _send(self, data: bytes) -> None:
        self.last_sent = data
        self._send_datagram(data)

    async def _recv(self) -> bytes:
        datagram = await self._waiting.get()
        if datagram is None:
            raise ConnectionError("closed")
        return datagram

    def put(self, datagram: bytes | None) -> None:
        if datagram is None or self._waiting.qsize() < MAX_WAITING_DATAGRAMS:
            self._waiting.put_nowait(datagram)

    def take_rest(self) -> list[bytes]:
        """What was not received."""
        waiting = [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]
        return [datagram for datagram in waiting if datagram is not None]


class _Handshake(RTCDtlsTransport):
    """aiortc's DTLS until the keys are known; those of SRTP go to the data plane."""

    def __init__(self, certificate: Certificate, send: Callable[[bytes], None]) -> None:
        self.path = _DatagramPath(send)
        super().__init__(cast(RTCIceTransport, self.path), [certificate.rtc])
        self._srtp_profiles = sorted(
            SRTP_PROFILES, key=lambda profile: PROFILE_ORDER.index(profile.openssl_profile)
        )
        self.keys: SrtpKeys | None = None

    def _setup_srtp(self) -> None:
        if self._ssl is None:
            raise HandshakeError("keys before a handshake")
        selected = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in self._srtp_profiles if p.openssl_profile == selected), None)
        if profile is None:
            self._set_state(State.FAILED)
            return
        key, salt = profile.key_length, profile.salt_length
        view = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = view[:key], view[2 * key : 2 * key + salt]
        server = view[key : 2 * key], view[2 * key + salt :]
        receive, send = (client, server) if self._role == "server" else (server, client)
        self.keys = SrtpKeys(profile.openssl_profile.decode(), *receive, *send)

    def take_records(self) -> DtlsRecords:
        """Goes on without OpenSSL. The handshake must be done."""
        if self._ssl is None or self._task is None:
            raise HandshakeError("records before a handshake")
        self._task.cancel()
        master, randoms = self._ssl.master_key(), (self._ssl.client_random(), self._ssl.server_random())
        assert master is not None and randoms[0] is not None and randoms[1] is not None
        client, server = directions(master, randoms[0], randoms[1])
        self._ssl = None
        return DtlsRecords(server, client) if self._role == "server" else DtlsRecords(client, server)


class _Association:
    """DTLS after the handshake. Stands in for aiortc's DTLS transport in front of SCTP."""

    __slots__ = (
        "_delivery",
        "_on_closed",
        "_receiver",
        "_records",
        "_repeats",
        "_role",
        "_send",
        "_waiting",
        "last_flight",
        "state",
    )

    def __init__(
        self,
        records: DtlsRecords,
        role: str,
        last_flight: bytes,
        send: Callable[[bytes], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._records = records
        self._role = role
        self._send = send
        self._on_closed = on_closed
        self.state = "connected"
        self.last_flight = last_flight
        """Ends the handshake of a server; a client that asks again has not seen it."""
        self._repeats = 0
        self._receiver: RTCSctpTransport | None = None
        self._waiting: deque[bytes | None] | None = None
        """Messages for SCTP, None: the end. There while something waits."""
        self._delivery: asyncio.Task[None] | None = None

    def receive(self, datagram: bytes) -> None:
        for content, plain in self._records.open(datagram):
            if content == Content.DATA:
                self._deliver(plain)
            elif content == Content.ALERT and (plain == CLOSE_NOTIFY or plain[:1] == bytes([FATAL])):
                self._deliver(None)
            elif content == Content.HANDSHAKE and self._role == "server":
                self._repeat()

    def _repeat(self) -> None:
        if self._repeats < MAX_REPEATED_FLIGHTS:
            self._repeats += 1
            self._send(self.last_flight)

    def _deliver(self, message: bytes | None) -> None:
        if self._waiting is None:
            self._waiting = deque()
        if message is None or len(self._waiting) < MAX_WAITING_DATAGRAMS:
            self._waiting.append(message)
        if self._delivery is None:
            self._delivery = asyncio.create_task(self._deliver_all(self._waiting), name="sctp-delivery")

    async def _deliver_all(self, waiting: deque[bytes | None]) -> None:
        try:
            while waiting and self.state == "connected":
                message = waiting.popleft()
                if message is None:
                    self._end()
                elif self._receiver is not None:
                    await self._receiver._handle_data(message)
        except Exception:
            _log.exception("SCTP has failed")
            self._end()
        finally:
            self._waiting = self._delivery = None

    def _end(self) -> None:
        self.state = "closed"
        self._on_closed()

    async def close(self) -> None:
        """Tells the peer; nothing is received any more."""
        if self.state == "connected":
            self._send(self._records.seal(Content.ALERT, CLOSE_NOTIFY))
            self.state = "closed"
        if self._delivery is not None and self._delivery is not asyncio.current_task():
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)

    # As SCTP knows it

    def _register_data_receiver(self, receiver: RTCSctpTransport) -> None:
        self._receiver = receiver

    def _unregister_data_receiver(self, receiver: RTCSctpTransport) -> None:
        self._receiver = None

    async def _send_data(self, data: bytes) -> None:
        # SCTP sends in tasks that nobody awaits, and one may be due when DTLS has just ended: for SCTP that is a lost
        # datagram, as on any network.
        if self.state == "connected":
            self._send(self._records.seal(Content.DATA, data))


class SecureTransport:
    """DTLS and, where negotiated, SCTP data channels of one peer connection.

    `on_message(label, payload)` and `on_channel_open(label)` are called for every channel, whoever opened it;
    `on_closed()` when the peer ends DTLS (close_notify).
    """

    def __init__(
        self,
        certificate: Certificate,
        send: Callable[[bytes], None],
        on_message: Callable[[str, bytes], None],
        on_channel_open: Callable[[str], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._send = send
        self._handshake: _Handshake | None = _Handshake(certificate, send)
        self._association: _Association | None = None
        self._sctp: RTCSctpTransport | None = None
        self._channels: dict[str, RTCDataChannel] = {}
        self._on_message = on_message
        self._on_channel_open = on_channel_open
        self._on_closed = on_closed
        self._closing = False

    def receive(self, datagram: bytes) -> None:
        """A DTLS datagram from the peer."""
        if self._association is not None:
            self._association.receive(datagram)
        elif self._handshake is not None and datagram:
            self._handshake.path.put(datagram)

    async def handshake(self, fingerprints: list[Fingerprint], *, server: bool) -> SrtpKeys:
        """Runs the handshake and checks the peer's certificate. Raises `HandshakeError`."""
        handshake = self._handshake
        if handshake is None:
            raise HandshakeError("a second handshake")
        handshake._set_role("server" if server else "client")
        parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=f.algorithm, value=f.value) for f in fingerprints]
        )
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await handshake.start(parameters)
        except TimeoutError as error:
            raise HandshakeError("timeout") from error
        except SSL.Error as error:
            raise HandshakeError("TLS error") from error
        if handshake.keys is None or handshake.state != "connected":
            raise HandshakeError("certificate, profile or protocol not accepted")
        self._association = _Association(
            handshake.take_records(),
            handshake._role,
            handshake.path.last_sent,
            self._send,
            self._closed_by_peer,
        )
        self._handshake = None
        for datagram in handshake.path.take_rest():
            self._association.receive(datagram)
        return handshake.keys

    async def start_sctp(self, port: int, max_message_size: int) -> None:
        """Begins the SCTP association over the established DTLS."""
        if self._association is None:
            raise RuntimeError("DTLS is not established")
        self._sctp = RTCSctpTransport(cast(RTCDtlsTransport, self._association), SCTP_PORT)
        self._sctp.on("datachannel", self._add_channel)
        await self._sctp.start(RTCSctpCapabilities(maxMessageSize=max_message_size), port)

    def open_channel(self, label: str, *, ordered: bool, max_retransmits: int | None) -> None:
        """Opens a channel from our side."""
        if self._sctp is None:
            raise RuntimeError("SCTP is not started")
        parameters = RTCDataChannelParameters(label=label, ordered=ordered, maxRetransmits=max_retransmits)
        channel = RTCDataChannel(self._sctp, parameters)
        channel.on("open", lambda: self._on_channel_open(label))
        self._watch(channel)

    def _add_channel(self, channel: RTCDataChannel) -> None:
        self._watch(channel)
        self._on_channel_open(channel.label)

    def _watch(self, channel: RTCDataChannel) -> None:
        # The newest channel of a label serves for sending: a client that reopens one means the new one.
        self._channels[channel.label] = channel
        channel.on("message", lambda data: self._on_message(channel.label, _to_bytes(data)))

    def channel_is_open(self, label: str) -> bool:
        """True when `send` would be taken."""
        channel = self._channels.get(label)
        return channel is not None and channel.readyState == "open"

    def buffered_amount(self, label: str) -> int:
        """Bytes that wait to be sent."""
        channel = self._channels.get(label)
        return int(channel.bufferedAmount) if channel is not None else 0

    def send(self, label: str, payload: bytes) -> None:
        """Queues a message on an open channel. Raises `ValueError` above the peer's message size."""
        self._channels[label].send(payload)

    async def close(self) -> None:
        """Ends SCTP and DTLS (close_notify); leaves no task behind, and no memory of OpenSSL or in queues."""
        self._closing = True
        try:
            await self._end()
        finally:
            self._release()

    async def _end(self) -> None:
        if self._sctp is not None:
            await self._sctp.stop()
        if self._association is not None:
            await self._association.close()
        if self._handshake is not None:
            with contextlib.suppress(ConnectionError, SSL.Error):
                await self._handshake.stop()
            self._handshake.path.put(None)

    def _release(self) -> None:
        # Whoever has left hangs together in cycles, and the collector comes late: it counts objects, not what queues of
        # SCTP, and OpenSSL where there was no end of the handshake, hold behind a few of them.
        self._channels.clear()
        self._sctp = None
        if self._handshake is not None:
            self._handshake._ssl = None

    def _closed_by_peer(self) -> None:
        if not self._closing:
            self._on_closed()


def _to_bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data
