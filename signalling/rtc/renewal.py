"""What of a token is needed after the join: to give the client another one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from signalling.rtc.tokens import VideoGrants

if TYPE_CHECKING:
    from signalling.rtc.tokens import Claims, RoomConfiguration

SHARED_GRANTS = 256


@dataclass(frozen=True, slots=True)
class Renewal:
    """A tenth of the claims: these are kept for as long as somebody is there."""

    api_key: str
    identity: str
    kind: str
    room_preset: str
    room_config: RoomConfiguration | None
    video: VideoGrants

    @classmethod
    def of(cls, claims: Claims) -> Renewal:
        """Of a token with which somebody has joined."""
        video = _shared(claims.video or VideoGrants())
        return cls(
            claims.api_key, claims.identity, claims.kind, claims.room_preset, claims.room_config, video
        )


@lru_cache(maxsize=SHARED_GRANTS)
def _shared(video: VideoGrants) -> VideoGrants:
    """The same object for all of an audience, who may all do the same."""
    return video
