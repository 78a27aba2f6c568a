"""The client offers: what its sections bring and take, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import codecs, negotiation, opus
from .negotiation import TransportLines
from .opus import OpusOptions
from .receivers import Receivers
from .sdp import MediaSection, RtpCodec, SessionDescription
from .sections import Section, Sections, sends
from .senders import Senders


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


def remote_media(offer: SessionDescription) -> tuple[RemoteMedia, ...]:
    """The sections on which the client sends."""
    return tuple(
        RemoteMedia(
            mid=section.mid,
            kind=section.kind,
            stream_id=section.msid[0],
            track_id=section.msid[1],
            codecs=tuple(codec.mime_type for codec in codecs.supported(section.codecs(), section.kind)),
            rids=tuple(section.send_rids),
        )
        for section in offer.media
        if sends(section)
    )


@dataclass(frozen=True)
class AnswerWishes:
    """What the answer asks of a publisher, by mid: the MIME type to put first, and how Opus is to be sent."""

    codecs: Mapping[str, str] = field(default_factory=dict)
    opus: Mapping[str, OpusOptions] = field(default_factory=dict)


class Answerer:
    """Applies offers to the sections of one connection and writes its answers."""

    def __init__(self, sections: Sections, receivers: Receivers, senders: Senders) -> None:
        self._sections = sections
        self._receivers = receivers
        self._senders = senders

    def apply(self, offer: SessionDescription) -> None:
        """What begins and ends with this offer. Raises `SdpError`."""
        self._senders.learn_decodable(offer)
        self._sections.match(offer)
        self._receivers.end_silent(self._sections, offer)
        self._sections.place(self._senders, offer)

    def write(
        self,
        answer: SessionDescription,
        offer: SessionDescription,
        transport: TransportLines,
        wanted: AnswerWishes,
    ) -> None:
        """Adds a section for each of the offer."""
        for section, remote in zip(self._sections, offer.media, strict=True):
            first = not any(done.port for done in answer.media)
            answer.media.append(self._section(section, remote, wanted, transport, first=first))
            section.told = section.sender is not None

    def _section(
        self,
        section: Section,
        remote: MediaSection,
        wanted: AnswerWishes,
        transport: TransportLines,
        *,
        first: bool,
    ) -> MediaSection:
        if remote.rejected:
            return negotiation.rejected(remote)
        if section.kind == "application":
            return negotiation.application(section.mid, transport, first=first)
        known = codecs.supported(remote.codecs(), section.kind) if section.kind in codecs.SUPPORTED else []
        if not known:
            return negotiation.rejected(remote)
        if sends(remote):
            answered = codecs.preferred_first(known, wanted.codecs.get(section.mid))
            self._receivers.set(section, remote, answered, stereo=opus.is_stereo(wanted.opus, section.mid))
            sound = wanted.opus.get(section.mid)
            told = [opus.answered(codec, sound) for codec in answered]
            limit = self._receivers.max_bitrate(section.kind)
            answer = negotiation.receiving(remote, told, transport, first=first, max_bps=limit)
        else:
            answer = self._sending(section, remote, known, transport, first=first)
        if remote.get("rtcp-mux-only") is not None:
            answer.add("rtcp-mux-only")  # RFC 8858, section 3: we never do otherwise
        return answer

    def _sending(
        self,
        section: Section,
        remote: MediaSection,
        known: list[RtpCodec],
        transport: TransportLines,
        *,
        first: bool,
    ) -> MediaSection:
        sender = section.sender
        if sender is not None:
            forwarded = negotiation.extensions_of(remote, codecs.SENDING_EXTENSIONS[section.kind])
            if sender.negotiated(known, forwarded):
                known = sender.answered_codecs
            else:
                self._senders.refuse(section, sender)
                sender = None
        # Chromium drops an extension for good that any answer in the bundle left out: without RID here it
        # could not offer simulcast in a section that it adds later, without transport-cc not pace its video.
        extensions = negotiation.extensions_of(remote, codecs.RECEIVING_EXTENSIONS[section.kind])
        return negotiation.sending(
            section.kind, section.mid, sender, known, extensions, transport, first=first
        )
