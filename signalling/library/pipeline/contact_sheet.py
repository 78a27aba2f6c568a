"""A page of small pictures, evenly over a film whose length nobody knows before its end."""

import cv2
import numpy as np

from ..checks.film import Rgb
from ..jpeg import jpeg

COLUMNS, ROWS = 5, 4
WIDTH = 256  # of one picture


class ContactSheet:
    """Keeps at most twice as many pictures as it shows: when there are more, every second one goes."""

    def __init__(self) -> None:
        self._kept: list[Rgb] = []
        self._every = 0.5  # s
        self._next = 0.0

    def add(self, time: float, rgb: Rgb) -> None:
        if time < self._next:
            return
        height, width = rgb.shape[:2]
        size = (WIDTH, max(2, min(round(height * WIDTH / width), 4 * WIDTH)))
        self._kept.append(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
        if len(self._kept) > 2 * COLUMNS * ROWS:
            self._kept = self._kept[::2]
            self._every *= 2
        self._next = time + self._every

    def jpeg(self) -> bytes | None:
        """None without pictures."""
        if not self._kept:
            return None
        shown = [
            self._kept[round(index)]
            for index in np.linspace(0, len(self._kept) - 1, min(COLUMNS * ROWS, len(self._kept)))
        ]
        height = shown[0].shape[0]
        rows = -(-len(shown) // COLUMNS)
        sheet = np.full((rows * height, COLUMNS * WIDTH, 3), 32, dtype=np.uint8)
        for number, picture in enumerate(shown):
            top, left = number // COLUMNS * height, number % COLUMNS * WIDTH
            fitted = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
            sheet[top : top + height, left : left + WIDTH] = fitted
        return jpeg(sheet)
