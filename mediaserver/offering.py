"""The server offers: all senders of a connection, and what the client's answer makes of them."""

from __future__ import annotations

from . import codecs, negotiation
from .negotiation import TransportLines
from .rtp import RtpSender
from .sdp import MediaSection, RtpCodec, SdpError, SessionDescription
from .sections import Section, Sections, receives
from .senders import Senders

#: What a freed section of our offers names.
PLAIN_CODECS = {
    "audio": RtpCodec(0, "audio/opus", 48_000, channels=2),
    "video": RtpCodec(0, "video/VP8", 90_000),
}


class OfferWriter:
    """Writes the offers of one connection and applies their answers."""

    def __init__(self, sections: Sections, senders: Senders) -> None:
        self._sections = sections
        self._senders = senders
        self._payload_types = negotiation.PayloadTypes()

    def write(self, offer: SessionDescription, transport: TransportLines) -> None:
        """Adds every section; senders without one get theirs. Data channels come first."""
        if not len(self._sections):
            self._sections.add("application")
        for sender in self._senders.waiting:
            self._sections.place_in_own(sender)
        for section in self._sections:
            offer.media.append(self._section(section, transport, first=not offer.media))
            section.told = section.sender is not None

    def apply(self, answer: SessionDescription) -> None:
        """Senders begin, or end where the client takes none of their codecs. Raises `SdpError`."""
        if len(answer.media) > len(self._sections):
            raise SdpError("the answer has more sections than the offer")
        for section, remote in zip(self._sections, answer.media, strict=False):
            if section.mid != remote.mid:
                raise SdpError(f"expected mid {section.mid}", remote.line)
            if section.sender is not None:
                self._accept(section, section.sender, remote)

    def _section(self, section: Section, transport: TransportLines, *, first: bool) -> MediaSection:
        if section.kind == "application":
            return negotiation.application(section.mid, transport, first=first)
        sender = section.sender
        source = sender.source.codecs if sender else []
        own = self._payload_types.own(source)
        if not own:  # a freed section keeps the kind's plainest codec so that the line stays valid
            own = self._payload_types.own([PLAIN_CODECS[section.kind]])
        extensions = negotiation.own_extensions(section.kind)
        return negotiation.sending(section.kind, section.mid, sender, own, extensions, transport, first=first)

    def _accept(self, section: Section, sender: RtpSender, remote: MediaSection) -> None:
        """The client's answer for one sender: its codecs with our numbers."""
        taken = remote.kind == section.kind and receives(remote)
        accepted = codecs.supported(remote.codecs(), remote.kind) if taken else []
        extensions = negotiation.extensions_of(remote, codecs.SENDING_EXTENSIONS[section.kind])
        if not taken or not sender.negotiated(accepted, extensions):
            self._senders.refuse(section, sender)
