"""The tracks that come in on one connection, as sections of the peer's descriptions bring and end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import codecs, negotiation
from .engine import Encoding
from .rtp import MediaKind, RtpReceiver, codec_parameters, media_kind, receiver_encodings
from .sdp import MediaSection, RtpCodec, SessionDescription
from .sections import Section, Sections, sends

if TYPE_CHECKING:
    from .peer_connection import PeerConnection


class Receivers:
    """`by_mid` is what the connection shows of them."""

    def __init__(self, connection: PeerConnection) -> None:
        self.by_mid: dict[str, RtpReceiver] = {}
        self._connection = connection

    def max_bitrate(self, kind: str) -> int:
        """What one of this kind may send, bit/s; 0: there is no limit."""
        settings = self._connection.engine.settings
        return settings.max_video_bps if kind == "video" else settings.max_audio_bps

    def set(self, section: Section, remote: MediaSection, answered: list[RtpCodec], *, stereo: bool) -> None:
        """The peer sends on this section; the answer names these codecs."""
        receiver = section.receiver or self._add(section)
        receiver.stereo = stereo
        receiver.codecs = answered
        receiver.encodings = receiver_encodings(remote)
        receiver.mime_type = answered[0].mime_type
        self._connection.engine.plane.set_receiver(
            self._connection.id,
            receiver.id,
            kind=receiver.kind,
            mid=receiver.mid,
            codecs=codec_parameters(answered),
            encodings=receiver.encodings,
            extensions=negotiation.extensions_of(remote, codecs.RECEIVING_EXTENSIONS[section.kind]),
            nack=any("nack" in codec.feedback for codec in answered),
        )

    def add_played(
        self, kind: MediaKind, mid: str, codec: RtpCodec, encodings: list[Encoding]
    ) -> RtpReceiver:
        """A track in one codec that no peer sends: the server plays it."""
        engine = self._connection.engine
        receiver = RtpReceiver(engine.next_id(), kind, mid, self._connection, [codec], encodings)
        receiver.stereo = codec.parameter("stereo") == "1"
        receiver.mime_type = codec.mime_type
        self.by_mid[receiver.mid] = receiver
        engine.own_receiver(receiver)
        engine.plane.set_receiver(
            self._connection.id,
            receiver.id,
            kind=kind,
            mid=receiver.mid,
            codecs=codec_parameters([codec]),
            encodings=encodings,
            extensions=[],
            nack=False,
        )
        return receiver

    def end_silent(self, sections: Sections, offer: SessionDescription) -> None:
        """Ends those whose sections no longer send."""
        for section, remote in zip(sections, offer.media, strict=True):
            if section.receiver is not None and not sends(remote):
                self._end(section, section.receiver)

    def release(self) -> None:
        """They are about to end: standing senders let go of them."""
        for receiver in self.by_mid.values():
            receiver.release()

    def close(self) -> None:
        """The transport is gone, and they with it."""
        for receiver in self.by_mid.values():
            self._connection.engine.disown_receiver(receiver)
        self.by_mid.clear()

    def _add(self, section: Section) -> RtpReceiver:
        engine = self._connection.engine
        receiver = RtpReceiver(engine.next_id(), media_kind(section.kind), section.mid, self._connection)
        section.receiver = self.by_mid[section.mid] = receiver
        engine.own_receiver(receiver)
        return receiver

    def _end(self, section: Section, receiver: RtpReceiver) -> None:
        section.receiver = None
        self.by_mid.pop(section.mid, None)
        self._connection.engine.disown_receiver(receiver)
        receiver.release()
        self._connection.engine.plane.remove_receiver(receiver.id)
        receiver.ended = True
