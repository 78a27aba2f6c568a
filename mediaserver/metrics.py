"""Instruments of the media control plane. What packets do is counted in the data plane and read by a collector."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Whatever `errors` is labelled with: what a scrape has not seen at zero does not "increase" when it comes.
ERROR_KINDS = (
    "command", "data_too_large", "dtls", "event", "ice_timeout", "internal", "sdp", "unsupported_codec", "worker",
    "worker_lost",
)  # fmt: skip
HANDSHAKE_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class MediaMetrics:
    """One instance for each registry (and so for each server in a test)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.handshake_seconds = Histogram(
            "polyana_handshake_seconds",
            "Time from the first description to a path (ice) and from there to keys (dtls)",
            ["kind"],
            registry=registry,
            buckets=HANDSHAKE_BUCKETS_S,
        )
        self.connections = Gauge(
            "polyana_peer_connections", "Peer connections by state", ["state"], registry=registry
        )
        self.errors = Counter(
            "polyana_media_errors", "Errors of the media control plane by kind", ["kind"], registry=registry
        )
        for kind in ERROR_KINDS:
            self.errors.labels(kind)
        self.data_messages = Counter(
            "polyana_data_messages", "Data channel messages", ["direction", "label"], registry=registry
        )
        self.data_bytes = Counter(
            "polyana_data_bytes", "Bytes of data channel messages", ["direction", "label"], registry=registry
        )
