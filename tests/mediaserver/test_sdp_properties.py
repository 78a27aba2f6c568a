"""Descriptions: what is written is read again; any text is read or refused with its line."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver import sdp
from mediaserver.sdp import MediaSection, SdpError, SessionDescription, number, parse

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", min_size=1, max_size=12)
VALUE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
ATTRIBUTE = st.tuples(TOKEN.filter(lambda name: name != "mid"), st.none() | VALUE)
#: An offer of Chromium, shortened.
OFFER = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=extmap-allow-mixed
m=audio 9 UDP/TLS/RTP/SAVPF 111 63
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 00:11:22
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:- track
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=ssrc:1 cname:x
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:1
a=sendonly
a=rtpmap:96 VP8/90000
a=rtcp-fb:* nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rid:q send
a=rid:h send
a=simulcast:send q;~h
a=ssrc-group:FID 5 6
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:2
a=sctp-port:5000
""".replace("\n", "\r\n")


@st.composite
def descriptions(draw: st.DrawFn) -> SessionDescription:
    made = SessionDescription(attributes=draw(st.lists(ATTRIBUTE, max_size=5)), origin=draw(TOKEN))
    for mid in range(draw(st.integers(0, 4))):
        section = MediaSection(
            kind=draw(st.sampled_from(["audio", "video", "application"])),
            port=draw(st.integers(0, 65_535)),
            formats=draw(st.lists(TOKEN, min_size=1, max_size=6)),
            attributes=[("mid", str(mid)), *draw(st.lists(ATTRIBUTE, max_size=8))],
        )
        made.media.append(section)
    return made


def read_everything(description: SessionDescription) -> None:
    """Every accessor, on whatever the lines say."""
    for section in description.media:
        for codec in section.codecs():
            assert 0 <= codec.payload_type <= 127
            assert codec.clock_rate > 0
            assert codec.rtx_payload_type is None or 0 <= codec.rtx_payload_type <= 127
        assert all(1 <= number <= 255 for _, number in section.extensions)
        assert all(0 <= ssrc < 2**32 for ssrc in section.ssrcs())
        assert section.direction in ("sendrecv", "sendonly", "recvonly", "inactive")
        _ = section.send_rids, section.msid, section.rejected, section.ssrc_groups("FID")


def refusal(text: str) -> SdpError | None:
    """Why a text is not a description; None when it is one, and then everything in it can be read."""
    try:
        read_everything(parse(text))
    except SdpError as error:
        return error
    return None


@given(descriptions())
def test_what_is_written_is_read_again(made: SessionDescription) -> None:
    found = parse(str(made))
    assert found.origin == made.origin
    assert found.attributes == made.attributes
    assert [section.attributes for section in found.media] == [section.attributes for section in made.media]
    assert [s.formats for s in found.media] == [s.formats for s in made.media]
    assert str(found) == str(made)


@given(st.data())
@settings(max_examples=400)
def test_a_damaged_offer_is_read_or_refused_with_its_line(data: st.DataObject) -> None:
    text = OFFER
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.text(max_size=12)) + text[at + length :]
    error = refusal(text)
    assert error is None or 0 <= error.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("FID 1 2", [[1, 2]]),
        ("FID", [[]]),
        *((value, []) for value in ("", " ", "SIM 1", "FID ²", f"FID {2**32}", "FID " + "9" * 5000)),
    ],
)
def test_groups_of_streams(value: str, groups: list[list[int]]) -> None:
    section = MediaSection(kind="video", attributes=[("ssrc-group", value)])
    assert section.ssrc_groups("FID") == groups


@pytest.mark.parametrize("text", ["", "²", "-1", "1.0", "9" * 5000])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    error = refusal(f"v=0\n{text}")
    assert error is None or error.reason


def test_the_offer_itself_is_read() -> None:
    found = parse(OFFER)
    audio, video, _ = found.media
    assert [codec.name for codec in audio.codecs()] == ["OPUS", "RED"]
    assert (video.codecs()[0].rtx_payload_type, video.send_rids) == (97, ["q", "h"])
    assert video.codecs()[0].feedback == ("nack pli",)


def test_sizes_have_limits() -> None:
    with pytest.raises(SdpError, match="longer"):
        parse("v=0\n" + "a=x\n" * 100_000)
    sections = "".join(f"m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:{n}\n" for n in range(1100))
    with pytest.raises(SdpError, match="more than"):
        parse("v=0\n" + sections)


def test_who_says_the_same_shares_what_is_kept_of_it_while_it_is_kept() -> None:
    one, other = (section.codecs() for section in parse(OFFER).media[:1] * 2)
    assert one and all(a is b for a, b in zip(one, other, strict=True))
    changed = parse(OFFER.replace("useinbandfec=1", "useinbandfec=0")).media[0].codecs()
    assert changed[0] is not one[0] and changed[1] is one[1]
    assert changed[0].parameter("useinbandfec") == "0"
    name, known = ((one[0].mime_type, one[0].payload_type), len(sdp._known))
    del one, other, changed
    gc.collect()
    assert len(sdp._known) < known, name
