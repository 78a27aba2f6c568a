"""Pictures of any rate as layers of a fixed one, each second a chunk that begins with a keyframe."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol

import av
from av.video.frame import PictureType

from ..cmaf.writer import VideoSegments
from . import h264, vp8
from .format import Header, Kind, Packet
from .ladder import Layer
from .writer import ChunkedFile, RenditionWriter

CLOCK = 90_000  # Hz: of every codec of pictures
VP8_OPTIONS = {
    "deadline": "good",
    "cpu-used": "4",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",  # every picture is shown
    "qmin": "4",
    "qmax": "52",
}

#: Constrained baseline: what every browser and phone decodes, and no picture waits for a later one.
H264_OPTIONS = {
    "preset": "veryfast",
    "profile": "baseline",
    "level": "3.1",
    "tune": "zerolatency",
    "forced-idr": "1",
    "x264-params": "scenecut=0:sliced-threads=0:slices=1",
}


class Encoder(Protocol):
    """One codec of one layer. `writers` are contexts that its owner enters."""

    @property
    def writers(self) -> Sequence[ChunkedFile]: ...

    def add(self, frame: av.VideoFrame, number: int) -> None: ...

    def close_chunk(self, duration: int) -> None: ...


class LayerEncoder:
    """One layer: pictures in, chunks of each codec to disk."""

    def __init__(self, layer: Layer, rate: int, encoders: Sequence[Encoder]) -> None:
        self.layer = layer
        self._rate = rate
        self._encoders = encoders
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
        for encoder in self._encoders:
            encoder.add(frame, self._pictures)
        self._pictures += 1

    def finish(self) -> None:
        if self._pictures > self._begun:
            self._close_chunk()

    def _close_chunk(self) -> None:
        for encoder in self._encoders:
            encoder.close_chunk((self._pictures - self._begun) * (CLOCK // self._rate))
        self._begun = self._pictures


class Vp8Encoder:
    """VP8 as RTP payloads."""

    def __init__(self, path: Path, layer: Layer, rate: int, options: Mapping[str, str] = VP8_OPTIONS) -> None:
        self._writer = RenditionWriter(path, _header(Kind.VP8, layer))
        self.writers = (self._writer,)
        self._encoder = _context("libvpx", layer, rate, options)
        self._tick = CLOCK // rate
        self._chunk: list[Packet] = []

    def add(self, frame: av.VideoFrame, number: int) -> None:
        # Without look-ahead each picture comes out at once.
        (encoded,) = self._encoder.encode(frame)
        self._chunk += vp8.packets(bytes(encoded), time=number * self._tick, picture_id=number)

    def close_chunk(self, duration: int) -> None:
        self._writer.add(self._chunk, duration)
        self._chunk = []


class H264Encoder:
    """H.264, encoded once, as RTP payloads (`rtp`), as segments for HLS (`segments`), or both."""

    def __init__(
        self,
        layer: Layer,
        rate: int,
        *,
        rtp: Path | None,
        segments: Path | None,
        options: Mapping[str, str] = H264_OPTIONS,
    ) -> None:
        self._rtp = RenditionWriter(rtp, _header(Kind.H264, layer)) if rtp is not None else None
        size = layer.width, layer.height
        self._segments = VideoSegments(segments, layer.number, *size, rate) if segments is not None else None
        self.writers = tuple(one for one in (self._rtp, self._segments) if one is not None)
        self._encoder = _context("libx264", layer, rate, options)
        self._tick = CLOCK // rate
        self._chunk: list[list[bytes]] = []
        self._begun = 0

    def add(self, frame: av.VideoFrame, number: int) -> None:
        (encoded,) = self._encoder.encode(frame)
        if not self._chunk:
            self._begun = number
        self._chunk.append(h264.units(bytes(encoded)))

    def close_chunk(self, duration: int) -> None:
        pictures, self._chunk = self._chunk, []
        if self._segments is not None:
            self._segments.add(pictures, self._begun * self._tick)
        if self._rtp is not None:
            packets: list[Packet] = []
            for number, picture in enumerate(pictures, self._begun):
                packets += h264.packets(picture, time=number * self._tick)
            self._rtp.add(packets, duration)


def _header(kind: Kind, layer: Layer) -> Header:
    return Header(kind, layer.number, CLOCK, CLOCK, width=layer.width, height=layer.height)


def _context(
    codec: Literal["libvpx", "libx264"], layer: Layer, rate: int, options: Mapping[str, str]
) -> av.VideoCodecContext:
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = layer.width, layer.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, rate), Fraction(rate)
    encoder.bit_rate = layer.bitrate
    encoder.thread_count = 1
    encoder.options = {
        **options,
        "g": str(10 * rate),  # keyframes are asked for
        "maxrate": str(layer.bitrate * 3 // 2),
        "bufsize": str(layer.bitrate),
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
