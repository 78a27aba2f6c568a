"""Films become renditions: decoded again they show and sound what the film did, at the right time."""

import json
from hashlib import sha256
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from signalling.library.checks.loudness import Loudness, LoudnessMeter
from signalling.library.renditions.film import encode_film
from signalling.library.renditions.format import HEADER, Chunk, Flag, Kind, read_chunk, read_header
from signalling.library.renditions.ladder import frame_rate, ladder
from signalling.library.renditions.sound import gain
from signalling.library.renditions.video import Grid

from .clips import Rgb, Samples, flashing, moving, plain, real_film, sound_of, tone, write_film


def encode(source: Path, folder: Path, rate: float = 25, factor: float = 1.0) -> dict[str, dict]:
    folder.mkdir()
    encode_film(source, folder, rate=rate, gain=factor, tell=lambda done: None)
    listing = json.loads((folder / "renditions.json").read_bytes())
    return {one["file"]: one for one in listing["renditions"]}


def chunks(folder: Path, entry: dict) -> list[Chunk]:
    data = (folder / entry["file"]).read_bytes()
    assert sha256(data).hexdigest() == entry["sha256"] and len(data) == entry["size"]
    header = read_header(data[: HEADER.size])
    assert header.kind.name.lower() == entry["kind"]
    found = []
    for one in entry["chunks"]:
        piece = data[one["offset"] : one["offset"] + one["length"]]
        assert sha256(piece).hexdigest() == one["sha256"]
        found.append(read_chunk(piece, header))
    return found


def pictures(found: list[Chunk]) -> list[tuple[int, Rgb]]:
    decoder = av.CodecContext.create("vp8", "r")
    shown, data = [], b""
    for chunk in found:
        for packet in chunk.packets:
            data += packet.payload[4:]
            if Flag.MARKER in packet.flags:
                shown += [
                    (packet.time, one.to_ndarray(format="rgb24")) for one in decoder.decode(av.Packet(data))
                ]
                data = b""
    return shown


def heard(found: list[Chunk]) -> Samples:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.layout, decoder.sample_rate = "stereo", 48_000
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
    pieces = []
    for chunk in found:
        for packet in chunk.packets:
            for frame in decoder.decode(av.Packet(packet.payload)):
                pieces += [one.to_ndarray() for one in resampler.resample(frame)]
    return np.concatenate(pieces, axis=1)


def psnr(first: Rgb, second: Rgb) -> float:
    size = (first.shape[1], first.shape[0])
    return float(cv2.PSNR(first, cv2.resize(second, size, interpolation=cv2.INTER_AREA)))


def test_a_real_film_comes_back(tmp_path: Path) -> None:
    source = real_film("bikes")
    made = encode(source, tmp_path / "r")
    assert set(made) == {"video-0.prtp", "video-1.prtp"}
    assert [(one["width"], one["height"]) for one in made.values()] == [(320, 136), (640, 272)]
    with av.open(str(source)) as container:
        originals = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for name, least in (("video-1.prtp", 30), ("video-0.prtp", 26)):
        shown = pictures(chunks(tmp_path / "r", made[name]))
        assert len(shown) == 250
        assert [time for time, _ in shown] == [number * 3600 for number in range(250)]
        assert min(psnr(one, original) for (_, one), original in zip(shown, originals, strict=True)) > least


def test_all_layers_begin_every_second_with_a_keyframe(tmp_path: Path) -> None:
    source = write_film(tmp_path / "f.mp4", 2.5, lambda time: moving(time, 640, 480), tone(2.5), fps=30)
    made = encode(source, tmp_path / "r", 30)
    assert set(made) == {"video-0.prtp", "video-1.prtp", "video-2.prtp", "sound.prtp"}
    for name in ("video-0.prtp", "video-1.prtp", "video-2.prtp"):
        found = chunks(tmp_path / "r", made[name])
        assert [(one.start, one.duration) for one in found] == [
            (0, 90_000),
            (90_000, 90_000),
            (180_000, 45_000),
        ]
        # A decoder may begin at any of them.
        assert len(pictures(found[1:2])) == 30
    found = chunks(tmp_path / "r", made["sound.prtp"])
    assert [one.start for one in found] == [0, 48_000, 96_000]
    assert all(len(one.packets) == 50 for one in found[:2])


def test_picture_ids_are_the_same_in_all_layers(tmp_path: Path) -> None:
    made = encode(write_film(tmp_path / "f.mp4", 1, lambda time: moving(time, 640, 480)), tmp_path / "r")
    numbers = []
    for entry in made.values():
        (chunk,) = chunks(tmp_path / "r", entry)
        numbers.append([one.payload[2:4] for one in chunk.packets if Flag.BEGINS in one.flags])
    assert numbers[0] == numbers[1] == numbers[2]


def test_picture_and_sound_stay_together(tmp_path: Path) -> None:
    """A flash and a beep at 1.2 s."""
    sound = np.zeros((2, 96_000), dtype=np.float32)
    sound[:, 57_600:62_400] = tone(0.1, 0.5)
    source = write_film(
        tmp_path / "f.mkv", 2, lambda time: plain((230,) * 3 if time >= 1.2 else (10,) * 3), sound
    )
    made = encode(source, tmp_path / "r")
    bright = next(
        time for time, one in pictures(chunks(tmp_path / "r", made["video-0.prtp"])) if one.mean() > 120
    )
    loud = int(np.argmax(np.abs(heard(chunks(tmp_path / "r", made["sound.prtp"]))[0]) > 0.1))
    assert bright / 90_000 == pytest.approx(1.2, abs=0.001)
    assert loud / 48_000 == pytest.approx(1.2, abs=0.04)


def test_sound_is_as_loud_as_it_was_made(tmp_path: Path) -> None:
    source = real_film("bigbuckbunny")
    samples = np.tile(sound_of(source), (2, 1))
    meter = LoudnessMeter(2)
    meter.update(samples)
    factor = gain(meter.result())
    made = encode(write_film(tmp_path / "f.mp4", 1, sound=samples), tmp_path / "r", factor=factor)
    again = LoudnessMeter(2)
    again.update(heard(chunks(tmp_path / "r", made["sound.prtp"])))
    assert again.result().integrated == pytest.approx(
        meter.result().integrated + 20 * np.log10(factor), abs=1
    )
    assert again.result().true_peak < 0.5


@pytest.mark.parametrize(
    ("integrated", "peak", "decibels"),
    [(-30, -15, 10), (-30, -6, 5), (-10, 0, -10), (-60, -50, 20), (-np.inf, -np.inf, 0)],
)
def test_gain_stops_at_the_peaks_and_makes_no_noise_loud(
    integrated: float, peak: float, decibels: float
) -> None:
    assert 20 * np.log10(gain(Loudness(integrated, 0, peak))) == pytest.approx(decibels)


@pytest.mark.parametrize(
    ("source", "rate"),
    [
        (25, 25),
        (24000 / 1001, 24),
        (30000 / 1001, 30),
        (50, 25),
        (60, 30),
        (120, 30),
        (8, 10),
        (0, 10),
        (14, 15),
    ],
)
def test_rates(source: float, rate: int) -> None:
    assert frame_rate(source) == rate
    assert 90_000 % rate == 0


@pytest.mark.parametrize(
    ("size", "layers"),
    [
        ((1920, 1080), [(320, 180), (640, 360), (1280, 720)]),
        ((1280, 720), [(320, 180), (640, 360), (1280, 720)]),
        ((640, 480), [(160, 120), (320, 240), (640, 480)]),
        ((176, 144), [(176, 144)]),
        ((3840, 1600), [(320, 134), (640, 266), (1280, 534)]),
        ((1080, 1920), [(102, 180), (202, 360), (404, 720)]),
        ((2, 2), [(16, 16)]),
    ],
)
def test_ladders(size: tuple[int, int], layers: list[tuple[int, int]]) -> None:
    made = ladder(*size, 25)
    assert [(one.width, one.height) for one in made] == layers
    assert [one.number for one in made] == list(range(len(made)))
    assert [one.bitrate for one in made] == sorted(one.bitrate for one in made)


def test_pictures_of_uneven_times_are_shown_when_they_should_be() -> None:
    grid, shown = Grid(10), []
    frames = {time: av.VideoFrame(16, 16) for time in (0.0, 0.11, 0.4, 0.41, 0.8)}
    for time, frame in frames.items():
        shown += grid.add(time, frame)
    shown += grid.finish(0.9)
    times = {id(frame): time for time, frame in frames.items()}
    assert [times[id(one)] for one in shown] == [0.0, 0.11, 0.11, 0.11, 0.41, 0.41, 0.41, 0.41, 0.8]


def test_one_picture_is_a_rendition_of_one_picture(tmp_path: Path) -> None:
    made = encode(write_film(tmp_path / "f.mp4", 0.04, flashing(1)), tmp_path / "r", 0)
    assert len(pictures(chunks(tmp_path / "r", made["video-0.prtp"]))) == 1


def test_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=44_100, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (8000 * tone(1, 1, channels=1)[:, :44_100]).astype(np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    made = encode(path, tmp_path / "r")
    assert set(made) == {"sound.prtp"} and made["sound.prtp"]["channels"] == 1
    assert sum(len(one.packets) for one in chunks(tmp_path / "r", made["sound.prtp"])) in (50, 51, 52)
    assert read_header((tmp_path / "r" / "sound.prtp").read_bytes()[: HEADER.size]).kind is Kind.OPUS
