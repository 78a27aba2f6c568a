"""What is sent when: in order for each room and URL, and nobody waits for others."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from signalling.webhooks.schedule import Entry, Schedule
from signalling.webhooks.settings import WebhookSettings
from tests.signalling.webhooks.webhook_fakes import A, B, entry


def schedule(**settings: Any) -> Schedule:
    return Schedule(WebhookSettings(**settings), Random(1))


def test_one_room_one_after_the_other() -> None:
    queue = schedule()
    first, second = entry(1), entry(2)
    assert queue.add(first) == [] == queue.add(second)
    assert queue.due(0.0) == [first] and queue.due(0.0) == []
    queue.done(first)
    assert queue.due(0.0) == [second]
    queue.done(second)
    assert len(queue) == 0 and queue.due(0.0) == []


def test_rooms_and_urls_do_not_wait_for_each_other() -> None:
    queue = schedule()
    entries = [entry(1), entry(2, key="other"), entry(3, url=B)]
    for one in entries:
        queue.add(one)
    assert queue.due(0.0) == entries


def test_so_many_to_one_url_at_the_same_time() -> None:
    queue = schedule(max_in_flight=2)
    entries = [entry(number, key=f"room {number}") for number in range(4)]
    for one in [*entries, entry(9, url=B)]:
        queue.add(one)
    assert [one.number for one in queue.due(0.0)] == [0, 1, 9]
    queue.done(entries[1])
    assert [one.number for one in queue.due(0.0)] == [2]


def test_what_becomes_due_between_two_questions_is_not_waited_for() -> None:
    """A timer may be a millisecond early: then nothing is due yet, and a moment later it is."""
    queue = schedule(first_retry_s=1)
    one = entry(1)
    queue.add(one)
    assert queue.due(5.0) == [one]
    due = 5.0 + queue.failed(one, 5.0)
    assert queue.due(due - 0.001) == []
    assert queue.wait_s(due + 0.001) == 0
    assert queue.due(due + 0.002) == [one]
    assert queue.wait_s(due + 0.003) is None


def test_waits_grow_up_to_a_limit_and_are_never_the_same() -> None:
    queue = schedule(first_retry_s=1, max_retry_s=8)
    one = entry(1)
    queue.add(one)
    waits, now = [], 0.0
    for _ in range(6):
        assert queue.due(now) == [one]
        waits.append(queue.failed(one, now))
        assert queue.due(now + waits[-1] - 0.01) == []
        assert queue.wait_s(now) == pytest.approx(waits[-1])
        now += waits[-1]
    for wait, full in zip(waits, [1, 2, 4, 8, 8, 8], strict=True):
        assert full / 2 <= wait <= full
    assert len(set(waits)) == 6


def test_a_success_ends_the_waiting() -> None:
    queue = schedule()
    first, second, third = entry(1), entry(2), entry(3)
    for one in (first, second, third):
        queue.add(one)
    for now in (0.0, 100.0, 200.0):
        assert queue.due(now) == [first]
        queue.failed(first, now)
    assert queue.due(300.0) == [first]
    queue.done(first)
    assert queue.due(300.0) == [second], "at once"
    assert queue.failed(second, 300.0) <= 1.0


def test_the_receiver_may_ask_for_time() -> None:
    queue = schedule(max_retry_s=30)
    one = entry(1)
    queue.add(one)
    queue.due(0.0)
    assert queue.failed(one, 0.0, retry_after_s=20) == 20
    queue.due(20.0)
    assert queue.failed(one, 20.0, retry_after_s=9999) == 30


def test_the_oldest_of_a_url_make_room() -> None:
    queue = schedule(max_queued=2)
    on_its_way = entry(1)
    queue.add(on_its_way)
    assert queue.due(0.0) == [on_its_way]
    assert queue.add(entry(2)) == [] == queue.add(entry(3, url=B))
    assert queue.add(entry(4, key="other")) == [entry(2)]
    assert queue.size(A) == 2 and queue.size(B) == 1


def test_what_is_too_old_goes_but_not_what_is_on_its_way() -> None:
    queue = schedule(max_age_s=100)
    for number, created_at in enumerate((0.0, 1.0, 50.0)):
        queue.add(entry(number, created_at=created_at))
    queue.due(0.0)
    assert [one.number for one in queue.expire(120.0)] == [1]
    assert len(queue) == 2


class Ordering(RuleBasedStateMachine):
    """Any mixture of events, failures, answers and time keeps the order of each room and URL."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Schedule(WebhookSettings(max_in_flight=3, max_queued=12, max_age_s=500), Random(7))
        self.now, self.number = 0.0, 0
        self.flying: list[Entry] = []
        self.expected: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self.arrived: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    @initialize()
    def begin(self) -> None:
        self.add(A, "lesson")

    @rule(url=st.sampled_from([A, B]), key=st.sampled_from(["lesson", "meeting", "exam"]))
    def add(self, url: str, key: str) -> None:
        self.number += 1
        new = entry(self.number, url, key, created_at=self.now)
        self.expected[url, key].append(new.number)
        self._dropped(self.queue.add(new))

    @rule()
    def send(self) -> None:
        self.flying += self.queue.due(self.now)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        one = self._landed(data)
        self.queue.done(one)
        self.arrived[one.url, one.key].append(one.number)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), retry_after_s=st.sampled_from([0.0, 5.0]))
    def fail(self, data: st.DataObject, retry_after_s: float) -> None:
        assert self.queue.failed(self._landed(data), self.now, retry_after_s) > 0

    @rule(seconds=st.floats(0.1, 100))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._dropped(self.queue.expire(self.now))

    @invariant()
    def bounds_hold(self) -> None:
        lanes = [(one.url, one.key) for one in self.flying]
        assert len(lanes) == len(set(lanes)), "one at a time"
        for url in (A, B):
            assert sum(one.url == url for one in self.flying) <= 3
            assert self.queue.size(url) <= max(12, 3)

    def teardown(self) -> None:
        while len(self.queue):
            for one in self.flying:
                self.queue.done(one)
                self.arrived[one.url, one.key].append(one.number)
            self.now += 60.0
            self.flying = self.queue.due(self.now)
        assert self.arrived == {lane: numbers for lane, numbers in self.expected.items() if numbers}

    def _landed(self, data: st.DataObject) -> Entry:
        return self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))

    def _dropped(self, entries: list[Entry]) -> None:
        for one in entries:
            self.expected[one.url, one.key].remove(one.number)


TestOrdering = Ordering.TestCase
TestOrdering.settings = hypothesis_settings(
    derandomize=True, deadline=None, max_examples=60, stateful_step_count=60
)
