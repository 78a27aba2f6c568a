"""Offers that WHIP and WHEP take, and what they become; simulcast in the server's order; entity tags."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.sdp import parse
from mediaserver.track import TrackSource
from signalling.whip.entity_tag import is_any, matches, new_entity_tag
from signalling.whip.errors import Refused
from signalling.whip.ingest import SOURCES, track_settings
from signalling.whip.offers import playing, publishing
from signalling.whip.simulcast import lowest_first
from tests.signalling.whip.whip_clients import AUDIO, PLAYING, PUBLISHING, UFRAG, VIDEO, media, offer

ENABLED = ("audio/opus", "video/VP8", "video/H264")
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", "a=sctp-port:5000"]


def refusal(text: str, *, plays: bool = False, enabled: tuple[str, ...] = ENABLED) -> HTTPStatus | None:
    try:
        if plays:
            playing(text)
        else:
            publishing(text, enabled)
    except Refused as refused:
        return refused.status
    return None


@pytest.mark.parametrize(
    "text",
    [
        PUBLISHING,
        offer(AUDIO),
        offer(VIDEO, bundle="1"),
        offer(AUDIO, media("1", "H264", direction="sendrecv")),
        offer(AUDIO, VIDEO, DATA),
        offer(AUDIO, media("1", "theora", "VP8")),
        offer(media("0", "opus"), bundle=""),
    ],
)
def test_publishers_that_are_taken(text: str) -> None:
    checked = publishing(text, ENABLED)
    assert checked.ufrag == UFRAG
    described = parse(checked.sdp)
    assert {s.direction for s in described.media if s.port} == {"sendonly"}
    assert all(s.port == 0 for s in described.media if s.kind == "application")


UNPROCESSABLE = {
    "nothing": "\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", ""]),
    "data only": offer(DATA),
    "two pictures": offer(VIDEO, media("2", "VP8")),
    "two sounds": offer(AUDIO, media("2", "opus")),
    "receives": offer(AUDIO, media("1", "H264", direction="recvonly")),
    "inactive": offer(media("0", "opus", direction="inactive")),
    "no codec": offer(media("0", "PCMU"), VIDEO),
    "no bundle": offer(AUDIO, VIDEO, bundle="0"),
    "two bundles": offer(AUDIO, VIDEO, bundle="0\r\na=group:BUNDLE 1"),
}


@pytest.mark.parametrize("name", UNPROCESSABLE)
def test_publishers_that_are_refused(name: str) -> None:
    assert refusal(UNPROCESSABLE[name]) is HTTPStatus.UNPROCESSABLE_ENTITY


def test_codecs_that_are_switched_off_do_not_count() -> None:
    assert refusal(PUBLISHING, enabled=("audio/opus", "video/VP8")) is HTTPStatus.UNPROCESSABLE_ENTITY
    assert refusal(PUBLISHING, enabled=("AUDIO/OPUS", "video/h264")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        PUBLISHING.replace("a=mid:1", "a=mid:0"),
        PUBLISHING.replace("a=ice-ufrag", "a=no-ufrag"),
        PUBLISHING.replace("a=fingerprint", "a=no-fingerprint"),
        PUBLISHING.replace("m=video", "m=theatre"),
    ],
)
def test_what_is_no_description(text: str) -> None:
    assert refusal(text) is HTTPStatus.BAD_REQUEST
    played = text.replace("a=sendonly", "a=recvonly")
    assert refusal(played, plays=True) is HTTPStatus.BAD_REQUEST


def test_players() -> None:
    both = offer(media("0", "opus", direction="sendrecv"), media("1", "VP8", direction="recvonly"))
    for text in (PLAYING, both, offer(media("1", "VP8", direction="recvonly"))):
        assert {s.direction for s in parse(playing(text).sdp).media} == {"recvonly"}
    assert refusal(PUBLISHING, plays=True) is HTTPStatus.UNPROCESSABLE_ENTITY


def simulcast(*rids: str, restrictions: tuple[str, ...] = ("", "", "")) -> tuple[str, ...]:
    lines = [f"a=rid:{rid} send{limits}" for rid, limits in zip(rids, restrictions, strict=False)]
    return (*lines, f"a=simulcast:send {';'.join(rids)}")


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        (simulcast("0", "1", "2"), ["2", "1", "0"]),  # OBS: the full picture first
        (simulcast("q", "h", "f"), ["q", "h", "f"]),
        (simulcast("f", "h", "q"), ["q", "h", "f"]),
        (simulcast("h", "l"), ["l", "h"]),
        (simulcast("high", "low"), ["low", "high"]),
        (simulcast("a", "b", restrictions=(" max-width=320", " max-width=1280")), ["a", "b"]),
        (simulcast("a", "b", restrictions=(" max-br=900", " pt=96;max-br=100")), ["b", "a"]),
    ],
)
def test_simulcast_is_listed_lowest_first(offered: tuple[str, ...], expected: list[str]) -> None:
    checked = publishing(offer(AUDIO, media("1", "VP8", extra=offered)), ENABLED)
    video = checked.sections[1]
    assert video.send_rids == expected
    settings = track_settings(video, SOURCES["camera"], ENABLED)
    assert [layer.rid for layer in settings.layers] == expected
    assert [layer.quality for layer in settings.layers] == list(range(len(expected)))


@given(st.lists(st.text("abcdqhf012", min_size=1, max_size=3), min_size=1, max_size=4, unique=True))
def test_no_simulcast_stream_is_lost(rids: list[str]) -> None:
    assert sorted(lowest_first(rids, {})) == sorted(rids)


LINES = PUBLISHING.split("\r\n")


@given(
    st.lists(st.sampled_from([*LINES, *PLAYING.split("\r\n"), *DATA, "a=simulcast:send a;b", "a=rid:a send"]))
    | st.tuples(st.integers(0, len(LINES)), st.text(max_size=30)).map(
        lambda change: [*LINES[: change[0]], change[1], *LINES[change[0] + 1 :]]
    )
)
def test_any_offer_is_taken_or_refused(lines: list[str]) -> None:
    for text in ("\r\n".join(lines), "\r\n".join([*LINES[:5], *lines])):
        assert refusal(text) in (None, HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
        assert refusal(text, plays=True) in (None, HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def test_what_is_announced_of_tracks() -> None:
    stereo = media("0", "opus", extra=("a=fmtp:111 sprop-stereo=1",))
    checked = publishing(offer(stereo, media("1", "theora", "H264", "VP8")), ENABLED)
    sound, picture = (track_settings(s, SOURCES["camera"], ENABLED) for s in checked.sections)
    assert (sound.source, sound.cid, sound.stream) == (TrackSource.MICROPHONE, "audio-of-client", "camera")
    assert sound.stereo
    assert (picture.source, picture.codecs[0].mime_type) == (TrackSource.CAMERA, "video/H264")
    assert len(picture.layers) == 1
    screen = track_settings(checked.sections[1], SOURCES["screen_share"], ENABLED)
    assert (screen.source, screen.stream) == (TrackSource.SCREEN_SHARE, "screen")


def test_simulcast_by_ssrc() -> None:
    ssrcs = ("a=ssrc-group:SIM 1 2 3", *(f"a=ssrc:{n} cname:x" for n in (1, 2, 3)))
    checked = publishing(offer(AUDIO, media("1", "VP8", extra=ssrcs)), ENABLED)
    settings = track_settings(checked.sections[1], SOURCES["camera"], ENABLED)
    assert [layer.ssrc for layer in settings.layers] == [1, 2, 3]


def test_entity_tags() -> None:
    tag = new_entity_tag()
    assert tag != new_entity_tag() and tag.startswith('"')
    assert matches(tag, tag) and matches(f'"other", {tag}', tag) and matches(tag.strip('"'), tag)
    for other in ('"other"', f"W/{tag}", "", "*"):
        assert not matches(other, tag)
    assert is_any("*") and is_any(' "*" ') and not is_any(tag)
