"""Subtitles of all sorts: plain text with times comes out, or clear words."""

import json
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.pipeline.job import FailureCode, GivenSubtitles, Job
from signalling.library.pipeline.supervisor import PreparationFailed, prepare
from signalling.library.subtitles.cues import (
    MOST_BYTES,
    MOST_CUES,
    Cue,
    SubtitlesError,
    between,
    plain,
    read,
    webvtt,
)

from .clips import write_film

SRT = (
    "1\r\n00:00:00,500 --> 00:00:01,200\r\n<i>Привет</i>,\r\nмир\r\n\r\n"
    "2\r\n00:00:01,500 --> 00:00:02,000\r\nи ты\r\n"
)
CUES = [Cue(500, 1200, "Привет,\nмир"), Cue(1500, 2000, "и ты")]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_subrip_is_read(codec: str) -> None:
    assert read(SRT.encode(codec)) == CUES


def test_webvtt_is_read_without_all_that_is_not_text() -> None:
    text = """WEBVTT - title

STYLE
::cue { background: url(https://example.org/) }

NOTE 00:00.000 in a note

REGION
id:fred

name
00:01.000 --> 00:02.500 align:start position:10% line:0
<v Fred><c.loud>1 &lt; 2 &amp;&nbsp;3</c></v> <img src=x onerror=alert(1)>

1:00:00.000 --> 1:00:01.000
{\\an8}up\u202ethere\u0007
"""
    assert read(text.encode()) == [Cue(1000, 2500, "1 < 2 &\u00a03"), Cue(3_600_000, 3_601_000, "upthere")]


texts = st.text(min_size=1, max_size=200).map(plain).filter(bool)
cues = st.lists(
    st.builds(
        lambda start, length, text: Cue(start, start + length, text),
        st.integers(0, 10_000_000),
        st.integers(1, 10_000),
        texts.filter(lambda text: plain(text) == text),
    ),
    min_size=1,
    max_size=20,
)


@given(cues)
def test_what_is_written_is_read_again(found: list[Cue]) -> None:
    expected = sorted(found, key=lambda cue: (cue.start, cue.end))
    assert read(webvtt(expected)) == expected
    assert read(webvtt(expected, mapped=True)) == expected


@given(st.text(max_size=500))
def test_nothing_of_a_text_can_be_more_than_text(text: str) -> None:
    written = webvtt([Cue(0, 1, plain(text))]).decode()
    assert "<" not in written.replace("&lt;", "") and written.count("-->") == 1
    assert len(plain(text).split("\n")) <= 4


@given(st.binary(max_size=300) | st.text(alphabet="0123456789:,.-> \n<&{", max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = read(data)
    except SubtitlesError:
        return
    assert found and all(0 <= cue.start < cue.end and cue.text for cue in found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"WEBVTT\n",
        b"\xff\xfe\x00",
        b"x" * (MOST_BYTES + 1),
        b"\n".join(b"00:01.000 --> 00:02.000\nx\n" for _ in range(MOST_CUES + 1)),
        b"1\n00:00:02,000 --> 00:00:01,000\nbackwards\n",
    ],
)
def test_what_is_no_subtitles_is_refused(data: bytes) -> None:
    with pytest.raises(SubtitlesError):
        read(data)


def test_a_piece_has_what_is_seen_in_it() -> None:
    assert between(CUES, 1200, 1500) == []
    assert between(CUES, 1000, 1501) == CUES


def with_subtitles(folder: Path) -> Path:
    """A film with the cues of SRT inside, said to be Russian."""
    film, text = write_film(folder / "f.mkv", 3), folder / "text.srt"
    text.write_text(SRT, encoding="utf-8")
    made = folder / "with.mkv"
    with av.open(str(film)) as pictures, av.open(str(text)) as lines, av.open(str(made), "w") as out:
        streams = [(one, one.streams[0]) for one in (pictures, lines)]
        copies = [out.add_stream_from_template(stream) for _, stream in streams]
        copies[1].metadata["language"] = "rus"
        for (container, stream), copy in zip(streams, copies, strict=True):
            for packet in container.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    out.mux(packet)
    return made


async def test_subtitles_inside_and_beside_a_film(tmp_path: Path) -> None:
    given = tmp_path / "en.vtt"
    given.write_text("WEBVTT\n\n00:00.000 --> 00:03.000\n<b>Hello</b>\n")
    job = Job(
        source=with_subtitles(tmp_path),
        folder=tmp_path / "job",
        subtitles=(GivenSubtitles(language="en", file=given),),
        h264=False,
    )
    await prepare(job, lambda _: None)
    assert read((job.folder / "subtitles-ru.vtt").read_bytes()) == CUES
    assert read((job.folder / "subtitles-en.vtt").read_bytes()) == [Cue(0, 3000, "Hello")]
    listing = json.loads((job.folder / "renditions.json").read_bytes())["renditions"]
    found = {one["file"]: one for one in listing if one["kind"] == "webvtt"}
    assert set(found) == {"subtitles-ru.vtt", "subtitles-en.vtt"}
    (chunk,) = found["subtitles-ru.vtt"]["chunks"]
    assert Fraction(chunk["duration"], 1000) == 3
    text = (job.folder / "film.m3u8").read_text()
    assert 'LANGUAGE="ru"' in text and 'URI="hls-subtitles-en.m3u8"' in text


async def test_subtitles_that_are_none_are_told(tmp_path: Path) -> None:
    given = tmp_path / "en.vtt"
    given.write_bytes(b"\x89PNG")
    job = Job(
        source=write_film(tmp_path / "f.mp4", 1),
        folder=tmp_path / "job",
        subtitles=(GivenSubtitles(language="en", file=given),),
    )
    with pytest.raises(PreparationFailed) as failure:
        await prepare(job, lambda _: None)
    assert failure.value.code is FailureCode.BAD_SUBTITLES
