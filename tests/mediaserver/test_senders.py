"""What a peer's offer tells of its decoders: which there are, and which it would rather use."""

from prometheus_client import CollectorRegistry

from mediaserver.metrics import MediaMetrics
from mediaserver.sdp import parse
from mediaserver.senders import Senders

#: Pictures go out in AV1, and come in in what the second section says.
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "m=video 9 UDP/TLS/RTP/SAVPF 98",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=sendonly",
        "a=rtpmap:98 AV1/90000",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 100 102 104",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=recvonly",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 packetization-mode=1;profile-level-id=640c1f",
        "a=rtpmap:100 H264/90000",
        "a=fmtp:100 packetization-mode=1;profile-level-id=42e01f",
        "a=rtpmap:102 VP8/90000",
        "a=rtpmap:104 VP9/90000",
        "",
    ]
)


def test_codecs_have_the_order_of_the_offer_that_receives() -> None:
    senders = Senders(MediaMetrics(CollectorRegistry()), lambda sender: None)
    assert senders.rank("video/VP8") == senders.rank("video/H264"), "nothing is known yet"
    senders.learn_decodable(parse(OFFER))
    ranks = [senders.rank(f"video/{name}") for name in ("H264", "VP8", "vp9", "AV1")]
    assert ranks == sorted(set(ranks))
    assert senders.can_decode("video/VP8") and not senders.can_decode("video/AV1")
