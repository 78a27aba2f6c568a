"""Settings of WHIP and WHEP. Times are seconds, sizes bytes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]


class WhipSettings(BaseModel):
    """Besides these, the limits of `rtc` hold: rooms, names, tracks, requests of one address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    max_sessions: Count = 1000
    max_sessions_per_address: Count = 200
    """A whole school can share one address."""
    max_sessions_per_identity: Count = 20
    """In all rooms together; in one room the newest ends the one before."""
    max_offer_bytes: Count = 32_768
    """Browsers offer up to about 10 kB for one picture and one sound."""
    max_fragment_bytes: Count = 16_384
    """Of trickled candidates."""
