"""Silence and clipping."""

from dataclasses import dataclass, field

import numpy as np

from .findings import Finding, FindingCode, Severity, Stretch
from .loudness import RATE, STEP, Samples

SILENT_LEVEL = 10 ** (-60 / 20)  # of full scale, mean square root of 100 ms
SILENT_SECONDS = 5.0
FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row at full scale
CLIPPED_SAMPLES = 10  # fewer are not heard
# Two clipped places with less than this between them are one finding.
JOIN = 1.0  # s


@dataclass(slots=True)
class SoundChecks:
    """Takes sound in pieces of any length, (channels, samples) at 48 kHz."""

    findings: list[Finding] = field(default_factory=list)
    _silent: Stretch = field(default_factory=lambda: Stretch(SILENT_SECONDS))
    _pending: list[Samples] = field(default_factory=list)
    _waiting: int = 0
    _steps: int = 0
    _samples: int = 0

    @property
    def duration(self) -> float:
        return self._samples / RATE

    def update(self, samples: Samples) -> None:
        self._pending.append(samples)
        self._waiting += samples.shape[1]
        self._samples += samples.shape[1]
        if self._waiting < STEP:
            return
        joined = np.concatenate(self._pending, axis=1)
        whole = self._waiting // STEP * STEP
        for start in range(0, whole, STEP):
            self._step(joined[:, start : start + STEP])
        self._pending = [joined[:, whole:]]
        self._waiting -= whole

    def finish(self) -> None:
        if self._waiting:
            self._step(np.concatenate(self._pending, axis=1))
            self._waiting = 0
        self._silence(self._silent.update(self._steps * STEP / RATE, False))
        self.findings = [
            finding
            for finding in self.findings
            if finding.code is not FindingCode.CLIPPING or finding.value >= CLIPPED_SAMPLES
        ]

    def _step(self, block: Samples) -> None:
        time = self._steps * STEP / RATE
        self._steps += 1
        loud = float(np.sqrt(np.mean(block.astype(np.float64) ** 2)))
        self._silence(self._silent.update(time, loud < SILENT_LEVEL))
        clipped = _clipped(block)
        if clipped:
            self._clipping(time, clipped)

    def _silence(self, stretch: tuple[float, float] | None) -> None:
        if stretch is not None:
            start, end = stretch
            self.findings.append(
                Finding(FindingCode.SILENCE, Severity.WARNING, start, end, end - start, SILENT_SECONDS)
            )

    def _clipping(self, time: float, clipped: int) -> None:
        start, total = time, float(clipped)
        last = next((found for found in reversed(self.findings) if found.code is FindingCode.CLIPPING), None)
        if last is not None and time - last.end < JOIN:
            self.findings.remove(last)
            start, total = last.start, last.value + clipped
        end = time + STEP / RATE
        self.findings.append(
            Finding(FindingCode.CLIPPING, Severity.WARNING, start, end, total, CLIPPED_SAMPLES)
        )


def _clipped(block: Samples) -> int:
    """Samples in runs of at least three at full scale."""
    full = np.abs(block) >= FULL_SCALE
    if not full.any():
        return 0
    runs = np.lib.stride_tricks.sliding_window_view(full, CLIPPED_RUN, axis=1).all(axis=2)
    covered = np.zeros_like(full)
    for offset in range(CLIPPED_RUN):
        covered[:, offset : offset + runs.shape[1]] |= runs
    return int(covered.sum())
