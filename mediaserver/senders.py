"""The tracks that go out on one connection, and which codecs its peer can decode."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import codecs
from .metrics import MediaMetrics
from .rtp import RtpReceiver, RtpSender, UnsupportedCodec, carries, map_codecs
from .sdp import RtpCodec, SessionDescription
from .sections import Section, receives
from .standing import StandingSender


class Senders:
    """Negotiated ones, and those that wait for a section. `unsupported` hears of each that the peer refused."""

    def __init__(self, metrics: MediaMetrics, unsupported: Callable[[RtpSender], None]) -> None:
        self._metrics = metrics
        self._tell_unsupported = unsupported
        self._senders: list[RtpSender] = []
        #: What the peer can decode, by kind, once a description of its told.
        self._decodable: dict[str, list[RtpCodec]] = {}
        self._rejected_codecs: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[RtpSender]:
        return iter(self._senders)

    def __contains__(self, sender: RtpSender) -> bool:
        return sender in self._senders

    @property
    def waiting(self) -> list[RtpSender]:
        """Those without a section."""
        return [sender for sender in self._senders if sender.mid is None]

    def learn_decodable(self, offer: SessionDescription) -> None:
        """What a client's offer says of its decoders."""
        for remote in offer.media:
            if receives(remote):
                self._decodable[remote.kind] = codecs.supported(remote.codecs(), remote.kind)

    def check(self, source: RtpReceiver) -> None:
        """Raises `UnsupportedCodec` when it is known that the peer cannot decode this."""
        decodable = self._decodable.get(source.kind)
        rejected = source.mime_type.lower() in self._rejected_codecs
        if rejected or not (decodable is None or carries(map_codecs(source.codecs, decodable), source)):
            raise UnsupportedCodec(source.mime_type)

    def can_decode(self, mime_type: str) -> bool:
        """False when it is known that the peer cannot; before it told, everything may be possible."""
        if mime_type.lower() in self._rejected_codecs:
            return False
        decodable = self._decodable.get(mime_type.partition("/")[0])
        return decodable is None or any(c.mime_type.lower() == mime_type.lower() for c in decodable)

    def rank(self, mime_type: str) -> int:
        """Where the peer's offers have a codec, 0: what it would rather have. Before it told, all are alike."""
        names = [codec.mime_type.lower() for codec in self._decodable.get(mime_type.partition("/")[0], ())]
        return names.index(mime_type.lower()) if mime_type.lower() in names else len(names)

    def idle(self, kind: str) -> StandingSender | None:
        """A standing sender that waits for a track of this kind."""
        standing = (s for s in self._senders if isinstance(s, StandingSender) and s.kind == kind)
        return next((s for s in standing if s.idle), None)

    def add(self, sender: RtpSender) -> None:
        """It waits for a section."""
        self._senders.append(sender)

    def remove(self, sender: RtpSender) -> None:
        """It goes out no more."""
        self._senders.remove(sender)

    def refuse(self, section: Section, sender: RtpSender) -> None:
        """The peer's description showed that it cannot take the sender on this section."""
        self._rejected_codecs |= {sender.source.mime_type.lower()}
        section.free()
        self._senders.remove(sender)
        self._metrics.errors.labels("unsupported_codec").inc()
        self._tell_unsupported(sender)

    def clear(self) -> None:
        """The transport is gone, and they with it."""
        self._senders.clear()
