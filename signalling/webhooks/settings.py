"""Settings of webhooks. Times are seconds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

EventName = Literal[
    "room_started",
    "room_finished",
    "participant_joined",
    "participant_left",
    "participant_connection_aborted",
    "track_published",
    "track_unpublished",
    "egress_started",
    "egress_updated",
    "egress_ended",
    "ingress_started",
    "ingress_ended",
]
WITHOUT_CAUSE: frozenset[EventName] = frozenset(
    {"egress_started", "egress_updated", "egress_ended", "ingress_started", "ingress_ended"}
)
"""Known by name, but this server has no egress and no ingress that they could be told of."""
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class WebhookSettings(BaseModel):
    """Who is told what happens in rooms. Names are LiveKit's where it has the setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[Annotated[str, Field(pattern=r"^https?://[^\s/]+")], ...] = ()
    """Each gets every event by POST."""
    api_key: str = ""
    """One of `keys`, whose secret signs; the first if empty."""
    include_events: tuple[EventName, ...] = ()
    """If not empty, only these."""
    exclude_events: tuple[EventName, ...] = ()
    """All but these; without meaning beside `include_events`, as in LiveKit."""

    timeout_s: Seconds = 10
    """For one attempt."""
    first_retry_s: Seconds = 1
    """Doubled with every failure up to `max_retry_s`; each wait is shortened by up to a half at random."""
    max_retry_s: Seconds = 60
    max_age_s: Seconds = 86_400
    """What is older is dropped. LiveKit gives up after 30 s and a handful of attempts; a school's own server may be off
    for a night."""
    max_queued: Count = 10_000
    """For each URL; the oldest is dropped above."""
    max_in_flight: Count = 10
    """Requests to one URL at the same time, each of another room."""
    shutdown_s: Annotated[float, Field(ge=0)] = 3
    """How long the end of the server waits for what can be sent; the rest is kept."""

    @property
    def in_vain(self) -> list[str]:
        """Events that are asked for by name and never happen."""
        return sorted(WITHOUT_CAUSE.intersection(self.include_events))

    def wants(self, event: str) -> bool:
        """Whether an event of this name is to be told."""
        if self.include_events:
            return event in self.include_events
        return event not in self.exclude_events
