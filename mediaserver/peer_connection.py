"""One ICE, DTLS and SCTP transport of a peer with its sections, receivers and senders."""

from __future__ import annotations

import asyncio
import enum
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from . import codecs, negotiation
from .aiortc_adapter import Certificate, Fingerprint, HandshakeError, SecureTransport
from .clock import Clock
from .engine import Engine, IceCredentials
from .metrics import MediaMetrics
from .negotiation import TransportLines
from .rtp import (
    RtpReceiver,
    RtpSender,
    UnsupportedCodec,
    codec_parameters,
    map_codecs,
    media_kind,
    receiver_encodings,
)
from .sdp import MediaSection, RtpCodec, SdpError, SessionDescription, parse

__all__ = [
    "ConnectionState",
    "Offerer",
    "PeerConnection",
    "PeerConnectionObserver",
    "RemoteMedia",
    "RemoteOffer",
    "RtpReceiver",
    "RtpSender",
    "UnsupportedCodec",
]

#: A peer that never shows up after its description.
CONNECT_TIMEOUT_S = 30.0
#: Reliable data that may wait for a slow peer before it counts as stuck; lossy data before it is dropped.
MAX_RELIABLE_BUFFER = 16 << 20
MAX_LOSSY_BUFFER = 256 << 10
RELIABLE = "_reliable"
LOSSY = "_lossy"
DEFAULT_MAX_MESSAGE_SIZE = 65_536
#: What a freed section of our offers names.
PLAIN_CODECS = {
    "audio": RtpCodec(0, "audio/opus", 48_000, channels=2),
    "video": RtpCodec(0, "video/VP8", 90_000),
}


class Offerer(enum.Enum):
    """Who makes the offers."""

    CLIENT = "client"
    SERVER = "server"


class ConnectionState(enum.Enum):
    """W3C RTCPeerConnectionState."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class PeerConnectionObserver(Protocol):
    """What the owner of a connection is told. Called from the event loop, never re-entrantly from `close`."""

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None: ...

    def data_received(self, connection: PeerConnection, label: str, payload: bytes) -> None: ...

    def data_channel_ready(self, connection: PeerConnection, label: str) -> None: ...

    def negotiation_needed(self, connection: PeerConnection) -> None: ...

    def media_started(self, connection: PeerConnection, receiver: RtpReceiver, encoding: int) -> None: ...

    def sender_unsupported(self, connection: PeerConnection, sender: RtpSender) -> None: ...


@dataclass(frozen=True)
class RemoteMedia:
    """A section of an offer on which the client sends."""

    mid: str
    kind: str
    stream_id: str
    track_id: str
    codecs: tuple[str, ...]
    rids: tuple[str, ...]


@dataclass(frozen=True)
class RemoteOffer:
    """A client's offer, read but not yet answered."""

    description: SessionDescription
    media: tuple[RemoteMedia, ...]


@dataclass
class _Section:
    """An m-line of the connection; its place in the description never changes."""

    mid: str
    kind: str
    receiver: RtpReceiver | None = None
    sender: RtpSender | None = None
    #: No track has used it yet.
    fresh: bool = True

    def give(self, sender: RtpSender) -> None:
        self.sender = sender
        sender.mid, sender.in_fresh_section = self.mid, self.fresh
        self.fresh = False


_certificate: Certificate | None = None


def _process_certificate() -> Certificate:
    """Made once: a key for each of a thousand joins would cost seconds."""
    global _certificate
    if _certificate is None:
        _certificate = Certificate()
    return _certificate


class PeerConnection:
    """See ARCHITECTURE.md for the contract. All methods belong to the event loop's thread."""

    def __init__(
        self,
        engine: Engine,
        *,
        worker: int,
        offerer: Offerer,
        observer: PeerConnectionObserver,
        clock: Clock,
        metrics: MediaMetrics,
        log_context: Mapping[str, str],
    ) -> None:
        self.engine = engine
        self.id = engine.next_id()
        self.offerer = offerer
        self.state = ConnectionState.NEW
        self.receivers: dict[str, RtpReceiver] = {}
        self._senders: list[RtpSender] = []
        self._observer = observer
        self._clock = clock
        self._metrics = metrics
        self._log = structlog.get_logger("mediaserver.peer_connection").bind(
            transport=self.id, offerer=offerer.value, **log_context
        )
        self._sections: list[_Section] = []
        self._credentials = IceCredentials()
        self._remote_ufrag = ""
        self._session_id = secrets.randbits(62)
        self._version = 0
        self._payload_types = negotiation.PayloadTypes()
        #: What the peer can decode, once a description of its told.
        self._decodable: dict[str, list[RtpCodec]] = {}
        self._rejected_codecs: set[str] = set()
        self._sctp: tuple[int, int] | None = None
        self._path_selected = asyncio.Event()
        self._handshake: asyncio.Task[None] | None = None
        self._secure = SecureTransport(
            _process_certificate(), self._send_dtls, self._message, self._channel_open
        )
        engine.register(self.id, worker, self)
        engine.plane.add_transport(self.id, worker, self._credentials.ufrag, self._credentials.password)
        metrics.connections.labels(self.state.value).inc()

    @property
    def senders(self) -> Collection[RtpSender]:
        """Tracks that go out, negotiated or waiting for a section."""
        return tuple(self._senders)

    # The client offers

    def read_offer(self, sdp: str) -> RemoteOffer:
        """Parses an offer and lists the sections on which the client sends. Raises `SdpError`."""
        description = self._read(sdp)
        media = tuple(
            RemoteMedia(
                mid=section.mid,
                kind=section.kind,
                stream_id=section.msid[0],
                track_id=section.msid[1],
                codecs=tuple(codec.mime_type for codec in codecs.supported(section.codecs(), section.kind)),
                rids=tuple(section.send_rids),
            )
            for section in description.media
            if _sends(section)
        )
        return RemoteOffer(description, media)

    async def answer(self, offer: RemoteOffer, *, codecs: Mapping[str, str] | None = None) -> str:
        """Takes an offer and answers it. `codecs`: mid -> MIME type to put first. Raises `SdpError`."""
        description = offer.description
        self._follow_ice_restart(description)
        self._learn_decodable(description)
        self._match_sections(description)
        self._drop_ended_receivers(description)
        self._place_senders(description)
        answer = negotiation.session(self._session_id, self._next_version(), _allows_mixed(description))
        transport = self._transport_lines("passive")
        for section, remote in zip(self._sections, description.media, strict=True):
            first = not any(done.port for done in answer.media)
            wanted = (codecs or {}).get(section.mid)
            answer.media.append(self._answer_section(section, remote, wanted, transport, first=first))
        text = negotiation.finish(answer)
        self._start(description, server=True)
        return text

    def missing_sections(self) -> tuple[int, int]:
        """(audio, video) sections that the client has yet to offer for senders without one."""
        kinds = [sender.kind for sender in self._senders if sender.mid is None]
        return kinds.count("audio"), kinds.count("video")

    # The server offers

    async def create_offer(self, *, ice_restart: bool = False) -> str:
        """Offers all senders. The caller keeps one offer outstanding at a time."""
        if ice_restart:
            self._restart_ice()
        if not self._sections:
            self._sections.append(_Section(mid="0", kind="application"))
        for sender in self._senders:
            if sender.mid is None:
                self._give_own_section(sender)
        offer = negotiation.session(self._session_id, self._next_version(), allow_mixed=True)
        transport = self._transport_lines("actpass")
        for section in self._sections:
            offer.media.append(self._offer_section(section, transport, first=section is self._sections[0]))
        return negotiation.finish(offer)

    async def set_answer(self, sdp: str) -> None:
        """Takes the client's answer to the last offer. Raises `SdpError`."""
        description = self._read(sdp)
        if len(description.media) > len(self._sections):
            raise SdpError("the answer has more sections than the offer")
        for section, remote in zip(self._sections, description.media, strict=False):
            if section.mid != remote.mid:
                raise SdpError(f"expected mid {section.mid}", remote.line)
            if section.kind == "application":
                self._learn_sctp(remote)
            elif section.sender is not None:
                self._accept(section.sender, remote)
        self._start(description, server=_setup(description) != "passive")

    # Senders

    def add_sender(
        self,
        source: RtpReceiver,
        *,
        stream_id: str,
        track_id: str,
        paused: bool = False,
        sync_stream_id: str | None = None,
    ) -> RtpSender:
        """Forwards a track to this peer, after the next negotiation. Raises `UnsupportedCodec` when the peer's
        descriptions show that it cannot decode the track."""
        decodable = self._decodable.get(source.kind)
        unknown = decodable is None
        if source.mime_type.lower() in self._rejected_codecs or not (
            unknown or map_codecs(source.codecs, decodable or [])
        ):
            raise UnsupportedCodec(source.mime_type)
        sender = RtpSender(self.engine.next_id(), source, stream_id, track_id, self, paused, sync_stream_id)
        self._senders.append(sender)
        self._observer.negotiation_needed(self)
        return sender

    def remove_sender(self, sender: RtpSender) -> None:
        """Ends a track; its section is free for another of the kind after the next negotiation."""
        if sender not in self._senders:
            return
        self._senders.remove(sender)
        for section in self._sections:
            if section.sender is sender:
                section.sender = None
        if sender.mapping and self.state is not ConnectionState.CLOSED and not sender.source.ended:
            self.engine.plane.remove_sender(sender.id)
        self._observer.negotiation_needed(self)

    def mid_to_track_id(self) -> dict[str, str]:
        """Track ids of the senders that have a section."""
        return {sender.mid: sender.track_id for sender in self._senders if sender.mid is not None}

    # Data

    def send_data(self, label: str, payload: bytes) -> bool:
        """False: the channel is not open, or too much waits on it."""
        limit = MAX_LOSSY_BUFFER if label == LOSSY else MAX_RELIABLE_BUFFER
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

    async def close(self) -> None:
        """Tells the peer and forgets everything. Idempotent."""
        if self.state is ConnectionState.CLOSED:
            return
        self._set_state(ConnectionState.CLOSED, tell=False)
        self._metrics.connections.labels(ConnectionState.CLOSED.value).dec()
        if self._handshake is not None:
            self._handshake.cancel()
            await asyncio.gather(self._handshake, return_exceptions=True)
        await self._secure.close()
        for receiver in self.receivers.values():
            self.engine.disown_receiver(receiver.id)
        self.engine.unregister(self.id)
        if self.engine.running:
            self.engine.plane.remove_transport(self.id)
        self.receivers.clear()
        self._senders.clear()

    # TransportHandler: what the data plane tells

    def ice_selected(self, protocol: str, remote: str) -> None:
        """A path was chosen or has changed."""
        self._log.debug("path selected", protocol=protocol)
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

    def encoding_started(self, receiver: int, encoding: int) -> None:
        """First packet of a layer."""
        found = next((r for r in self.receivers.values() if r.id == receiver), None)
        if found is not None:
            self._observer.media_started(self, found, encoding)

    def worker_failed(self, reason: str) -> None:
        """The transport is gone with its worker."""
        self._fail("worker")

    # Inside: descriptions

    def _read(self, sdp: str) -> SessionDescription:
        try:
            return parse(sdp)
        except SdpError:
            self._metrics.errors.labels("sdp").inc()
            raise

    def _next_version(self) -> int:
        self._version += 1
        return self._version

    def _transport_lines(self, setup: str) -> TransportLines:
        return TransportLines(
            self._credentials, _process_certificate().fingerprint, setup, self.engine.candidates()
        )

    def _restart_ice(self) -> None:
        self._credentials = IceCredentials()
        self.engine.plane.restart_ice(self.id, self._credentials.ufrag, self._credentials.password)

    def _follow_ice_restart(self, description: SessionDescription) -> None:
        """A changed ufrag is a restart (RFC 8839, section 4.4.1.1.1)."""
        ufrag = _lookup(description, "ice-ufrag")
        if ufrag is None:
            raise SdpError("no ice-ufrag")
        if self._remote_ufrag and ufrag != self._remote_ufrag:
            self._restart_ice()
        self._remote_ufrag = ufrag

    def _learn_decodable(self, description: SessionDescription) -> None:
        for section in description.media:
            if section.kind in codecs.SUPPORTED and section.direction in ("recvonly", "sendrecv"):
                self._decodable[section.kind] = codecs.supported(section.codecs(), section.kind)

    def _match_sections(self, description: SessionDescription) -> None:
        """Sections keep their place; an offer only adds behind them (RFC 3264, section 8)."""
        if len(description.media) < len(self._sections):
            raise SdpError("the offer lost a section")
        for number, remote in enumerate(description.media):
            if number == len(self._sections):
                self._sections.append(_Section(remote.mid, remote.kind))
            known = self._sections[number]
            if known.mid != remote.mid or known.kind != remote.kind:
                if known.receiver or known.sender or not remote.port:
                    raise SdpError("a section changed its kind or mid", remote.line)
                self._sections[number] = _Section(remote.mid, remote.kind)

    def _drop_ended_receivers(self, description: SessionDescription) -> None:
        for section, remote in zip(self._sections, description.media, strict=True):
            if section.receiver is not None and not _sends(remote):
                self._end_receiver(section)

    def _end_receiver(self, section: _Section) -> None:
        receiver = section.receiver
        if receiver is None:
            return
        section.receiver = None
        self.receivers.pop(section.mid, None)
        self.engine.disown_receiver(receiver.id)
        self.engine.plane.remove_receiver(receiver.id)
        receiver.ended = True

    def _place_senders(self, description: SessionDescription) -> None:
        """Gives waiting senders the free sections of their kind."""
        for section, remote in zip(self._sections, description.media, strict=True):
            takes = section.kind in codecs.SUPPORTED and remote.direction in ("recvonly", "sendrecv")
            if section.sender is not None and (not takes or remote.rejected):
                section.sender.mid = None
                section.sender = None
            if section.sender is None and takes and not remote.rejected:
                sender = next((s for s in self._senders if s.mid is None and s.kind == section.kind), None)
                if sender is not None:
                    section.give(sender)

    def _answer_section(
        self,
        section: _Section,
        remote: MediaSection,
        wanted: str | None,
        transport: TransportLines,
        *,
        first: bool,
    ) -> MediaSection:
        if remote.rejected:
            return negotiation.rejected(remote)
        if section.kind == "application":
            self._learn_sctp(remote)
            return negotiation.application(section.mid, transport, first=first)
        if section.kind not in codecs.SUPPORTED:
            return negotiation.rejected(remote)
        known = codecs.supported(remote.codecs(), section.kind)
        if not known:
            return negotiation.rejected(remote)
        if _sends(remote):
            answered = codecs.preferred_first(known, wanted)
            self._set_receiver(section, remote, answered)
            return negotiation.receiving(remote, answered, transport, first=first)
        extensions = negotiation.extensions_of(remote, codecs.SENDING_EXTENSIONS[section.kind])
        sender = section.sender
        if sender is not None:
            if sender.negotiated(known, extensions):
                known = list(dict.fromkeys(mine for _, mine in sender.mapping))
            else:
                self._unsupported(sender, section)
                sender = None
        # Chromium drops an extension for good that any answer in the bundle left out: without RID here it
        # could not offer simulcast in a section that it adds later, without transport-cc not pace its video.
        extensions = negotiation.extensions_of(remote, codecs.RECEIVING_EXTENSIONS[section.kind])
        return negotiation.sending(
            section.kind, section.mid, sender, known, extensions, transport, first=first
        )

    def _set_receiver(self, section: _Section, remote: MediaSection, answered: list[RtpCodec]) -> None:
        receiver = section.receiver
        if receiver is None:
            receiver = RtpReceiver(self.engine.next_id(), media_kind(section.kind), section.mid, self)
            section.receiver = self.receivers[section.mid] = receiver
            self.engine.own_receiver(receiver.id, self.id)
        receiver.codecs = answered
        receiver.encodings = receiver_encodings(remote)
        receiver.mime_type = answered[0].mime_type
        self.engine.plane.set_receiver(
            self.id,
            receiver.id,
            kind=receiver.kind,
            mid=receiver.mid,
            codecs=codec_parameters(answered),
            encodings=receiver.encodings,
            extensions=negotiation.extensions_of(remote, codecs.RECEIVING_EXTENSIONS[section.kind]),
            nack=any("nack" in codec.feedback for codec in answered),
        )

    def _give_own_section(self, sender: RtpSender) -> None:
        free = (s for s in self._sections if s.kind == sender.kind and s.sender is None)
        section = next(free, None)
        if section is None:
            section = _Section(mid=str(len(self._sections)), kind=sender.kind)
            self._sections.append(section)
        section.give(sender)

    def _offer_section(self, section: _Section, transport: TransportLines, *, first: bool) -> MediaSection:
        if section.kind == "application":
            return negotiation.application(section.mid, transport, first=first)
        sender = section.sender
        source = sender.source.codecs if sender else []
        own = [mine for codec in source if (mine := self._payload_types.own(codec))]
        if not own:  # a freed section keeps the kind's plainest codec so that the line stays valid
            plain = PLAIN_CODECS[section.kind]
            own = [mine for mine in [self._payload_types.own(plain)] if mine]
        extensions = negotiation.own_extensions(section.kind)
        return negotiation.sending(section.kind, section.mid, sender, own, extensions, transport, first=first)

    def _accept(self, sender: RtpSender, remote: MediaSection) -> None:
        """The client's answer for one sender: its codecs with our numbers."""
        accepted = codecs.supported(remote.codecs(), remote.kind)
        extensions = negotiation.extensions_of(remote, codecs.SENDING_EXTENSIONS[remote.kind])
        receives = not remote.rejected and remote.direction in ("recvonly", "sendrecv")
        if not receives or not sender.negotiated(accepted, extensions):
            section = next(s for s in self._sections if s.sender is sender)
            self._unsupported(sender, section)

    def _unsupported(self, sender: RtpSender, section: _Section) -> None:
        self._rejected_codecs.add(sender.source.mime_type.lower())
        section.sender, sender.mid = None, None
        self._senders.remove(sender)
        self._metrics.errors.labels("unsupported_codec").inc()
        self._observer.sender_unsupported(self, sender)

    def _learn_sctp(self, remote: MediaSection) -> None:
        port = remote.get("sctp-port") or ""
        size = remote.get("max-message-size") or ""
        if not remote.rejected and port.isdigit() and 0 < int(port) < 65_536:
            self._sctp = int(port), int(size) if size.isdigit() else DEFAULT_MAX_MESSAGE_SIZE

    # Inside: transport

    def _start(self, description: SessionDescription, *, server: bool) -> None:
        """Begins to wait for the path and the handshake, once."""
        if self._handshake is not None:
            return
        fingerprints = _fingerprints(description)
        if not fingerprints:
            raise SdpError("no fingerprint")
        self._set_state(ConnectionState.CONNECTING)
        self._handshake = asyncio.create_task(
            self._connect(fingerprints, server=server), name=f"handshake-{self.id}"
        )

    async def _connect(self, fingerprints: list[Fingerprint], *, server: bool) -> None:
        began = self._clock.monotonic()
        try:
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
            if self._sctp is not None:
                await self._secure.start_sctp(*self._sctp)
                if self.offerer is Offerer.SERVER:
                    self._secure.open_channel(RELIABLE, ordered=True, max_retransmits=None)
                    self._secure.open_channel(LOSSY, ordered=False, max_retransmits=0)
        except TimeoutError:
            self._fail("ice_timeout")
        except HandshakeError as error:
            self._log.info("handshake failed", reason=str(error))
            self._fail("dtls")
        except Exception:
            self._log.exception("connecting failed")
            self._fail("internal")

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
            self._observer.connection_state_changed(self, state)

    def _send_dtls(self, datagram: bytes) -> None:
        if self.engine.running:
            self.engine.plane.send_dtls(self.id, datagram)

    def _message(self, label: str, payload: bytes) -> None:
        self._count_data("in", label, payload)
        self._observer.data_received(self, label, payload)

    def _channel_open(self, label: str) -> None:
        self._observer.data_channel_ready(self, label)

    def _count_data(self, direction: str, label: str, payload: bytes) -> None:
        # Labels come from clients: only the known ones become time series.
        known = label if label in (RELIABLE, LOSSY) else "other"
        self._metrics.data_messages.labels(direction, known).inc()
        self._metrics.data_bytes.labels(direction, known).inc(len(payload))


def _sends(section: MediaSection) -> bool:
    media = section.kind in codecs.SUPPORTED and not section.rejected
    return media and section.direction in ("sendonly", "sendrecv")


def _allows_mixed(description: SessionDescription) -> bool:
    everywhere = [description, *description.media]
    return any(holder.get("extmap-allow-mixed") is not None for holder in everywhere)


def _lookup(description: SessionDescription, name: str) -> str | None:
    found = (description.lookup(section, name) for section in description.media if section.port)
    return next((value for value in found if value is not None), description.get(name))


def _setup(description: SessionDescription) -> str | None:
    return _lookup(description, "setup")


def _fingerprints(description: SessionDescription) -> list[Fingerprint]:
    lines = description.get_all("fingerprint")
    for section in description.media:
        lines.extend(section.get_all("fingerprint"))
    found = []
    for line in dict.fromkeys(lines):
        algorithm, _, value = line.partition(" ")
        found.append(Fingerprint(algorithm.lower(), value.strip().upper()))
    return found
