"""The token bucket of each address, and the bound on how many there are."""

import pytest

from signalling import rate_limit
from signalling.rate_limit import RateLimit
from tests.mediaserver.room_fakes import FakeClock


def allowed(limit: RateLimit, address: str, tries: int) -> int:
    return sum(limit.allow(address) for _ in range(tries))


def test_a_burst_then_the_rate() -> None:
    clock = FakeClock()
    limit = RateLimit(clock, per_second=2, burst=5)
    assert allowed(limit, "a", 10) == 5
    clock.advance(0.4)
    assert allowed(limit, "a", 10) == 0
    clock.advance(0.1)
    assert allowed(limit, "a", 10) == 1
    clock.advance(2)
    assert allowed(limit, "a", 10) == 4


def test_the_burst_does_not_grow_with_patience() -> None:
    clock = FakeClock()
    limit = RateLimit(clock, per_second=2, burst=5)
    clock.advance(3600)
    assert allowed(limit, "a", 10) == 5
    clock.advance(3600)
    assert allowed(limit, "a", 10) == 5


def test_refusals_cost_nothing() -> None:
    clock = FakeClock()
    limit = RateLimit(clock, per_second=1, burst=1)
    assert allowed(limit, "a", 100) == 1
    clock.advance(1)
    assert limit.allow("a")


def test_addresses_do_not_share() -> None:
    limit = RateLimit(FakeClock(), per_second=1, burst=1)
    assert limit.allow("a") and limit.allow("b") and not limit.allow("a")


def test_the_table_forgets_whom_it_has_not_seen_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CLIENTS", 2)
    limit = RateLimit(FakeClock(), per_second=1, burst=1)
    assert limit.allow("a") and limit.allow("b")
    assert not limit.allow("a"), "seen again: b is the oldest now"
    assert limit.allow("c")
    assert not limit.allow("a") and limit.allow("b")


def test_all_addresses_of_an_ipv6_network_are_one_client() -> None:
    limit = RateLimit(FakeClock(), per_second=1, burst=2)
    assert limit.allow("2001:db8:0:1::1") and limit.allow("2001:db8:0:1::2")
    assert not limit.allow("2001:db8:0:1:ffff::3")
    assert limit.allow("2001:db8:0:2::1")


def test_what_is_given_back_can_be_taken_again() -> None:
    limit = RateLimit(FakeClock(), 1, 2)
    for _ in range(5):
        assert limit.allow("192.0.2.1")
        limit.give_back("192.0.2.1")
    limit.give_back("192.0.2.1")
    limit.give_back("192.0.2.2")
    assert [limit.allow("192.0.2.1") for _ in range(3)] == [True, True, False]
