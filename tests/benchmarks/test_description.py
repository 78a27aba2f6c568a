"""What the raw peers offer and answer."""

from collections.abc import Iterator

import pytest

from benchmarks.peers import description
from benchmarks.peers.endpoint import Endpoint, Identity

TRANSPORT = f"a=extmap:4 {description.TRANSPORT_CC_URI}"
OFFERED = "\r\n".join(
    [
        "v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=sendonly", "a=msid:stream track",
        "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 transport-cc", TRANSPORT,
        "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=sendonly", "a=rtpmap:96 VP8/90000", "",
    ]
)  # fmt: skip


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint(Identity.create(), b"SRTP_AEAD_AES_128_GCM")
    yield found
    found.close()


def test_answers_take_transport_wide_feedback_and_no_other_estimate(endpoint: Endpoint) -> None:
    answered = description.answer(endpoint, OFFERED)
    assert "a=rtcp-fb:96 transport-cc" in answered and TRANSPORT in answered
    assert "goog-remb" not in answered


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_who_publishes_offers_to_receive_behind_that(endpoint: Endpoint, kind: str) -> None:
    offered = description.offer(endpoint, kind=kind, ssrc=7, track_id="track", receives=2)
    first, *others = offered.split(f"m={kind}")[1:]
    assert "BUNDLE 0 1 2" in offered and "a=mid:0" in first
    assert "a=sendonly" in first and "a=ssrc:7 cname" in first and first.count("a=extmap") > 1
    for mid, section in enumerate(others, 1):
        assert f"a=mid:{mid}" in section and "a=recvonly" in section and "a=ssrc" not in section
    assert offered.count(description.TRANSPORT_CC_URI) == offered.count(" transport-cc") == 3


def test_viewers_may_take_nothing_but_h264(endpoint: Endpoint) -> None:
    offered = description.viewer_offer(endpoint, ["h264", "audio"])
    assert "m=video 9 UDP/TLS/RTP/SAVPF 102 103" in offered and "VP8" not in offered
    assert "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1" in offered and "m=audio" in offered


def test_only_a_section_with_a_track_brings_media() -> None:
    assert description.sections_sending(OFFERED) == 1
