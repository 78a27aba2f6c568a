"""A token bucket for each client, in a bounded table."""

from collections import OrderedDict
from dataclasses import dataclass

from mediaserver.clock import Clock
from signalling.client_network import client_network

MAX_CLIENTS = 20_000


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """`allow` is false when an IPv4 address, or an IPv6 network, asks more often than `per_second` after a burst."""

    def __init__(self, clock: Clock, per_second: float, burst: int) -> None:
        self._clock, self._per_second, self._burst = clock, per_second, burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allow(self, address: str) -> bool:
        """Takes one token."""
        now, client = self._clock.monotonic(), client_network(address)
        bucket = self._buckets.pop(client, None) or _Bucket(float(self._burst), now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        self._buckets[client] = bucket
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)  # the longest unseen: its bucket is full again
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def give_back(self, address: str) -> None:
        """Returns a token: what it was taken for does not count."""
        if (bucket := self._buckets.get(client_network(address))) is not None:
            bucket.tokens = min(self._burst, bucket.tokens + 1)
