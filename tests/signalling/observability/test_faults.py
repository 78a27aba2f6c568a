"""Errors by what they mean to an operator."""

from prometheus_client import CollectorRegistry, Counter

from signalling.observability.faults import MEANINGS, faults
from tests.signalling.served import Served, operator

CALM = dict.fromkeys(MEANINGS, 0)


def counter(name: str) -> Counter:
    return Counter(name, "errors", ["kind"], registry=CollectorRegistry())


def test_kinds_of_both_services_are_put_together() -> None:
    media, rtc = counter("media"), counter("rtc")
    read = faults(media, rtc)
    assert read() == CALM
    for kind in ("event", "command", "internal", "ice_timeout", "dtls", "worker"):
        media.labels(kind).inc()
    rtc.labels("internal").inc(2)
    assert read() == {"workers_failed": 1, "internal": 5, "connections_failed": 2}


def test_what_a_client_did_wrong_is_no_fault_of_the_server() -> None:
    media, rtc = counter("media"), counter("rtc")
    for kind in ("sdp", "unsupported_codec", "data_too_large", "worker_lost"):
        media.labels(kind).inc()
    for kind in ("malformed", "rate", "slow_client"):
        rtc.labels(kind).inc()
    assert faults(media, rtc)() == CALM


async def test_the_operators_page_hears_of_both_services(served: Served) -> None:
    served.server.engine.metrics.errors.labels("ice_timeout").inc()
    served.server.rtc.metrics.errors.labels("internal").inc()
    async with served.http.get("/api/operator/load", headers=operator()) as response:
        found = (await response.json())["faults"]
    assert found == CALM | {"internal": 1, "connections_failed": 1}
