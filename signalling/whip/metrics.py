"""What WHIP and WHEP count."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CONNECT_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class WhipMetrics:
    """Registered once for each service. `protocol` is whip or whep."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sessions = Gauge(
            "polyana_whip_sessions", "Sessions now, by protocol (whip, whep)", ["protocol"], registry=registry
        )
        self.requests = Counter(
            "polyana_whip_requests",
            "Requests, by protocol, method and status",
            ["protocol", "method", "status"],
            registry=registry,
        )
        self.ended = Counter(
            "polyana_whip_sessions_ended",
            "Sessions that have ended, by protocol and reason",
            ["protocol", "reason"],
            registry=registry,
        )
        self.connect_seconds = Histogram(
            "polyana_whip_connect_seconds",
            "From the offer to media that can flow, by protocol",
            ["protocol"],
            buckets=CONNECT_BUCKETS_S,
            registry=registry,
        )
