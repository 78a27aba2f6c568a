"""The guardian rule: children are not alone with each other. Pure; the caller brings the time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class GuardianRule:
    """Without a confirmed adult host for `grace_s` seconds all media of those who do not lead freeze, and go on when
    one is back. Before the first host has come nobody is attended, so there is no grace."""

    enabled: bool
    grace_s: float
    frozen: bool = False
    alone_since: float | None = None

    def __post_init__(self) -> None:
        self.frozen = self.enabled

    def update(self, hosts: int, now: float) -> bool:
        """`hosts`: how many are connected now; seconds, monotonic. Returns whether `frozen` has changed."""
        before = self.frozen
        if not self.enabled or hosts:
            self.alone_since, self.frozen = None, False
        elif self.alone_since is None:
            self.alone_since = now
        if self.alone_since is not None and now - self.alone_since >= self.grace_s:
            self.frozen = True
        return self.frozen != before
