"""Writes sections of answers and offers (RFC 8829, section 5). Pure: what is decided comes in, lines go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from . import codecs, opus
from .aiortc_adapter import MAX_MESSAGE_SIZE, SCTP_PORT, Fingerprint
from .engine import IceCredentials
from .ice_candidates import IceCandidate
from .rtp import RtpSender
from .sdp import MediaSection, RtpCodec, SessionDescription

RTP_PROTOCOL = "UDP/TLS/RTP/SAVPF"
SCTP_PROTOCOL = "UDP/DTLS/SCTP"
#: Dynamic payload types for our own offers (RFC 3551 section 6; RFC 8829 section 5.1.1 allows the lower range too).
FREE_PAYLOAD_TYPES = (*range(96, 128), *range(35, 64))


@dataclass(frozen=True)
class TransportLines:
    """What every section says of the transport."""

    credentials: IceCredentials
    fingerprint: Fingerprint
    setup: str
    candidates: Sequence[IceCandidate]


def session(session_id: int, version: int, allow_mixed: bool) -> SessionDescription:
    """The head of a description; BUNDLE is added with the sections."""
    description = SessionDescription(origin=f"- {session_id} {version} IN IP4 0.0.0.0")
    description.add("ice-lite")
    if allow_mixed:
        description.add("extmap-allow-mixed")
    description.add("msid-semantic", " WMS *")
    return description


def finish(description: SessionDescription) -> str:
    """Adds the bundle group (RFC 8843) and gives the text."""
    mids = [section.mid for section in description.media if section.port]
    description.attributes.insert(0, ("group", " ".join(["BUNDLE", *mids])))
    return str(description)


def _begin(section: MediaSection, mid: str, transport: TransportLines, *, first: bool) -> None:
    section.add("mid", mid)
    section.add("ice-ufrag", transport.credentials.ufrag)
    section.add("ice-pwd", transport.credentials.password)
    section.add("fingerprint", f"{transport.fingerprint.algorithm} {transport.fingerprint.value}")
    section.add("setup", transport.setup)
    if first:  # the others of the bundle use the same
        for candidate in transport.candidates:
            name, _, value = candidate.value.partition(":")
            section.add(name, value)
        section.add("end-of-candidates")


def rejected(offered: MediaSection) -> MediaSection:
    """A section that is not taken: port 0 (RFC 3264, section 6)."""
    section = MediaSection(kind=offered.kind, port=0, protocol=offered.protocol, formats=offered.formats[:1])
    section.add("mid", offered.mid)
    section.add("inactive")
    return section


def application(mid: str, transport: TransportLines, *, first: bool) -> MediaSection:
    """Data channels (RFC 8841)."""
    section = MediaSection(kind="application", protocol=SCTP_PROTOCOL, formats=["webrtc-datachannel"])
    _begin(section, mid, transport, first=first)
    section.add("sctp-port", str(SCTP_PORT))
    section.add("max-message-size", str(MAX_MESSAGE_SIZE))
    return section


def receiving(
    offered: MediaSection,
    answered: Sequence[RtpCodec],
    transport: TransportLines,
    *,
    first: bool,
    max_bps: int = 0,
) -> MediaSection:
    """The answer to a section that the peer sends on, with all its layers at most `max_bps` (0: no limit)."""
    section = _media(offered.kind, offered.mid, transport, first=first)
    section.bandwidth_bps = max_bps
    section.add("recvonly")
    for codec in answered:
        _add_codec(section, codec, allowed_feedback=codecs.FEEDBACK)
    for uri, number in extensions_of(offered, codecs.RECEIVING_EXTENSIONS[offered.kind]):
        section.add("extmap", f"{number} {uri}")
    if rids := offered.send_rids:
        for rid in rids:
            section.add("rid", f"{rid} recv")
        section.add("simulcast", f"recv {';'.join(rids)}")
    return section


def sending(
    kind: str,
    mid: str,
    sender: RtpSender | None,
    offered: Sequence[RtpCodec],
    extensions: Sequence[tuple[str, int]],
    transport: TransportLines,
    *,
    first: bool,
) -> MediaSection:
    """A section on which the peer receives; inactive without a sender."""
    section = _media(kind, mid, transport, first=first)
    section.add("sendonly" if sender else "inactive")
    for codec in offered:
        told = opus.sent(codec, stereo=sender is not None and sender.source.stereo)
        _add_codec(section, told, allowed_feedback=codecs.SENDING_FEEDBACK[kind])
    for uri, number in extensions:
        section.add("extmap", f"{number} {uri}")
    if sender:
        _add_source(section, sender, rtx=any(codec.rtx_payload_type is not None for codec in offered))
    return section


def _add_source(section: MediaSection, sender: RtpSender, *, rtx: bool) -> None:
    section.add("msid", sender.msid)
    ssrcs = [sender.ssrc, sender.rtx_ssrc] if rtx else [sender.ssrc]
    if rtx:
        section.add("ssrc-group", f"FID {sender.ssrc} {sender.rtx_ssrc}")
    for ssrc in ssrcs:
        section.add("ssrc", f"{ssrc} cname:{sender.cname}")
        section.add("ssrc", f"{ssrc} msid:{sender.msid}")


def _media(kind: str, mid: str, transport: TransportLines, *, first: bool) -> MediaSection:
    section = MediaSection(kind=kind, protocol=RTP_PROTOCOL)
    _begin(section, mid, transport, first=first)
    section.add("rtcp-mux")
    section.add("rtcp-rsize")
    return section


def _add_codec(
    section: MediaSection,
    codec: RtpCodec,
    *,
    allowed_feedback: Sequence[str],
) -> None:
    number = codec.payload_type
    section.formats.append(str(number))
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    name = codec.mime_type.partition("/")[2]
    section.add("rtpmap", f"{number} {name}/{codec.clock_rate}{channels}")
    if codec.parameters:
        parameters = ";".join(f"{k}={v}" if v else k for k, v in codec.parameters)
        section.add("fmtp", f"{number} {parameters}")
    for feedback in codec.feedback:
        if feedback in allowed_feedback:
            section.add("rtcp-fb", f"{number} {feedback}")
    if codec.rtx_payload_type is not None:
        section.formats.append(str(codec.rtx_payload_type))
        section.add("rtpmap", f"{codec.rtx_payload_type} rtx/{codec.clock_rate}")
        section.add("fmtp", f"{codec.rtx_payload_type} apt={number}")


def extensions_of(offered: MediaSection, known: Sequence[str]) -> list[tuple[str, int]]:
    """The offered extensions that are known here, each once, with the peer's ids."""
    found = {uri: number for uri, number in reversed(offered.extensions) if uri in known}
    return list(reversed(found.items()))


def own_extensions(kind: str) -> list[tuple[str, int]]:
    """Ids for our own offers: the same URI has the same id in the whole bundle."""
    numbers = {
        uri: number
        for number, uri in enumerate(
            dict.fromkeys([*codecs.SENDING_EXTENSIONS["audio"], *codecs.SENDING_EXTENSIONS["video"]]), 1
        )
    }
    return [(uri, numbers[uri]) for uri in codecs.SENDING_EXTENSIONS[kind]]


class PayloadTypes:
    """Payload types of our own offers: one number for one codec configuration in the whole bundle."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[int, int | None]] = {}
        self._taken = 0
        """Of `FREE_PAYLOAD_TYPES`, in order."""

    def own(self, source: Sequence[RtpCodec]) -> list[RtpCodec]:
        """The codecs of a source in its order, with our numbers; without those for which no number is left."""
        plain = {c.payload_type: self._own(c) for c in source if c.name != "RED"}
        found = (self._own_red(c, plain) if c.name == "RED" else plain[c.payload_type] for c in source)
        return [mine for mine in found if mine is not None]

    def _own_red(self, red: RtpCodec, plain: Mapping[int, RtpCodec | None]) -> RtpCodec | None:
        """RED names the payload type that it wraps: ours."""
        wrapped = plain.get(codecs.wrapped_payload_type(red) or 0)
        if wrapped is None:
            return None
        number = wrapped.payload_type
        return self._own(replace(red, parameters=((f"{number}/{number}", ""),)))

    def _own(self, codec: RtpCodec) -> RtpCodec | None:
        key = (codec.mime_type.lower(), codec.fmtp)
        if key not in self._known:
            # Whether or not the publisher can send again: what we send again is in our cache, and probes need RTX.
            wanted = 2 if codec.kind == "video" else 1
            numbers = FREE_PAYLOAD_TYPES[self._taken : self._taken + wanted]
            if len(numbers) < wanted:
                return None
            self._taken += wanted
            self._known[key] = numbers[0], numbers[1] if wanted == 2 else None
        number, rtx = self._known[key]
        # Lost RED is in the next packet; what is asked for again is Opus.
        feedback = () if codec.name == "RED" else codecs.OWN_FEEDBACK[codec.kind]
        return replace(codec, payload_type=number, feedback=feedback, rtx_payload_type=rtx)
