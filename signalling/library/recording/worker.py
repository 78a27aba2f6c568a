"""The process that makes the film: `python -m signalling.library.recording.worker`. What it is told and what it tells
is as for films that are uploaded (`pipeline/job.py`)."""

import sys

from ..pipeline.confined import serve, teller
from ..pipeline.job import Confined
from .film import compose


class Composition(Confined):
    """Of a folder that a recording is in."""


def main() -> int:
    return serve(Composition, lambda job: compose(job.folder, teller("compose")))


if __name__ == "__main__":
    sys.exit(main())
