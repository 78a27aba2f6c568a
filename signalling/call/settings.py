"""What a call is like when it begins. The host may change most of it while the call runs."""

from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

Name = Annotated[str, Field(min_length=1, max_length=256)]
ScreenKind = Annotated[str, Field(pattern=r"^[a-z]{1,16}$")]
MAX_EXPECTED = 1000


class Mode(Enum):
    MEETING = "meeting"
    """Everybody but viewers publishes."""
    WEBINAR = "webinar"
    """Hosts and who was promoted publish, all others watch and do not know of each other."""
    CONSULTATION = "consultation"
    """One family at a time with the hosts; all others wait."""


class LobbyRule(Enum):
    OFF = "off"
    GUESTS = "guests"
    ALL = "all"
    """Everybody but hosts and co-hosts waits."""


class Reach(Enum):
    """Whom the media of those who do not lead reach."""

    EVERYONE = "everyone"
    HOSTS = "hosts"


class RecordingRule(Enum):
    """Whether a host may ask for a recording, and of whom pictures and sound go into it. Of guests never."""

    OFF = "off"
    STAFF = "staff"
    """Confirmed adults of the school alone: families sit with children before their cameras."""
    ADULTS = "adults"
    """Families, too: a meeting without children."""


class Expected(BaseModel):
    """Somebody on the list of the lesson. `person`: `family:<id>`, `staff:<id>` or a whole identity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Name
    name: Annotated[str, Field(max_length=256)] = ""


class ScreenLimit(BaseModel):
    """How long children may look at one kind of screen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_a_time_minutes: Annotated[float, Field(ge=0, le=1440)]
    a_day_minutes: Annotated[float, Field(ge=0, le=1440)] | None = None
    break_minutes: Annotated[float, Field(gt=0, le=1440)] = 5
    """Without it, until it counts anew."""


class CallSettings(BaseModel):
    """Times in seconds if no unit says otherwise; 0 minutes: no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = Mode.MEETING
    lobby: LobbyRule = LobbyRule.GUESTS
    locked: bool = False
    expected: Annotated[tuple[Expected, ...], Field(max_length=MAX_EXPECTED)] = ()
    reach: Reach = Reach.EVERYONE
    self_unmute: bool = False
    """Whether somebody who was muted by a host may unmute without being asked."""
    chat: bool = True
    chat_interval_s: Annotated[float, Field(ge=0, le=3600)] = 0
    """Slow mode: between two messages of one person who does not lead."""
    participant_data: bool = False
    """Whether data packets of clients that do not lead go where their sound goes, instead of to hosts only."""
    participant_screens: bool = False
    """Whether everybody on stage may share a screen without being asked."""
    guardian_rule: bool = True
    guardian_grace_s: Annotated[float, Field(ge=0, le=600)] = 10
    limit_minutes: Annotated[float, Field(ge=0, le=1440)] = 0
    """By the age of the children; from the first moment with a host."""
    warning_minutes: Annotated[float, Field(ge=0, le=60)] = 2
    soft_stop_s: Annotated[float, Field(ge=0, le=3600)] = 60
    """After the limit, before media of those who do not lead freeze, or the screen."""
    screen_limits: Annotated[dict[ScreenKind, ScreenLimit], Field(max_length=10)] = {}
    """By kind: `film` counts for what an ingress publishes, unless it is a camera."""
    screen_used_s: Annotated[dict[ScreenKind, NonNegativeFloat], Field(max_length=10)] = {}
    """Of this day, before this call."""
    shared_screen: ScreenKind = "board"
    """As which kind a shared screen counts."""
    recording: RecordingRule = RecordingRule.OFF
