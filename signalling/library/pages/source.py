"""The pages of a file, one after the other: of a PDF (PDFium), or a single picture (Pillow)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageOps, UnidentifiedImageError

from ..checks.film import Rgb
from ..decoding import NotAFilm
from ..media_types import Sort
from ..pipeline.job import Bounds, FailureCode

MOST_WIDTH, MOST_HEIGHT = 1920, 1080  # pixels: small print of a sheet of A4 can be read
LEAST_SIDE = 16
IMAGE_FORMATS = ("PNG", "JPEG", "WEBP")


class Pages(Protocol):
    """Pages by their numbers, from 0."""

    @property
    def count(self) -> int: ...

    @property
    def lines(self) -> int | None:
        """How high the source is, pixels; None: it has no pixels of its own."""

    def size(self, number: int) -> tuple[int, int]:
        """Width and height as it is shown, at most MOST_WIDTH x MOST_HEIGHT. Raises `NotAFilm`."""

    def picture(self, number: int) -> Rgb:
        """Of this size. Raises `NotAFilm`."""


@contextmanager
def open_pages(path: Path, sort: Sort, bounds: Bounds) -> Iterator[Pages]:
    """What the file says of itself is enough to refuse it. Raises `NotAFilm`."""
    if sort is Sort.IMAGE:
        yield _Picture(path, bounds)
        return
    document = _Document(path, bounds)
    try:
        yield document
    finally:
        document.close()


class _Document:
    """A PDF. Scripts, forms and attachments are not even looked at."""

    lines = None

    def __init__(self, path: Path, bounds: Bounds) -> None:
        try:
            self._pdf = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium.raw.FPDF_ERR_PASSWORD:
                raise NotAFilm(FailureCode.ENCRYPTED, "The document asks for a password") from error
            raise _not_pages() from error
        except FileNotFoundError as error:
            raise _not_pages() from error
        self.count = len(self._pdf)
        if not 0 < self.count <= bounds.most_pages:
            self._pdf.close()
            if not self.count:
                raise _not_pages()
            raise NotAFilm(FailureCode.TOO_MANY_PAGES, f"The document has {self.count} pages")

    def size(self, number: int) -> tuple[int, int]:
        with self._page(number) as page:
            return _fitted(*page.get_size())

    def picture(self, number: int) -> Rgb:
        with self._page(number) as page:
            width, height = page.get_size()
            size = _fitted(width, height)
            # A hair less, so that rounding up gives no more pixels than are wanted.
            scale = min(size[0] / width, size[1] / height) * (1 - 1e-6)
            rendered = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=_RGBA)
            rgb = np.ascontiguousarray(rendered.to_numpy()[:, :, :3])
            rendered.close()
        return on_canvas(rgb, size)

    @contextmanager
    def _page(self, number: int) -> Iterator[pdfium.PdfPage]:
        try:
            page = self._pdf[number]
        except pdfium.PdfiumError as error:
            raise NotAFilm(FailureCode.DAMAGED, f"Page {number + 1} is damaged") from error
        try:
            yield page
        finally:
            page.close()

    def close(self) -> None:
        self._pdf.close()


_RGBA = pdfium.raw.FPDFBitmap_BGRx  # with its bytes in reverse order


class _Picture:
    count = 1

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self._rgb, self.lines = _decoded(path, bounds)

    def size(self, number: int) -> tuple[int, int]:
        return self._rgb.shape[1], self._rgb.shape[0]

    def picture(self, number: int) -> Rgb:
        return self._rgb


def _decoded(path: Path, bounds: Bounds) -> tuple[Rgb, int]:
    """As it is shown, and how high it was. Its size is known before any pixel is unpacked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=IMAGE_FORMATS) as image:
                if image.width * image.height > bounds.most_image_pixels:
                    raise _too_large(image.width, image.height)
                return _shown(image)
    except Image.DecompressionBombError as error:
        raise NotAFilm(FailureCode.TOO_LARGE, "The picture is too large") from error
    except (UnidentifiedImageError, FileNotFoundError) as error:
        raise _not_pages() from error
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, EOFError) as error:
        # What Pillow's decoders raise on bytes that they do not understand.
        raise NotAFilm(FailureCode.DAMAGED, "The picture is damaged") from error


def _shown(image: Image.Image) -> tuple[Rgb, int]:
    image.load()
    upright = ImageOps.exif_transpose(image)
    size = _fitted(upright.width, upright.height, enlarge=False)
    if upright.has_transparency_data:
        sheet = Image.new("RGB", upright.size, "white")
        clear = upright.convert("RGBA")
        sheet.paste(clear, mask=clear)
        upright = sheet
    fitted = upright.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return np.asarray(fitted, dtype=np.uint8), upright.height


def _fitted(width: float, height: float, *, enlarge: bool = True) -> tuple[int, int]:
    """Within MOST_WIDTH x MOST_HEIGHT, even sides. Raises `NotAFilm`."""
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise NotAFilm(FailureCode.DAMAGED, "A page has no size")
    scale = min(MOST_WIDTH / width, MOST_HEIGHT / height)
    if not enlarge:
        scale = min(scale, 1.0)
    return _even(width * scale, MOST_WIDTH), _even(height * scale, MOST_HEIGHT)


def _even(side: float, most: int) -> int:
    return min(most, max(LEAST_SIDE, round(side / 2) * 2))


def on_canvas(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """In the middle of a white sheet of this width and height, cut where it is larger."""
    width, height = size
    rgb = rgb[:height, :width]
    if rgb.shape[:2] == (height, width):
        return rgb
    canvas = np.full((height, width, 3), 255, dtype=np.uint8)
    top, left = (height - rgb.shape[0]) // 2, (width - rgb.shape[1]) // 2
    canvas[top : top + rgb.shape[0], left : left + rgb.shape[1]] = rgb
    return cast(Rgb, canvas)


def _not_pages() -> NotAFilm:
    return NotAFilm(FailureCode.NOT_PAGES, "The file is no document or picture that can be read")


def _too_large(width: int, height: int) -> NotAFilm:
    return NotAFilm(FailureCode.TOO_LARGE, f"A picture of {width} x {height} is too large")
