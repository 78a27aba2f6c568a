"""Which codecs are routed, and which payload type of one peer stands for which of another."""

from collections.abc import Iterable, Sequence

from .sdp import RtpCodec, number

#: Routed without transcoding. RED (RFC 2198) stands for redundant Opus only: who does not take it gets the Opus in it.
SUPPORTED = {
    "audio": ("RED", "OPUS"),
    "video": ("VP8", "VP9", "H264", "AV1", "H265"),
}
FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc")
#: Of our own offers. Browsers ask for lost speech again only when it is offered; livekit-client answers it.
OWN_FEEDBACK = {
    "audio": ("nack",),
    "video": ("nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"),
}
#: What peers may say of what we send them; those without transport-wide feedback may estimate their line themselves.
SENDING_FEEDBACK = {"audio": FEEDBACK[:-1], "video": (*FEEDBACK, "goog-remb")}

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
DEPENDENCY_DESCRIPTOR = (
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)
_FORWARDED = {
    "audio": (AUDIO_LEVEL, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
    "video": (
        "urn:3gpp:video-orientation",
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
        "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
        "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
        DEPENDENCY_DESCRIPTOR,
    ),
}
#: Header extensions of tracks that go out, in the order of the ids that our own offers give them. Speech is never held
#: back, so nobody need tell when it arrives.
SENDING_EXTENSIONS = {
    "audio": (MID, *_FORWARDED["audio"]),
    "video": (MID, *_FORWARDED["video"], TRANSPORT_CC),
}
#: Header extensions of tracks that come in.
RECEIVING_EXTENSIONS = {
    kind: (MID, RID, REPAIRED_RID, TRANSPORT_CC, *forwarded) for kind, forwarded in _FORWARDED.items()
}


def supported(codecs: Iterable[RtpCodec], kind: str) -> list[RtpCodec]:
    """The codecs of a section that are routed, in its order."""
    known = [codec for codec in codecs if codec.name in SUPPORTED[kind]]
    opus = {codec.payload_type for codec in known if codec.name == "OPUS"}
    return [codec for codec in known if codec.name != "RED" or wrapped_payload_type(codec) in opus]


def wrapped_payload_type(red: RtpCodec) -> int | None:
    """What all blocks of a RED codec are (`a=fmtp:63 111/111`, RFC 2198 section 5); None where they differ."""
    types = set(red.fmtp.split("/"))
    return number(types.pop()) if len(types) == 1 else None


def preferred_first(codecs: Sequence[RtpCodec], mime_type: str | None) -> list[RtpCodec]:
    """Those of the wanted type first, else as they are. RED only where it is wanted: a publisher uses it for all or
    nothing, and encrypted speech (E2EE) in it could not be unwrapped."""
    wanted = (mime_type or "").lower()
    taken = [codec for codec in codecs if codec.name != "RED" or codec.mime_type.lower() == wanted]
    return sorted(taken, key=lambda codec: codec.mime_type.lower() != wanted)


def is_same_codec(one: RtpCodec, other: RtpCodec, *, exact: bool = True) -> bool:
    """True when a decoder of `other` takes what `one` names (RFC 6184 section 8.2.2, RFC 9628, AV1 RTP)."""
    if one.name != other.name or one.clock_rate != other.clock_rate:
        return False
    if one.name == "VP9":
        return one.parameter("profile-id", "0") == other.parameter("profile-id", "0")
    if one.name == "AV1":
        return one.parameter("profile", "0") == other.parameter("profile", "0")
    if one.name == "H264":
        same_mode = one.parameter("packetization-mode", "0") == other.parameter("packetization-mode", "0")
        return same_mode and (not exact or _h264_profile(one) == _h264_profile(other))
    return True


def _h264_profile(codec: RtpCodec) -> str:
    """profile_idc and constraint flags; the level may differ."""
    return codec.parameter("profile-level-id", "42000a")[:4].lower()


def match(source: RtpCodec, candidates: Sequence[RtpCodec]) -> RtpCodec | None:
    """The candidate for a source codec: the same profile, else one that browsers decode all the same. RED that a peer
    does not take becomes the Opus in it."""
    exact = (candidate for candidate in candidates if is_same_codec(source, candidate))
    loose = (candidate for candidate in candidates if is_same_codec(source, candidate, exact=False))
    plain = (candidate for candidate in candidates if source.name == "RED" and candidate.name == "OPUS")
    return next(exact, None) or next(loose, None) or next(plain, None)
