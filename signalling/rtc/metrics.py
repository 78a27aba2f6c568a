"""What the LiveKit protocol service counts."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mediaserver.diagnosis import Verdict

CONNECT_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0)


class RtcMetrics:
    """Registered once for each service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sessions = Gauge("polyana_rtc_sessions", "Participants with a session", registry=registry)
        self.rooms = Gauge("polyana_rtc_rooms", "Rooms", registry=registry)
        self.joins = Counter(
            "polyana_rtc_joins", "Attempts to join, by result", ["result"], registry=registry
        )
        self.removals = Counter(
            "polyana_rtc_removals", "Participants that left, by reason", ["reason"], registry=registry
        )
        messages = Counter(
            "polyana_rtc_signal_messages",
            "Signalling messages, by direction (in, out) and kind",
            ["direction", "kind"],
            registry=registry,
        )
        self.messages = cache(messages.labels)
        """By direction and kind, found by one look into a dictionary: there is one for each message to everybody."""
        self.unhandled = Counter(
            "polyana_rtc_unhandled_messages",
            "Signalling messages that this server does not handle, by kind",
            ["kind"],
            registry=registry,
        )
        self.unsupported_room_options = Counter(
            "polyana_rtc_unsupported_room_options",
            "Rooms made with an option of LiveKit that this server does not act on, by option",
            ["option"],
            registry=registry,
        )
        self.errors = Counter(
            "polyana_rtc_signal_errors",
            "Signalling messages that could not be processed, by kind of error",
            ["kind"],
            registry=registry,
        )
        self.errors.labels("internal")  # seen at zero, so that an alert hears of the first one
        self.reconnects = Counter(
            "polyana_rtc_reconnects",
            "Reconnections, by kind (resume, full, refused)",
            ["kind"],
            registry=registry,
        )
        self.connect_seconds = Histogram(
            "polyana_rtc_join_to_connected_seconds",
            "From the join to the first connected media transport",
            buckets=CONNECT_BUCKETS_S,
            registry=registry,
        )
        self.subscription_failures = Counter(
            "polyana_rtc_subscription_failures",
            "Subscriptions that could not be made, by failure",
            ["failure"],
            registry=registry,
        )
        self.deficient_subscribers = Gauge(
            "polyana_rtc_deficient_subscribers",
            "Participants whose line does not carry all pictures as they wish them",
            registry=registry,
        )
        self.paused_subscriptions = Gauge(
            "polyana_rtc_paused_subscriptions", "Pictures that a line has no place for", registry=registry
        )
        self.verdicts = Counter(
            "polyana_rtc_verdicts",
            "Calls that went badly, by what was found to be at fault (home, device, firewall, server) and code",
            ["fault", "code"],
            registry=registry,
        )
        for verdict in Verdict:
            self.verdicts.labels(verdict.fault.value, verdict.value)
        self.data_packets = Counter(
            "polyana_rtc_data_packets",
            "Data packets of clients, by payload and outcome (forwarded, denied, limited, invalid, ignored)",
            ["kind", "outcome"],
            registry=registry,
        )
        self.data_dropped = Counter(
            "polyana_rtc_data_dropped",
            "Data packets not delivered to a receiver whose channel was closed or full",
            ["label"],
            registry=registry,
        )
