"""What the operator sees of films that are shown."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class BroadcastMetrics:
    """On one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.shown = Gauge("polyana_films_shown", "Rooms in which a film is shown", registry=registry)
        self.stops = Counter(
            "polyana_film_stops", "Films that are no longer shown, by reason", ["reason"], registry=registry
        )
        self.seals_broken = Counter(
            "polyana_film_seals_broken",
            "Films that stopped because what was read is not what was sealed",
            registry=registry,
        )
        self.seconds = Counter(
            "polyana_film_seconds",
            "Seconds of films that were given to rooms, from the disk or from memory",
            ["source"],
            registry=registry,
        )
        self.kept_bytes = Gauge(
            "polyana_film_cache_bytes", "Seconds of films that are kept in memory", registry=registry
        )
