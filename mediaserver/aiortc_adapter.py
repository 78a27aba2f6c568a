"""DTLS and SCTP by aiortc over datagrams of the data plane.

All contact with private names of aiortc is in this file; the version is pinned exactly (pyproject.toml).
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

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

#: Announced as a=max-message-size (RFC 8841, section 6).
MAX_MESSAGE_SIZE: int = LOCAL_MAX_MESSAGE_SIZE
SCTP_PORT = 5000
#: DTLS datagrams of one peer that may wait; the peer repeats what is dropped.
MAX_WAITING_DATAGRAMS = 256
HANDSHAKE_TIMEOUT_S = 30.0
SSL_MODE_RELEASE_BUFFERS = 0x10
"""Of OpenSSL's ssl.h; pyOpenSSL has no name for it."""
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
            # Nobody may take up another's session; idle connections give their buffers back.
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            self._context.set_mode(SSL_MODE_RELEASE_BUFFERS)
        return self._context


class Certificate:
    """A self-signed ECDSA P-256 certificate, one for the process: peers check it by its fingerprint."""

    def __init__(self) -> None:
        self.rtc = _RtcCertificate.generateCertificate()
        found = next(f for f in self.rtc.getFingerprints() if f.algorithm == "sha-256")
        #: SHA-256, which every client knows. Every description carries it, so it is computed once.
        self.fingerprint = Fingerprint(found.algorithm, found.value)


class _DatagramPath:
    """Stands in for aiortc's ICE transport: what DTLS sends goes down, what the data plane received comes up."""

    role = "controlled"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_datagram = send
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def _send(self, data: bytes) -> None:
        self._send_datagram(data)

    async def _recv(self) -> bytes:
        datagram = await self._waiting.get()
        if datagram is None:
            raise ConnectionError("closed")
        return datagram

    def put(self, datagram: bytes | None) -> None:
        if datagram is None or self._waiting.qsize() < MAX_WAITING_DATAGRAMS:
            self._waiting.put_nowait(datagram)


class _Dtls(RTCDtlsTransport):
    """aiortc's DTLS with its SRTP taken out: the keys go to the data plane."""

    def __init__(self, path: _DatagramPath, certificate: Certificate) -> None:
        super().__init__(cast(RTCIceTransport, path), [certificate.rtc])
        self._srtp_profiles = sorted(
            SRTP_PROFILES, key=lambda profile: PROFILE_ORDER.index(profile.openssl_profile)
        )
        self.keys: SrtpKeys | None = None

    async def _send_data(self, data: bytes) -> None:
        # SCTP sends in tasks that nobody awaits, and one may be due when DTLS has just ended: for SCTP that is a lost
        # datagram, as on any network.
        with contextlib.suppress(ConnectionError, SSL.Error):
            await super()._send_data(data)

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
        self._path = _DatagramPath(send)
        self._dtls = _Dtls(self._path, certificate)
        self._sctp: RTCSctpTransport | None = None
        self._channels: dict[str, RTCDataChannel] = {}
        self._on_message = on_message
        self._on_channel_open = on_channel_open
        self._on_closed = on_closed
        self._closing = False

    def receive(self, datagram: bytes) -> None:
        """A DTLS datagram from the peer."""
        if datagram:
            self._path.put(datagram)

    async def handshake(self, fingerprints: list[Fingerprint], *, server: bool) -> SrtpKeys:
        """Runs the handshake and checks the peer's certificate. Raises `HandshakeError`."""
        self._dtls._set_role("server" if server else "client")
        parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=f.algorithm, value=f.value) for f in fingerprints]
        )
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self._dtls.start(parameters)
        except TimeoutError as error:
            raise HandshakeError("timeout") from error
        except SSL.Error as error:
            raise HandshakeError("TLS error") from error
        if self._dtls.keys is None or self._dtls.state != "connected":
            raise HandshakeError("certificate, profile or protocol not accepted")
        self._dtls.on("statechange", self._state_changed)
        return self._dtls.keys

    async def start_sctp(self, port: int, max_message_size: int) -> None:
        """Begins the SCTP association over the established DTLS."""
        self._sctp = RTCSctpTransport(self._dtls, SCTP_PORT)
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
        task = self._dtls._task
        with contextlib.suppress(ConnectionError, SSL.Error):
            await self._dtls.stop()
        self._path.put(None)
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _release(self) -> None:
        # Whoever has left hangs together in cycles, and the collector comes late: it counts objects, not the 100 KiB
        # that OpenSSL and the queues of SCTP hold behind a few of them.
        self._channels.clear()
        self._sctp = None
        self._dtls.remove_all_listeners()
        self._dtls._ssl = None

    def _state_changed(self) -> None:
        if self._dtls.state == "closed" and not self._closing:
            self._on_closed()


def _to_bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data
