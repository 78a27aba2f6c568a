"""Pictures of any rate as VP8 layers of a fixed one, each second a chunk that begins with a keyframe."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType

from . import vp8
from .format import Header, Kind, Packet
from .ladder import Layer
from .writer import RenditionWriter


class LayerEncoder:
    """One layer: pictures in, chunks to disk. A context, as its writer is."""

    def __init__(self, path: Path, layer: Layer, rate: int) -> None:
        self.layer = layer
        self._rate = rate
        self.writer = RenditionWriter(
            path,
            Header(Kind.VP8, layer.number, vp8.CLOCK, vp8.CLOCK, width=layer.width, height=layer.height),
        )
        self._encoder = _encoder(layer, rate)
        self._chunk: list[Packet] = []
        self._pictures = 0
        self._begun = 0

    def add(self, picture: av.VideoFrame) -> None:
        if self._pictures - self._begun == self._rate:
            self._close_chunk()
        frame = picture.reformat(
            width=self.layer.width, height=self.layer.height, format="yuv420p", interpolation="BICUBIC"
        )
        frame.pts, frame.time_base = self._pictures, Fraction(1, self._rate)
        frame.pict_type = PictureType.I if self._pictures == self._begun else PictureType.NONE
        # Without look-ahead each picture comes out at once.
        (encoded,) = self._encoder.encode(frame)
        time = self._pictures * (vp8.CLOCK // self._rate)
        self._chunk += vp8.packets(bytes(encoded), time=time, picture_id=self._pictures)
        self._pictures += 1

    def finish(self) -> None:
        if self._chunk:
            self._close_chunk()

    def _close_chunk(self) -> None:
        self.writer.add(self._chunk, (self._pictures - self._begun) * (vp8.CLOCK // self._rate))
        self._chunk, self._begun = [], self._pictures


def _encoder(layer: Layer, rate: int) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = layer.width, layer.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, rate), Fraction(rate)
    encoder.bit_rate = layer.bitrate
    encoder.thread_count = 1
    encoder.options = {
        "deadline": "good",
        "cpu-used": "4",
        "lag-in-frames": "0",
        "auto-alt-ref": "0",  # every picture is shown
        "g": str(10 * rate),  # keyframes are asked for
        "maxrate": str(layer.bitrate * 3 // 2),
        "bufsize": str(layer.bitrate),
        "qmin": "4",
        "qmax": "52",
    }
    return encoder


class Grid:
    """Pictures of any times -> one for each tick of `rate`, the one that is shown then."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tick = 0
        self._shown: av.VideoFrame | None = None

    def add(self, time: float, picture: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """What is shown at the ticks before `picture`."""
        if self._shown is not None:
            yield from self._until(time - 0.5 / self._rate)
        self._shown = picture

    def finish(self, end: float) -> Iterator[av.VideoFrame]:
        """`end`: of the last picture, s. At least one picture comes out if one went in."""
        if self._shown is not None:
            yield from self._until(max(end, (self._tick + 1) / self._rate) - 0.5 / self._rate)

    def _until(self, time: float) -> Iterator[av.VideoFrame]:
        while self._tick / self._rate < time:
            self._tick += 1
            assert self._shown is not None
            yield self._shown
