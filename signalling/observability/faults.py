"""Errors that are the server's own or that kept somebody from being heard, for the operator's page."""

from collections import Counter as Counts
from collections.abc import Callable

from prometheus_client import Counter

#: Kinds of `polyana_media_errors_total` and `polyana_rtc_signal_errors_total` -> what they mean to an operator.
#: The others (a broken description, an oversized message) are a client's own fault.
MEANING = {
    "worker": "workers_failed",
    "internal": "internal",
    "event": "internal",
    "command": "internal",
    "ice_timeout": "connections_failed",
    "dtls": "connections_failed",
}
MEANINGS = tuple(dict.fromkeys(MEANING.values()))


def by_kind(counter: Counter) -> dict[str, float]:
    """What a counter with the label `kind` holds."""
    samples = (sample for metric in counter.collect() for sample in metric.samples)
    return {s.labels["kind"]: s.value for s in samples if s.name.endswith("_total")}


def faults(*counters: Counter) -> Callable[[], dict[str, int]]:
    """A reader of totals since the start, by meaning."""

    def read() -> dict[str, int]:
        totals: Counts[str] = Counts(dict.fromkeys(MEANINGS, 0))
        for counter in counters:
            for kind, value in by_kind(counter).items():
                if kind in MEANING:
                    totals[MEANING[kind]] += int(value)
        return dict(totals)

    return read
