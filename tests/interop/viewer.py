"""What a participant sees and hears, without keeping it: when pictures came and how large, what sound was made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from livekit import rtc

POLL_S = 0.2
RATE = 48_000
#: A picture that stands for longer is a freeze.
FREEZE_S = 0.2
#: Sound that was made up for longer is heard as a gap.
GAP_S = 0.06
Span = tuple[float, float]


@dataclass(frozen=True)
class Picture:
    at: float
    width: int
    height: int


@dataclass(frozen=True)
class Heard:
    """Counters of the receiver (W3C webrtc-stats): samples made up, runs of them, samples in all."""

    at: float
    concealed: int
    events: int
    samples: int


@dataclass
class Seen:
    """What came, with the times of the event loop."""

    tracks: dict[str, str] = field(default_factory=dict)
    """Its id by "video" and "audio", once subscribed."""
    pictures: list[Picture] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    video: dict[str, float] = field(default_factory=dict)
    """The last counters of the video's receiver."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def of_width(self, width: int) -> list[Picture]:
        return [one for one in self.pictures if one.width == width]

    def during(self, span: Span) -> list[Picture]:
        return [one for one in self.pictures if span[0] <= one.at < span[1]]

    def freezes(self, span: Span, paused: Sequence[Span] = ()) -> list[float]:
        """Seconds of each freeze. While the server had paused the stream, nothing was to come."""
        times = [span[0], *(one.at for one in self.during(span)), span[1]]
        stood = [
            end - begin - sum(overlap((begin, end), one) for one in paused) for begin, end in pairwise(times)
        ]
        return [seconds for seconds in stood if seconds > FREEZE_S]

    def gaps(self, span: Span) -> list[float]:
        """Seconds of each run of sound that was made up, those that are heard. Mean of the runs of one poll."""
        found: list[float] = []
        runs, seconds = 0, 0.0
        polls = [one for one in self.heard if span[0] <= one.at < span[1]]
        for before, after in pairwise(polls):
            made_up = (after.concealed - before.concealed) / RATE
            begun = after.events - before.events
            if begun or not made_up:
                found += split(seconds, runs)
                runs, seconds = begun, 0.0
            seconds += made_up
        return [one for one in found + split(seconds, runs) if one > GAP_S]

    def concealed(self, span: Span) -> float:
        """Share of the sound that was made up."""
        polls = [one for one in self.heard if span[0] <= one.at < span[1]]
        if len(polls) < 2 or polls[-1].samples == polls[0].samples:
            return 1.0
        return (polls[-1].concealed - polls[0].concealed) / (polls[-1].samples - polls[0].samples)

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Waits for a condition. Raises TimeoutError with its name."""
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(holds)
        except TimeoutError as error:
            came = f"{len(self.pictures)} pictures, last {self.pictures[-1:]}, {self.heard[-1:]}"
            raise TimeoutError(f"{what}: {came}") from error


def split(seconds: float, runs: int) -> list[float]:
    """Equal parts; a run that had begun before is one."""
    count = max(runs, 1)
    return [seconds / count] * count


def overlap(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


class Viewer:
    """Watches and listens to the first camera and the first microphone that it is subscribed to."""

    def __init__(self, room: rtc.Room) -> None:
        self.seen = Seen()
        self._tasks: list[asyncio.Task[None]] = []
        room.on("track_subscribed", self._subscribed)

    def _subscribed(self, track: Any, publication: rtc.RemoteTrackPublication, participant: object) -> None:
        kind = "video" if isinstance(track, rtc.RemoteVideoTrack) else "audio"
        if kind in self.seen.tracks:
            return
        self.seen.tracks[kind] = publication.sid
        if kind == "video":
            self._tasks.append(asyncio.create_task(self._watch(track)))
        self._tasks.append(asyncio.create_task(self._poll(track, kind)))

    async def _watch(self, track: rtc.RemoteVideoTrack) -> None:
        loop = asyncio.get_running_loop()
        async for event in rtc.VideoStream(track):
            self.seen.pictures.append(Picture(loop.time(), event.frame.width, event.frame.height))
            await self.seen.tell()

    async def _poll(self, track: rtc.Track, kind: str) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for one in await track.get_stats():
                if one.WhichOneof("stats") == "inbound_rtp" and one.inbound_rtp.stream.kind == kind:
                    inbound = one.inbound_rtp.inbound
                    if kind == "audio":
                        counts = inbound.concealed_samples, inbound.concealment_events
                        self.seen.heard.append(Heard(loop.time(), *counts, inbound.total_samples_received))
                    else:
                        names = (
                            "nack_count",
                            "pli_count",
                            "frames_decoded",
                            "freeze_count",
                            "frames_dropped",
                        )
                        self.seen.video = {name: getattr(inbound, name) for name in names}
            await self.seen.tell()
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def watching(url: str, access: str, *, single: bool = False) -> AsyncIterator[Seen]:
    """Joins `url` (ws://host:port) with a token until the end of the block."""
    room = rtc.Room()
    viewer = Viewer(room)
    await room.connect(url, access, rtc.RoomOptions(auto_subscribe=True, single_peer_connection=single))
    try:
        yield viewer.seen
    finally:
        await viewer.close()
        await room.disconnect()
