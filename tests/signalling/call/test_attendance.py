"""Attendance from delivered media, second by second."""

import asyncio
from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.statistics import Statistics
from signalling.call.attendance import AttendanceBook, PresenceRecord
from signalling.call.delivery import DeliveryMeter
from signalling.call.service import SAMPLED_AT_ONCE
from tests.mediaserver import made_statistics
from tests.signalling.call.call_fakes import CallWorld

Script = list[tuple[float, str, str]]


def run(
    script: Script, receiving: dict[str, list[tuple[float, float]]], until: float
) -> tuple[Any, list[Any]]:
    """`script`: (time, "came" or "left", device); the device's name before `/` is the person. `receiving`: when media
    reach a device. Samples are taken once a second, as the data plane counts: a little late, from a second before."""
    ended: list[PresenceRecord] = []
    book = AttendanceBook("lesson", ended.append)
    steps = sorted(script)
    now, last = 0.0, 0.0
    while now < until:
        now += 1.0
        while steps and steps[0][0] <= now:
            at, what, device = steps.pop(0)
            if what == "came":
                book.came(device, device.partition("/")[0], "Name", at)
            else:
                book.left(device, at)
        delivered = {
            device: {"TR"} if any(begin < now - 0.1 and end > last - 0.1 for begin, end in spans) else ()
            for device, spans in receiving.items()
        }
        book.sample(delivered, now)
        last = now
    return book.rows(until), ended


def test_a_lesson_with_reconnects() -> None:
    script = [(0.5, "came", "f/1"), (100.0, "left", "f/1"), (107.2, "came", "f/2"), (300.4, "left", "f/2")]
    rows, ended = run(script, {"f/1": [(0.5, 100.0)], "f/2": [(107.2, 300.4)]}, 320)
    (row,) = rows
    assert row.received_s == pytest.approx(99.5 + 193.2, abs=1.0)
    assert row.present_s == pytest.approx(99.5 + 193.2, abs=0.01)
    assert (row.joins, row.here, row.came_at, row.left_at) == (2, False, 0.5, 300.4)
    assert [record.left_at for record in ended] == [100.0, 300.4]
    assert sum(record.received_s for record in ended) == pytest.approx(row.received_s, abs=0.01)


def test_devices_that_overlap_count_once() -> None:
    script = [(0.0, "came", "f/phone"), (30.0, "came", "f/tablet"), (60.0, "left", "f/phone")]
    rows, ended = run(script, {"f/phone": [(0, 60)], "f/tablet": [(30, 90)]}, 90)
    (row,) = rows
    assert row.received_s == pytest.approx(90, abs=1) and row.present_s == pytest.approx(90, abs=0.01)
    assert row.joins == 1 and row.here and ended == []


def test_who_is_there_and_receives_nothing() -> None:
    rows, _ = run([(0.0, "came", "f/1")], {"f/1": [(20.0, 30.0)]}, 100)
    assert rows[0].received_s == pytest.approx(10, abs=1.2) and rows[0].present_s == pytest.approx(100)


def test_one_late_count_is_no_gap() -> None:
    book = AttendanceBook("lesson", lambda record: None)
    book.came("f/1", "f", "Name", 0.0)
    for now, delivered in ((1, True), (2, False), (3, True), (4, False), (5, False), (6, True)):
        book.sample({"f/1": {"TR"} if delivered else ()}, float(now))
    assert book.rows(6.0)[0].received_s == 4.0  # 0..3 and the second before 6


@given(st.lists(st.tuples(st.floats(1, 40), st.floats(0.5, 20)), min_size=1, max_size=6))
def test_within_a_second_whatever_the_reconnects(spans: list[tuple[float, float]]) -> None:
    script: Script = []
    receiving: dict[str, list[tuple[float, float]]] = {}
    now, truth = 0.0, 0.0
    for number, (here, away) in enumerate(spans):
        script += [(now, "came", f"f/{number}"), (now + here, "left", f"f/{number}")]
        receiving[f"f/{number}"] = [(now, now + here)]
        truth += here
        now += here + away
    rows, _ = run(script, receiving, now + 5)
    # In each presence shorter than a second nothing may have been counted yet; else the ends are exact.
    assert rows[0].present_s == pytest.approx(truth, abs=0.01)
    assert truth - 1.0 * len(spans) <= rows[0].received_s <= truth + 0.01


def statistics(sent: dict[int, int], arrived: dict[int, int]) -> Statistics:
    return made_statistics.statistics(
        senders=[{"sender": key, "bytes": value} for key, value in sent.items()],
        transports=[{"transport": key, "feedback_arrived": value} for key, value in arrived.items()],
    )


def participant(*senders: tuple[int, bool]) -> Any:
    subscriptions = {
        str(key): SimpleNamespace(sender=SimpleNamespace(id=key, gets_feedback=feedback))
        for key, feedback in senders
    }
    return SimpleNamespace(
        sid="PA",
        subscriber=SimpleNamespace(subscriptions=subscriptions),
        subscriber_connection=SimpleNamespace(id=7),
    )


async def test_what_was_sent_is_not_what_came() -> None:
    meter, phone = DeliveryMeter(), participant((1, True), (2, False))
    reads = [
        (({1: 100}, {7: 0}), True),  # no feedback yet
        (({1: 200}, {7: 5}), True),
        (({1: 300}, {7: 5}), False),  # the phone is gone; packets go on for a while
        (({1: 300, 2: 50}, {7: 5}), True),  # a track without feedback
        (({1: 300, 2: 50}, {7: 9}), False),  # feedback alone is no media
    ]
    for (sent, arrived), expected in reads:
        assert bool((await meter.read([cast(Any, phone)], statistics(sent, arrived)))["PA"]) is expected


async def test_many_calls_are_sampled_in_parts_and_who_is_forgotten_meanwhile_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = CallWorld()
    for number in range(SAMPLED_AT_ONCE + 2):
        await world.come("teacher", "host", room=f"room {number}")
    service, sampled = world.service, list[AttendanceBook]()
    books = list(service.books.values())
    name = list(service.books)[-1]
    sample = AttendanceBook.sample

    def noted(book: AttendanceBook, delivered: Mapping[str, Collection[str]], now: float) -> None:
        if not sampled:
            asyncio.get_running_loop().call_soon(forget)  # in the pause after the first part
        sampled.append(book)
        sample(book, delivered, now)

    def forget() -> None:
        assert sampled == books[:SAMPLED_AT_ONCE]
        del service.books[name], service.calls[name]

    monkeypatch.setattr(AttendanceBook, "sample", noted)
    await service.sample()
    assert sampled == books[:-1]
