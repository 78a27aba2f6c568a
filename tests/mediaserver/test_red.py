"""Redundant audio (RFC 2198): who is offered it, and what becomes of it for those who do not take it."""

from __future__ import annotations

import pytest

from mediaserver import codecs
from mediaserver.negotiation import FREE_PAYLOAD_TYPES, PayloadTypes
from mediaserver.rtp import map_codecs
from mediaserver.sdp import RtpCodec
from mediaserver.track import CodecStream, Encryption, Track, TrackSettings

OPUS = RtpCodec(111, "audio/opus", 48_000, 2, (("minptime", "10"), ("useinbandfec", "1")), ("nack",))
RED = RtpCodec(63, "audio/red", 48_000, 2, (("111/111", ""),))
#: Chromium's order.
OFFERED = [OPUS, RED]


def names(found: list[RtpCodec]) -> list[str]:
    return [codec.name for codec in found]


def test_publishers_send_red_where_it_is_wanted_and_only_there() -> None:
    known = codecs.supported(OFFERED, "audio")
    assert names(codecs.preferred_first(known, "audio/red")) == ["RED", "OPUS"]
    assert names(codecs.preferred_first(known, "audio/opus")) == ["OPUS"]
    assert names(codecs.preferred_first(known, None)) == ["OPUS"]
    assert names(codecs.preferred_first([OPUS], "audio/red")) == ["OPUS"], "Firefox offers none"


@pytest.mark.parametrize("fmtp", ["111/96", "96/96", "", "111/x", "x"])
def test_red_of_anything_but_opus_is_not_taken(fmtp: str) -> None:
    other = RtpCodec(63, "audio/red", 48_000, 2, ((fmtp, ""),) if fmtp else ())
    assert names(codecs.supported([OPUS, other], "audio")) == ["OPUS"]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, "audio/red"),
        ({"disable_red": True}, "audio/opus"),
        ({"encryption": Encryption.GCM}, "audio/opus"),
    ],
)
def test_a_publisher_chooses(settings: dict[str, bool | Encryption], wanted: str) -> None:
    announced = TrackSettings(cid="c", kind="audio", **settings)  # type: ignore[arg-type]
    stream = CodecStream(Track("TR_a", None, announced))  # type: ignore[arg-type]
    assert stream.preferred_mime_type == wanted


def test_red_maps_to_red_else_to_opus() -> None:
    source = [RED, OPUS]
    mine = [RtpCodec(96, "audio/opus", 48_000, 2), RtpCodec(97, "audio/red", 48_000, 2, (("96/96", ""),))]
    pairs = [(theirs.payload_type, ours.payload_type) for theirs, ours in map_codecs(source, mine)]
    assert pairs == [(63, 97), (111, 96)]
    plain = [(theirs.payload_type, ours.payload_type) for theirs, ours in map_codecs(source, mine[:1])]
    assert plain == [(63, 96), (111, 96)]
    assert map_codecs([OPUS], mine) == [(OPUS, mine[0])]


def test_our_offers_wrap_our_own_opus() -> None:
    numbers = PayloadTypes()
    red, opus = numbers.own([RED, OPUS])
    assert (red.name, opus.name) == ("RED", "OPUS")
    assert red.fmtp == f"{opus.payload_type}/{opus.payload_type}"
    assert numbers.own([RED, OPUS]) == [red, opus], "one number for one configuration in the whole bundle"
    assert numbers.own([OPUS]) == [opus]
    assert codecs.supported([red, opus], "audio") == [red, opus]


def test_red_without_its_opus_is_not_offered() -> None:
    assert PayloadTypes().own([RED]) == []


def test_when_numbers_run_out_what_has_one_goes_on() -> None:
    numbers = PayloadTypes()
    for channels in range(len(FREE_PAYLOAD_TYPES) - 1):
        assert numbers.own([RtpCodec(0, "audio/opus", 48_000, 2, (("x", str(channels)),))])
    assert names(numbers.own([RED, OPUS])) == ["OPUS"]
