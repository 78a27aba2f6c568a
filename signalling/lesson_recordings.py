"""Between calls and recordings: a room is recorded when its call says so, and what was recorded is written down."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from signalling.call.taping import RecordingRefused
from signalling.school.attendance import lesson_of_room
from signalling.store.types import new_id

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from mediaserver.room import Room
    from signalling.call.recording import Answer
    from signalling.call.taping import Wanted
    from signalling.lesson_records import LessonRecords
    from signalling.recording_settings import RecordingSettings
    from signalling.school.recordings import Recordings

log = structlog.get_logger(__name__)


class Recorder(Protocol):
    """Records a room to a folder (`mediaserver.recording.RoomRecorder`)."""

    def start(self) -> None:
        """Raises `OSError`."""

    def refresh(self) -> None: ...
    async def stop(self) -> Path: ...


class MakeRecorder(Protocol):
    def __call__(
        self, room: Room, folder: Path, *, wanted: Wanted, on_failed: Callable[[str], None]
    ) -> Recorder: ...


class LessonTape:
    """A `call.taping.Tape`."""

    def __init__(self, owner: LessonRecordings, recording: str, recorder: Recorder) -> None:
        self.id = recording
        self.recorder = recorder
        self._owner = owner

    def refresh(self) -> None:
        self.recorder.refresh()

    def answered(self, person: str, name: str, answer: Answer) -> None:
        self._owner.answered(self, person, name, answer)

    def end(self) -> None:
        self._owner.end(self)


class LessonRecordings:
    """The `Recorders` of calls of lessons."""

    def __init__(
        self,
        recordings: Recordings,
        records: LessonRecords,
        settings: RecordingSettings,
        clock: Clock,
        make: MakeRecorder,
    ) -> None:
        """`records` writes in the order in which it was asked."""
        self._recordings, self._records = recordings, records
        self._settings, self._clock, self._make = settings, clock, make
        self._running: set[LessonTape] = set()
        self._stopping: set[asyncio.Task[None]] = set()

    def check(self, room: str) -> None:
        """Raises `RecordingRefused`."""
        if not self._settings.enabled or lesson_of_room(room) is None:
            raise RecordingRefused("off")
        if len(self._recordings.running) >= self._settings.max_running:
            raise RecordingRefused("busy")
        root = self._recordings.storage.root
        try:
            root.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(root).free
        except OSError as error:
            log.error("recordings cannot be kept", reason=str(error))
            raise RecordingRefused("disk") from error
        if free < self._settings.min_free_bytes:
            raise RecordingRefused("disk")

    def begin(self, room: Room, by: str, wanted: Wanted, failed: Callable[[str], None]) -> LessonTape:
        """Raises `RecordingRefused`."""
        self.check(room.name)
        recording = new_id()
        folder = self._recordings.storage.folder(recording)
        recorder = self._make(room, folder, wanted=wanted, on_failed=partial(_failed, failed))
        try:
            recorder.start()
        except OSError as error:
            log.error("a recording could not begin", recording=recording, reason=str(error))
            raise RecordingRefused("disk") from error
        self._recordings.running.add(recording)
        self._records.put(partial(self._recordings.begin, recording, room.name, by, self._clock.time()))
        tape = LessonTape(self, recording, recorder)
        self._running.add(tape)
        return tape

    def answered(self, tape: LessonTape, person: str, name: str, answer: Answer) -> None:
        self._records.put(partial(self._recordings.answered, tape.id, person, name, answer.agreed, answer.at))

    def end(self, tape: LessonTape) -> None:
        """The last packets are still to be written."""
        if tape not in self._running:
            return
        self._running.discard(tape)
        task = asyncio.create_task(self._stop(tape), name=f"recording-{tape.id}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def close(self) -> None:
        """All have ended; `records` is still to be settled."""
        for tape in list(self._running):
            self.end(tape)
        await self.settle()

    async def settle(self) -> None:
        """What is ending has ended."""
        await asyncio.gather(*self._stopping, return_exceptions=True)

    async def _stop(self, tape: LessonTape) -> None:
        ended_at = self._clock.time()
        try:
            await tape.recorder.stop()
        except OSError as error:  # what is on the disk is composed
            log.error("the end of a recording was lost", recording=tape.id, reason=str(error))
        finally:
            self._records.put(partial(self._recordings.end, tape.id, ended_at))


def _failed(tell: Callable[[str], None], reason: str) -> None:
    """The recorder's reasons in words of calls."""
    tell("disk" if reason.startswith("disk") else "failed")
