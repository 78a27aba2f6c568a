"""How busy this server is, against its limits (LiveKit's `limit.num_tracks` and `limit.bytes_per_sec`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from signalling.rtc.errors import ServerFull

if TYPE_CHECKING:
    from mediaserver.room import Room
    from signalling.rtc.settings import RtcSettings


class NodeLoad:
    """Those who are there stay; nobody else comes in above a limit."""

    def __init__(self, settings: RtcSettings) -> None:
        self._max_tracks, self._max_bytes_per_s = settings.max_tracks, settings.max_bytes_per_s
        self._bytes_per_s = 0.0
        self._before: tuple[int, float] | None = None

    def observe(self, rtp_bytes: int, now: float) -> None:
        """RTP bytes in and out since the start, at a moment of a monotonic clock."""
        if self._before is not None and now > self._before[1]:
            self._bytes_per_s = max(0, rtp_bytes - self._before[0]) / (now - self._before[1])
        self._before = rtp_bytes, now

    def check(self, rooms: Iterable[Room]) -> None:
        """Raises `ServerFull` above a limit."""
        if self._max_bytes_per_s and self._bytes_per_s >= self._max_bytes_per_s:
            raise ServerFull("the server's limit of bytes per second is reached")
        if self._max_tracks and _tracks(rooms) >= self._max_tracks:
            raise ServerFull("the server's limit of tracks is reached")


def _tracks(rooms: Iterable[Room]) -> int:
    """In and out."""
    return sum(1 + len(track.subscribers) for room in rooms for track in room.tracks.values())
