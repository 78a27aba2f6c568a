"""Flashes that can harm people with photosensitive epilepsy, by ITU-R BT.1702.

A flash is a pair of opposing changes of luminance of 20 cd/m2 or more, where the darker picture is below
160 cd/m2; a red flash is one to or from saturated red, whatever its luminance. More than three flashes within a
second, together on at least a quarter of the screen, are not permitted.

Each cell of the screen is a small machine that follows its luminance from one turning point to the next.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .findings import Finding, FindingCode, Severity
from .luminance import RED_UV, Plane, ScreenPicture

CHANGE = 20.0  # cd/m2
DARKER_BELOW = 160.0  # cd/m2
RED_DISTANCE = 0.2  # in u'v'
AREA = 0.25  # share of the screen
# Three whole flashes and the first change of a fourth.
CHANGES = 7
# Flashes of cells are at the same time if they are within one period of three a second.
CONCURRENT = 1 / 3  # s
# Two stretches with less than this between them are one finding.
JOIN = 1.0  # s


class LuminanceTurns:
    """Which cells turned: `update` gives True where a change of luminance in the other direction became large."""

    def __init__(self, first: Plane) -> None:
        self._low = first.copy()
        self._high = first.copy()
        self._direction = np.zeros(first.shape, dtype=np.int8)

    def update(self, luminance: Plane) -> NDArray[np.bool_]:
        np.minimum(self._low, luminance, out=self._low)
        np.maximum(self._high, luminance, out=self._high)
        up = (luminance - self._low >= CHANGE) & (self._low < DARKER_BELOW) & (self._direction <= 0)
        down = (self._high - luminance >= CHANGE) & (luminance < DARKER_BELOW) & (self._direction >= 0)
        down &= ~up
        turned = up | down
        self._direction[up] = 1
        self._direction[down] = -1
        self._low[turned] = luminance[turned]
        self._high[turned] = luminance[turned]
        return turned


class RedTurns:
    """Which cells went to or from saturated red, by at least 0.2 in u'v'."""

    def __init__(self, first: ScreenPicture) -> None:
        self._inside = first.saturated_red.copy()
        self._u = first.u.copy()
        self._v = first.v.copy()

    def update(self, picture: ScreenPicture) -> NDArray[np.bool_]:
        red = picture.saturated_red
        far = np.hypot(picture.u - self._u, picture.v - self._v) > RED_DISTANCE
        turned: NDArray[np.bool_] = far & (red != self._inside)
        self._inside[turned] = red[turned]
        # The turning point is the colour nearest to red while inside, the farthest while outside.
        now = np.hypot(picture.u - RED_UV[0], picture.v - RED_UV[1])
        then = np.hypot(self._u - RED_UV[0], self._v - RED_UV[1])
        keep = turned | np.where(self._inside, red & (now < then), ~red & (now > then))
        self._u[keep] = picture.u[keep]
        self._v[keep] = picture.v[keep]
        return turned


class Rate:
    """Share of the screen on which more than three flashes a second happen at the same time."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._times = np.full((CHANGES, *shape), -np.inf)
        self._flashed = np.full(shape, -np.inf)

    def update(self, time: float, frame: float, turned: NDArray[np.bool_]) -> float:
        """`frame`: s between pictures; a moment is known no better than that."""
        if turned.any():
            self._times[:-1, turned] = self._times[1:, turned]
            self._times[-1, turned] = time
            fast = turned & (time - self._times[0] < 1 - frame - 1e-4)
            self._flashed[fast] = time
        return float(np.mean(time - self._flashed < CONCURRENT))


@dataclass(slots=True)
class _Sequence:
    """One kind of flashes: its rate and the stretches that are too much."""

    code: FindingCode
    rate: Rate
    findings: list[Finding] = field(default_factory=list)

    def update(self, time: float, frame: float, turned: NDArray[np.bool_]) -> None:
        area = self.rate.update(time, frame, turned)
        if area < AREA:
            return
        start = max(0.0, time - 1)
        if self.findings and start - self.findings[-1].end < JOIN:
            last = self.findings.pop()
            start, area = last.start, max(area, last.value)
        self.findings.append(Finding(self.code, Severity.ERROR, start, time, area, AREA))


class FlashDetector:
    """Takes all pictures of a film in order; `findings` are complete up to the last of them."""

    def __init__(self) -> None:
        self._turns: tuple[LuminanceTurns, RedTurns] | None = None
        self._sequences: tuple[_Sequence, _Sequence] | None = None
        self._last = 0.0

    def update(self, time: float, picture: ScreenPicture) -> None:
        if self._turns is None or self._sequences is None:
            shape = picture.luminance.shape
            self._turns = LuminanceTurns(picture.luminance), RedTurns(picture)
            self._sequences = (
                _Sequence(FindingCode.FLASHES, Rate(shape)),
                _Sequence(FindingCode.RED_FLASHES, Rate(shape)),
            )
        else:
            frame = time - self._last
            luminance, red = self._turns
            general, saturated = self._sequences
            general.update(time, frame, luminance.update(picture.luminance))
            saturated.update(time, frame, red.update(picture))
        self._last = time

    @property
    def findings(self) -> list[Finding]:
        return [finding for sequence in self._sequences or () for finding in sequence.findings]
