"""Writes a recording in a thread, so that no disk holds up the event loop."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from .clock import Clock
from .recording_files import JOURNAL, Line, manifest_of, write_manifest

SYNC_S = 5.0
"""What is lost at most when the machine dies. When only the server dies, nothing is."""
MOST_WAITING = 64 << 20
"""Bytes that may wait for the disk."""
FREE_BYTES = 256 << 20
"""Left on the disk for everybody else."""

FULL, SLOW, BROKEN = "disk_full", "disk_slow", "disk_error"

Append = tuple[str, bytes]
"""A file and what comes behind its end; no bytes: it is closed."""


class RecordingWriter:
    """Appends to the files of a folder, in the order of the calls. Belongs to one event loop."""

    def __init__(
        self, folder: Path, clock: Clock, failed: Callable[[str], None], *, free: int = FREE_BYTES
    ) -> None:
        """`failed` is told once why nothing more is written: `disk_full`, `disk_slow`, `disk_error`."""
        self._folder = folder
        self._clock = clock
        self._failed = failed
        self._free = free
        self._lines: list[Line] = []
        self._waiting: list[Append] = []
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._finishing = False
        self._files: dict[str, BinaryIO] = {}
        self._synced_at = clock.monotonic()
        self.broken = False
        """Nothing more is taken."""
        self._task = asyncio.create_task(self._run(), name=f"recording-{folder.name}")

    def append(self, file: str, records: bytes) -> None:
        """Records behind those before."""
        if records:
            self._put(file, records)

    def close(self, file: str) -> None:
        """Nothing more comes for this file."""
        self._put(file, b"")

    def note(self, line: Line) -> None:
        """A line for the journal, which is on the disk before anything that follows."""
        if not self.broken:
            self._lines.append(line)
        self._put(JOURNAL, line.model_dump_json().encode() + b"\n")

    async def finish(self) -> None:
        """Everything is written and closed, with the manifest last. Idempotent."""
        self._finishing = True
        self._wake.set()
        await asyncio.shield(self._task)

    def _put(self, file: str, data: bytes) -> None:
        if self.broken or self._finishing:
            return
        self._waiting.append((file, data))
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MOST_WAITING:
            self._fail(SLOW)
        self._wake.set()

    def _fail(self, reason: str) -> None:
        if not self.broken:
            self.broken = True
            self._failed(reason)

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
                await asyncio.to_thread(self._write, waiting)
                if self._finishing and not self._waiting:
                    break
            await asyncio.to_thread(self._end)
        except OSError as error:
            await asyncio.to_thread(self._close_all)
            self._fail(FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else BROKEN)

    # In the thread

    def _write(self, waiting: list[Append]) -> None:
        if shutil.disk_usage(self._folder).free < self._free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        noted = False
        for name, data in waiting:
            if not data:
                if name in self._files:
                    with self._files.pop(name) as file:
                        _sync(file)
                continue
            file = self._files.get(name) or self._open(name)
            file.write(data)
            noted |= name == JOURNAL
        if noted:
            _sync(self._files[JOURNAL])
        if self._clock.monotonic() - self._synced_at >= SYNC_S:
            self._synced_at = self._clock.monotonic()
            for file in self._files.values():
                _sync(file)

    def _open(self, name: str) -> BinaryIO:
        # Without a buffer of our own: what is written survives the process.
        self._files[name] = file = (self._folder / name).open("ab", buffering=0)
        return file

    def _end(self) -> None:
        for file in self._files.values():
            _sync(file)
        self._close_all()
        write_manifest(self._folder, manifest_of(self._lines, self._folder))

    def _close_all(self) -> None:
        with ExitStack() as closing:
            for file in self._files.values():
                closing.callback(file.close)
            self._files.clear()


def _sync(file: BinaryIO) -> None:
    os.fdatasync(file.fileno())
