"""Starts a worker, listens to it, and ends it when it takes too long or is not wanted any more."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from .job import MESSAGE, Confined, Done, Failed, FailureCode, Message, Progress

ROOT = Path(__file__).resolve().parents[3]
MOST_LINE = 4096  # bytes of one message
COMMAND = (sys.executable, "-P", "-m", "signalling.library.pipeline.worker")


class PreparationFailed(Exception):
    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code = code


async def prepare(
    job: Confined, tell: Callable[[Progress], None], *, command: tuple[str, ...] = COMMAND
) -> None:
    """Runs `job` to its end; its faults are on our standard error. Raises `PreparationFailed`; when it is cancelled,
    the worker is dead afterwards.

    What a worker finished before it died is kept in the job's folder: the same job again goes on from there.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MOST_LINE,
        env={
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        },
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(job.bounds.time):
            end = await _listen(process, job, tell)
    except TimeoutError:
        raise PreparationFailed(FailureCode.TOO_MUCH_TIME, "The file takes too long") from None
    finally:
        await _end(process)
    if isinstance(end, Failed):
        raise PreparationFailed(end.code, end.message)


async def _listen(
    process: asyncio.subprocess.Process, job: Confined, tell: Callable[[Progress], None]
) -> Done | Failed:
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(ConnectionError):  # it died: its silence says so
        process.stdin.write(job.model_dump_json().encode())
        await process.stdin.drain()
        process.stdin.close()
    while True:
        message = await _next(process.stdout, job.bounds.stalled)
        if message is None:
            return _death(await process.wait())
        if not isinstance(message, Progress):
            return message
        tell(message)


async def _next(stdout: asyncio.StreamReader, within: float) -> Message | None:
    """None: the worker is gone. What is no message is a worker that went wrong."""
    try:
        line = await asyncio.wait_for(stdout.readline(), within)
        return MESSAGE.validate_json(line) if line else None
    except TimeoutError:
        return Failed(code=FailureCode.STALLED, message="The file made no progress")
    except (ValidationError, ValueError):
        return Failed(code=FailureCode.CRASHED, message="The worker said something strange")


def _death(status: int) -> Failed:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return Failed(code=FailureCode.TOO_MUCH_TIME, message="The file needs too much processor time")
    if status == -signal.SIGXFSZ:
        return Failed(code=FailureCode.DISK, message="What is made of the file is too large")
    return Failed(code=FailureCode.CRASHED, message="The file made the worker crash")


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio sees the end of a process only after the end of its pipe.
    await asyncio.shield(_drain(process.stdout))
    await asyncio.shield(process.wait())


async def _drain(stdout: asyncio.StreamReader) -> None:
    while await stdout.read(1 << 16):
        pass
