"""The queue on disk: what has not arrived yet outlives a restart, and a crash."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

import aiosqlite
import structlog

from signalling.webhooks.schedule import Entry

#: Raised when the layout of the table changes; another one begins anew.
VERSION = 1
TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    key TEXT NOT NULL,
    event TEXT NOT NULL,
    event_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    body TEXT NOT NULL
)
"""


class Store:
    """SQLite in WAL mode: a commit survives the end of the process at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None
        self._writing = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    async def open(self) -> list[Entry]:
        """What is in it, oldest first. A damaged file is put aside. Raises `OSError` or `sqlite3.Error`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return await self._open()
        except sqlite3.DatabaseError as error:
            await self.close()
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked, full or not readable: nothing is wrong with the content
            aside = self._path.with_suffix(".damaged")
            self._path.replace(aside)
            for end in ("-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            self._log.error("the queue of webhooks was damaged", reason=str(error), kept_as=str(aside))
            return await self._open()

    async def insert(self, entries: Iterable[Entry]) -> None:
        """Raises `sqlite3.Error`."""
        rows = [(e.number, e.url, e.key, e.event, e.event_id, e.created_at, e.body) for e in entries]
        await self._write("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    async def delete(self, entries: Collection[Entry]) -> None:
        """Raises `sqlite3.Error`."""
        await self._write("DELETE FROM entries WHERE number = ?", [(entry.number,) for entry in entries])

    async def close(self) -> None:
        """Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        # One transaction at a time, and its cursor closed on the thread of the connection: a cursor that is collected
        # on another thread resets a statement that may be at work for somebody else.
        async with self._writing:
            try:
                async with self._database.executemany(statement, rows):
                    pass
                await self._database.commit()
            except sqlite3.Error:
                await self._database.rollback()
                raise

    @property
    def _database(self) -> aiosqlite.Connection:
        assert self._connection is not None, "opened before use"
        return self._connection

    async def _open(self) -> list[Entry]:
        # Names of participants are in it: for its owner only, and so are the files that SQLite puts beside it.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = await aiosqlite.connect(self._path)
        await self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        async with self._connection.execute("PRAGMA user_version") as cursor:
            (version,) = await cursor.fetchone() or (0,)
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"version {version}")
        await self._connection.executescript(f"{TABLE}; PRAGMA user_version = {VERSION};")
        async with self._connection.execute("SELECT * FROM entries ORDER BY number") as cursor:
            return [Entry(*row) for row in await cursor.fetchall()]
