"""The second step: renditions for broadcast, of a film that can be broadcast at all."""

import json

from ..checks.loudness import Loudness
from ..renditions.film import encode_film
from ..renditions.sound import gain
from .job import REPORT, Job, Tell


def encode(job: Job, tell: Tell) -> None:
    """Nothing is made of a film that its report refuses. Raises `NotAFilm`, `SubtitlesError`."""
    report = json.loads((job.folder / REPORT).read_bytes())
    if not report["acceptable"]:
        return
    measured = report["loudness"]
    factor = gain(Loudness.read(measured)) if measured is not None else 1.0
    encode_film(
        job.source,
        job.folder,
        rate=report["frame_rate"],
        gain=factor,
        tell=tell,
        h264=job.h264,
        hls=job.hls,
        subtitles=[(one.language, one.file) for one in job.subtitles],
    )
