"""Loudness by EBU R 128: integrated loudness and true peak (ITU-R BS.1770), range (EBU Tech 3342).

Sound is 48 kHz, float, 1 is full scale. The filter of BS.1770 is recursive; as an impulse response it is shorter than
a sixth of a second down to -160 dB, so it is applied by Fourier transforms, block by block.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # (channels, samples)
Curve = NDArray[np.float64]

RATE = 48_000  # Hz
STEP = RATE // 10  # samples: gating blocks begin every 100 ms
_TAPS = 8192
# BS.1770, tables 1 and 2: (b, a) of the two stages at 48 kHz.
_STAGES = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)),
)
_ABSOLUTE_GATE = -70.0  # LUFS
_SURROUND_WEIGHT = 1.41
SILENT = -math.inf
NORMAL = -20.0  # LUFS: EBU R 128 s2 asks for -20 to -16 where people listen on phones
MOST_PEAK = -1.0  # dBTP
MOST_GAIN = 20.0  # dB: noise is not made into sound


@dataclass(frozen=True, slots=True)
class Loudness:
    integrated: float  # LUFS; -inf: nothing above the absolute gate
    range: float  # LU
    true_peak: float  # dBTP; -inf: digital silence

    @classmethod
    def read(cls, told: Mapping[str, float | None]) -> "Loudness":
        """As a report has it, where null is silence."""
        return cls(**{name: SILENT if one is None else one for name, one in told.items()})


def correction(loudness: Loudness) -> float:
    """dB that bring a film to NORMAL, as far as its peaks allow: nothing is compressed."""
    if not math.isfinite(loudness.integrated) or not math.isfinite(loudness.true_peak):
        return 0.0
    return min(NORMAL - loudness.integrated, MOST_PEAK - loudness.true_peak, MOST_GAIN)


@cache
def _response() -> NDArray[np.complex128]:
    """Spectrum of the K-weighting's impulse response, for blocks of STEP samples."""
    signal = [1.0] + [0.0] * (_TAPS - 1)
    for (b0, b1, b2), (a1, a2) in _STAGES:
        out: list[float] = []
        x1 = x2 = y1 = y2 = 0.0
        for x in signal:
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            out.append(y)
        signal = out
    return np.fft.rfft(np.array(signal), _size())


def _size() -> int:
    return 1 << (STEP + _TAPS - 1).bit_length()


@cache
def _oversampling() -> Curve:
    """(4, 12): the phases of a Hann-windowed sinc, which is what BS.1770 annex 2 asks of the interpolation."""
    taps = np.arange(48) - 23.5
    prototype = np.sinc(taps / 4) * (0.5 + 0.5 * np.cos(np.pi * taps / 24))
    phases = prototype.reshape(12, 4).T
    return np.asarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float64)


def _weights(channels: int) -> Curve:
    """BS.1770: surround channels count more, the low-frequency channel (fourth of six) does not count."""
    weights = np.ones(channels)
    if channels >= 5:
        weights[3:] = _SURROUND_WEIGHT
    if channels >= 6:
        weights[3] = 0
    return weights


class LoudnessMeter:
    """Takes sound in pieces of any length; `result` may be asked at any time."""

    def __init__(self, channels: int) -> None:
        self._weights = _weights(channels)
        self._pending = np.zeros((channels, 0))
        self._before = np.zeros((channels, _TAPS - 1))
        self._peak_before = np.zeros((channels, 11))
        self._peak = 0.0
        self._energies: list[float] = []  # weighted mean square of each 100 ms

    def update(self, samples: Samples) -> None:
        self._pending = np.concatenate([self._pending, samples], axis=1)
        while self._pending.shape[1] >= STEP:
            self._step(self._pending[:, :STEP])
            self._pending = self._pending[:, STEP:]

    def _step(self, block: Curve) -> None:
        self._oversample(block)
        joined = np.concatenate([self._before, block], axis=1)
        filtered = np.fft.irfft(np.fft.rfft(joined, _size(), axis=1) * _response(), _size(), axis=1)
        # Circular convolution is exact from the last tap on.
        weighted = filtered[:, _TAPS - 1 : _TAPS - 1 + STEP]
        self._before = joined[:, STEP:]
        self._energies.append(float(self._weights @ np.mean(weighted**2, axis=1)))

    def _oversample(self, block: Curve) -> None:
        joined = np.concatenate([self._peak_before, block], axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(joined, 12, axis=1)
        peaks = np.abs(windows @ _oversampling()[:, ::-1].T)
        self._peak = max(self._peak, float(peaks.max(initial=0)), float(np.abs(block).max(initial=0)))
        self._peak_before = joined[:, -11:]

    def result(self) -> Loudness:
        peak = max(self._peak, float(np.abs(self._pending).max(initial=0)))
        energies = np.array(self._energies)
        return Loudness(
            integrated=_integrated(_moving_mean(energies, 4)),
            range=_range(_moving_mean(energies, 30)),
            true_peak=20 * math.log10(peak) if peak > 0 else SILENT,
        )


def _moving_mean(values: Curve, width: int) -> Curve:
    if len(values) < width:
        return np.zeros(0)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: Curve = np.maximum((sums[width:] - sums[:-width]) / width, 0)
    return means


def _lufs(energy: float) -> float:
    return -0.691 + 10 * math.log10(energy) if energy > 0 else SILENT


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _gated(blocks: Curve, below: float) -> Curve:
    """Blocks above the absolute gate and above `below` LU under the mean of these."""
    loud = blocks[blocks > _energy(_ABSOLUTE_GATE)]
    return loud[loud > _energy(_lufs(float(loud.mean())) - below)] if loud.size else loud


def _integrated(blocks: Curve) -> float:
    gated = _gated(blocks, 10)
    return _lufs(float(gated.mean())) if gated.size else SILENT


def _range(blocks: Curve) -> float:
    gated = _gated(blocks, 20)
    if not gated.size:
        return 0.0
    low, high = np.percentile(gated, [10, 95])
    return _lufs(float(high)) - _lufs(float(low))
