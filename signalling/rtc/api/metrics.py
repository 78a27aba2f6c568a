"""What the server API counts."""

from prometheus_client import CollectorRegistry, Counter, Histogram

DURATION_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)


class ApiMetrics:
    """Registered once for each service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "polyana_api_requests",
            "Calls of the server API, by method and Twirp error code (ok if there was none)",
            ["method", "code"],
            registry=registry,
        )
        self.seconds = Histogram(
            "polyana_api_request_seconds",
            "How long calls of the server API took, by method",
            ["method"],
            buckets=DURATION_BUCKETS_S,
            registry=registry,
        )
