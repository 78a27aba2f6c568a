"""Settings of the school. Times are seconds."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from signalling.school.norms import DEFAULTS, Norms
from signalling.school.words import AgeBand


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"no time zone: {name!r}")
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
"""A name of the IANA database."""
Seconds = Annotated[int, Field(ge=1)]


class AttemptSettings(BaseModel):
    """How often somebody may try a password: so many at once, then one every so many seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_burst: Annotated[int, Field(ge=1)] = 10
    account_every_s: Seconds = 30
    address_burst: Annotated[int, Field(ge=1)] = 60
    """A whole kindergarten can share an address. What succeeds does not count."""
    address_every_s: Seconds = 5


class OidcSettings(BaseModel):
    """An OpenID provider (OpenID Connect Core 1.0) at which people can sign in. Addresses that it verified count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    """In the path of the redirect URI: `/api/oidc/<id>/callback`."""
    name: Annotated[str, Field(min_length=1, max_length=60)]
    """On the button."""
    issuer: Annotated[str, Field(pattern=r"^https?://[^\s]+[^/\s]$", max_length=200)]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str, Field(repr=False)] = ""
    """Empty: a public client, PKCE alone."""


class RetentionSettings(BaseModel):
    """How many days data is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    journal_days: Annotated[int, Field(ge=1)] = 365
    """Attendance: one school year."""
    chat_days: Annotated[int, Field(ge=1)] = 365
    recording_days: Annotated[int, Field(ge=1)] = 30
    device_days: Annotated[int, Field(ge=1)] = 90
    """Devices of links since they last came, links since they ended."""


class SchoolSettings(BaseModel):
    """People, sign-in, links."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: TimeZone = "Europe/Moscow"
    """Of an organisation, until its head says otherwise."""
    registration: bool = True
    """Anybody may make an account and ask for a role, which gives nothing until it is confirmed."""
    session_idle_s: Seconds = 14 * 86_400
    session_longest_s: Seconds = 60 * 86_400
    session_rotation_s: Seconds = 3600
    staff_invitation_s: Seconds = 7 * 86_400
    lesson_early_s: Annotated[int, Field(ge=0)] = 600
    """How long before its begin a lesson can be joined."""
    lesson_late_s: Annotated[int, Field(ge=0)] = 1800
    """How long after its planned end."""
    family_devices: Annotated[int, Field(ge=1, le=100)] = 4
    """How many browsers may use a personal link, unless the link says otherwise."""
    norms: dict[AgeBand, Norms] = Field(default_factory=lambda: dict(DEFAULTS))
    """How long lessons and screens may be, by age; what is not named keeps its default."""
    shared_screen: Literal["board", "panel", "tablet", "computer"] = "board"
    """As which of the norms' screens children look at a screen that is shared with them."""
    screen_break_minutes: Annotated[int, Field(ge=1, le=600)] = 5
    """After so long without it a screen counts anew, but for the limit of the day."""
    pupils_data: bool = True
    """False: nothing is written down about children, families have names and groups alone."""
    attempts: AttemptSettings = AttemptSettings()
    retention: RetentionSettings = RetentionSettings()
    oidc: tuple[OidcSettings, ...] = ()
    max_body_bytes: Annotated[int, Field(ge=65_536)] = 2 << 20
    """Of a roster that is imported."""

    @field_validator("norms")
    @classmethod
    def _others_by_default(cls, norms: dict[AgeBand, Norms]) -> dict[AgeBand, Norms]:
        return dict(DEFAULTS) | norms
