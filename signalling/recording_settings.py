"""Settings of recordings. Sizes are bytes."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FOLDER = "recordings"


class RecordingSettings(BaseModel):
    """How many may run, and where they are kept. Whether one may begin, organisations and lessons say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    folder: Path | None = None
    """Without one: `recordings` in the data folder."""
    max_running: Annotated[int, Field(ge=1, le=100)] = 4
    min_free_bytes: Annotated[int, Field(ge=0)] = 2 << 30
    """Nothing begins on a disk with less."""

    def path(self, data: Path) -> Path:
        """`data` is the data folder."""
        return self.folder or data / FOLDER
