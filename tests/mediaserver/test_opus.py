"""Opus in answers and offers: two channels and DTX as the publisher has announced them."""

import pytest

from mediaserver.opus import OpusOptions, answered, is_stereo, options_of, sent
from mediaserver.publication import SectionMatch
from mediaserver.sdp import RtpCodec
from mediaserver.track import Track, TrackSettings
from tests.mediaserver.room_fakes import make_participant, make_room

OFFERED = RtpCodec(
    111, "audio/opus", 48_000, 2, (("minptime", "10"), ("useinbandfec", "1"), ("stereo", "1"), ("cbr", "1"))
)
RED = RtpCodec(63, "audio/red", 48_000, 2, (("111/111", ""),))


def fmtp(codec: RtpCodec) -> str:
    return ";".join(f"{key}={value}" for key, value in codec.parameters)


@pytest.mark.compatibility("media.opus_dtx", "media.opus_stereo")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (OpusOptions(), "minptime=10;useinbandfec=1;usedtx=1"),
        (OpusOptions(dtx=False), "minptime=10;useinbandfec=1"),
        (OpusOptions(stereo=True, dtx=False), "minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=510000"),
        (None, "minptime=10;useinbandfec=1;stereo=1"),
    ],
)
def test_the_answer_asks_for_what_was_announced(options: OpusOptions | None, expected: str) -> None:
    """One channel although the offer has `stereo=1`: some SDKs write it into every offer."""
    assert fmtp(answered(OFFERED, options)) == expected
    assert answered(RED, options) == RED


def test_receivers_are_told_of_two_channels() -> None:
    assert fmtp(sent(OFFERED, stereo=True)) == "minptime=10;useinbandfec=1;cbr=1;sprop-stereo=1"
    assert fmtp(sent(OFFERED, stereo=False)) == "minptime=10;useinbandfec=1;cbr=1"
    assert sent(RED, stereo=True) == RED


def test_options_are_those_of_the_track() -> None:
    def stream(kind: str, **settings: bool) -> object:
        made = TrackSettings(cid="c", kind=kind, **settings)  # type: ignore[arg-type]
        return Track("TR_x", make_participant(make_room(), "anna"), made).main

    match = SectionMatch(
        kept={"0": stream("audio", stereo=True, disable_dtx=True), "1": stream("video")},  # type: ignore[dict-item]
        new={"2": stream("audio")},  # type: ignore[dict-item]
        ended=(),
        unmatched=("3",),
    )
    options = options_of(match)
    assert options == {"0": OpusOptions(stereo=True, dtx=False), "2": OpusOptions(stereo=False, dtx=True)}
    assert [is_stereo(options, mid) for mid in "0123"] == [True, False, False, False]
