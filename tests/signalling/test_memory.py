"""When a server that nobody uses gives its memory back."""

import gc
import itertools
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signalling.memory import LARGE_PAGE, REST_AFTER_S, Idleness, LargePages, settle


@pytest.fixture
def collector() -> Iterator[list[int]]:
    """Generations that were looked through, of a process that has settled."""
    thresholds, seen = gc.get_threshold(), list[int]()

    def looked(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    settle()
    gc.callbacks.append(looked)
    yield seen
    gc.callbacks.remove(looked)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_is_read_of_an_audience_each_second_is_no_reason_to_look_through_everything(
    collector: list[int],
) -> None:
    kept: list[tuple[int, list[int]]] = []
    for _ in range(60):
        kept = [(number, [number]) for number in range(3000)]
    assert len(kept) == 3000 and len(collector) <= 3 and 2 not in collector


def test_what_leaves_in_cycles_is_found(collector: list[int]) -> None:
    for _ in range(150_000):
        cycle: list[object] = []
        cycle.append(cycle)
    assert len(gc.get_objects()) < 100_000 and 0 in collector


def large_page_bytes() -> int:
    """Of this process (proc_pid_smaps(5))."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("AnonHugePages:"))


@contextmanager
def filled(size: int) -> Iterator[mmap.mmap]:
    """A mapping of its own with something on each of its small pages."""
    with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        area.madvise(mmap.MADV_NOHUGEPAGE)
        for place in range(0, size, mmap.PAGESIZE):
            area[place] = 7
        yield area


def test_memory_is_gathered_on_large_pages_and_keeps_what_is_in_it() -> None:
    pages, pauses = LargePages(), list[float]()
    pages.gather(pauses.append)
    before = large_page_bytes()
    pauses.clear()
    with filled(8 * LARGE_PAGE) as area:
        assert pages.is_due
        area.madvise(mmap.MADV_HUGEPAGE)  # one may be gathered now
        slow = map(float, itertools.count())
        pages.gather(pauses.append, lambda: next(slow))
        assert not pages.is_due
        if large_page_bytes() <= before:
            pytest.skip("this kernel has no MADV_COLLAPSE")
        assert large_page_bytes() - before >= 6 * LARGE_PAGE
        assert len(pauses) >= 6, "others can work between them"
        found = len(pauses)
        pages.gather(pauses.append, lambda: 0.0)
        assert len(pauses) == found, "what takes no time needs none"
        assert all(area[place] == 7 for place in range(0, len(area), mmap.PAGESIZE))


def test_memory_that_was_given_back_may_grow_again_before_it_is_gathered() -> None:
    pages = LargePages(grown_bytes=4 * LARGE_PAGE)
    with filled(16 * LARGE_PAGE):
        pages.gather()
    assert not pages.is_due
    with filled(16 * LARGE_PAGE):
        assert pages.is_due


def test_a_server_that_nobody_has_used_has_nothing_to_give_back() -> None:
    assert not Idleness().begins(1e6, busy=False)


def test_it_rests_once_after_everybody_has_left() -> None:
    idleness = Idleness()
    assert not idleness.begins(0.0, busy=True)
    assert not idleness.begins(REST_AFTER_S - 0.1, busy=False)
    assert idleness.begins(REST_AFTER_S, busy=False)
    assert not idleness.begins(2 * REST_AFTER_S, busy=False)


def test_who_comes_back_begins_the_wait_anew() -> None:
    idleness = Idleness()
    idleness.begins(0.0, busy=True)
    assert not idleness.begins(REST_AFTER_S, busy=True)
    assert not idleness.begins(2 * REST_AFTER_S - 0.1, busy=False)
    assert idleness.begins(2 * REST_AFTER_S, busy=False)
