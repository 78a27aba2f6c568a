"""What a client says of itself, so that a slow device is not taken for a slow line.

A client that wants verdicts sends a `user` data packet with the topic `polyana.report` about once a second, lossy or
reliable: a JSON object with any of the fields of `Report`. It needs no grant, reaches nobody else, and is dropped when
it is large, frequent or malformed. Whoever has sent one gets packets with the topic `polyana.verdict` (see
`signalling.rtc.verdicts`); nobody else gets any, and no client can send one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mediaserver.diagnosis import ClientReport
from signalling.rtc.limits import TokenBucket

if TYPE_CHECKING:
    from mediaserver.clock import Clock

OWN_TOPICS = "polyana."
"""Packets with such a topic are between a client and this server."""
REPORT_TOPIC, VERDICT_TOPIC = "polyana.report", "polyana.verdict"
MAX_REPORT_BYTES = 1024
MAX_REPORT_PACKET_BYTES = 2048
REPORTS_PER_S, REPORT_BURST = 1.5, 5
FRESH_S = 3.0
"""An older report says nothing of now."""

Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]
Frames = Annotated[int, Field(ge=0, le=1_000_000)]


class Report(BaseModel):
    """Of the time since the report before; `ClientReport` says what the fields mean."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    cpu_limited: bool = False
    bandwidth_limited: bool = False
    frames_decoded: Frames = 0
    frames_dropped: Frames = 0
    decode_ms: Milliseconds = 0.0
    interval_ms: Annotated[float, Field(ge=100, le=3_600_000)] = 1000.0
    lag_ms: Milliseconds = 0.0
    relayed: bool = False


class ClientReports:
    """Those of one client."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bucket = TokenBucket(REPORTS_PER_S, REPORT_BURST, clock.monotonic())
        self._newest: tuple[float, ClientReport] | None = None

    @property
    def wants_verdicts(self) -> bool:
        """The client knows what they are."""
        return self._newest is not None

    def received(self, topic: str, payload: bytes) -> str:
        """A packet with one of `OWN_TOPICS`. Gives the outcome, as metrics name it."""
        now = self._clock.monotonic()
        if topic != REPORT_TOPIC:
            return "denied"
        if len(payload) > MAX_REPORT_BYTES or not self._bucket.take(now):
            return "limited"
        try:
            report = Report.model_validate_json(payload)
        except ValidationError:
            return "invalid"
        self._newest = now, ClientReport(**report.model_dump())
        return "received"

    def fresh(self, now: float) -> ClientReport | None:
        """The newest, if it is of now."""
        if self._newest is None or now - self._newest[0] > FRESH_S:
            return None
        return self._newest[1]
