"""The second step: renditions for broadcast, of a film that can be broadcast at all."""

import json
import math
from collections.abc import Callable

from ..checks.loudness import Loudness
from ..renditions.film import encode_film
from ..renditions.sound import gain
from .job import REPORT, Job


def encode(job: Job, tell: Callable[[float], None]) -> None:
    """Nothing is made of a film that its report refuses. Raises `NotAFilm`, `SubtitlesError`."""
    report = json.loads((job.folder / REPORT).read_bytes())
    if not report["acceptable"]:
        return
    measured = report["loudness"]
    factor = 1.0
    if measured is not None:
        factor = gain(Loudness(**{name: -math.inf if one is None else one for name, one in measured.items()}))
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
