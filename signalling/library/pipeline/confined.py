"""What every worker process does: it lets the kernel hold its bounds, takes a job from its standard input, and tells on
its standard output how far it is, one message a line."""

import os
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from ..decoding import NotAFilm
from ..subtitles.cues import SubtitlesError
from .job import Bounds, Confined, Done, Failed, FailureCode, Progress

TOLD_EVERY = 0.5  # s
Work = TypeVar("Work", bound=Confined)


def confine(bounds: Bounds) -> None:
    """The kernel holds the bounds, whatever a decoder does."""
    for kind, most in (
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_CPU, bounds.cpu),
        (resource.RLIMIT_FSIZE, bounds.output),
        (resource.RLIMIT_NOFILE, bounds.files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(10)  # calls go first


def say(message: Progress | Done | Failed) -> None:
    sys.stdout.write(message.model_dump_json() + "\n")
    sys.stdout.flush()


def teller(step: str) -> Callable[[float], None]:
    """Tells how far a step is, twice a second."""
    told = 0.0

    def tell(done: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= TOLD_EVERY:
            told = now
            say(Progress(step=step, done=done))

    return tell


def serve(kind: type[Work], work: Callable[[Work], None]) -> int:
    """Does one job of this kind."""
    job = kind.model_validate_json(sys.stdin.buffer.read(1 << 20))
    confine(job.bounds)
    try:
        work(job)
    except NotAFilm as error:
        say(Failed(code=FailureCode(error.code), message=str(error)))
    except SubtitlesError as error:
        say(Failed(code=FailureCode.BAD_SUBTITLES, message=str(error)))
    except MemoryError:
        say(Failed(code=FailureCode.TOO_MUCH_MEMORY, message="The file needs too much memory"))
    except OSError as error:
        say(Failed(code=FailureCode.DISK, message=error.strerror or "The disk refused"))
    else:
        say(Done())
    return 0
