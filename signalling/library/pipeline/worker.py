"""The process that touches the file: `python -m signalling.library.pipeline.worker`."""

import sys

from ..renditions.format import LISTING
from .checking import check
from .confined import serve, teller
from .encoding import encode
from .job import REPORT, Job


def work(job: Job) -> None:
    """Every step that has not been finished before."""
    job.folder.mkdir(parents=True, exist_ok=True)
    if not (job.folder / REPORT).exists():
        check(job, teller("check"))
    if job.renditions and not (job.folder / LISTING).exists():
        encode(job, teller("encode"))


def main() -> int:
    return serve(Job, work)


if __name__ == "__main__":
    sys.exit(main())
