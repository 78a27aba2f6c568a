"""The first step: everything is decoded once, checked, and seen in small."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av

from ..checks.film import FilmChecks, Limits, Report
from ..decoding import NotAFilm, Picture, Probe, decode, open_film, probe
from ..files import write_whole
from .contact_sheet import ContactSheet
from .job import REPORT, SHEET, Bounds, FailureCode, Job, Tell


def check(job: Job, tell: Tell) -> None:
    """Writes the contact sheet, the pictures of the findings and, last, the report. Raises `NotAFilm`."""
    with open_film(job.source) as container:
        film = probe(container)
        _refuse_before(container, film, job.bounds)
        checks = FilmChecks(
            width=film.width,
            height=film.height,
            channels=film.channels,
            promised=film.duration,
            limits=Limits(longest=job.longest_for_age),
        )
        sheet = ContactSheet()
        pictures, samples = 0, 0
        for decoded in decode(container):
            if isinstance(decoded, Picture):
                pictures += 1
                _refuse_while(decoded.time, pictures, job.bounds)
                checks.picture(decoded.time, decoded.rgb)
                sheet.add(decoded.time, decoded.rgb)
                tell(_share(decoded.time, film.duration))
            else:
                samples += decoded.samples.shape[1]
                _refuse_while(samples / 48_000, 0, job.bounds)
                checks.sound(decoded.samples)
                tell(_share(samples / 48_000, film.duration))
        if film.width and not pictures:
            raise NotAFilm(FailureCode.NO_PICTURES, "The film has no picture that can be decoded")
        if not film.width and not samples:
            raise NotAFilm(FailureCode.NOTHING_INSIDE, "The file has no sound that can be decoded")
        write_report(job.folder, checks.finish(), sheet)


def _share(time: float, duration: float | None) -> float:
    return min(time / duration, 1.0) if duration else 0.0


def _refuse_before(container: av.container.InputContainer, film: Probe, bounds: Bounds) -> None:
    """What the container says of itself is enough to refuse it, never to accept it."""
    if len(container.streams) > bounds.most_streams:
        raise NotAFilm(FailureCode.TOO_MANY_STREAMS, f"The file has {len(container.streams)} streams")
    if film.width * film.height > bounds.most_pixels:
        raise NotAFilm(FailureCode.TOO_LARGE, f"Pictures of {film.width} x {film.height} are too large")
    if any(one.channels > bounds.most_channels for one in container.streams.audio):
        raise NotAFilm(FailureCode.TOO_MANY_CHANNELS, "The sound has too many channels")
    if film.duration is not None and film.duration > bounds.longest:
        raise NotAFilm(FailureCode.TOO_LONG, f"The film is longer than {bounds.longest / 60:.0f} min")
    for video in container.streams.video:
        video.codec_context.options = {"max_pixels": str(bounds.most_pixels)}


def _refuse_while(time: float, pictures: int, bounds: Bounds) -> None:
    if time > bounds.longest:
        raise NotAFilm(FailureCode.TOO_LONG, f"The film is longer than {bounds.longest / 60:.0f} min")
    if pictures > (time + 1) * bounds.most_frame_rate:
        raise NotAFilm(FailureCode.TOO_MANY_PICTURES, "The film has too many pictures a second")


def write_report(folder: Path, report: Report, sheet: ContactSheet) -> None:
    """The pictures of the findings, the contact sheet and, last, the report."""
    names: list[str] = []
    for number, (_, picture) in enumerate(report.evidence):
        names.append(f"evidence-{number:02}.jpg")
        write_whole(folder / names[-1], picture)
    if (page := sheet.jpeg()) is not None:
        write_whole(folder / SHEET, page)
    write_whole(folder / REPORT, json.dumps(_report_json(report, names), indent=1).encode())


def _report_json(report: Report, names: list[str]) -> dict[str, Any]:
    """As it is kept; what is infinite (the loudness of silence) is null."""
    told = asdict(report)
    told["evidence"] = [
        {"time": time, "file": name} for (time, _), name in zip(report.evidence, names, strict=True)
    ]
    if report.loudness is not None:
        told["loudness"] = {
            name: value if math.isfinite(value) else None for name, value in told["loudness"].items()
        }
    for finding in told["findings"]:
        finding["value"] = finding["value"] if math.isfinite(finding["value"]) else None
    told["acceptable"] = report.acceptable
    return told
