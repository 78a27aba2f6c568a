"""Files that go through the worker."""

from pathlib import Path

import pytest

from signalling.library.pipeline.job import Bounds, FailureCode, Job, Progress
from signalling.library.pipeline.supervisor import PreparationFailed, prepare


async def run(source: Path, folder: Path, *, renditions: bool = False, **bounds: float) -> list[Progress]:
    """Raises `PreparationFailed`."""
    told: list[Progress] = []
    limits = Bounds(**{"time": 60.0, **bounds})
    await prepare(Job(source=source, folder=folder, bounds=limits, renditions=renditions), told.append)
    return told


async def refused(source: Path, folder: Path, *, renditions: bool = False, **bounds: float) -> FailureCode:
    """Why; nothing is told of what is inside."""
    with pytest.raises(PreparationFailed) as failure:
        await run(source, folder, renditions=renditions, **bounds)
    assert str(failure.value)
    assert not (folder / "report.json").exists()
    return failure.value.code
