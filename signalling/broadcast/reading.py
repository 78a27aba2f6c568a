"""Films in memory, second by second: read and checked in threads, once for all rooms that play the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mediaserver.engine import Chunk
from mediaserver.film import FilmStream
from mediaserver.sdp import RtpCodec
from signalling.library.renditions.format import Header, Kind
from signalling.recent import Recent

if TYPE_CHECKING:
    from signalling.broadcast.metrics import BroadcastMetrics
    from signalling.library.broadcast import SealedFilm
    from signalling.library.subtitles.cues import Cue

THREADS = 2
MAX_BYTES = 64 << 20
"""Of chunks in memory: minutes of a film."""
VP8 = RtpCodec(96, "video/VP8", 90_000)
#: Constrained baseline, as the library encodes it, by the name that browsers know.
H264 = RtpCodec(
    102,
    "video/H264",
    90_000,
    parameters=(
        ("level-asymmetry-allowed", "1"),
        ("packetization-mode", "1"),
        ("profile-level-id", "42e01f"),
    ),
)
OPUS = RtpCodec(111, "audio/opus", 48_000, 2, parameters=(("minptime", "10"), ("useinbandfec", "1")))
STEREO = RtpCodec(111, "audio/opus", 48_000, 2, parameters=(*OPUS.parameters, ("stereo", "1")))

Work = TypeVar("Work")
Key = tuple[str, int, bool]
"""A film, a second of it, and whether with backup codecs."""


class Chunks:
    """What was read last is kept, up to `max_bytes`. Belongs to one event loop."""

    def __init__(self, metrics: BroadcastMetrics, max_bytes: int = MAX_BYTES) -> None:
        self._metrics = metrics
        self._kept: Recent[Key, Chunk] = Recent(max_bytes)
        self._reading: dict[Key, asyncio.Task[Chunk]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="films")

    async def settle(self) -> bool:
        """Waits for what is being read. Returns whether there was anything."""
        reading = list(self._reading.values())
        await asyncio.gather(*reading, return_exceptions=True)
        return bool(reading)

    async def get(self, film: SealedFilm, number: int, *, backups: bool) -> Chunk:
        """A second of a film, `backups`: with the codecs for those who cannot decode the first. Raises `SealBroken`."""
        key = film.digest, number, backups
        known = key in self._kept or key in self._reading
        self._metrics.seconds.labels("memory" if known else "disk").inc()
        if (kept := self._kept.get(key)) is not None:
            return kept
        if not known:
            task = self._reading[key] = asyncio.create_task(self._read(film, key))
            task.add_done_callback(partial(self._was_read, key))
        # Who stops waiting does not stop the others.
        return await asyncio.shield(self._reading[key])

    async def in_thread(self, work: Callable[[], Work]) -> Work:
        """What blocks on the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def close(self) -> None:
        """Idempotent."""
        for task in list(self._reading.values()):
            task.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._kept.clear()

    def _was_read(self, key: Key, task: asyncio.Task[Chunk]) -> None:
        del self._reading[key]
        if not task.cancelled():
            task.exception()  # those who wait get it; there may be nobody left

    async def _read(self, film: SealedFilm, key: Key) -> Chunk:
        _, number, backups = key
        chunk, size = await self.in_thread(lambda: _chunk(film, number, backups))
        self._kept.put(key, chunk, size)
        self._metrics.kept_bytes.set(self._kept.size)
        return chunk


def _chunk(film: SealedFilm, number: int, backups: bool) -> tuple[Chunk, int]:
    records = film.second(number, backups=backups).records
    return Chunk(records), len(records)


class OpenFilm:
    """A `FilmSource`: one film for all rooms that play it."""

    def __init__(self, film: SealedFilm, chunks: Chunks) -> None:
        self.sealed, self._chunks = film, chunks
        self.streams: Sequence[FilmStream] = tuple(
            _stream(header, bitrate) for header, bitrate in zip(film.headers, film.bitrates, strict=True)
        )
        self.starts: Sequence[int] = film.starts
        self.duration_us = film.duration_us
        self._stamp: tuple[tuple[int, ...], ...] | None = None
        self._subtitles: dict[str, list[Cue]] = {}
        self._reads_subtitles = asyncio.Lock()

    async def chunk(self, number: int, *, backups: bool) -> Chunk:
        """Raises `SealBroken`."""
        return await self._chunks.get(self.sealed, number, backups=backups)

    async def subtitles(self, language: str) -> list[Cue]:
        """Read once for everybody. Empty for a language that there is not. Raises `SealBroken`."""
        if language not in self.sealed.languages:
            return []
        async with self._reads_subtitles:
            if language not in self._subtitles:
                found = await self._chunks.in_thread(lambda: self.sealed.subtitles(language))
                self._subtitles[language] = found
            return self._subtitles[language]

    async def watch(self) -> None:
        """To be called a few times a second: a file that somebody has written to is read again. Raises `SealBroken`."""
        stamp = await self._chunks.in_thread(self.sealed.stamp)
        if self._stamp is not None and stamp != self._stamp:
            await self._chunks.in_thread(self.sealed.check)
        self._stamp = stamp


def _stream(header: Header, bitrate: int) -> FilmStream:
    if header.kind is Kind.OPUS:
        return FilmStream(STEREO if header.channels == 2 else OPUS, bitrate_bps=bitrate)
    codec = H264 if header.kind is Kind.H264 else VP8
    return FilmStream(codec, header.width, header.height, bitrate)
