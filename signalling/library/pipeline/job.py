"""What a worker is told and what it tells, as JSON that both sides check."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

REPORT = "report.json"
SHEET = "contact-sheet.jpg"

Seconds = Annotated[float, Field(gt=0)]
Tell = Callable[[float], None]
"""How much of a step is done, 0 to 1."""


class Bounds(BaseModel):
    """What a file may cost. Everything above is refused with a word, or ended by the kernel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    longest: Seconds = 4 * 3600.0
    """Of the film, s."""
    most_pixels: Annotated[int, Field(gt=0)] = 4096 * 2304
    most_image_pixels: Annotated[int, Field(gt=0)] = 64_000_000
    """Of one picture that is shown as a page."""
    most_pages: Annotated[int, Field(gt=0, le=999)] = 300
    most_frame_rate: Annotated[float, Field(gt=0)] = 125.0
    """Pictures a second on the average."""
    most_streams: Annotated[int, Field(gt=0)] = 32
    most_channels: Annotated[int, Field(gt=0)] = 8
    memory: Annotated[int, Field(ge=256 << 20)] = 3 << 30
    """Bytes of address space."""
    cpu: Annotated[int, Field(gt=0)] = 6 * 3600
    """s of processor time."""
    time: Seconds = 8 * 3600.0
    """s from the start to the end."""
    stalled: Seconds = 120.0
    """s without a word of progress."""
    files: Annotated[int, Field(ge=16)] = 64
    """Open at the same time."""
    output: Annotated[int, Field(gt=0)] = 16 << 30
    """Bytes of one file that is written."""


class GivenSubtitles(BaseModel):
    """A file (.srt, .vtt) that came with a film."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    file: Path


class Confined(BaseModel):
    """What any worker is told. `folder` is the worker's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    bounds: Bounds = Bounds()


class Job(Confined):
    """An uploaded film, or pages. What is in the folder already need not be made again."""

    source: Path
    longest_for_age: Seconds | None = None
    renditions: bool = True
    """False: only the checks."""
    h264: bool = True
    """The ladder a second time, for viewers who cannot decode VP8: half more time to encode, and as much disk again."""
    hls: bool = True
    """Segments and playlists for very large audiences: of the same H.264, so that they cost disk but hardly time."""
    subtitles: Annotated[tuple[GivenSubtitles, ...], Field(max_length=8)] = ()
    """Those inside the film are taken as well, in languages that are not given."""


class FailureCode(StrEnum):
    NOT_A_FILM = "not_a_film"
    NOTHING_INSIDE = "nothing_inside"
    DAMAGED = "damaged"
    NOT_PAGES = "not_pages"
    ENCRYPTED = "encrypted"
    TOO_MANY_PAGES = "too_many_pages"
    NO_PICTURES = "no_pictures"
    TOO_LARGE = "too_large"  # pixels
    TOO_LONG = "too_long"
    TOO_MANY_PICTURES = "too_many_pictures"
    TOO_MANY_STREAMS = "too_many_streams"
    TOO_MANY_CHANNELS = "too_many_channels"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_MUCH_TIME = "too_much_time"
    BAD_SUBTITLES = "bad_subtitles"
    STALLED = "stalled"
    CRASHED = "crashed"
    DISK = "disk"


class Progress(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["progress"] = "progress"
    step: str
    done: Annotated[float, Field(ge=0, le=1)]


class Done(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["done"] = "done"


class Failed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["failed"] = "failed"
    code: FailureCode
    message: str


Message = Annotated[Progress | Done | Failed, Field(discriminator="type")]
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
