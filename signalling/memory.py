"""Memory of the process: the garbage collector has little to look through, and what was freed goes back to the system.

Python keeps who has left in cycles until the collector comes, and the C library keeps freed memory for itself. Both are
bounded, but a server that nobody uses should be as small as when it started.
"""

import ctypes
import gc

YOUNG, YOUNG_ROUNDS, MIDDLE_ROUNDS = 10_000, 5, 4
"""Objects that are made and not freed until the youngest are looked through, and how often that is until those that
have survived are, and then all. With Python's own 700, 10 and 10 the statistics of an audience, which are read each
second, made it look through everything every few seconds, with 1,500 viewers for a fifth of a second each time."""
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
