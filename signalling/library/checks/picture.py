"""Black and frozen pictures."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from .findings import Finding, FindingCode, Severity, Stretch

BLACK_LUMA = 26  # of 255: a tenth of the range
BLACK_SHARE = 0.98
BLACK_SECONDS = 2.0
FROZEN_DIFFERENCE = 0.001  # mean absolute difference, share of the range: -60 dB
FROZEN_SECONDS = 5.0


@dataclass(slots=True)
class PictureChecks:
    """Takes all pictures in order, RGB (rows, columns, 3)."""

    findings: list[Finding] = field(default_factory=list)
    _black: Stretch = field(default_factory=lambda: Stretch(BLACK_SECONDS))
    _frozen: Stretch = field(default_factory=lambda: Stretch(FROZEN_SECONDS))
    _shown: tuple[float, NDArray[np.uint8]] | None = None

    def update(self, time: float, rgb: NDArray[np.uint8]) -> None:
        luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        black = float(np.mean(luma <= BLACK_LUMA)) >= BLACK_SHARE
        self._note(FindingCode.BLACK, BLACK_SECONDS, self._black.update(time, black))
        if self._shown is None:
            self._shown = (time, luma)
            return
        began, shown = self._shown
        same = float(cv2.norm(luma, shown, cv2.NORM_L1)) / luma.size / 255 < FROZEN_DIFFERENCE
        if same and not black and self._frozen.began is None:
            self._frozen.began = began
        self._note(FindingCode.FROZEN, FROZEN_SECONDS, self._frozen.update(time, same and not black))
        if not same:
            self._shown = (time, luma)

    def finish(self, end: float) -> None:
        self._note(FindingCode.BLACK, BLACK_SECONDS, self._black.update(end, False))
        self._note(FindingCode.FROZEN, FROZEN_SECONDS, self._frozen.update(end, False))

    def _note(self, code: FindingCode, limit: float, stretch: tuple[float, float] | None) -> None:
        if stretch is not None:
            start, end = stretch
            self.findings.append(Finding(code, Severity.WARNING, start, end, end - start, limit))
