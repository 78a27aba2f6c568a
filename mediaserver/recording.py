"""Records a room to a folder, track by track, without decoding: what comes in is written as it comes in.

Whose tracks are recorded is not decided here. What is muted, blocked or encrypted end to end never is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from .layers import VideoQuality
from .recording_files import Began, Closed, Codec, Ended, Opened
from .recording_writer import FREE_BYTES, RecordingWriter
from .track import Encryption

if TYPE_CHECKING:
    from .clock import Clock
    from .engine import Engine, Tapped
    from .participant import Participant
    from .room import Room
    from .rtp import RtpReceiver
    from .track import CodecStream, Track

LAST_CHUNK_S = 2.0
"""How long the data plane may take to hand over what it has; longer is a worker that has failed."""


@dataclass(eq=False)
class _Stretch:
    """A track from one moment to another, in a file of its own."""

    file: str
    stream: CodecStream
    receiver: RtpReceiver
    tap: int = 0
    packets: int = 0
    lost: int = 0


class RoomRecorder:
    """Records what `wanted` allows of one room to a folder. Belongs to one event loop."""

    def __init__(
        self,
        engine: Engine,
        room: Room,
        folder: Path,
        *,
        wanted: Callable[[Participant, Track], bool],
        clock: Clock,
        on_failed: Callable[[str], None] | None = None,
        free_bytes: int = FREE_BYTES,
    ) -> None:
        """`on_failed` is told once why the recording ended by itself (`disk_full`, `disk_slow`, `disk_error`); what is
        on the disk stays, and `stop` is still to be called. The disk keeps `free_bytes` for others."""
        self.folder = folder
        self._engine = engine
        self._room = room
        self._wanted = wanted
        self._clock = clock
        self._on_failed = on_failed
        self._free_bytes = free_bytes
        self._open: dict[str, _Stretch] = {}
        """By sid of the track."""
        self._taps: dict[int, _Stretch] = {}
        """Those that are not over yet, the closed ones included."""
        self._files = 0
        self._started_us = 0
        self._recording = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._writer: RecordingWriter | None = None
        self._log = structlog.get_logger("mediaserver.recording").bind(room=room.name)

    @property
    def recording(self) -> bool:
        """Between `start` and `stop`, unless it has failed."""
        return self._recording

    def start(self) -> None:
        """Makes the folder, which must not exist, and begins. Raises `OSError`."""
        self.folder.mkdir(parents=True)
        self._writer = RecordingWriter(self.folder, self._clock, self._failed, free=self._free_bytes)
        self._started_us = self._engine.now_us
        self._writer.note(
            Began(room=self._room.name, started_at=self._clock.time(), started_us=self._started_us)
        )
        self._recording = True
        self._room.track_listeners.add(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """`wanted` may answer differently now: stretches begin and end at once. The room's own changes come here by
        themselves."""
        if not self._recording:
            return
        wished = {
            track.sid: stream for track in self._room.tracks.values() if (stream := self._stream(track))
        }
        for sid, stretch in list(self._open.items()):
            stream = wished.get(sid)
            if stream is None or stream.receiver is not stretch.receiver:
                self._close(sid)
        for sid, stream in wished.items():
            if sid not in self._open and stream.receiver is not None:
                self._begin(stream, stream.receiver)

    async def stop(self) -> Path:
        """Ends every stretch and writes the manifest; gives the folder. Idempotent."""
        self._end_all()
        try:
            async with asyncio.timeout(LAST_CHUNK_S):
                await self._quiet.wait()
        except TimeoutError:
            self._log.warning("the end of some tracks was not recorded", tracks=len(self._taps))
            for stretch in list(self._taps.values()):
                self._over(stretch)
        if self._writer is not None:
            self._writer.note(Ended(duration_s=self._now_s()))
            await self._writer.finish()
        return self.folder

    def _stream(self, track: Track) -> CodecStream | None:
        """What of a track is to be recorded now."""
        if track.is_silent or track.settings.encryption is not Encryption.NONE:
            return None
        if not self._wanted(track.publisher, track):
            return None
        return next(iter(track.streams), None)

    def _begin(self, stream: CodecStream, receiver: RtpReceiver) -> None:
        assert self._writer is not None
        self._files += 1
        stretch = _Stretch(f"{self._files:04}.rtp", stream, receiver)
        track = stream.track
        self._writer.note(
            Opened(
                file=stretch.file,
                identity=track.publisher.identity,
                participant=track.publisher.sid,
                name=track.publisher.name,
                source=track.settings.source.value,
                kind=track.kind,
                mime_type=stream.mime_type,
                codecs={
                    codec.payload_type: Codec(mime_type=codec.mime_type, clock_rate=codec.clock_rate)
                    for codec in receiver.codecs
                },
                started_s=self._now_s(),
            )
        )
        self._open[track.sid] = stretch
        stretch.tap = self._engine.tap(receiver.id, lambda chunk: self._copied(stretch, chunk))
        self._taps[stretch.tap] = stretch
        self._quiet.clear()
        if track.kind == "video":
            track.dynacast.need(self, stream.number, VideoQuality.HIGH)

    def _close(self, sid: str) -> None:
        """The file stays open until its last chunk is here."""
        stretch = self._open.pop(sid)
        stretch.stream.track.dynacast.forget(self)
        self._engine.end_tap(stretch.tap)

    def _copied(self, stretch: _Stretch, chunk: Tapped) -> None:
        if stretch.tap not in self._taps or self._writer is None:
            return  # it was not waited for
        stretch.packets += chunk.packets
        stretch.lost = chunk.lost
        self._writer.append(stretch.file, chunk.records)
        if chunk.dropped:
            self._log.warning("packets were not recorded", file=stretch.file, packets=chunk.dropped)
            stretch.receiver.request_keyframe()
        if chunk.ended:
            self._over(stretch)

    def _over(self, stretch: _Stretch) -> None:
        assert self._writer is not None
        sid = stretch.stream.track.sid
        if self._open.get(sid) is stretch:  # its receiver has ended before the room has said so
            del self._open[sid]
            stretch.stream.track.dynacast.forget(self)
        self._writer.close(stretch.file)
        self._writer.note(
            Closed(
                file=stretch.file,
                mime_type=stretch.stream.mime_type,
                ended_s=self._now_s(),
                packets=stretch.packets,
                lost=stretch.lost,
            )
        )
        del self._taps[stretch.tap]
        if not self._taps:
            self._quiet.set()

    def _end_all(self) -> None:
        self._recording = False
        self._room.track_listeners.discard(self.refresh)
        for sid in list(self._open):
            self._close(sid)

    def _failed(self, reason: str) -> None:
        self._log.error("the recording has ended", reason=reason)
        self._end_all()
        if self._on_failed is not None:
            self._on_failed(reason)

    def _now_s(self) -> float:
        return max(0, self._engine.now_us - self._started_us) / 1e6
