"""Which codec of a peer stands for which of another: profiles of H.264, VP9 and AV1."""

import pytest

from mediaserver.codecs import match
from mediaserver.sdp import RtpCodec


def h264(profile: str, mode: str = "1", payload_type: int = 96) -> RtpCodec:
    parameters = (("packetization-mode", mode), ("profile-level-id", profile))
    return RtpCodec(payload_type, "video/H264", 90_000, parameters=parameters)


@pytest.mark.compatibility("media.h264_profiles")
@pytest.mark.parametrize(
    ("source", "candidates", "chosen"),
    [
        (h264("42e01f"), [h264("640c1f"), h264("42e034")], 1),  # another level of the same profile
        (
            h264("640c1f"),
            [h264("42e01f"), h264("64001f"), h264("640c34")],
            2,
        ),  # High, with the same constraints
        (h264("4d001f"), [h264("42e01f")], 0),  # browsers decode Main by the decoder of Baseline
        (h264("42e01f", mode="1"), [h264("42e01f", mode="0")], None),  # RFC 6184: modes do not mix
        (h264("42e01f", mode="0"), [h264("42e01f"), h264("42001f", mode="0")], 1),
        (h264("42E01F"), [h264("4d001f"), h264("42e01f")], 1),
    ],
)
def test_h264(source: RtpCodec, candidates: list[RtpCodec], chosen: int | None) -> None:
    wanted = None if chosen is None else candidates[chosen]
    assert match(source, candidates) is wanted


@pytest.mark.parametrize(("name", "parameter"), [("VP9", "profile-id"), ("AV1", "profile")])
def test_profiles_of_vp9_and_av1_do_not_mix(name: str, parameter: str) -> None:
    plain = RtpCodec(98, f"video/{name}", 90_000)
    zero, two = (RtpCodec(98, f"video/{name}", 90_000, parameters=((parameter, n),)) for n in ("0", "2"))
    assert match(plain, [two, zero]) is zero, "without the parameter it is 0"
    assert match(two, [zero]) is None
