"""Sound as Opus of 20 ms and as AAC, as loud as all films are."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

import av
import numpy as np

from ..checks.loudness import RATE, Loudness, Samples, correction
from ..cmaf.boxes import SoundTrack
from ..cmaf.writer import AAC_FRAME, SoundSegments
from .format import Flag, Header, Kind, Packet
from .writer import ChunkedFile, RenditionWriter

OPUS_FRAME = RATE // 50  # samples: 20 ms
OPUS_BITRATES = {1: 48_000, 2: 96_000}  # bit/s
AAC_BITRATES = {1: 64_000, 2: 128_000}  # bit/s
GAP = 0.05  # s: sound that comes later than that is preceded by silence
Piece = TypeVar("Piece")


def gain(loudness: Loudness) -> float:
    """The factor that makes a film as loud as all films are."""
    return float(10 ** (correction(loudness) / 20))


class Codec(ABC, Generic[Piece]):
    """`frame`: how many samples it takes at a time. Each writes a chunk for each second."""

    frame: ClassVar[int]
    writer: ChunkedFile

    def __init__(self, encoder: av.AudioCodecContext) -> None:
        self._encoder = encoder
        self._encoded = 0
        self._chunk: list[Piece] = []

    def encode(self, samples: Samples) -> None:
        frame = _frame(samples, self._encoder)
        frame.pts = self._encoded * self.frame
        self._encoded += 1
        self._packed(self._encoder.encode(frame))

    def finish(self) -> None:
        self._packed(self._encoder.encode(None))
        if self._chunk:
            self._close_chunk()

    @abstractmethod
    def _packed(self, encoded: Sequence["av.Packet[Any]"]) -> None: ...

    @abstractmethod
    def _close_chunk(self) -> None: ...


class SoundEncoder:
    """Samples of (channels, n), 48 kHz, one or two channels, in; chunks of a second to disk."""

    def __init__(self, channels: int, factor: float, codecs: Sequence[Codec[Any]]) -> None:
        self.channels = channels
        self.writers = tuple(codec.writer for codec in codecs)
        self._factor = np.float32(factor)
        self._codecs = [(codec, Pending(channels, codec.frame)) for codec in codecs]
        self._taken = 0

    @property
    def end(self) -> float:
        """Of the sound so far, s."""
        return self._taken / RATE

    def add(self, time: float | None, samples: Samples) -> None:
        if time is not None:
            self.lengthen(time)
        self._take(samples * self._factor)

    def lengthen(self, time: float) -> None:
        """Silence up to `time`, if that is more than a gap."""
        missing = round(time * RATE) - self._taken
        if missing > GAP * RATE:
            self._take(np.zeros((self.channels, missing), dtype=np.float32))

    def _take(self, samples: Samples) -> None:
        self._taken += samples.shape[1]
        for codec, pending in self._codecs:
            for frame in pending.add(samples):
                codec.encode(frame)

    def finish(self) -> None:
        for codec, pending in self._codecs:
            if (rest := pending.rest()) is not None:
                codec.encode(rest)
            codec.finish()


class Pending:
    """Cuts samples into frames."""

    def __init__(self, channels: int, frame: int) -> None:
        self._samples = np.zeros((channels, 0), dtype=np.float32)
        self._frame = frame

    def add(self, samples: Samples) -> list[Samples]:
        self._samples = np.concatenate([self._samples, samples], axis=1)
        whole = self._samples.shape[1] // self._frame * self._frame
        frames = [self._samples[:, at : at + self._frame] for at in range(0, whole, self._frame)]
        self._samples = self._samples[:, whole:]
        return frames

    def rest(self) -> Samples | None:
        """What is left, with silence up to a whole frame."""
        left = self._samples.shape[1]
        return np.pad(self._samples, ((0, 0), (0, self._frame - left))) if left else None


class OpusCodec(Codec[Packet]):
    """As RTP payloads."""

    frame = OPUS_FRAME
    writer: RenditionWriter

    def __init__(self, path: Path, channels: int) -> None:
        encoder = _context("libopus", "flt", channels, OPUS_BITRATES[channels])
        encoder.options = {"frame_duration": "20", "application": "audio"}
        super().__init__(encoder)
        self.writer = RenditionWriter(path, Header(Kind.OPUS, 0, RATE, RATE, channels=channels))

    def _packed(self, encoded: Sequence["av.Packet[Any]"]) -> None:
        for payload in encoded:
            number = len(self.writer.entries) * 50 + len(self._chunk)
            self._chunk.append(Packet(number * self.frame, bytes(payload), Flag.BEGINS))
            if len(self._chunk) == 50:
                self._close_chunk()

    def _close_chunk(self) -> None:
        self.writer.add(self._chunk, len(self._chunk) * self.frame)
        self._chunk = []


class AacCodec(Codec[bytes]):
    """As segments for HLS. A frame belongs to the second in which it begins."""

    frame = AAC_FRAME
    writer: SoundSegments

    def __init__(self, path: Path, channels: int) -> None:
        encoder = _context("aac", "fltp", channels, AAC_BITRATES[channels])
        encoder.open()
        assert encoder.extradata is not None, "the encoder describes itself when it is open"
        super().__init__(encoder)
        configuration = bytes(encoder.extradata)
        self.writer = SoundSegments(path, SoundTrack(RATE, channels, AAC_BITRATES[channels], configuration))
        self._begun = 0

    def _packed(self, encoded: Sequence["av.Packet[Any]"]) -> None:
        for packet in encoded:
            if packet.pts is None or packet.pts < 0:
                continue  # the encoder's run-up: nothing of the film is in it
            second = self._begun * self.frame // RATE
            if (self._begun + len(self._chunk)) * self.frame // RATE > second:
                self._close_chunk()
            self._chunk.append(bytes(packet))

    def _close_chunk(self) -> None:
        self.writer.add(self._chunk, self._begun * self.frame)
        self._begun += len(self._chunk)
        self._chunk = []


def _context(
    codec: Literal["libopus", "aac"], sample_format: str, channels: int, bitrate: int
) -> av.AudioCodecContext:
    encoder = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout = RATE, "mono" if channels == 1 else "stereo"
    encoder.format = sample_format
    encoder.bit_rate = bitrate
    return encoder


def _frame(samples: Samples, encoder: av.AudioCodecContext) -> av.AudioFrame:
    planes = samples if encoder.format.is_planar else samples.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(planes), format=encoder.format.name, layout=encoder.layout.name
    )
    frame.sample_rate = RATE
    return frame
