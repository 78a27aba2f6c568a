"""Pictures as the standard's terms: screen luminance in cd/m2, chromaticity in CIE 1976 u'v'.

ITU-R BT.1702 states its limits for a display with a peak white of 200 cd/m2; the display's transfer function is
that of ITU-R BT.1886 (exponent 2.4), the primaries are those of ITU-R BT.709.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

PEAK_WHITE = 200.0  # cd/m2
_LINEAR = (np.arange(256, dtype=np.float32) / 255) ** np.float32(2.4)
_TO_XYZ = np.array(  # BT.709 primaries, D65
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=np.float32
)
_DARK = 0.005  # below this sum of linear RGB a colour cannot be told; it counts as white's chromaticity
WHITE_UV = (0.1978, 0.4683)
RED_UV = (0.4507, 0.5229)


@dataclass(frozen=True, slots=True)
class ScreenPicture:
    """One picture as cells of the screen; every plane is (rows, columns)."""

    luminance: Plane  # cd/m2
    u: Plane
    v: Plane
    saturated_red: NDArray[np.bool_]  # R / (R + G + B) >= 0.8, linear


def screen_picture(rgb: NDArray[np.uint8], *, columns: int = 64) -> ScreenPicture:
    """RGB (rows, columns, 3), full range, gamma-coded -> cells of light; the aspect ratio is kept."""
    height, width = rgb.shape[:2]
    light = np.take(_LINEAR, rgb)
    size = (min(columns, width), min(max(1, round(columns * height / width)), height))
    cells = cv2.resize(light, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
    x, y, z = np.moveaxis(cells @ _TO_XYZ.T, 2, 0)
    total = cells.sum(axis=2)
    lit = total >= _DARK
    divisor = np.where(lit, x + 15 * y + 3 * z, np.float32(1))
    return ScreenPicture(
        luminance=y * np.float32(PEAK_WHITE),
        u=np.where(lit, 4 * x / divisor, np.float32(WHITE_UV[0])),
        v=np.where(lit, 9 * y / divisor, np.float32(WHITE_UV[1])),
        saturated_red=lit & (cells[:, :, 0] >= np.float32(0.8) * total),
    )
