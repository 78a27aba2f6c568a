"""Which offers WHIP and WHEP take (RFC 9725, section 4.4), and what they become for the media server. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus

from mediaserver import codecs
from mediaserver.sdp import MediaSection, RtpCodec, SdpError, SessionDescription, parse
from signalling.whip import simulcast
from signalling.whip.errors import Refused, of_description

DIRECTIONS = {"send": ("sendonly", "sendrecv"), "receive": ("recvonly", "sendrecv")}


@dataclass(frozen=True)
class CheckedOffer:
    """At most one section of each kind, in one bundle, in one direction, with a codec that is routed."""

    sdp: str
    ufrag: str
    sections: tuple[MediaSection, ...]

    @property
    def mids(self) -> tuple[str, ...]:
        """In the order of the offer."""
        return tuple(section.mid for section in self.sections)


def publishing(text: str, enabled_codecs: Collection[str]) -> CheckedOffer:
    """The offer of a WHIP client; codecs that are not enabled do not count. Raises `Refused`."""
    enabled = {mime_type.lower() for mime_type in enabled_codecs}
    description = _checked(text, "send", enabled)
    for section in _media(description):
        simulcast.order(section)
    return _result(description)


def playing(text: str) -> CheckedOffer:
    """The offer of a WHEP client. Raises `Refused`."""
    return _result(_checked(text, "receive", None))


def first_codec(section: MediaSection, enabled_codecs: Collection[str]) -> RtpCodec:
    """The client's favourite of the enabled codecs."""
    enabled = {mime_type.lower() for mime_type in enabled_codecs}
    return next(codec for codec in _routed(section) if codec.mime_type.lower() in enabled)


def _checked(text: str, direction: str, enabled: Collection[str] | None) -> SessionDescription:
    try:
        description = parse(text)
    except SdpError as error:
        raise of_description(error) from error
    media = _media(description)
    if not media:
        raise _unprocessable("neither audio nor video")
    for kind in ("audio", "video"):
        if sum(section.kind == kind for section in media) > 1:
            raise _unprocessable(f"more than one {kind} track")
    _check_bundle(description, media)
    for section in media:
        _check_section(section, direction, enabled)
    for section in description.media:
        if section.kind not in codecs.SUPPORTED:
            section.port = 0  # data channels perhaps: not part of these protocols, and no reason to refuse
    return description


def _check_bundle(description: SessionDescription, media: list[MediaSection]) -> None:
    groups = [value.split()[1:] for value in description.get_all("group") if value.startswith("BUNDLE ")]
    mids = {section.mid for section in media}
    if len(mids) > 1 and not any(mids <= set(group) for group in groups):
        raise _unprocessable("the media are not in one bundle")


def _check_section(section: MediaSection, direction: str, enabled: Collection[str] | None) -> None:
    if section.direction not in DIRECTIONS[direction]:
        raise _unprocessable(f"{section.kind} is {section.direction}")
    usable = [codec for codec in _routed(section) if enabled is None or codec.mime_type.lower() in enabled]
    if not usable:
        raise _unprocessable(f"no codec in common for {section.kind}")
    _set_direction(section, DIRECTIONS[direction][0])


def _routed(section: MediaSection) -> list[RtpCodec]:
    return codecs.supported(section.codecs(), section.kind)


def _set_direction(section: MediaSection, direction: str) -> None:
    """Both directions are one here: the client sends, or receives."""
    others = {name for names in DIRECTIONS.values() for name in names} | {"inactive"}
    section.attributes = [attribute for attribute in section.attributes if attribute[0] not in others]
    section.add(direction)


def _media(description: SessionDescription) -> list[MediaSection]:
    return [s for s in description.media if s.kind in codecs.SUPPORTED and not s.rejected]


def _result(description: SessionDescription) -> CheckedOffer:
    media = _media(description)
    ufrags = (description.lookup(section, "ice-ufrag") for section in media)
    ufrag = next(filter(None, ufrags), "")
    if not ufrag:
        raise of_description(SdpError("no ice-ufrag"))
    if not any(description.lookup(section, "fingerprint") for section in media):
        raise of_description(SdpError("no fingerprint"))
    return CheckedOffer(str(description), ufrag, tuple(media))


def _unprocessable(detail: str) -> Refused:
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
