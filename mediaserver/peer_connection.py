"""One peer connection: its transport, sections, receivers and senders, put together."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from enum import Enum
from typing import ClassVar, Protocol

from . import negotiation
from .answering import Answerer, AnswerWishes, RemoteMedia, RemoteOffer, remote_media
from .clock import Clock
from .engine import Engine
from .metrics import MediaMetrics
from .negotiation import TransportLines
from .offering import OfferWriter
from .receivers import Receivers
from .rtp import MediaKind, RtpReceiver, RtpSender, UnsupportedCodec
from .sdp import SdpError, SessionDescription, parse
from .sections import Sections
from .senders import Senders
from .standing import StandingSender
from .transport import ConnectionState, Transport, peer_is_dtls_server

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


class Offerer(Enum):
    """Who makes the offers."""

    CLIENT = "client"
    SERVER = "server"


class PeerConnectionObserver(Protocol):
    """What the owner of a connection is told. Called from the event loop, never re-entrantly from `close`."""

    def connection_state_changed(self, connection: PeerConnection, state: ConnectionState) -> None: ...

    def data_received(self, connection: PeerConnection, label: str, payload: bytes) -> None: ...

    def data_channel_ready(self, connection: PeerConnection, label: str) -> None: ...

    def negotiation_needed(self, connection: PeerConnection) -> None: ...

    def media_started(self, connection: PeerConnection, receiver: RtpReceiver, encoding: int) -> None: ...

    def sender_unsupported(self, connection: PeerConnection, sender: RtpSender) -> None: ...

    def bandwidth_estimated(self, connection: PeerConnection, bits_per_second: int) -> None:
        """What the line to the peer can carry of video."""

    def path_selected(self, connection: PeerConnection) -> None:
        """Media takes another path, or its first."""

    def closed_by_peer(self, connection: PeerConnection) -> None:
        """The peer ended DTLS; nothing more will come."""


class PeerConnection:
    """See ARCHITECTURE.md for the contract. All methods belong to the event loop's thread."""

    has_peer: ClassVar[bool] = True
    """False: what comes in is played by the server, and there is no line to look at."""

    def __init__(
        self,
        engine: Engine,
        *,
        room: str,
        offerer: Offerer,
        observer: PeerConnectionObserver,
        clock: Clock,
        metrics: MediaMetrics,
        log_context: Mapping[str, str],
    ) -> None:
        self.engine = engine
        self.offerer = offerer
        self._observer = observer
        self._metrics = metrics
        self.estimated_bitrate: int | None = None
        """What the line can carry of video, bit/s; None: the peer gives no feedback, or has not yet."""
        self._session_id = secrets.randbits(62)
        self._version = 0
        self._sections = Sections()
        self._receivers = Receivers(self)
        self._senders = Senders(metrics, lambda sender: observer.sender_unsupported(self, sender))
        self._answers = Answerer(self._sections, self._receivers, self._senders)
        self._offers = OfferWriter(self._sections, self._senders)
        self._transport = Transport(
            engine,
            room=room,
            opens_channels=offerer is Offerer.SERVER,
            observer=self,
            clock=clock,
            metrics=metrics,
            log_context=log_context,
        )

    @property
    def id(self) -> int:
        """Of the transport in the data plane."""
        return self._transport.id

    @property
    def state(self) -> ConnectionState:
        """From `NEW` to `CLOSED`."""
        return self._transport.state

    @property
    def path(self) -> tuple[str, str] | None:
        """Protocol ("udp", "tcp") and the peer's "host:port", once there is one."""
        return self._transport.path

    @property
    def receivers(self) -> Mapping[str, RtpReceiver]:
        """Tracks that come in, by mid."""
        return self._receivers.by_mid

    @property
    def senders(self) -> Collection[RtpSender]:
        """Tracks that go out, negotiated or waiting for a section."""
        return tuple(self._senders)

    # The client offers

    def read_offer(self, sdp: str) -> RemoteOffer:
        """Parses an offer and lists the sections on which the client sends. Raises `SdpError`."""
        description = self._read(sdp)
        return RemoteOffer(description, remote_media(description))

    async def answer(self, offer: RemoteOffer, wanted: AnswerWishes | None = None) -> str:
        """Takes an offer and answers it. Raises `SdpError`."""
        description = offer.description
        self._transport.follow_ice_restart(description)
        self._answers.apply(description)
        self._learn_sctp(description)
        answer = self._session(_allows_mixed(description))
        # Whoever can be either is the DTLS client; a peer that can only be the server says so.
        server = not peer_is_dtls_server(description)
        lines = self._transport.lines("passive" if server else "active")
        self._answers.write(answer, description, lines, wanted or AnswerWishes())
        text = negotiation.finish(answer)
        self._transport.start(description, server=server)
        if self._senders.waiting:
            self._observer.negotiation_needed(self)  # for sections that were freed by this answer
        return text

    def restart_ice(self) -> TransportLines:
        """New credentials for a client that restarts ICE without an offer (RFC 9725, section 4.3.3)."""
        self._transport.restart_ice()
        return self._transport.lines("passive")

    def missing_sections(self) -> tuple[int, int]:
        """(audio, video) sections that the client has yet to offer for senders without one."""
        kinds = [sender.kind for sender in self._senders.waiting]
        audio, video = (max(0, kinds.count(k) - self._sections.free(k)) for k in ("audio", "video"))
        return audio, video

    # The server offers

    async def create_offer(self, *, ice_restart: bool = False) -> str:
        """Offers all senders. The caller keeps one offer outstanding at a time."""
        if ice_restart:
            self._transport.restart_ice()
        offer = self._session(allow_mixed=True)
        self._offers.write(offer, self._transport.lines("actpass"))
        return negotiation.finish(offer)

    async def set_answer(self, sdp: str) -> None:
        """Takes the client's answer to the last offer. Raises `SdpError`."""
        answer = self._read(sdp)
        self._offers.apply(answer)
        self._learn_sctp(answer)
        self._transport.start(answer, server=not peer_is_dtls_server(answer))

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
        self._senders.check(source)
        if (standing := self._senders.idle(source.kind)) is not None:
            standing.paused = paused
            standing.replace_source(source)
            return standing
        sender = RtpSender(self.engine.next_id(), source, stream_id, track_id, self, paused, sync_stream_id)
        self._senders.add(sender)
        self._observer.negotiation_needed(self)
        return sender

    def add_standing_sender(self, kind: MediaKind, *, stream_id: str, track_id: str) -> None:
        """For a client that negotiates once: after its next offer, tracks of `add_sender` take turns on one section
        without a new negotiation."""
        self._senders.add(StandingSender.on(self, kind, stream_id=stream_id, track_id=track_id))

    def can_decode(self, mime_type: str) -> bool:
        """False when the peer's descriptions show that it cannot; before they tell, everything may be possible."""
        return self._senders.can_decode(mime_type)

    def codec_rank(self, mime_type: str) -> int:
        """By what the peer would rather have, lowest first; before its offers tell, all are alike."""
        return self._senders.rank(mime_type)

    def renegotiate(self) -> None:
        """A sender changed in a way that only a new negotiation can tell the peer."""
        self._observer.negotiation_needed(self)

    def remove_sender(self, sender: RtpSender) -> None:
        """Ends a track; its section is free for another of the kind after the next negotiation."""
        if sender not in self._senders:
            return
        if isinstance(sender, StandingSender):
            sender.rest()
            return
        self._senders.remove(sender)
        if section := self._sections.of(sender):
            section.free()
        if sender.mapping and self.state is not ConnectionState.CLOSED and not sender.source.ended:
            self.engine.plane.remove_sender(sender.id)
        self._observer.negotiation_needed(self)

    def mid_to_track_id(self) -> dict[str, str]:
        """Track ids of the senders that have a section."""
        return {sender.mid: sender.track_id for sender in self._senders if sender.mid is not None}

    def set_wanted_bitrate(self, bits_per_second: int) -> None:
        """What all senders of video would take if the line allowed; it is probed up to this."""
        if self.state is not ConnectionState.CLOSED:
            self.engine.plane.set_wanted_bitrate(self.id, bits_per_second)

    # Data

    def send_data(self, label: str, payload: bytes) -> bool:
        """False: the channel is not open, or too much waits on it."""
        return self._transport.send_data(label, payload)

    def buffered_amount(self, label: str) -> int:
        """Bytes that wait on a channel."""
        return self._transport.buffered_amount(label)

    async def close(self) -> None:
        """Tells the peer and forgets everything. Idempotent."""
        if self.state is ConnectionState.CLOSED:
            return
        self._receivers.release()
        await self._transport.close()
        self._receivers.close()
        self._senders.clear()

    # TransportObserver

    def state_changed(self, state: ConnectionState) -> None:
        """Told on to the owner."""
        self._observer.connection_state_changed(self, state)

    def message_received(self, label: str, payload: bytes) -> None:
        """Told on to the owner."""
        self._observer.data_received(self, label, payload)

    def channel_opened(self, label: str) -> None:
        """Told on to the owner."""
        self._observer.data_channel_ready(self, label)

    def closed_by_peer(self) -> None:
        """Told on to the owner."""
        self._observer.closed_by_peer(self)

    def encoding_started(self, receiver: RtpReceiver, encoding: int) -> None:
        """First packet of a layer."""
        self._observer.media_started(self, receiver, encoding)

    def bandwidth_estimated(self, bits_per_second: int) -> None:
        """Told on to the owner."""
        self.estimated_bitrate = bits_per_second
        self._observer.bandwidth_estimated(self, bits_per_second)

    def path_selected(self) -> None:
        """Told on to the owner."""
        self._observer.path_selected(self)

    # Inside

    def _read(self, sdp: str) -> SessionDescription:
        try:
            return parse(sdp)
        except SdpError:
            self._metrics.errors.labels("sdp").inc()
            raise

    def _session(self, allow_mixed: bool) -> SessionDescription:
        self._version += 1
        return negotiation.session(self._session_id, self._version, allow_mixed)

    def _learn_sctp(self, description: SessionDescription) -> None:
        for remote in description.media:
            if remote.kind == "application":
                self._transport.learn_sctp(remote)


def _allows_mixed(description: SessionDescription) -> bool:
    everywhere = [description, *description.media]
    return any(holder.get("extmap-allow-mixed") is not None for holder in everywhere)
