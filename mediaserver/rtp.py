"""Tracks as policy sees them: one that comes in (`RtpReceiver`), one that goes out (`RtpSender`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from . import codecs
from .engine import CodecParameters, Encoding, PayloadTypeMapping
from .sdp import MediaSection, RtpCodec
from .simulcast import lowest_first

if TYPE_CHECKING:
    from .peer_connection import PeerConnection
    from .track import CodecStream

MediaKind = Literal["audio", "video"]


class UnsupportedCodec(Exception):
    """The peer cannot decode the track."""


def random_ssrc() -> int:
    """Never 0, which means "none" in some reports."""
    return secrets.randbelow(2**32 - 1) + 1


@dataclass(eq=False)
class RtpReceiver:
    """A track that a peer sends."""

    id: int
    kind: MediaKind
    mid: str
    connection: PeerConnection
    codecs: list[RtpCodec] = field(default_factory=list)
    encodings: list[Encoding] = field(default_factory=list)
    #: Opus with two channels.
    stereo: bool = False
    #: Until packets say otherwise, the first codec of the answer.
    mime_type: str = ""
    #: What comes in here, once that is known.
    stream: CodecStream | None = None
    #: Its section is gone; the data plane has removed it with the senders that forwarded it.
    ended: bool = False
    #: What must let go of it before the data plane removes it.
    before_end: list[Callable[[], None]] = field(default_factory=list)

    def set_enabled(self, enabled: bool) -> None:
        """False: everything that arrives is dropped in the data plane (server mute)."""
        if not self.ended:
            self.connection.engine.plane.enable_receiver(self.id, enabled)

    def request_keyframe(self) -> None:
        """Asks the publisher for a keyframe of every live layer (throttled)."""
        if not self.ended:
            self.connection.engine.plane.request_keyframe(self.id)

    def release(self) -> None:
        """It is about to end: senders that outlive it let go of it."""
        waiting, self.before_end = self.before_end, []
        for let_go in waiting:
            let_go()


@dataclass(eq=False)
class RtpSender:
    """A track that a peer receives. `mid` is None until a section carries it."""

    id: int
    source: RtpReceiver
    stream_id: str
    track_id: str
    connection: PeerConnection
    paused: bool = False
    #: Of the tracks that a player should keep in step (lip sync); used where the peer can take it.
    sync_stream_id: str | None = None
    #: No track used the section before.
    in_fresh_section: bool = False
    #: Name of the stream instead of the track's, in a section that had it before.
    alias: str = ""
    mid: str | None = None
    ssrc: int = field(default_factory=random_ssrc)
    rtx_ssrc: int = field(default_factory=random_ssrc)
    #: (source codec, codec of this peer) as negotiated.
    mapping: list[tuple[RtpCodec, RtpCodec]] = field(default_factory=list)
    extensions: list[tuple[str, int]] = field(default_factory=list)
    max_spatial: int = 255
    max_temporal: int = 255

    @property
    def kind(self) -> MediaKind:
        """Audio or video."""
        return self.source.kind

    @property
    def cname(self) -> str:
        """One for all tracks of a publisher, so that players synchronise them (RFC 3550, section 6.5.1)."""
        return self.stream_id.partition("|")[0][:64] or "polyana"

    @property
    def msid(self) -> str:
        """Stream and track id (RFC 8830). In a section that is used again a client learns of the new track only by
        its stream (the receiver's track keeps its id), so there it has one of its own."""
        return f"{self.stream} {self.track_id}"

    @property
    def stream(self) -> str:
        """The stream of `msid`."""
        if self.alias:
            return f"{self.stream_id.partition('|')[0]}|{self.alias}"
        shared = self.sync_stream_id if self.in_fresh_section else None
        return shared or self.stream_id

    def set_target(self, *, enabled: bool, max_spatial: int = 255, max_temporal: int = 255) -> None:
        """What should be forwarded; the data plane chooses when (at a keyframe)."""
        self.paused, self.max_spatial, self.max_temporal = not enabled, max_spatial, max_temporal
        if self.mapping and not self.source.ended:
            self.connection.engine.plane.set_sender_target(
                self.id, enabled=enabled, max_spatial=max_spatial, max_temporal=max_temporal
            )

    def replace_source(self, receiver: RtpReceiver) -> None:
        """Forwards another track of the same kind on the same section. A new negotiation follows only where the
        peer has not negotiated its codec; until then the old source goes on."""
        if self.source.ended:  # the data plane has forgotten the sender with it, and where its numbers stood
            self.ssrc, self.rtx_ssrc, self.mapping = random_ssrc(), random_ssrc(), []
        self.source = receiver
        peer_codecs = [mine for _, mine in self.mapping]
        if carries(map_codecs(receiver.codecs, peer_codecs), receiver):
            self.negotiated(peer_codecs, self.extensions)
        elif self.mid is not None:
            self.connection.renegotiate()

    def negotiated(self, peer_codecs: list[RtpCodec], extensions: list[tuple[str, int]]) -> bool:
        """Tells the data plane how this track goes out. False: the peer decodes none of the source's codecs."""
        self.mapping = map_codecs(self.source.codecs, peer_codecs)
        self.extensions = extensions
        if not carries(self.mapping, self.source) or self.mid is None:
            return False
        if not self.source.ended:  # else it is about to be removed
            self._tell(self.mid)
        return True

    @property
    def answered_codecs(self) -> list[RtpCodec]:
        """What our answer names of the peer's codecs."""
        return list(dict.fromkeys(mine for _, mine in self.mapping))

    @property
    def gets_feedback(self) -> bool:
        """Packets have transport-wide numbers only where the peer will say which of them arrive."""
        agreed = any("transport-cc" in mine.feedback for _, mine in self.mapping)
        return agreed and self.connection.engine.settings.congestion_control

    def _tell(self, mid: str) -> None:
        """Tells the data plane."""
        has_rtx = any(mine.rtx_payload_type is not None for _, mine in self.mapping)
        plane = self.connection.engine.plane
        plane.set_sender(
            self.connection.id,
            self.id,
            receiver=self.source.id,
            mid=mid,
            ssrc=self.ssrc,
            rtx_ssrc=self.rtx_ssrc if has_rtx else None,
            cname=self.cname,
            payload_types=[_payload_type_mapping(theirs, mine) for theirs, mine in self.mapping],
            extensions=[
                (uri, number)
                for uri, number in self.extensions
                if uri != codecs.TRANSPORT_CC or self.gets_feedback
            ],
        )
        plane.set_sender_target(
            self.id, enabled=not self.paused, max_spatial=self.max_spatial, max_temporal=self.max_temporal
        )


def map_codecs(source: list[RtpCodec], peer: list[RtpCodec]) -> list[tuple[RtpCodec, RtpCodec]]:
    """Pairs each codec of a source with the peer's that stands for it."""
    pairs = ((codec, codecs.match(codec, peer)) for codec in source)
    return [(codec, found) for codec, found in pairs if found is not None]


def _payload_type_mapping(theirs: RtpCodec, mine: RtpCodec) -> PayloadTypeMapping:
    unwrap_red = theirs.name == "RED" and mine.name != "RED"
    return PayloadTypeMapping(
        theirs.payload_type, mine.payload_type, mine.rtx_payload_type, unwrap_red=unwrap_red
    )


def carries(mapping: list[tuple[RtpCodec, RtpCodec]], source: RtpReceiver) -> bool:
    """Whether the codec that a source uses is among the pairs. A video section lists many and uses one."""
    if source.kind == "audio" or not source.mime_type:
        return bool(mapping)
    return any(theirs.mime_type.lower() == source.mime_type.lower() for theirs, _ in mapping)


def receiver_encodings(section: MediaSection) -> list[Encoding]:
    """The streams of a sending section, lowest quality first: by RID, by SSRC group, or one.

    RIDs whose names do not tell which is lower stay in their order.
    """
    if rids := section.send_rids:
        return [Encoding(rid=rid) for rid in lowest_first(rids) or rids]
    repairs = {group[0]: group[1] for group in section.ssrc_groups("FID") if len(group) == 2}
    simulcast = next(iter(section.ssrc_groups("SIM")), None)
    ssrcs = simulcast or section.ssrcs()[:1]
    return [Encoding(ssrc=ssrc, rtx_ssrc=repairs.get(ssrc)) for ssrc in ssrcs] or [Encoding()]


def codec_parameters(found: list[RtpCodec]) -> list[CodecParameters]:
    """Codecs as the data plane takes them."""
    return [
        CodecParameters(codec.payload_type, codec.mime_type, codec.clock_rate, codec.rtx_payload_type)
        for codec in found
    ]


def media_kind(kind: str) -> MediaKind:
    """Narrows a section's kind, which is known to be one of the two."""
    return cast("MediaKind", kind)
