"""The emulated line by a clock of the test's own."""

from __future__ import annotations

import pytest

from .link import OVERHEAD_BYTES, Link

#: A datagram that takes 1,000 bytes on the line: 10 ms at 800 kbit/s.
SIZE = 1000 - OVERHEAD_BYTES
RATE_BPS = 800_000


def arrivals(link: Link[int], until: float) -> dict[int, float]:
    """Which datagram comes out when, with the line asked just when it wants to be asked."""
    found = {}
    while (due := link.due()) is not None and due <= until:
        found |= dict.fromkeys(link.receive(due), due)
    return found


def burst(link: Link[int], count: int, at: float = 0.0, first: int = 0) -> None:
    for number in range(first, first + count):
        link.send(at, number, SIZE)


def test_a_line_without_limits_passes_at_once() -> None:
    link = Link[int]()
    burst(link, 3, at=5.0)
    assert link.receive(5.0) == [0, 1, 2]
    assert link.due() is None and link.record.waited(1.0, 0, 10) == 0.0


def test_datagrams_follow_each_other_at_the_rate_and_come_after_the_delay() -> None:
    link = Link[int](rate_bps=RATE_BPS, delay_s=0.05)
    burst(link, 3, at=1.0)
    assert arrivals(link, 2.0) == pytest.approx({0: 1.06, 1: 1.07, 2: 1.08})
    assert [one.waited_s for one in link.record.passed] == pytest.approx([0.0, 0.01, 0.02])
    assert [one.size for one in link.record.passed] == [1000] * 3


def test_asking_at_other_times_changes_nothing() -> None:
    link, other = Link[int](rate_bps=RATE_BPS, delay_s=0.02), Link[int](rate_bps=RATE_BPS, delay_s=0.02)
    burst(link, 5)
    burst(other, 5)
    for step in range(33):
        other.receive(step * 0.003)
    assert arrivals(link, 1.0).keys() == {0, 1, 2, 3, 4}
    assert [p.at for p in link.record.passed] == pytest.approx([p.at for p in other.record.passed])


def test_what_finds_the_queue_full_is_dropped() -> None:
    link = Link[int](rate_bps=RATE_BPS, queue_s=0.1)
    burst(link, 20)
    # Ten wait for 10 ms each, behind the one that would be the eleventh the wait is longer than 0.1 s.
    assert list(arrivals(link, 1.0)) == list(range(11))
    assert link.record.drops(0.0, 1.0) == 9
    assert link.record.waited(1.0, 0.0, 1.0) == pytest.approx(0.1)
    burst(link, 1, at=0.2, first=20)
    assert list(arrivals(link, 1.0)) == [20], "room again"


def test_the_rate_changes_for_what_waits_and_for_what_is_being_sent() -> None:
    link = Link[int](rate_bps=RATE_BPS)
    link.change_rate(0.005, RATE_BPS / 4)
    link.change_rate(0.065, None)
    burst(link, 5)
    # Half of the first at 10 ms each, the other half and one more at 40 ms, half of the third, then all at once.
    assert arrivals(link, 1.0) == pytest.approx({0: 0.025, 1: 0.065, 2: 0.065, 3: 0.065, 4: 0.065})
    assert link.rate_bps is None


def test_the_limit_of_the_queue_is_time_at_the_present_rate() -> None:
    link = Link[int](rate_bps=RATE_BPS, queue_s=0.1)
    burst(link, 6)
    link.change_rate(0.0, RATE_BPS / 10)
    link.send(0.0, 6, SIZE)
    assert link.record.drops(0.0, 1.0) == 1, "60 ms of queue have become 600"


def test_loss_is_seeded_and_takes_its_time() -> None:
    links = [Link[int](rate_bps=RATE_BPS, loss=0.2, queue_s=100, seed=seed) for seed in (3, 3, 4)]
    for link in links:
        burst(link, 500)
    first, again, other = (arrivals(link, 10.0) for link in links)
    assert first == again != other
    assert links[0].record.lost == 500 - len(first) and 70 < links[0].record.lost < 130
    assert first[max(first)] == pytest.approx(0.01 * (max(first) + 1))


def test_a_record_counts_bytes_by_time() -> None:
    link = Link[int](rate_bps=RATE_BPS)
    burst(link, 15, at=0.005)
    arrivals(link, 1.0)
    assert link.record.bins(0.0, 0.3) == [9000, 6000, 0]
    assert link.record.bins(0.05, 0.25, 0.2) == [11000]
    assert link.record.waited(0.5, 0.0, 1.0) == pytest.approx(0.07)
    assert link.record.waited(0.5, 5.0, 6.0) == 0.0


def test_who_asks_late_is_told_how_late() -> None:
    link = Link[int](rate_bps=RATE_BPS, delay_s=0.05)
    burst(link, 3)
    assert link.receive(0.075) == [0, 1]
    assert link.receive(0.1) == [2]
    assert [seconds for _, seconds in link.record.late] == pytest.approx([0.015, 0.005, 0.02])
    assert link.record.lateness(1.0, 0.0, 1.0) == pytest.approx(0.02)
