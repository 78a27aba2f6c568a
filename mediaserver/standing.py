"""A sender that stays while tracks come and go on it, for peers that negotiate once (WHEP)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .engine import Encoding
from .rtp import MediaKind, RtpReceiver, RtpSender, map_codecs
from .sdp import RtpCodec

if TYPE_CHECKING:
    from .peer_connection import PeerConnection


@dataclass(eq=False)
class StandingSender(RtpSender):
    """One section, SSRC and numbering for all of its tracks: to the peer it is a single stream.

    Between tracks its source is `silence`, a receiver on which nothing comes in, because the data plane forgets a
    sender with its source, and the SRTP index of an SSRC must never start anew (RFC 3711, section 3.3.1).
    """

    silence: RtpReceiver = field(kw_only=True)
    #: All of the kind that the peer decodes: every track may use another.
    peer_codecs: list[RtpCodec] = field(default_factory=list)

    @classmethod
    def on(
        cls, connection: PeerConnection, kind: MediaKind, *, stream_id: str, track_id: str
    ) -> StandingSender:
        """Makes one that waits for a section, and then for a track."""
        engine = connection.engine
        silence = RtpReceiver(engine.next_id(), kind, "", connection)
        engine.plane.set_receiver(
            connection.id,
            silence.id,
            kind=kind,
            mid="",
            codecs=[],
            encodings=[Encoding()],
            extensions=[],
            nack=False,
        )
        return cls(engine.next_id(), silence, stream_id, track_id, connection, silence=silence)

    @property
    def idle(self) -> bool:
        """Placed in a section, without a track."""
        return self.mid is not None and self.source is self.silence

    @property
    def answered_codecs(self) -> list[RtpCodec]:
        """All that the peer offered: what comes later is not known yet."""
        return self.peer_codecs

    def negotiated(self, peer_codecs: list[RtpCodec], extensions: list[tuple[str, int]]) -> bool:
        """The peer's only description for this section."""
        self.peer_codecs, self.extensions = peer_codecs, extensions
        self._forward()
        return True

    def replace_source(self, receiver: RtpReceiver) -> None:
        """Forwards this track from now on."""
        if self.rest in self.source.before_end:
            self.source.before_end.remove(self.rest)
        self.source = receiver
        if receiver is not self.silence:
            receiver.before_end.append(self.rest)
        self._forward()

    def rest(self) -> None:
        """Forwards nothing until the next track."""
        if self.source is not self.silence:
            self.replace_source(self.silence)

    def _forward(self) -> None:
        self.mapping = map_codecs(self.source.codecs, self.peer_codecs)
        if self.mid is not None:
            self._tell(self.mid)
