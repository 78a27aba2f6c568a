"""Memory of the process: the garbage collector has little to look through, what was freed goes back to the system, and
what is used lies on large pages.

Python keeps who has left in cycles until the collector comes, and the C library keeps freed memory for itself. Both are
bounded, but a server that nobody uses should be as small as when it started.
"""

import asyncio
import ctypes
import gc
import time
from collections.abc import Callable, Iterator
from mmap import PAGESIZE
from pathlib import Path

from signalling.beat import beat

YOUNG, YOUNG_ROUNDS, MIDDLE_ROUNDS = 10_000, 5, 4
"""Objects that are made and not freed until the youngest are looked through, and how often that is until those that
have survived are, and then all. With Python's own 700, 10 and 10 the statistics of an audience, which are read each
second, made it look through everything every few seconds, with 1,500 viewers for a fifth of a second each time."""
LARGE_PAGE = 2 << 20
MADV_COLLAPSE = 25
"""madvise(2): now, unlike `MADV_HUGEPAGE`, after which pages are gathered some minutes later or never."""
GROWN_BYTES = 4 << 20
GATHER_INTERVAL_S = 10.0
PAUSE_S, SHORT_S = 0.005, 0.0001
"""After a page that took longer than this, and so was gathered. The kernel is not interrupted while it copies one, and
a worker of the data plane on the same core waits; a hundred one after the other would keep it waiting for 50 ms."""
REST_AFTER_S = 10.0
"""So long nobody must have been there: a class that comes back after a break finds the memory in place."""


def settle() -> None:
    """To be called once everything that lives as long as the process is made.

    Modules and what they define are 90,000 objects, 18 ms for each full collection; from now on it passes over
    them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, YOUNG_ROUNDS, MIDDLE_ROUNDS)


def release() -> None:
    """Collects, and gives free pages back (glibc; others, such as musl, do so by themselves)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))


def resident_bytes() -> int:
    """Memory of this process that is in RAM (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * PAGESIZE


class LargePages:
    """Gathers the memory of the process on pages of 2 MB (Linux 6.1 with transparent huge pages).

    What is looked at once a second is out of the processor's caches by then, and so is where its pages are: of fewer,
    less must be found again (`benchmarks/README.md` says how much less).
    """

    def __init__(self, grown_bytes: int = GROWN_BYTES) -> None:
        self._grown_bytes = grown_bytes
        self._gathered = 0
        """Bytes that were resident then."""

    @property
    def is_due(self) -> bool:
        """Enough has come since it was last gathered."""
        try:
            resident = resident_bytes()
        except OSError:
            return False  # nor would the kernel say what there is to gather
        self._gathered = min(self._gathered, resident)  # some was given back
        return resident - self._gathered >= self._grown_bytes

    def gather(
        self, pause: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """May take a second, during which other threads can work. What the kernel does not take stays as it is."""
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        for begin, end in _anonymous():
            first, last = -(-begin // LARGE_PAGE) * LARGE_PAGE, end // LARGE_PAGE * LARGE_PAGE
            for page in range(first, last, LARGE_PAGE):
                since = clock()
                madvise(page, LARGE_PAGE, MADV_COLLAPSE)
                if clock() - since > SHORT_S:
                    pause(PAUSE_S)
        self._gathered = resident_bytes()

    async def run(self) -> None:
        """Until it is cancelled; once for the whole process."""
        while True:
            if self.is_due:
                await asyncio.to_thread(self.gather)
            await beat(GATHER_INTERVAL_S)


def _anonymous() -> Iterator[tuple[int, int]]:
    """Begin and end of mappings that are of no file and can be written to (proc_pid_maps(5))."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, permissions, _, _, inode, *name = line.split(maxsplit=5)
        if permissions == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            begin, _, end = place.partition("-")
            yield int(begin, 16), int(end, 16)


class Idleness:
    """Says once in each quiet time that it has been quiet for long enough. The time before anybody came does not
    count."""

    def __init__(self) -> None:
        self._last_busy: float | None = None

    def begins(self, now: float, *, busy: bool) -> bool:
        """To be asked again and again. `now`: of a monotonic clock, in seconds."""
        if busy:
            self._last_busy = now
        if self._last_busy is None or now - self._last_busy < REST_AFTER_S:
            return False
        self._last_busy = None
        return True
