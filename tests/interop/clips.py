"""Short films of numbered pictures as files, for clients that play files, and reading such files."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from .sdk import HEIGHT, RATE, WIDTH, Image, picture

FPS = 20
#: Encoders by the ending of the file.
VIDEO = {".ivf": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "g": "40"}), ".h264": ("libx264", {})}
#: One slice a picture: players of Annex B take each slice for a picture.
BASELINE = {"profile": "baseline", "preset": "ultrafast", "g": "40", "bf": "0", "threads": "1"}


def write_video(path: Path, seconds: float) -> Path:
    """Pictures 0, 1, 2, ... at 20 a second: VP8 in IVF or H.264 in Annex B, by the ending of `path`."""
    encoder, options = VIDEO[path.suffix]
    with av.open(str(path), "w", format=path.suffix[1:]) as container:
        stream = container.add_stream(encoder, rate=FPS, options=options or BASELINE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 600_000
        stream.time_base = Fraction(1, FPS)
        for number in range(int(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path, seconds: float) -> Path:
    """A tone of 440 Hz as Opus in Ogg, a packet a page: `lk` takes a page for a packet."""
    with av.open(str(path), "w", format="ogg", options={"page_duration": "20000"}) as container:
        stream = container.add_stream("libopus", rate=RATE, options={"frame_duration": "20"})
        stream.layout = "mono"
        times = np.arange(int(seconds * RATE)) / RATE
        tone = (9000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_video(path: Path) -> list[Image]:
    """All pictures of a file that can be decoded, as RGB: of a recording packets may be missing."""
    found: list[Image] = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            with contextlib.suppress(av.error.InvalidDataError):
                found += [frame.to_ndarray(format="rgb24") for frame in packet.decode()]
    return found
