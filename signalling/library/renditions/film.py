"""All renditions of a film, in one pass over it."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..checks.loudness import RATE
from ..decoding import frames, open_film, probe
from ..files import write_whole
from .format import LISTING, Header
from .ladder import frame_rate, ladder
from .sound import SoundEncoder
from .video import Grid, LayerEncoder
from .writer import RenditionWriter

SOUND = "sound.prtp"


def video_name(layer: int) -> str:
    return f"video-{layer}.prtp"


class Renditions:
    """Encodes what is put in. A context: the files are whole when it was left without an error."""

    def __init__(
        self, folder: Path, *, width: int, height: int, rate: float, channels: int, gain: float
    ) -> None:
        self._files = ExitStack()
        self._rate = frame_rate(rate)
        self._grid = Grid(self._rate)
        self._layers = [
            LayerEncoder(folder / video_name(layer.number), layer, self._rate)
            for layer in (ladder(width, height, self._rate) if width else ())
        ]
        self._sound = SoundEncoder(folder / SOUND, min(channels, 2), gain) if channels else None
        self._last = 0.0

    def __enter__(self) -> "Renditions":
        for writer in self._writers():
            self._files.enter_context(writer)
        return self

    def __exit__(self, *error: Any) -> None:
        self._files.__exit__(*error)

    def _writers(self) -> list[RenditionWriter]:
        sound = [self._sound.writer] if self._sound is not None else []
        return [*(layer.writer for layer in self._layers), *sound]

    @property
    def layout(self) -> str:
        return "mono" if self._sound is not None and self._sound.channels == 1 else "stereo"

    def picture(self, time: float, frame: av.VideoFrame) -> None:
        self._last = time
        for shown in self._grid.add(time, frame):
            self._encode(shown)

    def sound(self, time: float | None, frame: av.AudioFrame) -> None:
        if self._sound is not None:
            self._sound.add(time, np.asarray(frame.to_ndarray(), dtype=np.float32))

    def _encode(self, frame: av.VideoFrame) -> None:
        for layer in self._layers:
            layer.add(frame)

    def finish(self) -> dict[str, Any]:
        """The listing: every rendition with its chunks and digests."""
        for shown in self._grid.finish(self._last + 1 / self._rate):
            self._encode(shown)
        for encoder in self._layers:
            encoder.finish()
        if self._sound is not None:
            self._sound.finish()
        return {"version": 1, "renditions": [listed(writer) for writer in self._writers()]}


def listed(writer: RenditionWriter) -> dict[str, Any]:
    header: Header = writer.header
    return {
        "file": writer.name,
        "kind": header.kind.name.lower(),
        "layer": header.layer,
        "clock": header.clock,
        "width": header.width,
        "height": header.height,
        "channels": header.channels,
        "sha256": writer.sha256,
        "size": writer.size,
        "chunks": [asdict(entry) for entry in writer.entries],
    }


def encode_film(
    source: Path, folder: Path, *, rate: float, gain: float, tell: Callable[[float], None]
) -> None:
    """Writes the renditions and, last, their listing. `rate`: pictures a second as counted; `gain`: a factor.

    Raises `NotAFilm`.
    """
    with open_film(source) as container:
        film = probe(container)
        made = Renditions(
            folder,
            width=film.width,
            height=film.height,
            rate=rate,
            channels=film.channels,
            gain=gain,
        )
        resampler = av.AudioResampler(format="fltp", layout=made.layout, rate=RATE)
        with made:
            for time, frame in frames(container):
                if isinstance(frame, av.VideoFrame):
                    assert time is not None  # `frames` says so
                    made.picture(time, frame)
                else:
                    for number, resampled in enumerate(resampler.resample(frame)):
                        made.sound(None if number else time, resampled)
                if time is not None and film.duration:
                    tell(min(1.0, time / film.duration))
            for resampled in resampler.resample(None) if film.channels else ():
                made.sound(None, resampled)
            listing = made.finish()
    write_whole(folder / LISTING, json.dumps(listing, indent=1).encode())
