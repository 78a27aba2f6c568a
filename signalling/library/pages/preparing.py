"""Pages from a file to what is shown: each stands for one second of a film without sound, and is a chunk of its own."""

from contextlib import ExitStack
from pathlib import Path

import av

from ..checks.film import Limits, Report
from ..checks.findings import Finding, FindingCode, Severity
from ..files import write_whole
from ..jpeg import jpeg
from ..media_types import Sort
from ..pipeline.checking import write_report
from ..pipeline.contact_sheet import ContactSheet
from ..pipeline.job import Job, Tell
from ..renditions.film import h264_name, video_name
from ..renditions.ladder import Layer, ladder
from ..renditions.video import H264_OPTIONS, VP8_OPTIONS, Encoder, H264Encoder, LayerEncoder, Vp8Encoder
from ..renditions.writer import listed, write_listing
from .source import MOST_HEIGHT, MOST_WIDTH, Pages, on_canvas, open_pages

RATE = 1  # pages a second
BITS_PER_PIXEL = 1.0  # at most: a sheet full of text takes half of it
VP8_PAGES = {**VP8_OPTIONS, "cpu-used": "0", "crf": "8"}
H264_PAGES = {
    **H264_OPTIONS,
    "preset": "medium",
    "level": "4.0",  # of 1920 x 1080
    "tune": "stillimage,zerolatency",
    "crf": "18",
}
JPEG_QUALITY = 88


def page_name(number: int) -> str:
    """Of the picture of a page, counted from 0."""
    return f"page-{number + 1:03}.jpg"


def check_pages(job: Job, tell: Tell, *, sort: Sort) -> None:
    """Writes a picture of each page, the contact sheet and, last, the report. Raises `NotAFilm`."""
    with open_pages(job.source, sort, job.bounds) as pages:
        width, height = _canvas(pages)
        sheet = ContactSheet()
        for number in range(pages.count):
            picture = on_canvas(pages.picture(number), (width, height))
            write_whole(job.folder / page_name(number), jpeg(picture, JPEG_QUALITY))
            sheet.add(float(number), picture)
            tell((number + 1) / pages.count)
        report = Report(
            medium=sort,
            duration=float(pages.count),
            width=width,
            height=height,
            frame_rate=0.0,
            channels=0,
            loudness=None,
            findings=_findings(pages),
            evidence=(),
        )
    write_report(job.folder, report, sheet)


def encode_pages(job: Job, tell: Tell, *, sort: Sort) -> None:
    """Writes the layers and, last, their listing. Raises `NotAFilm`."""
    with open_pages(job.source, sort, job.bounds) as pages:
        size = _canvas(pages)
        layers = ladder(*size, RATE, most=(MOST_WIDTH, MOST_HEIGHT), bits_per_pixel=BITS_PER_PIXEL)
        codecs = [_vp8, _h264] if job.h264 else [_vp8]
        made = [[codec(job.folder, layer) for layer in layers] for codec in codecs]
        encoders = [LayerEncoder(layer, RATE, [of[layer.number] for of in made]) for layer in layers]
        writers = [writer for of in made for encoder in of for writer in encoder.writers]
        with ExitStack() as files:
            for writer in writers:
                files.enter_context(writer)
            for number in range(pages.count):
                frame = av.VideoFrame.from_ndarray(on_canvas(pages.picture(number), size), format="rgb24")
                for encoder in encoders:
                    encoder.add(frame)
                tell((number + 1) / pages.count)
            for encoder in encoders:
                encoder.finish()
    write_listing(job.folder, [listed(writer) for writer in writers])


def _vp8(folder: Path, layer: Layer) -> Encoder:
    return Vp8Encoder(folder / video_name(layer.number), layer, RATE, VP8_PAGES)


def _h264(folder: Path, layer: Layer) -> Encoder:
    return H264Encoder(layer, RATE, rtp=folder / h264_name(layer.number), segments=None, options=H264_PAGES)


def _canvas(pages: Pages) -> tuple[int, int]:
    """All pages have room in it, each as large as it can be."""
    sizes = [pages.size(number) for number in range(pages.count)]
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _findings(pages: Pages) -> tuple[Finding, ...]:
    least = Limits().least_height
    if pages.lines is None or pages.lines >= least:
        return ()
    low = FindingCode.RESOLUTION_LOW
    return (Finding(low, Severity.WARNING, 0.0, float(pages.count), pages.lines, least),)
