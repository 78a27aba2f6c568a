"""Time as an argument, so that tests decide what time it is."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds, monotonic for intervals and Unix time for what people read."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()
