"""Pictures as files."""

import cv2
import numpy as np
from numpy.typing import NDArray

QUALITY = 80


def jpeg(rgb: NDArray[np.uint8], quality: int = QUALITY) -> bytes:
    """A JPEG of a picture of shape (height, width, 3). `quality`: up to 100."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise RuntimeError("OpenCV wrote no JPEG")
    return data.tobytes()
