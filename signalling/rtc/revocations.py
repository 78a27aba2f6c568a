"""Tokens that were taken back: who was removed from a room must not come back with the old one."""

from collections import OrderedDict

MAX_REVOCATIONS = 10_000
"""The oldest are forgotten beyond. Tokens expire, so that the old ones matter least."""


class Revocations:
    """In memory: a restart forgets them, as it forgets who is in which room."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def revoke(self, room: str, identity: str, until: float) -> None:
        """Tokens whose `nbf` is before `until` (seconds since the epoch) are refused from now on."""
        key = room, identity
        self._until[key] = max(until, self._until.pop(key, until))
        if len(self._until) > MAX_REVOCATIONS:
            self._until.popitem(last=False)

    def covers(self, room: str, identity: str, not_before: float) -> bool:
        """Whether a token with this `nbf` was taken back."""
        return not_before < self._until.get((room, identity), 0.0)
