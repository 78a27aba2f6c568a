"""The server's side: a film is made of a recording by a confined worker."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mediaserver.recording_files import read_recording

from ..pipeline.job import Bounds, Confined
from ..pipeline.supervisor import prepare
from .seconds import recorded_seconds

BOUNDS = Bounds(files=4096)
"""Each track that is on has its file open."""
COMMAND = (sys.executable, "-P", "-m", "signalling.library.recording.worker")


@dataclass(frozen=True)
class Composed:
    """A film that is there, as `FILM` in the folder."""

    duration_s: float


async def compose(folder: Path, tell: Callable[[float], None], *, bounds: Bounds = BOUNDS) -> Composed:
    """Makes the film of what `RoomRecorder` left in a folder. `tell` gets how much is done, 0 to 1. Raises
    `PreparationFailed`; when it is cancelled, no worker is left. The same folder again begins anew."""
    await prepare(
        Confined(folder=folder, bounds=bounds), lambda progress: tell(progress.done), command=COMMAND
    )
    manifest = await asyncio.to_thread(read_recording, folder)
    return Composed(sum(length for _, length in recorded_seconds(manifest.tracks)))
