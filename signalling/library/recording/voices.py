"""What is heard: every stretch of sound at its time, and all of them together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
import av.error
import numpy as np
import numpy.typing as npt

from .ordering import EncodedFrame

RATE = 48_000
Samples = npt.NDArray[np.float32]
"""(2, n)"""
TOLERANCE = RATE // 25
"""Samples by which what follows without a gap may be off its time before it is moved: else clocks that drift would be
heard."""
KNEE = np.float32(0.8)
"""What is louder is pressed together, so that voices at once do not crackle."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that begin at sample `at` of all time."""

    at: int
    samples: Samples


class Voice:
    """Decodes no further than it is asked for."""

    def __init__(self, frames: Iterator[EncodedFrame], time: Callable[[int, int], float | None]) -> None:
        """`time`: s, of a stream and an RTP time."""
        self._time = time
        self._pieces = self._decode(frames)
        self._next = next(self._pieces, None)

    def add_to(self, mix: Samples, begin: int) -> None:
        """Adds what is heard from sample `begin` on, as many as `mix` has. Asked in order."""
        end = begin + mix.shape[1]
        while (piece := self._next) is not None and piece.at < end:
            first, last = max(piece.at, begin), min(piece.at + piece.samples.shape[1], end)
            if first < last:
                mix[:, first - begin : last - begin] += piece.samples[:, first - piece.at : last - piece.at]
            if piece.at + piece.samples.shape[1] > end:
                return  # the rest belongs to the next
            self._next = next(self._pieces, None)

    def _decode(self, frames: Iterator[EncodedFrame]) -> Iterator[Piece]:
        decoder = _decoder()
        stream, cursor, expected = -1, 0, -1
        for frame in frames:
            time = self._time(frame.stream, frame.timestamp)
            if time is None or frame.mime_type not in ("audio/opus", "audio/red"):
                continue
            if frame.stream != stream:
                decoder, stream, expected = _decoder(), frame.stream, -1
            try:
                decoded = decoder.decode(av.Packet(frame.data))
            except MemoryError:
                raise
            except av.error.FFmpegError:
                continue
            samples = [_samples(one) for one in decoded]
            if not samples:
                continue
            piece = np.concatenate(samples, axis=1)
            at = round(time * RATE)
            if frame.timestamp != expected or abs(at - cursor) > TOLERANCE:
                cursor = at
            yield Piece(cursor, piece)
            cursor += piece.shape[1]
            expected = (frame.timestamp + piece.shape[1]) % 2**32


def _decoder() -> av.AudioCodecContext:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = RATE
    decoder.layout = "stereo"
    return decoder


def _samples(frame: av.AudioFrame) -> Samples:
    """The decoder gives 16 bits, interleaved."""
    found = np.asarray(frame.to_ndarray(), dtype=np.float32) / np.float32(32_768)
    return found.reshape(-1, 2).T


def pressed(mix: Samples) -> Samples:
    """Between -1 and 1, unchanged below the knee."""
    loud = np.abs(mix)
    over = KNEE + (1 - KNEE) * np.tanh((loud - KNEE) / (1 - KNEE))
    return np.where(loud > KNEE, np.sign(mix) * over, mix).astype(np.float32)
