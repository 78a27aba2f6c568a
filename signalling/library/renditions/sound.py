"""Sound as Opus of 20 ms, as loud as all films are."""

import math
from pathlib import Path

import av
import numpy as np

from ..checks.loudness import RATE, Loudness, Samples
from .format import Flag, Header, Kind, Packet
from .writer import RenditionWriter

FRAME = RATE // 50  # samples: 20 ms
LOUDNESS = -20.0  # LUFS: EBU R 128 s2 asks for -20 to -16 where people listen on phones
TRUE_PEAK = -1.0  # dBTP
MOST_GAIN = 20.0  # dB: noise is not made into sound
BITRATES = {1: 48_000, 2: 96_000}  # bit/s
GAP = 0.05  # s: sound that comes later than that is preceded by silence


def gain(loudness: Loudness) -> float:
    """The factor that brings a film to LOUDNESS, as far as its peaks allow: nothing is compressed."""
    if not math.isfinite(loudness.integrated) or not math.isfinite(loudness.true_peak):
        return 1.0
    decibels = min(LOUDNESS - loudness.integrated, TRUE_PEAK - loudness.true_peak, MOST_GAIN)
    return float(10 ** (decibels / 20))


class SoundEncoder:
    """Samples of (channels, n), 48 kHz, one or two channels, in; chunks of a second to disk."""

    def __init__(self, path: Path, channels: int, factor: float) -> None:
        self.channels = channels
        self.writer = RenditionWriter(path, Header(Kind.OPUS, 0, RATE, RATE, channels=channels))
        self._layout = "mono" if channels == 1 else "stereo"
        self._encoder = av.CodecContext.create("libopus", "w")
        self._encoder.sample_rate, self._encoder.layout = RATE, self._layout
        self._encoder.format = "flt"
        self._encoder.bit_rate = BITRATES[channels]
        self._encoder.options = {"frame_duration": "20", "application": "audio"}
        self._factor = np.float32(factor)
        self._pending = np.zeros((channels, 0), dtype=np.float32)
        self._taken = 0
        self._encoded = 0
        self._chunk: list[Packet] = []

    def add(self, time: float | None, samples: Samples) -> None:
        missing = round(time * RATE) - self._taken if time is not None else 0
        if missing > GAP * RATE:
            self._take(np.zeros((self.channels, missing), dtype=np.float32))
        self._take(samples * self._factor)

    def _take(self, samples: Samples) -> None:
        self._taken += samples.shape[1]
        self._pending = np.concatenate([self._pending, samples], axis=1)
        while self._pending.shape[1] >= FRAME:
            self._encode(self._pending[:, :FRAME])
            self._pending = self._pending[:, FRAME:]

    def _encode(self, samples: Samples) -> None:
        interleaved = np.ascontiguousarray(samples.T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=self._layout)
        frame.sample_rate, frame.pts = RATE, self._encoded * FRAME
        self._encoded += 1
        self._packed([bytes(one) for one in self._encoder.encode(frame)])

    def _packed(self, encoded: list[bytes]) -> None:
        for payload in encoded:
            number = len(self.writer.entries) * 50 + len(self._chunk)
            self._chunk.append(Packet(number * FRAME, payload, Flag.BEGINS))
            if len(self._chunk) == 50:
                self._close_chunk()

    def finish(self) -> None:
        rest = self._pending.shape[1]
        if rest:
            self._encode(np.pad(self._pending, ((0, 0), (0, FRAME - rest))))
        self._packed([bytes(one) for one in self._encoder.encode(None)])
        if self._chunk:
            self._close_chunk()

    def _close_chunk(self) -> None:
        self.writer.add(self._chunk, len(self._chunk) * FRAME)
        self._chunk = []
