"""Tokens that were taken back: who was removed from a room must not come back with the old one."""

from collections import OrderedDict

MAX_REVOCATIONS = 10_000
"""The oldest are forgotten beyond. Tokens expire, so that the old ones matter least."""
MAX_BEGINNINGS = 1000


class Revocations:
    """In memory: a restart forgets them, as it forgets who is in which room; calls of lessons bring theirs back."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._of_all: OrderedDict[str, float] = OrderedDict()
        """By the beginning of identities, in every room."""

    def revoke(self, room: str, identity: str, until: float) -> None:
        """Tokens whose `nbf` is before `until` (seconds since the epoch) are refused from now on."""
        key = room, identity
        self._until[key] = max(until, self._until.pop(key, until))
        if len(self._until) > MAX_REVOCATIONS:
            self._until.popitem(last=False)

    def covers(self, room: str, identity: str, not_before: float) -> bool:
        """Whether a token with this `nbf` was taken back."""
        if not_before < self._until.get((room, identity), 0.0):
            return True
        return any(not_before < until and identity.startswith(begin) for begin, until in self._of_all.items())

    def of_room(self, room: str) -> dict[str, float]:
        """Identity -> until."""
        return {identity: until for (name, identity), until in self._until.items() if name == room}

    def of_all(self) -> dict[str, float]:
        """Beginning of identities -> until."""
        return dict(self._of_all)

    def revoke_all(self, begin: str, until: float) -> None:
        """The same for all identities that begin so, in every room, also for tokens that nobody has used yet."""
        self._of_all[begin] = max(until, self._of_all.pop(begin, until))
        if len(self._of_all) > MAX_BEGINNINGS:
            self._of_all.popitem(last=False)
