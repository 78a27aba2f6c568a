"""Settings of HLS. Times are seconds, sizes bytes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]


class HlsSettings(BaseModel):
    """Behind a CDN all requests come from few addresses: `http.trusted_proxies` lets them count for their viewers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    requests_per_s: Annotated[float, Field(gt=0)] = 500
    """Of one address: a viewer asks five times a second, and a whole school can share one."""
    request_burst: Count = 3000
    max_waiting: Count = 20_000
    """Requests that are held until something is published."""
    longest_wait_s: Annotated[float, Field(gt=0, le=20)] = 6
    """Then such a request is answered with what is there: the host has stopped the film."""
    media_cache_s: Count = 86_400
    """How long a CDN and browsers may keep segments."""
    memory_bytes: Count = 64 << 20
    """Of segments that many ask for at the same time."""
