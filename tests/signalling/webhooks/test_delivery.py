"""The queue at work: order, retries, restarts, crashes, dead receivers, bounds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from signalling.webhooks import delivery as delivery_module
from signalling.webhooks.delivery import Delivery
from tests.signalling.webhooks.webhook_fakes import DELIVERED, FAILED, REFUSED, A, B, Queue


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[Queue]:
    made = Queue(tmp_path)
    await made.delivery.open()
    yield made
    await made.delivery.close()


async def opened(folder: Path, after: Queue | None = None, **settings: object) -> Queue:
    """A queue in a folder, perhaps as the next run of an earlier one."""
    made = Queue(folder, after.clock if after is not None else None, **settings)
    await made.delivery.open()
    return made


async def test_events_arrive_in_order_and_are_forgotten(queue: Queue) -> None:
    queue.add("one", "two", "three")
    queue.add("other", key="meeting")
    await queue.delivery.settle()
    assert [event for event in queue.sender.events() if event != "other"] == ["one", "two", "three"]
    assert len(queue.delivery) == 0 and await rows(queue) == 0
    assert queue.metric("sent_total", to="https://a.example") == 4
    assert queue.metric("delay_seconds_count", to="https://a.example") == 4


async def rows(queue: Queue) -> int:
    with sqlite3.connect(queue.folder / "webhooks.sqlite3") as database:
        (number,) = database.execute("SELECT count(*) FROM entries").fetchone()
    database.close()
    return int(number)


async def test_a_failure_holds_up_the_later_ones_of_its_room_only(queue: Queue) -> None:
    queue.sender.answers[A] = [FAILED, DELIVERED]
    queue.add("one")
    await queue.delivery.settle()
    queue.add("two")
    queue.add("other", key="meeting")
    await queue.delivery.settle()
    assert queue.sender.events() == ["other"]
    await queue.pass_time(1.0)
    assert queue.sender.events() == ["other", "one", "two"]
    first, again = [entry for entry in queue.sender.sent if entry.event == "one"]
    assert first.event_id == again.event_id
    assert queue.metric("failed_total", to="https://a.example") == 1


async def test_order_under_many_failures(queue: Queue) -> None:
    events = [f"event {n}" for n in range(8)]
    queue.sender.answers[A] = [FAILED, DELIVERED, FAILED, FAILED, DELIVERED, FAILED, DELIVERED]
    queue.add(*events)
    for _ in range(8):
        await queue.pass_time(60)
    assert queue.sender.events() == events


async def test_a_dead_receiver_does_not_hold_up_another(tmp_path: Path) -> None:
    queue = await opened(tmp_path, urls=(A, B))
    queue.sender.answers[A] = [FAILED]
    queue.add("one", "two")
    await queue.delivery.settle()
    assert queue.sender.events(B) == ["one", "two"] and not queue.sender.events(A)
    assert queue.metric("queued", to="https://a.example") == 2
    assert queue.metric("queued", to="https://b.example") == 0
    await queue.delivery.close()


async def test_a_slow_receiver_does_not_hold_up_another(tmp_path: Path) -> None:
    queue = await opened(tmp_path, urls=(A, B))
    queue.sender.slow.add(A)
    running = asyncio.create_task(queue.delivery.run())
    queue.add("one", "two")
    await queue.sender.until(lambda: queue.sender.events(B) == ["one", "two"])
    assert not queue.sender.events(A)
    queue.sender.release.set()
    await queue.sender.until(lambda: queue.sender.events(A) == ["one", "two"])
    queue.delivery.stop()
    await running
    await queue.delivery.close()


async def test_a_restart_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    before = await opened(tmp_path)
    before.sender.answers[A] = [FAILED]
    before.add("one", "two")
    before.add("other", key="meeting")
    await before.delivery.close()
    assert before.sender.closed and await rows(before) == 3
    after = await opened(tmp_path, before)
    after.add("three")
    await after.delivery.settle()
    assert [event for event in after.sender.events() if event != "other"] == ["one", "two", "three"]
    assert "other" in after.sender.events()
    assert {entry.event_id for entry in after.sender.arrived} >= {
        entry.event_id for entry in before.sender.sent
    }
    await after.delivery.close()


async def test_after_a_crash_in_the_middle_an_event_is_sent_again_with_its_id(tmp_path: Path) -> None:
    before = await opened(tmp_path)
    before.sender.slow.add(A)
    before.add("one", "two")
    await before.delivery.step()
    await before.sender.until(lambda: before.sender.sent)
    await before.crash()
    after = await opened(tmp_path, before)
    await after.delivery.settle()
    assert after.sender.events() == ["one", "two"]
    assert after.sender.sent[0] == before.sender.sent[0], "the same to the letter"
    await after.delivery.close()


async def test_a_crash_between_arrival_and_forgetting_repeats_the_event(tmp_path: Path) -> None:
    before = await opened(tmp_path)
    before.add("one")

    async def crash(entries: object) -> None:
        raise asyncio.CancelledError

    before.store.delete = crash  # type: ignore[assignment]
    await before.delivery.step()
    await before.sender.until(lambda: before.sender.arrived)
    await before.crash()
    after = await opened(tmp_path, before)
    await after.delivery.settle()
    assert [entry.event_id for entry in after.sender.arrived] == [before.sender.sent[0].event_id]
    await after.delivery.close()


async def test_the_oldest_are_dropped_above_the_limit_and_the_receiver_hears_of_it(tmp_path: Path) -> None:
    queue = await opened(tmp_path, max_queued=2)
    queue.sender.answers[A] = [FAILED, FAILED, DELIVERED]
    queue.add("one")
    await queue.delivery.settle()
    queue.add("two", "three", "four")
    await queue.delivery.settle()
    assert queue.metric("dropped_total", to="https://a.example", reason="queue_full") == 2
    await queue.pass_time(60)
    await queue.pass_time(60)
    assert queue.sender.events() == ["three", "four"]
    assert queue.sender.num_dropped == [0, 2, 2, 0], "told until it has arrived"
    await queue.delivery.close()


async def test_what_is_too_old_is_dropped(tmp_path: Path) -> None:
    queue = await opened(tmp_path, max_age_s=100)
    queue.sender.answers[A] = [FAILED]
    queue.add("one")
    await queue.pass_time(99)
    queue.add("two")
    await queue.pass_time(2)
    assert queue.metric("dropped_total", to="https://a.example", reason="age") == 1
    assert len(queue.delivery) == 1 and await rows(queue) == 1
    await queue.delivery.close()


async def test_age_counts_over_a_restart(tmp_path: Path) -> None:
    before = await opened(tmp_path, max_age_s=100)
    before.sender.answers[A] = [FAILED]
    before.add("one")
    await before.delivery.close()
    before.clock.advance(101)
    after = await opened(tmp_path, before, max_age_s=100)
    await after.delivery.settle()
    assert not after.sender.sent and await rows(after) == 0
    await after.delivery.close()


async def test_what_the_receiver_refuses_is_not_repeated(queue: Queue) -> None:
    queue.sender.answers[A] = [REFUSED, DELIVERED]
    queue.add("one", "two")
    with capture_logs() as lines:
        await queue.delivery.settle()
    assert queue.sender.events() == ["two"]
    assert queue.metric("dropped_total", to="https://a.example", reason="refused") == 1
    assert [line["event_id"] for line in lines if line["log_level"] == "error"] == ["EV_one_1"]


async def test_a_url_that_is_no_longer_configured_gets_nothing(tmp_path: Path) -> None:
    before = await opened(tmp_path, urls=(A, B))
    before.sender.answers |= {A: [FAILED], B: [FAILED]}
    before.add("one")
    await before.delivery.close()
    after = await opened(tmp_path, before, urls=(B,))
    await after.delivery.settle()
    assert [entry.url for entry in after.sender.sent] == [B] and await rows(after) == 0
    assert after.metric("dropped_total", to="https://a.example", reason="unknown_url") == 1
    await after.delivery.close()


async def test_signed_with_the_key_of_the_settings_while_it_lives(tmp_path: Path) -> None:
    queue = await opened(tmp_path, api_key="hooks")
    queue.keys.replace({"school": "s" * 32, "hooks": "h" * 32})
    queue.add("one")
    await queue.delivery.settle()
    queue.keys.replace({"school": "s" * 32})
    queue.add("two")
    await queue.delivery.settle()
    assert queue.sender.keys == ["hooks", "school"]
    await queue.delivery.close()


async def test_the_end_waits_a_bounded_time_and_keeps_the_rest(tmp_path: Path) -> None:
    queue = await opened(tmp_path, urls=(A, B))
    queue.sender.slow.add(A)
    queue.add("one", "two")
    async with asyncio.timeout(5):
        await queue.delivery.close()
    assert queue.sender.events(B) == ["one", "two"] and not queue.sender.events(A)
    after = await opened(tmp_path, queue, urls=(A, B))
    await after.delivery.settle()
    assert after.sender.events(A) == ["one", "two"] and not after.sender.events(B)
    await after.delivery.close()


async def test_the_end_does_not_wait_for_retries(tmp_path: Path) -> None:
    queue = await opened(tmp_path, shutdown_s=1000)
    queue.sender.answers[A] = [FAILED]
    queue.add("one")
    async with asyncio.timeout(5):
        await queue.delivery.close()
    assert await rows(queue) == 1


async def test_without_its_file_the_queue_goes_on_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    queue = await opened(tmp_path / "file")
    assert queue.metric("store_errors_total") == 1
    queue.add("one", "two")
    await queue.delivery.settle()
    assert queue.sender.events() == ["one", "two"]
    await queue.delivery.close()


async def test_a_disk_that_is_full_loses_nothing_that_is_in_memory(queue: Queue) -> None:
    async def full(entries: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    queue.store.insert = full  # type: ignore[assignment]
    queue.add("one")
    await queue.delivery.settle()
    assert queue.sender.events() == ["one"] and queue.metric("store_errors_total") == 1


async def test_a_bug_in_a_step_does_not_end_the_work(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    step, failures = Delivery.step, [RuntimeError("a bug")]

    async def fails_once(delivery: Delivery) -> None:
        if failures:
            raise failures.pop()
        await step(delivery)

    monkeypatch.setattr(Delivery, "step", fails_once)
    monkeypatch.setattr(delivery_module, "AFTER_FAILURE_S", 0.0)
    running = asyncio.create_task(queue.delivery.run())
    queue.add("one")
    await queue.sender.until(lambda: queue.sender.events() == ["one"])
    assert queue.metric("internal_errors_total") == 1
    queue.delivery.stop()
    await running
