"""One ICE, DTLS and SCTP transport of a peer: from its credentials to open data channels."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from typing import Protocol

import structlog

from .aiortc_adapter import Certificate, Fingerprint, HandshakeError, SecureTransport
from .clock import Clock
from .engine import Engine, IceCredentials
from .flag import Flag
from .metrics import MediaMetrics
from .negotiation import TransportLines
from .sdp import MediaSection, SdpError, SessionDescription, number

#: A peer that never shows up after its description.
CONNECT_TIMEOUT_S = 30.0
#: Reliable data that may wait for a slow peer before it counts as stuck; lossy data before it is dropped.
MAX_RELIABLE_BUFFER = 16 << 20
MAX_LOSSY_BUFFER = 256 << 10
RELIABLE = "_reliable"
LOSSY = "_lossy"
DATA_TRACK = "_data_track"
LABELS = (RELIABLE, LOSSY, DATA_TRACK)
DEFAULT_MAX_MESSAGE_SIZE = 65_536


class ConnectionState(enum.Enum):
    """W3C RTCPeerConnectionState."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class TransportObserver(Protocol):
    """The connection above. Called from the event loop, never re-entrantly from `close`."""

    def state_changed(self, state: ConnectionState) -> None: ...

    def message_received(self, label: str, payload: bytes) -> None: ...

    def channel_opened(self, label: str) -> None: ...

    def closed_by_peer(self) -> None: ...

    def bandwidth_estimated(self, bits_per_second: int) -> None: ...
    def path_selected(self) -> None: ...


_certificate: Certificate | None = None


def process_certificate() -> Certificate:
    """Made once: a key for each of a thousand joins would cost seconds."""
    global _certificate
    if _certificate is None:
        _certificate = Certificate()
    return _certificate


class Transport:
    """`room`: those of a room live close together. `opens_channels`: whether the data channels are ours to open."""

    def __init__(
        self,
        engine: Engine,
        *,
        room: str,
        opens_channels: bool,
        observer: TransportObserver,
        clock: Clock,
        metrics: MediaMetrics,
        log_context: Mapping[str, str],
    ) -> None:
        self.engine = engine
        self.id = engine.next_id()
        self.state = ConnectionState.NEW
        self.path: tuple[str, str] | None = None
        """Protocol ("udp", "tcp") and the peer's "host:port", once there is one."""
        self._opens_channels = opens_channels
        self._observer = observer
        self._clock = clock
        self._metrics = metrics
        self._log_context = log_context
        self._credentials = IceCredentials()
        self._remote_ufrag = ""
        self._sctp: tuple[int, int] | None = None
        self._path_selected = Flag()
        self._started = False
        self._handshake: asyncio.Task[None] | None = None
        self._secure = SecureTransport(
            process_certificate(),
            self._send_dtls,
            self._message,
            observer.channel_opened,
            observer.closed_by_peer,
        )
        worker = engine.register(self.id, room, self)
        engine.plane.add_transport(self.id, worker, self._credentials.ufrag, self._credentials.password)
        metrics.connections.labels(self.state.value).inc()

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        """Made when something is logged, a few times in a connection's life."""
        log: structlog.stdlib.BoundLogger = structlog.get_logger("mediaserver.peer_connection")
        offerer = "server" if self._opens_channels else "client"
        return log.bind(offerer=offerer, transport=self.id, **self._log_context)

    # Descriptions

    def lines(self, setup: str) -> TransportLines:
        """What every section of a description says of us."""
        fingerprint = process_certificate().fingerprint
        return TransportLines(self._credentials, fingerprint, setup, self.engine.candidates())

    def restart_ice(self) -> None:
        """New credentials; the old ones stay valid for a while."""
        self._credentials = IceCredentials()
        self.engine.plane.restart_ice(self.id, self._credentials.ufrag, self._credentials.password)

    def follow_ice_restart(self, offer: SessionDescription) -> None:
        """A changed ufrag is a restart (RFC 8839, section 4.4.1.1.1). Raises `SdpError`."""
        ufrag = _lookup(offer, "ice-ufrag")
        if ufrag is None:
            raise SdpError("no ice-ufrag")
        if self._remote_ufrag and ufrag != self._remote_ufrag:
            self.restart_ice()
        self._remote_ufrag = ufrag

    def learn_sctp(self, remote: MediaSection) -> None:
        """Port and message size of the peer's data channels (RFC 8841)."""
        port = number(remote.get("sctp-port") or "") or 0
        size = number(remote.get("max-message-size") or "")
        if not remote.rejected and 0 < port < 65_536:
            self._sctp = port, DEFAULT_MAX_MESSAGE_SIZE if size is None else size

    # Connecting

    def start(self, description: SessionDescription, *, server: bool) -> None:
        """Begins to wait for the path and the handshake, once. Raises `SdpError`."""
        if self._started:
            return
        fingerprints = _fingerprints(description)
        if not fingerprints:
            raise SdpError("no fingerprint")
        self._set_state(ConnectionState.CONNECTING)
        self._started = True
        self._handshake = asyncio.create_task(
            self._connect(fingerprints, server=server), name=f"handshake-{self.id}"
        )

    def needs_no_peer(self) -> None:
        """What comes in here the server itself plays: it counts as connected."""
        self._set_state(ConnectionState.CONNECTED)

    async def _connect(self, fingerprints: list[Fingerprint], *, server: bool) -> None:
        try:
            await self._establish(fingerprints, server=server)
            await self._start_channels()
        except TimeoutError:
            self._fail("ice_timeout")
        except HandshakeError as error:
            self._log.info("handshake failed", reason=str(error))
            self._fail("dtls")
        except Exception:
            self._log.exception("connecting failed")
            self._fail("internal")
        finally:
            self._handshake = None

    async def _establish(self, fingerprints: list[Fingerprint], *, server: bool) -> None:
        began = self._clock.monotonic()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await self._path_selected.wait()
        selected = self._clock.monotonic()
        self._metrics.handshake_seconds.labels("ice").observe(selected - began)
        keys = await self._secure.handshake(fingerprints, server=server)
        self._metrics.handshake_seconds.labels("dtls").observe(self._clock.monotonic() - selected)
        self.engine.plane.set_srtp_keys(
            self.id, keys.profile, keys.receive_key, keys.receive_salt, keys.send_key, keys.send_salt
        )
        self._set_state(ConnectionState.CONNECTED)

    async def _start_channels(self) -> None:
        if self._sctp is None:
            return
        await self._secure.start_sctp(*self._sctp)
        if self._opens_channels:
            self._secure.open_channel(RELIABLE, ordered=True, max_retransmits=None)
            for label in (LOSSY, DATA_TRACK):
                self._secure.open_channel(label, ordered=False, max_retransmits=0)

    def _fail(self, kind: str) -> None:
        if self.state not in (ConnectionState.FAILED, ConnectionState.CLOSED):
            self._metrics.errors.labels(kind).inc()
            self._set_state(ConnectionState.FAILED)

    def _set_state(self, state: ConnectionState, *, tell: bool = True) -> None:
        if state is self.state:
            return
        self._metrics.connections.labels(self.state.value).dec()
        self._metrics.connections.labels(state.value).inc()
        self.state = state
        self._log.info("connection state", state=state.value)
        if tell:
            self._observer.state_changed(state)

    # Data

    def send_data(self, label: str, payload: bytes) -> bool:
        """False: the channel is not open, or too much waits on it."""
        limit = MAX_RELIABLE_BUFFER if label == RELIABLE else MAX_LOSSY_BUFFER
        if not self._secure.channel_is_open(label) or self._secure.buffered_amount(label) > limit:
            return False
        try:
            self._secure.send(label, payload)
        except ValueError:
            self._metrics.errors.labels("data_too_large").inc()
            return False
        self._count_data("out", label, payload)
        return True

    def buffered_amount(self, label: str) -> int:
        """Bytes that wait on a channel."""
        return self._secure.buffered_amount(label)

    def _message(self, label: str, payload: bytes) -> None:
        self._count_data("in", label, payload)
        self._observer.message_received(label, payload)

    def _count_data(self, direction: str, label: str, payload: bytes) -> None:
        # Labels come from clients: only the known ones become time series.
        known = label if label in LABELS else "other"
        self._metrics.data_messages.labels(direction, known).inc()
        self._metrics.data_bytes.labels(direction, known).inc(len(payload))

    # End

    async def close(self) -> None:
        """Tells the peer. The transport must not be closed yet."""
        self._set_state(ConnectionState.CLOSED, tell=False)
        self._metrics.connections.labels(ConnectionState.CLOSED.value).dec()
        if (handshake := self._handshake) is not None:
            handshake.cancel()
            await asyncio.gather(handshake, return_exceptions=True)
        await self._secure.close()
        self.engine.unregister(self.id)
        if self.engine.running:
            self.engine.plane.remove_transport(self.id)

    # TransportHandler: what the data plane tells

    def ice_selected(self, protocol: str, remote: str) -> None:
        """A path was chosen or has changed."""
        self._log.debug("path selected", protocol=protocol)
        self.path = protocol, remote
        self._observer.path_selected()
        self._path_selected.set()
        if self.state is ConnectionState.DISCONNECTED:
            self._set_state(ConnectionState.CONNECTED)

    def ice_disconnected(self) -> None:
        """Nothing authentic has come for the consent timeout."""
        if self.state is ConnectionState.CONNECTED:
            self._set_state(ConnectionState.DISCONNECTED)

    def dtls_received(self, datagram: bytes) -> None:
        """For the handshake or the data channels."""
        self._secure.receive(datagram)

    def bandwidth_estimated(self, bits_per_second: int) -> None:
        """What the line can carry of video."""
        self._observer.bandwidth_estimated(bits_per_second)

    def worker_failed(self, reason: str) -> None:
        """The transport is gone with its worker."""
        self._fail("worker_lost")

    def _send_dtls(self, datagram: bytes) -> None:
        if self.engine.running:
            self.engine.plane.send_dtls(self.id, datagram)


def peer_is_dtls_server(answer: SessionDescription) -> bool:
    """Whether the peer chose `a=setup:passive` (RFC 8842, section 5.3)."""
    return _lookup(answer, "setup") == "passive"


def _lookup(description: SessionDescription, name: str) -> str | None:
    found = (description.lookup(section, name) for section in description.media if section.port)
    return next((value for value in found if value is not None), description.get(name))


def _fingerprints(description: SessionDescription) -> list[Fingerprint]:
    lines = description.get_all("fingerprint")
    for section in description.media:
        lines.extend(section.get_all("fingerprint"))
    found = []
    for line in dict.fromkeys(lines):
        algorithm, _, value = line.partition(" ")
        found.append(Fingerprint(algorithm.lower(), value.strip().upper()))
    return found
