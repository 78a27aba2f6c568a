"""Documents and pictures that the tests make."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = ((0.8, 0.1, 0.1), (0.1, 0.6, 0.1), (0.1, 0.1, 0.8))
"""Of the pages, red, green and blue, 0 to 1; then they begin again."""
A4 = (595.0, 842.0)
SLIDE = (960.0, 540.0)


def pdf(sizes: Sequence[tuple[float, float]], more: str = "", drawn: str | None = None) -> bytes:
    """A page of each size (points), filled with its colour, but for what `drawn` says. `more`: of the trailer."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(sizes)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(sizes)} >>"]
    for number, (width, height) in enumerate(sizes):
        content = drawn
        if content is None:
            red, green, blue = COLOURS[number % len(COLOURS)]
            content = f"{red} {green} {blue} rg 0 0 {width} {height} re f"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {4 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out, offsets = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {more} >>\n"
    return out + end.encode() + f"startxref\n{len(out)}\n%%EOF\n".encode()


#: Of the standard security handler (ISO 32000-1, 7.6.3); its passwords fit nothing.
ENCRYPTION = (
    f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >>"
    f" /ID [<{'01' * 16}> <{'01' * 16}>]"
)


def image(path: Path, width: int, height: int, colour: tuple[int, ...] = (200, 30, 30)) -> Path:
    """In the format of the path's ending; with four numbers it is transparent as the last one says."""
    Image.new("RGB" if len(colour) == 3 else "RGBA", (width, height), colour).save(path)
    return path


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that says that it is so large, with hardly a byte of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def middle(path: Path) -> tuple[int, int, int]:
    """The colour in the middle of a picture, red, green and blue."""
    with Image.open(path) as found:
        rgb = np.asarray(found.convert("RGB"))
    red, green, blue = rgb[rgb.shape[0] // 2, rgb.shape[1] // 2]
    return int(red), int(green), int(blue)
