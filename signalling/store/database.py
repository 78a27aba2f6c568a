"""The connection to the database: transactions that read or write, migrations at the start, health."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from signalling.beat import beat
from signalling.file_signature import FileSignature, signature
from signalling.store.migrate import current_revision, upgrade
from signalling.store.settings import StoreSettings

Session = AsyncSession
PING_INTERVAL_S = 15.0
WAL_RETRY_S = 0.01
log = structlog.get_logger(__name__)


class StoreError(OSError):
    """The database cannot be opened; the text says why and never repeats a password."""


class Database:
    """Belongs to one event loop. A transaction is `async with database.write() as session:`; it commits at its end, or
    changes nothing when an exception leaves it."""

    def __init__(self, settings: StoreSettings, data: Path) -> None:
        self.address = settings.address(data)
        self._sqlite = self.address.get_backend_name() == "sqlite"
        self._settings = settings
        self._writing = asyncio.Lock()
        self._engine: AsyncEngine | None = None
        self.healthy = False
        """The last use of the database went well."""
        self._has_answered = False
        """Since `watch` has looked last."""

    async def open(self) -> None:
        """Connects, and brings the tables up to date. Raises `StoreError`."""
        try:
            if self._sqlite:
                self._own_file()
                await asyncio.to_thread(_use_wal, self.address.database or "", self._settings.busy_s)
            self._engine = self._connect()
            self._read = async_sessionmaker(self._engine, expire_on_commit=False)
            writer = self._engine.execution_options(writes=True)
            self._write = async_sessionmaker(writer, expire_on_commit=False)
            async with writer.begin() as connection:
                await connection.run_sync(upgrade)
        except (OSError, SQLAlchemyError, sqlite3.Error) as error:
            await self.close()
            raise StoreError(f"database {self}: {_reason(error)}") from error
        self.healthy = True

    async def revision(self) -> str | None:
        """The last migration of a database that is not open, None when there is none. Changes nothing. Raises
        `StoreError`."""
        if self._sqlite and not await asyncio.to_thread(Path(self.address.database or "").exists):
            return None
        engine = self._connect()
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(current_revision)
        except (OSError, SQLAlchemyError) as error:
            raise StoreError(f"database {self}: {_reason(error)}") from error
        finally:
            await engine.dispose()

    async def close(self) -> None:
        """Idempotent."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """One consistent view for reading."""
        async with self._observed(), self._read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """A transaction that changes something; with SQLite one at a time."""
        async with self._observed():
            if self._sqlite:
                async with self._writing, self._write.begin() as session:
                    yield session
            else:
                async with self._write.begin() as session:
                    yield session

    async def watch(self) -> None:
        """Asks the database now and then when nobody uses it, so that `healthy` is true even then. Ends when
        cancelled."""
        while True:
            self._has_answered = False
            await beat(PING_INTERVAL_S)
            if not self._has_answered:
                await self.ping()

    async def ping(self) -> None:
        """Sets `healthy`."""
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except (OSError, SQLAlchemyError) as error:
            self.healthy = False
            log.error("the database does not answer", reason=_reason(error))

    def __str__(self) -> str:
        return self.address.render_as_string(hide_password=True)

    @asynccontextmanager
    async def _observed(self) -> AsyncIterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, OSError):
            self.healthy = False
            raise
        self.healthy = self._has_answered = True

    def signature(self) -> tuple[FileSignature, ...] | None:
        """Of its files: another one after each transaction that has changed something, of any process, as
        `file_signature` says. None: it is not in files of this machine."""
        if not self._sqlite:
            return None
        files = (signature(Path((self.address.database or "") + end)) for end in ("", "-wal"))
        return tuple(found for found in files if found is not None) or None

    def _own_file(self) -> None:
        # For its owner only, and so are the files that SQLite puts beside it.
        if (name := self.address.database) and name != ":memory:":
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    def _connect(self) -> AsyncEngine:
        settings = self._settings
        options: dict[str, Any] = {"pool_size": settings.connections, "pool_timeout": settings.busy_s}
        if self._sqlite:
            options["connect_args"] = {"timeout": settings.busy_s, "factory": _SqliteConnection}
        else:
            milliseconds = str(int(settings.busy_s * 1000))
            options["connect_args"] = {"server_settings": {"lock_timeout": milliseconds, "TimeZone": "UTC"}}
            options["pool_pre_ping"] = True
        engine = create_async_engine(self.address, max_overflow=0, **options)
        if self._sqlite:
            event.listen(engine.sync_engine, "connect", _configure_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine


class _SqliteConnection(sqlite3.Connection):
    """What a cancelled task leaves is closed while a cursor may still be there; SQLite then keeps the connection, and
    the lock of its transaction, as long as the cursor."""

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


def _use_wal(path: str, busy_s: float) -> None:
    """Once for the file. Of servers that start at once some are told that it is locked without having waited, as each
    waits for what the other holds."""
    end = time.monotonic() + busy_s
    with closing(sqlite3.connect(path, timeout=busy_s)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                is_busy = (
                    error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                )  # whatever the extended code adds
                if not is_busy or time.monotonic() >= end:
                    raise
                time.sleep(WAL_RETRY_S)


def _configure_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite`, not in the driver
    cursor = connection.cursor()
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that first reads and then writes fails at once when another one has written in between, however
    # long it would wait: so one that writes takes its lock at the start.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).partition("\n")[0] or type(cause).__name__
