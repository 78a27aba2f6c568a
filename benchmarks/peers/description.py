"""The little SDP that a benchmark needs: one audio or video section to send, answers to receive everything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .endpoint import Endpoint
from .plan import PublisherPlan, Traffic

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
CANDIDATE = re.compile(r"candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host", re.IGNORECASE)
CODEC = {
    "video": (96, "VP8/90000", 97),
    "h264": (102, "H264/90000", 103),
    "audio": (111, "opus/48000/2", None),
}
"""Payload type, name and payload type of retransmissions of what a section is of."""
H264_FORMAT = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"


@dataclass
class Remote:
    """What the other side's description says about its transport."""

    ufrag: str
    password: str
    address: tuple[str, int]
    setup: str
    extensions: dict[str, int] = field(default_factory=dict)
    rtx_payload_types: list[int] = field(default_factory=list)

    @property
    def transport_sequence_id(self) -> int | None:
        """Of the header extension for transport-wide feedback."""
        return self.extensions.get(TRANSPORT_CC_URI)


def parse(sdp: str, trickled: list[str] | None = None) -> Remote:
    """Reads a description; the first IPv4 UDP host candidate is used, from the text or trickled."""
    candidates = CANDIDATE.findall(_flat(sdp, trickled))
    if not candidates:
        raise ValueError("no IPv4 UDP candidate")
    return Remote(
        ufrag=_first(r"a=ice-ufrag:(\S+)", sdp),
        password=_first(r"a=ice-pwd:(\S+)", sdp),
        address=(candidates[0][0], int(candidates[0][1])),
        setup=_first(r"a=setup:(\S+)", sdp),
        extensions={uri: int(number) for number, uri in re.findall(r"a=extmap:(\d+)(?:/\S+)? (\S+)", sdp)},
        rtx_payload_types=[int(number) for number in re.findall(r"a=rtpmap:(\d+) rtx/90000", sdp)],
    )


def has_candidate(sdp: str, trickled: list[str]) -> bool:
    """Whether `parse` would find a candidate."""
    return CANDIDATE.search(_flat(sdp, trickled)) is not None


def _flat(sdp: str, trickled: list[str] | None) -> str:
    return "\n".join([sdp, *(trickled or [])])


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"description lacks {pattern}")
    return match.group(1)


def _session(endpoint: Endpoint, mids: list[str]) -> list[str]:
    return [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
    ]


def _transport(endpoint: Endpoint, setup: str) -> list[str]:
    return [
        f"a=ice-ufrag:{endpoint.ufrag}",
        f"a=ice-pwd:{endpoint.password}",
        f"a=fingerprint:sha-256 {endpoint.identity.fingerprint}",
        f"a=setup:{setup}",
    ]


def offer(endpoint: Endpoint, *, kind: str, ssrc: int, track_id: str, receives: int = 0) -> str:
    """An offer with one sending section and, behind it, as many that only receive."""
    rtx = CODEC[kind][2]
    lines = [
        *_session(endpoint, [str(mid) for mid in range(1 + receives)]),
        *_section(endpoint, 0, kind, "sendonly"),
        f"a=msid:stream {track_id}",
        f"a=ssrc:{ssrc} cname:loadgen",
        f"a=ssrc:{ssrc} msid:stream {track_id}",
    ]
    if kind == "audio":
        lines.append(f"a=extmap:3 {LEVEL_URI}")
    if rtx:
        lines += [f"a=ssrc-group:FID {ssrc} {ssrc + 1}", f"a=ssrc:{ssrc + 1} cname:loadgen"]
    for mid in range(1, 1 + receives):
        lines += _section(endpoint, mid, kind, "recvonly")
    return "\r\n".join([*lines, ""])


def publisher_plan(
    endpoint: Endpoint, remote: Remote, *, kind: str, ssrc: int, traffic: Traffic
) -> PublisherPlan:
    """A connected publisher as the load generator's `PublisherPlan`, with the extensions that were accepted."""
    mid = remote.extensions.get(MID_URI)
    return {
        **endpoint.plan(remote.transport_sequence_id),
        "ssrc": ssrc,
        "payload_type": CODEC[kind][0],
        "mid": (mid, "0") if mid else None,
        "audio_level_id": remote.extensions.get(LEVEL_URI) if kind == "audio" else None,
        "video": kind == "video",
        **traffic,
    }


def viewer_offer(endpoint: Endpoint, kinds: Sequence[str]) -> str:
    """An offer with a section for each of `CODEC`, that only receives."""
    lines = _session(endpoint, [str(mid) for mid in range(len(kinds))])
    for mid, kind in enumerate(kinds):
        lines += _section(endpoint, mid, kind, "recvonly")
    return "\r\n".join([*lines, ""])


def _section(endpoint: Endpoint, mid: int, kind: str, direction: str) -> list[str]:
    return [
        _media_line(kind),
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        *_transport(endpoint, "actpass"),
        *_codec_lines(kind),
        f"a=extmap:1 {MID_URI}",
        f"a=extmap:2 {TRANSPORT_CC_URI}",
    ]


def _media_line(kind: str) -> str:
    payload_type, _, rtx = CODEC[kind]
    medium = "audio" if kind == "audio" else "video"
    return f"m={medium} 9 UDP/TLS/RTP/SAVPF {payload_type}" + (f" {rtx}" if rtx else "")


def _codec_lines(kind: str) -> list[str]:
    payload_type, codec, rtx = CODEC[kind]
    lines = [f"a=rtpmap:{payload_type} {codec}"]
    if kind == "h264":
        lines.append(f"a=fmtp:{payload_type} {H264_FORMAT}")
    if rtx:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload_type}"]
        lines += [f"a=rtcp-fb:{payload_type} {fb}" for fb in ("nack", "nack pli", "ccm fir")]
    return [*lines, f"a=rtcp-fb:{payload_type} transport-cc"]


def sections_sending(sdp: str) -> int:
    """How many audio and video sections of the server's description bring a track; LiveKit makes some without."""
    return sum(
        re.search(r"^a=(sendonly|sendrecv)", section, re.MULTILINE) is not None and "\na=msid:" in section
        for section in _sections(sdp)
        if not section.startswith("m=application")
    )


def _sections(sdp: str) -> list[str]:
    return re.split(r"(?=^m=)", sdp.replace("\r\n", "\n"), flags=re.MULTILINE)[1:]


def answer(endpoint: Endpoint, offered: str) -> str:
    """Accepts every section as it is offered."""
    sections = _sections(offered)
    lines = _session(endpoint, [_first(r"a=mid:(\S+)", section) for section in sections])
    for section in sections:
        lines += _answer_section(endpoint, section)
    return "\r\n".join([*lines, ""])


def _answer_section(endpoint: Endpoint, section: str) -> list[str]:
    media = section.splitlines()[0]
    mid = _first(r"a=mid:(\S+)", section)
    # The load generator gives transport-wide feedback and estimates nothing itself.
    keep = [
        line
        for line in section.splitlines()
        if re.match(r"a=(rtpmap|fmtp|rtcp-fb|extmap):", line) and "goog-remb" not in line
    ]
    direction = "recvonly" if re.search(r"^a=(sendonly|sendrecv)", section, re.MULTILINE) else "inactive"
    return [
        re.sub(r"^m=(\w+) \d+", r"m=\1 9", media),
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        *_transport(endpoint, "active"),
        *keep,
    ]
