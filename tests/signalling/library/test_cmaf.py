"""Segments for HLS: every one can be played alone after the initialisation, by FFmpeg."""

import io
import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.library.cmaf.boxes import SoundTrack, VideoTrack, fragment, initialisation
from signalling.library.cmaf.writer import SOUND_CODEC, VIDEO_CODEC
from signalling.library.renditions.film import encode_film

from .clips import plain, tone, write_film

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"}


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at
        yield kind, data[at + 8 : at + size]
        if kind in CONTAINERS:
            yield from boxes(data[at + 8 : at + size])
        at += size


@given(
    st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=60),
    st.integers(0, 2**40),
    st.integers(1, 9000),
    st.booleans(),
)
def test_a_fragment_says_where_its_samples_are(
    samples: list[bytes], time: int, duration: int, all_sync: bool
) -> None:
    data = fragment(3, time, duration, samples, all_sync=all_sync)
    found = dict(boxes(data))
    assert struct.unpack(">Q", found[b"tfdt"][4:]) == (time,)
    count, offset, first = struct.unpack_from(">IiI", found[b"trun"], 4)
    sizes = struct.unpack_from(f">{count}I", found[b"trun"], 16)
    assert found[b"mdat"] == b"".join(samples) and first == 0x02000000
    for sample, size in zip(samples, sizes, strict=True):
        assert data[offset : offset + size] == sample
        offset += size
    assert struct.unpack_from(">II", found[b"tfhd"], 8) == (duration, 0x02000000 if all_sync else 0x01010000)


@given(st.integers(16, 1280), st.integers(16, 720), st.binary(min_size=4, max_size=60), st.binary(min_size=1))
def test_initialisations_are_boxes_within_boxes(width: int, height: int, sps: bytes, pps: bytes) -> None:
    found = dict(boxes(initialisation(VideoTrack(90_000, width, height, sps, pps))))
    assert found[b"tkhd"][-8:] == struct.pack(">II", width << 16, height << 16)
    assert sps in found[b"stsd"] and pps in found[b"stsd"]
    found = dict(boxes(initialisation(SoundTrack(48_000, 2, 128_000, b"\x11\x90"))))
    assert b"\x05\x02\x11\x90" in found[b"stsd"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flash and a beep at 1.2 s, in 2.6 s."""
    folder = tmp_path_factory.mktemp("cmaf")
    sound = np.zeros((2, 124_800), dtype=np.float32)
    sound[:, 57_600:62_400] = tone(0.1, 0.5)
    source = write_film(
        folder / "f.mkv", 2.6, lambda time: plain((230,) * 3 if time >= 1.2 else (10,) * 3), sound
    )
    encode_film(source, folder, rate=25, gain=1.0, tell=lambda done: None, hls=True)
    return folder


def listed(folder: Path) -> dict[str, dict]:
    return {one["file"]: one for one in json.loads((folder / "renditions.json").read_bytes())["renditions"]}


def test_without_the_other_ladder_there_are_only_segments(folder: Path) -> None:
    assert set(listed(folder)) == {"video-0.prtp", "sound.prtp", "hls-video-0.mp4", "hls-sound.mp4"}


def test_picture_and_sound_stay_together(folder: Path) -> None:
    with av.open(str(folder / "hls-video-0.mp4")) as container:
        pictures = [
            (frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)
        ]
        context = container.streams.video[0].codec_context
        assert context.profile == "Constrained Baseline"
        assert context.extradata is not None
        assert f"avc1.{context.extradata[1:4].hex()}" == VIDEO_CODEC
    assert len(pictures) == 65
    assert next(time for time, level in pictures if level > 120) == pytest.approx(1.2, abs=0.001)
    with av.open(str(folder / "hls-sound.mp4")) as container:
        assert container.streams.audio[0].codec_context.profile == "LC" and SOUND_CODEC == "mp4a.40.2"
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    loud = int(np.argmax(np.abs(heard[0]) > 0.1))
    assert loud / 48_000 == pytest.approx(1.2, abs=0.022)


def test_any_second_can_be_played_first(folder: Path) -> None:
    for name, entry in listed(folder).items():
        if not name.endswith(".mp4"):
            continue
        data = (folder / name).read_bytes()
        head = data[: entry["chunks"][0]["offset"]]
        for one in entry["chunks"]:
            piece = io.BytesIO(head + data[one["offset"] : one["offset"] + one["length"]])
            with av.open(piece) as container:
                packets = [packet for packet in container.demux() if packet.size]
                assert packets[0].pts == one["start"] and packets[0].is_keyframe
                assert sum(packet.duration or 0 for packet in packets) == one["duration"]


def test_playlists_are_played_by_ffmpeg(folder: Path) -> None:
    """The demultiplexer of ffprobe, through PyAV."""
    with av.open(str(folder / "film.m3u8"), options={"allowed_extensions": "ALL"}) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, sound.channels) == (320, 180, 2)
        times = [
            float(packet.pts * packet.time_base)
            for packet in container.demux(video)
            if packet.pts is not None
        ]
    assert times == [pytest.approx(number / 25) for number in range(65)]


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="there is no ffprobe")
def test_ffprobe_finds_nothing_wrong(folder: Path) -> None:
    command = ["ffprobe", "-v", "warning", "-show_entries", "stream=codec_name,profile:format=duration"]
    done = subprocess.run(
        [*command, "-of", "json", "-allowed_extensions", "ALL", str(folder / "film.m3u8")],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    told = json.loads(done.stdout)
    assert {(one["codec_name"], one["profile"]) for one in told["streams"]} == {
        ("h264", "Constrained Baseline"),
        ("aac", "LC"),
    }
    assert float(told["format"]["duration"]) == pytest.approx(2.6, abs=0.03)
