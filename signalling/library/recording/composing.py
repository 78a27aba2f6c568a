"""The server's side: a film is made of a recording by a confined worker."""

import sys
from collections.abc import Callable
from pathlib import Path

from ..pipeline.job import Bounds, Confined
from ..pipeline.supervisor import prepare

BOUNDS = Bounds(files=4096)
"""Each track that is on has its file open."""
COMMAND = (sys.executable, "-P", "-m", "signalling.library.recording.worker")


async def compose(folder: Path, tell: Callable[[float], None], *, bounds: Bounds | None = None) -> Path:
    """Makes `recording.mp4` in the folder, from what `RoomRecorder` left there; gives its path. `tell` gets how much is
    done, 0 to 1. Raises `PreparationFailed`; when it is cancelled, no worker is left. The same folder again begins
    anew."""
    job = Confined(folder=folder, bounds=bounds or BOUNDS)
    await prepare(job, lambda progress: tell(progress.done), command=COMMAND)
    return folder / "recording.mp4"
