"""Rate limits and counts, without a clock of their own."""

from collections import Counter
from collections.abc import Hashable


class TokenBucket:
    """A token bucket: `rate` tokens a second, at most `burst` of them. `now` is any monotonic time in
    seconds."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = now

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Takes tokens if there are enough."""
        self._refill(now)
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True

    def take_later(self, now: float, amount: float = 1.0) -> float:
        """Takes tokens, into debt if need be, and returns the seconds to wait until the debt is paid."""
        self._refill(now)
        self._tokens -= amount
        return max(0.0, -self._tokens / self._rate)

    def _refill(self, now: float) -> None:
        elapsed = max(0.0, now - self._updated)
        self._updated = now
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)


class ConnectionCounts:
    """How many connections each key has open; a key is an address, or a room with an identity."""

    def __init__(self) -> None:
        self._counts: Counter[Hashable] = Counter()

    def acquire(self, limits: dict[Hashable, int]) -> Hashable | None:
        """Counts one more for every key, or for none: then returns the key whose limit is reached."""
        for key, limit in limits.items():
            if self._counts[key] >= limit:
                return key
        self._counts.update(limits.keys())
        return None

    def release(self, keys: dict[Hashable, int]) -> None:
        """Counts one less for every key."""
        for key in keys:
            self._counts[key] -= 1
            if self._counts[key] <= 0:
                del self._counts[key]
