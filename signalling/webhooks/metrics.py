"""What webhooks count, by the scheme and host of the URL: paths can hold secrets."""

from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

DELAY_BUCKETS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 86_400.0)


class WebhookMetrics:
    """Registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter("polyana_webhooks_sent", "Events that arrived", ["to"], registry=registry)
        self.failed = Counter(
            "polyana_webhooks_failed", "Attempts that will be repeated", ["to"], registry=registry
        )
        self.dropped = Counter(
            "polyana_webhooks_dropped",
            "Events that never arrive, by reason (age, queue_full, refused, unknown_url)",
            ["to", "reason"],
            registry=registry,
        )
        self.queued = Gauge("polyana_webhooks_queued", "Events that wait", ["to"], registry=registry)
        self.delay = Histogram(
            "polyana_webhooks_delay_seconds",
            "From the event to its arrival",
            ["to"],
            buckets=DELAY_BUCKETS_S,
            registry=registry,
        )
        self.internal_errors = Counter(
            "polyana_webhooks_internal_errors", "Bugs, each with a line in the log", registry=registry
        )
        self.store_errors = Counter(
            "polyana_webhooks_store_errors",
            "Times that the queue on disk could not be written or read; it went on in memory",
            registry=registry,
        )


def label(url: str) -> str:
    """`https://school.example` of an URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
