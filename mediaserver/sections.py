"""The m-lines of a connection: which track has which, and how they keep their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import codecs
from .rtp import RtpReceiver, RtpSender
from .sdp import MediaSection, SdpError, SessionDescription


@dataclass(slots=True)
class Section:
    """An m-line of the connection; its place in the description never changes."""

    mid: str
    kind: str
    receiver: RtpReceiver | None = None
    sender: RtpSender | None = None
    #: No track has used it yet.
    fresh: bool = True
    #: The peer knows a track on it. Another one would go unnoticed (JSEP fires no event when only the msid of a section
    #: changes): the peer must first be told that nothing comes.
    told: bool = False
    #: The client's last offer takes media on it.
    takes: bool = False
    #: Track id of its first track, which the client's receiver keeps as the id of whatever comes later.
    home: str = ""
    #: Streams that tracks on it had in our offers: libwebrtc tells of none of them a second time.
    carried: frozenset[str] = frozenset()

    @property
    def free_for_a_track(self) -> bool:
        """Whether a track may begin on it."""
        return self.sender is None and not self.told

    def give(self, sender: RtpSender) -> None:
        """This sender goes out on it from now on."""
        self.sender = sender
        sender.mid, sender.in_fresh_section = self.mid, self.fresh
        self.fresh = False

    def give_in_own(self, sender: RtpSender) -> None:
        """As `give`, for our own offers: with a stream that the section has not had yet."""
        self.home = self.home or sender.track_id
        self.give(sender)
        sender.alias = ""
        if sender.stream in self.carried:
            sender.alias = f"again-{len(self.carried)}"
        self.carried |= {sender.stream}

    def free(self) -> None:
        """Its sender waits for another section, or is gone."""
        if self.sender is not None:
            self.sender.mid = None
        self.sender = None


class Sections:
    """All of a connection, in the order of its descriptions."""

    def __init__(self) -> None:
        self._sections: list[Section] = []

    def __iter__(self) -> Iterator[Section]:
        return iter(self._sections)

    def __len__(self) -> int:
        return len(self._sections)

    def match(self, offer: SessionDescription) -> None:
        """Sections keep their place; a client's offer only adds behind them (RFC 3264, section 8). Raises
        `SdpError`."""
        if len(offer.media) < len(self._sections):
            raise SdpError("the offer lost a section")
        for number, remote in enumerate(offer.media):
            if number == len(self._sections):
                self._sections.append(Section(remote.mid, remote.kind))
            known = self._sections[number]
            if known.mid != remote.mid or known.kind != remote.kind:
                if known.receiver or known.sender or not remote.port:
                    raise SdpError("a section changed its kind or mid", remote.line)
                self._sections[number] = Section(remote.mid, remote.kind)

    def place(self, senders: Iterable[RtpSender], offer: SessionDescription) -> None:
        """Gives waiting senders the free sections of their kind in a client's offer."""
        for section, remote in zip(self._sections, offer.media, strict=True):
            section.takes = receives(remote)
            if not section.takes:
                section.free()
            elif section.free_for_a_track:
                sender = next((s for s in senders if s.mid is None and s.kind == section.kind), None)
                if sender is not None:
                    section.give(sender)

    def place_in_own(self, sender: RtpSender) -> None:
        """Gives a sender a free section of our own offers, or a new one."""
        free = [s for s in self._sections if s.kind == sender.kind and s.free_for_a_track]
        home = (s for s in free if s.home == sender.track_id)
        other = (s for s in free if sender.stream_id not in s.carried)
        (next(home, None) or next(other, None) or self.add(sender.kind)).give_in_own(sender)

    def free(self, kind: str) -> int:
        """How many of the client's offer the next one may use for tracks."""
        return sum(s.kind == kind and s.takes and s.free_for_a_track for s in self._sections)

    def add(self, kind: str) -> Section:
        """A new section of our own offers."""
        section = Section(mid=str(len(self._sections)), kind=kind)
        self._sections.append(section)
        return section

    def of(self, sender: RtpSender) -> Section | None:
        """The section that carries a sender."""
        return next((section for section in self._sections if section.sender is sender), None)


def sends(remote: MediaSection) -> bool:
    """Whether the peer sends media on this section of its description."""
    return _is_media(remote) and remote.direction in ("sendonly", "sendrecv")


def receives(remote: MediaSection) -> bool:
    """Whether the peer takes media on this section of its description."""
    return _is_media(remote) and remote.direction in ("recvonly", "sendrecv")


def _is_media(remote: MediaSection) -> bool:
    return remote.kind in codecs.SUPPORTED and not remote.rejected
