"""The process that touches the file: `python -m signalling.library.pipeline.worker`."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..media_types import NEEDED, Sort, media_type
from ..renditions.format import LISTING
from .checking import check
from .confined import serve, teller
from .encoding import encode
from .job import REPORT, Job, Tell


def work(job: Job) -> None:
    """Every step that has not been finished before."""
    job.folder.mkdir(parents=True, exist_ok=True)
    to_check, to_encode = _steps(job.source)
    if not (job.folder / REPORT).exists():
        to_check(job, teller("check"))
    if job.renditions and not (job.folder / LISTING).exists():
        to_encode(job, teller("encode"))


Step = Callable[[Job, Tell], None]


def _steps(source: Path) -> tuple[Step, Step]:
    sort = _pages(source)
    if sort is None:
        return check, encode
    # What decodes pages is no part of a process that decodes a film: neither its memory nor its faults.
    from ..pages.preparing import check_pages, encode_pages

    return partial(check_pages, sort=sort), partial(encode_pages, sort=sort)


def _pages(source: Path) -> Sort | None:
    """What sort of pages the file has; None: it is a film, or nothing at all."""
    try:
        with source.open("rb") as file:
            found = media_type(file.read(NEEDED))
    except FileNotFoundError:
        return None
    return found.sort if found is not None and found.sort.is_pages else None


def main() -> int:
    return serve(Job, work)


if __name__ == "__main__":
    sys.exit(main())
