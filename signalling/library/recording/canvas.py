"""The picture that is being made: planes of YUV 4:2:0, of which only what changes is written."""

from functools import lru_cache

import av
import cv2
import numpy as np
import numpy.typing as npt

from .layout import HEIGHT, WIDTH, Box, fitted

Plane = npt.NDArray[np.uint8]

BACKGROUND, LIGHT, GREY = 24, 225, 128
"""Brightness of what is behind, brightness of names; no colour."""


class Canvas:
    """`WIDTH` x `HEIGHT`."""

    def __init__(self) -> None:
        self._data: Plane = np.empty((HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
        self._luma = self._data[:HEIGHT]
        chroma = self._data[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        self._chroma = chroma[0], chroma[1]
        self.clear(Box(0, 0, WIDTH, HEIGHT))

    def clear(self, box: Box) -> None:
        self._luma[_slices(box)] = BACKGROUND
        for plane in self._chroma:
            plane[_slices(_half(box))] = GREY

    def draw(self, frame: av.VideoFrame, quarters: int, box: Box, before: Box | None) -> Box:
        """Fits a picture in, turned clockwise; `before` is where the one before it was. Gives where it is."""
        turned = quarters % 2 == 1
        size = (frame.height, frame.width) if turned else (frame.width, frame.height)
        at = fitted(*size, box)
        if at != before:
            self.clear(box)
        width, height = (at.height, at.width) if turned else (at.width, at.height)
        scaled = frame.reformat(
            width=width,
            height=height,
            format="yuv420p",
            interpolation="AREA" if width < frame.width else "BILINEAR",
        )
        data: Plane = np.asarray(scaled.to_ndarray(), dtype=np.uint8)
        chroma = data[height:].reshape(2, height // 2, width // 2)
        self._luma[_slices(at)] = np.rot90(data[:height], -quarters)
        for number, plane in enumerate(self._chroma):
            plane[_slices(_half(at))] = np.rot90(chroma[number], -quarters)
        return at

    def write(self, text: str, box: Box) -> None:
        self._luma[_slices(box)] = _plate(text, box.width, box.height)
        for plane in self._chroma:
            plane[_slices(_half(box))] = GREY

    def frame(self) -> av.VideoFrame:
        """What it looks like now; later changes do not change it."""
        return av.VideoFrame.from_ndarray(self._data, format="yuv420p")


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)


def _half(box: Box) -> Box:
    return Box(box.left // 2, box.top // 2, box.width // 2, box.height // 2)


@lru_cache(maxsize=256)
def _plate(text: str, width: int, height: int) -> Plane:
    """A name in the middle, shortened to the width. OpenCV's own font has Latin and Cyrillic."""
    font, size = cv2.FontFace("sans"), max(10, round(height * 0.55))
    shown = text = " ".join(text.split())[:200]
    while shown and _width(shown, font, size) > width - 16:
        text = text[:-1]
        shown = f"{text.rstrip()}…" if text else ""
    plate = np.full((height, width, 3), BACKGROUND, dtype=np.uint8)
    left = (width - _width(shown, font, size)) // 2
    colour = (LIGHT, LIGHT, LIGHT)
    cv2.putText(plate, shown, (left, round(height * 0.72)), colour, font, size, 400)
    return plate[:, :, 0].copy()


def _width(text: str, font: "cv2.FontFace", size: int) -> int:
    _, _, width, _ = cv2.getTextSize((4096, 256), text, (0, 100), font, size, 400)
    return int(width)
