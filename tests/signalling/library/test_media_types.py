"""What a file is, by its first bytes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.media_types import media_type

from .clips import real_film, tone, write_film


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("mkv", "video/x-matroska"),
        ("avi", "video/x-msvideo"),
        ("ts", "video/mp2t"),
        ("mpg", "video/mpeg"),
        ("flv", "video/x-flv"),
        ("wmv", "video/x-ms-asf"),
    ],
)
def test_films(tmp_path: Path, ending: str, name: str) -> None:
    path = write_film(tmp_path / f"f.{ending}", 0.2, sound=None)
    found = media_type(path.read_bytes()[:4096])
    assert found is not None and (found.name, found.sort) == (name, "film")


@pytest.mark.parametrize(
    ("head", "name", "sort"),
    [
        (b"%PDF-1.7", "application/pdf", "document"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "image"),
        (b"\xff\xd8\xff\xe0", "image/jpeg", "image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", "image"),
    ],
)
def test_pages(head: bytes, name: str, sort: str) -> None:
    found = media_type(head + bytes(4000))
    assert found is not None and (found.name, found.sort) == (name, sort) and found.sort.is_pages


def test_a_real_film() -> None:
    found = media_type(real_film("bigbuckbunny").read_bytes()[:4096])
    assert found is not None and found.name == "video/mp4"


@pytest.mark.parametrize(
    ("codec", "ending", "name"),
    [
        ("pcm_s16le", "wav", "audio/wav"),
        ("flac", "flac", "audio/flac"),
        ("libmp3lame", "mp3", "audio/mpeg"),
        ("aac", "aac", "audio/aac"),
        ("libopus", "ogg", "video/ogg"),
        ("libopus", "webm", "video/webm"),
    ],
)
def test_sounds(tmp_path: Path, codec: str, ending: str, name: str) -> None:
    import av

    path = tmp_path / f"f.{ending}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="stereo")
        resampler = av.AudioResampler(format=stream.format.name, layout="stereo", rate=48_000)
        frame = av.AudioFrame.from_ndarray(tone(1), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        size = stream.codec_context.frame_size or 1024
        fifo = av.AudioFifo()
        for one in resampler.resample(frame):
            fifo.write(one)
        while (piece := fifo.read(size)) is not None:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    found = media_type(path.read_bytes()[:4096])
    assert found is not None and found.name == name


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"MZ",
        b"\x7fELF",
        b"PK\3\4",
        b" %PDF-1.7",
        b"<svg",
        b"<!doctype html>",
        b"#EXTM3U",
        b"GIF89a",
        b"\xff\xd8\xfe\xe0",
        b"RIFF\0\0\0\0WAVX",
        b"\0\0\0\x18ftypheic",
    ],
)
def test_all_else(head: bytes) -> None:
    assert media_type(head + bytes(4000)) is None


@given(st.binary(max_size=600))
def test_any_bytes(head: bytes) -> None:
    media_type(head)
