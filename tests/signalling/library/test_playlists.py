"""Playlists: what they say of bytes and times is what the renditions have."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.hls import playlist
from signalling.library.hls.playlist import Programme, Subtitles, programme, static
from signalling.library.hls.timeline import Position, Timeline
from signalling.library.sealing.manifest import SealedChunk, SealedRendition

DIGEST = sha256(b"").hexdigest()
BEGIN = 1_800_000_000.0


def rendition(kind: str, layer: int, seconds: int) -> SealedRendition:
    video = kind == "cmaf-h264"
    clock, offset, start, chunks = 90_000 if video else 48_000, 700, 0, []
    for second in range(seconds):
        duration = 90_000 if video else ((second + 1) * 48_000 + 1023) // 1024 * 1024 - start
        length = 1000 * (layer + 1) + second
        chunks.append(
            SealedChunk(offset=offset, length=length, start=start, duration=duration, sha256=DIGEST)
        )
        offset, start = offset + length, start + duration
    return SealedRendition(
        file=f"hls-video-{layer}.mp4" if video else "hls-sound.mp4",
        kind=kind,  # type: ignore[arg-type] - the test's own words
        layer=layer,
        clock=clock,
        width=320 << layer if video else 0,
        height=180 << layer if video else 0,
        channels=0 if video else 2,
        sha256=DIGEST,
        size=offset,
        chunks=chunks,
    )


def film(seconds: int, layers: int = 2, sound: bool = True) -> Programme:
    made = [rendition("cmaf-h264", layer, seconds) for layer in range(layers)]
    return programme([*made, *([rendition("cmaf-aac", 0, seconds)] if sound else [])])


def pieces(text: str) -> list[tuple[float, int, int]]:
    """Duration, length and offset of the segments of a playlist."""
    found = re.findall(r"#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n", text)
    return [(float(duration), int(length), int(offset)) for duration, length, offset in found]


def parts(text: str) -> list[tuple[float, int, int]]:
    found = re.findall(r'#EXT-X-PART:DURATION=([\d.]+),URI="[^"]+",BYTERANGE="(\d+)@(\d+)"', text)
    return [(float(duration), int(length), int(offset)) for duration, length, offset in found]


def number(text: str, tag: str) -> int:
    found = re.search(rf"^#{tag}:(\d+)$", text, re.MULTILINE)
    assert found is not None, tag
    return int(found[1])


@given(st.integers(1, 300), st.integers(0, 3), st.booleans())
def test_the_whole_film_is_in_its_playlists(seconds: int, layers: int, sound: bool) -> None:
    made = film(seconds, layers, sound)
    texts = static(made)
    if not layers and not sound:
        assert texts == {}
        return
    for one in made.renditions:
        found = pieces(texts[one.file.replace(".mp4", ".m3u8")])
        assert sum(length for _, length, _ in found) == one.size - 700
        end = 700
        for _, length, offset in found:
            assert offset == end
            end = offset + length
        whole = sum(chunk.duration for chunk in one.chunks) / one.clock
        assert sum(duration for duration, *_ in found) == pytest.approx(whole, abs=0.01)
        assert all(round(duration) <= 4 for duration, *_ in found)
    named = re.findall(r'^[^#].*$|URI="([^"]+)"', texts["film.m3u8"], re.MULTILINE)
    assert texts["film.m3u8"].count("#EXT-X-STREAM-INF") == max(layers, 1)
    assert set(filter(None, named)) <= set(texts)


def test_a_multivariant_playlist_says_what_it_takes() -> None:
    made = film(8, 2)
    text = playlist.multivariant(Programme(made.video, made.sound, (Subtitles("ru"), Subtitles("uk"))), "x/")
    assert 'URI="x/hls-sound.m3u8"' in text and 'NAME="Русский",LANGUAGE="ru"' in text
    assert (
        "#EXT-X-STREAM-INF:BANDWIDTH=24110,AVERAGE-BANDWIDTH=24056,RESOLUTION=640x360,"
        'CODECS="avc1.42c01f,mp4a.40.2",AUDIO="sound",SUBTITLES="subtitles"\nx/hls-video-1.m3u8\n'
    ) in text


def test_sound_alone_is_a_variant() -> None:
    text = playlist.multivariant(film(8, 0))
    assert '#EXT-X-STREAM-INF:BANDWIDTH=8001,AVERAGE-BANDWIDTH=8001,CODECS="mp4a.40.2"\nhls-sound.m3u8\n' in (
        re.sub(r"BANDWIDTH=80\d\d", "BANDWIDTH=8001", text)
    )


def test_nothing_is_there_before_a_segment_is_complete() -> None:
    made = film(20)
    timeline = Timeline(20).moved(Position(BEGIN, 0.0, True))
    assert playlist.live(made, made.video[0], timeline, BEGIN + 3.9) is None
    assert playlist.live(made, made.video[0], timeline, BEGIN + 4) is not None


def test_a_live_playlist_after_a_seek() -> None:
    made = film(60)
    timeline = Timeline(60).moved(Position(BEGIN, 0.0, True)).moved(Position(BEGIN + 5, 30.0, True))
    text = playlist.live(made, made.video[1], timeline, BEGIN + 8.2)
    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.009,HOLD-BACK=12\n"
        "#EXT-X-PART-INF:PART-TARGET=1.003\n"
        '#EXT-X-MAP:URI="hls-video-1.mp4",BYTERANGE="700@0"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z\n"
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2000@700",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2001@2700",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2002@4701",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2003@6703",INDEPENDENT=YES\n'
        "#EXTINF:4.00000,\n"
        "#EXT-X-BYTERANGE:8006@700\n"
        "hls-video-1.mp4\n"
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:04.000Z\n"
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2004@8706",INDEPENDENT=YES\n'
        "#EXTINF:1.00000,\n"
        "#EXT-X-BYTERANGE:2004@8706\n"
        "hls-video-1.mp4\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:05.000Z\n"
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2030@61135",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2031@63165",INDEPENDENT=YES\n'
        "#EXTINF:2.00000,\n"
        "#EXT-X-BYTERANGE:4061@61135\n"
        "hls-video-1.mp4\n"
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:07.000Z\n"
        '#EXT-X-PART:DURATION=1.00000,URI="hls-video-1.mp4",BYTERANGE="2032@65196",INDEPENDENT=YES\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="hls-video-1.mp4",BYTERANGE-START=67228,BYTERANGE-LENGTH=2033\n'
        '#EXT-X-RENDITION-REPORT:URI="hls-video-0.m3u8",LAST-MSN=3,LAST-PART=0\n'
        '#EXT-X-RENDITION-REPORT:URI="hls-sound.m3u8",LAST-MSN=3,LAST-PART=0\n'
    )


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.none() | st.integers(0, 59)), min_size=1, max_size=8),
    st.integers(0, 2000),
)
def test_live_playlists_follow_from_each_other(moves: list[tuple[int, int | None]], rest: int) -> None:
    """A player that reads again finds what it knows under the same numbers, and all parts are within their bounds."""
    made = film(60)
    timeline, now, known = Timeline(60), BEGIN, dict[int, tuple[float, int, int]]()
    last = (0, 0)
    for wait, media in [*moves, (rest, None)]:
        now += wait / 100
        for one in made.renditions:
            text = playlist.live(made, one, timeline, now)
            if text is None:
                continue
            sequence = number(text, "EXT-X-MEDIA-SEQUENCE"), number(text, "EXT-X-DISCONTINUITY-SEQUENCE")
            assert sequence >= last
            last = sequence
            assert all(0.85 * 1.003 <= duration <= 1.003 for duration, *_ in parts(text))
            chunks = {(chunk.length, chunk.offset) for chunk in one.chunks}
            assert {(length, offset) for _, length, offset in parts(text)} <= chunks
            if one is made.sound:
                found = pieces(text)
                assert 1 <= len(found) <= playlist.SEGMENTS_KEPT
                for at, piece in enumerate(found, sequence[0]):
                    assert known.setdefault(at, piece) == piece
        timeline = timeline.moved(Position(now, media or 0.0, media is not None))


def test_the_end_of_a_broadcast_ends_its_playlists() -> None:
    made = film(60)
    timeline = Timeline(60).moved(Position(BEGIN, 0.0, True)).finished(BEGIN + 9)
    for text in (
        playlist.live(made, made.video[0], timeline, BEGIN + 99),
        playlist.live_subtitles(Subtitles("ru"), timeline, BEGIN + 99),
    ):
        assert text is not None and text.endswith("#EXT-X-ENDLIST\n") and "HINT" not in text


def test_subtitles_go_with_the_segments() -> None:
    timeline = Timeline(60).moved(Position(BEGIN, 2.0, True)).moved(Position(BEGIN + 5, 40.0, True))
    text = playlist.live_subtitles(Subtitles("ru"), timeline, BEGIN + 10)
    assert text is not None
    assert re.findall(r"^subtitles.*$|#EXT-X-DISCONTINUITY$", text, re.MULTILINE) == [
        "subtitles-ru/2-4.vtt",
        "subtitles-ru/4-7.vtt",
        "#EXT-X-DISCONTINUITY",
        "subtitles-ru/40-44.vtt",
    ]
