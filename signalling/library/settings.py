"""Settings of the library. Sizes are bytes, times seconds."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .pipeline.job import Bounds
from .s3 import S3Settings

FOLDER = "library"
Seconds = Annotated[int, Field(ge=1)]


class LibrarySettings(BaseModel):
    """How much may be uploaded, where it is kept, and what a file may cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = None
    """Without one: `library` in the data folder."""
    quota_bytes: Annotated[int, Field(ge=1)] = 100 << 30
    """Of an organisation: sources and uploads that have not ended."""
    max_file_bytes: Annotated[int, Field(ge=1)] = 8 << 30
    max_contents: Annotated[int, Field(ge=1)] = 10_000
    """Of an organisation."""
    max_uploads: Annotated[int, Field(ge=1)] = 5
    """That one person has begun and not ended."""
    upload_expires_s: Seconds = 86_400
    """After its last piece."""
    upload_stalled_s: Seconds = 60
    """How long a request may send nothing."""
    bounds: Bounds = Bounds()
    s3: S3Settings | None = None
    """Content is kept there, and the folder is a cache."""

    def path(self, data: Path) -> Path:
        """`data` is the data folder."""
        return self.folder or data / FOLDER
