"""Documents and pictures: pages that stand, or clear words in bounded time and memory."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from signalling.library.broadcast import SealedFilm
from signalling.library.decoding import NotAFilm
from signalling.library.media_types import Sort
from signalling.library.pages.source import open_pages
from signalling.library.pipeline.job import Bounds, FailureCode, Job
from signalling.library.pipeline.supervisor import prepare
from signalling.library.recording.depacketizing import assemble
from signalling.library.renditions.format import Flag, read_chunk, read_header
from signalling.library.sealing.manifest import manifest_of

from .jobs import refused, run
from .made_pages import A4, COLOURS, ENCRYPTION, SLIDE, image, middle, pdf, png_bomb

NEAR = 12
"""By how much of 255 a colour may differ after it was encoded."""


async def prepared(source: Path, folder: Path, **bounds: float) -> dict[str, Any]:
    """The report."""
    await run(source, folder, renditions=True, **bounds)
    report: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return report


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def colour_of(number: int) -> tuple[int, ...]:
    return tuple(round(255 * one) for one in COLOURS[number])


def is_near(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= NEAR for a, b in zip(found, wanted, strict=True))


def shown(film: Path, second: int) -> tuple[int, int, int]:
    """The middle of the only picture of a second, decoded as a browser does."""
    data = film.read_bytes()
    listing = json.loads((film.parent / "renditions.json").read_bytes())
    entry = next(one for one in listing["renditions"] if one["file"] == film.name)["chunks"][second]
    header = read_header(data[:32])
    chunk = read_chunk(data[entry["offset"] : entry["offset"] + entry["length"]], header)
    assert all(Flag.KEYFRAME in packet.flags for packet in chunk.packets)
    assert {packet.time for packet in chunk.packets} == {second * 90_000} and chunk.duration == 90_000
    codec = header.kind.name.lower()
    picture, _ = assemble(f"video/{codec}", [packet.payload for packet in chunk.packets])
    packet = av.Packet(picture)
    packet.time_base = Fraction(1, 1)
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    (frame,) = [*decoder.decode(packet), *decoder.decode(None)]
    rgb = np.asarray(frame.to_ndarray(format="rgb24"))
    red, green, blue = rgb[rgb.shape[0] // 2, rgb.shape[1] // 2]
    return int(red), int(green), int(blue)


async def test_each_page_of_a_document_is_a_second(tmp_path: Path) -> None:
    source, folder = write(tmp_path / "source", pdf([SLIDE, A4, SLIDE])), tmp_path / "job"
    report = await prepared(source, folder)
    assert report["acceptable"] and (report["medium"], report["duration"]) == ("document", 3.0)
    assert (report["width"], report["height"], report["channels"]) == (1920, 1080, 0)
    for page in range(3):
        assert is_near(middle(folder / f"page-{page + 1:03}.jpg"), colour_of(page))
        for layer in (0, 2):
            assert is_near(shown(folder / f"video-{layer}.prtp", page), colour_of(page))
            assert is_near(shown(folder / f"h264-{layer}.prtp", page), colour_of(page))
    assert (folder / "contact-sheet.jpg").read_bytes().startswith(b"\xff\xd8")
    film = SealedFilm(manifest_of("c1", {}, source, folder), folder)
    assert (film.seconds, film.starts, film.duration_us) == (3, (0, 1_000_000, 2_000_000), 3_000_000)
    film.check()


async def test_small_print_can_be_read(tmp_path: Path) -> None:
    """A sheet of A4 is as high as it can be; lines of a point are told apart."""
    lines = " ".join(f"0 {y} m 595 {y} l S" for y in range(0, 842, 4))
    source = write(tmp_path / "source", pdf([A4], drawn=f"0 G 1 w {lines}"))
    report = await prepared(source, tmp_path / "job")
    assert (report["width"], report["height"]) == (764, 1080)
    with Image.open(tmp_path / "job" / "page-001.jpg") as page:
        column = np.asarray(page.convert("L"))[200:800, 380]
    assert column.max() > 200 and column.min() < 90


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
async def test_a_picture_is_one_page(tmp_path: Path, ending: str) -> None:
    made = image(tmp_path / f"i.{ending}", 801, 600)
    report = await prepared(made, tmp_path / "job")
    assert (report["medium"], report["duration"]) == ("image", 1.0) and report["acceptable"]
    assert (report["width"], report["height"]) == (800, 600) and not report["findings"]
    assert is_near(shown(tmp_path / "job" / "video-2.prtp", 0), (200, 30, 30))


async def test_what_is_transparent_is_white_and_what_is_small_is_told(tmp_path: Path) -> None:
    report = await prepared(image(tmp_path / "i.png", 320, 200, (0, 0, 0, 0)), tmp_path / "job")
    assert [one["code"] for one in report["findings"]] == ["resolution_low"] and report["acceptable"]
    assert is_near(middle(tmp_path / "job" / "page-001.jpg"), (255, 255, 255))


async def test_a_photo_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (900, 600), "white").save(tmp_path / "i.jpg", exif=exif)
    report = await prepared(tmp_path / "i.jpg", tmp_path / "job")
    assert (report["width"], report["height"]) == (600, 900)


async def test_pages_go_on_where_a_worker_died(tmp_path: Path) -> None:
    source, folder = write(tmp_path / "source", pdf([SLIDE])), tmp_path / "job"
    await prepare(Job(source=source, folder=folder, renditions=False), lambda _: None)
    before = (folder / "report.json").stat().st_mtime_ns
    assert not (folder / "renditions.json").exists()
    await prepared(source, folder)
    assert (folder / "report.json").stat().st_mtime_ns == before and (folder / "renditions.json").exists()


@pytest.mark.parametrize("name", ["-i.pdf", "page%03d.pdf", "a'; rm -rf x.pdf", "../п\n.pdf"])
async def test_hostile_names_are_only_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    await prepared(write(tmp_path / "in" / name, pdf([(40, 40)])), tmp_path / "job")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdf([SLIDE], ENCRYPTION), FailureCode.ENCRYPTED),
        (pdf([SLIDE] * 4), FailureCode.TOO_MANY_PAGES),
        (b"%PDF-1.7\n" + bytes(5000), FailureCode.NOT_PAGES),
        (pdf([]), FailureCode.NOT_PAGES),
        (png_bomb(60_000, 60_000), FailureCode.TOO_LARGE),
        (png_bomb(9_000, 9_000), FailureCode.TOO_LARGE),
        (png_bomb(640, 480), FailureCode.DAMAGED),
        (b"\xff\xd8\xff\xe0" + bytes(5000), FailureCode.NOT_PAGES),
    ],
)
async def test_bad_files_are_refused(tmp_path: Path, data: bytes, code: FailureCode) -> None:
    assert (
        await refused(write(tmp_path / "source", data), tmp_path / "job", renditions=True, most_pages=3)
        is code
    )


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
async def test_half_a_picture_is_refused(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / f"i.{ending}")
    half = (tmp_path / f"i.{ending}").read_bytes()
    code = await refused(
        write(tmp_path / "source", half[: len(half) // 2]), tmp_path / "job", renditions=True
    )
    assert code in (FailureCode.DAMAGED, FailureCode.NOT_PAGES)


async def test_huge_and_odd_pages_cost_no_more_than_others(tmp_path: Path) -> None:
    """Memory is of what is shown, not of what the page says."""
    source = write(tmp_path / "source", pdf([(14_400, 14_400), (1, 14_400), (14_400, 1)]))
    report = await prepared(source, tmp_path / "job", memory=1 << 30)
    assert report["duration"] == 3.0 and (report["width"], report["height"]) == (1920, 1080)


async def test_a_page_that_takes_for_ever_is_ended(tmp_path: Path) -> None:
    drawn = "0 G " + "0 0 m 9 9 8 1 960 540 c S " * 400_000
    source = write(tmp_path / "source", pdf([SLIDE], drawn=drawn))
    code = await refused(source, tmp_path / "job", renditions=True, stalled=0.3, time=20.0)
    assert code is FailureCode.STALLED


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 40))
def test_a_changed_document_is_pages_or_is_refused(seed: int, changes: int) -> None:
    data = bytearray(pdf([SLIDE, A4]))
    random = np.random.default_rng(seed)
    for at, value in zip(
        random.integers(9, len(data), changes), random.integers(0, 256, changes), strict=True
    ):
        data[at] = value
    _open_any(bytes(data), Sort.DOCUMENT)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_are_refused(tail: bytes) -> None:
    for head in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8 "):
        _open_any(head + tail, Sort.IMAGE)


def _open_any(data: bytes, sort: Sort) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "source", data)
        try:
            with open_pages(path, sort, Bounds()) as pages:
                for number in range(pages.count):
                    width, height = pages.size(number)
                    assert pages.picture(number).shape == (height, width, 3)
                    assert 0 < math.prod((width, height)) <= 1920 * 1080
        except NotAFilm as refusal:
            FailureCode(refusal.code)
