"""Databases that have all tables and nothing in them. Migrations run once for an engine: to copy what they made takes a
tenth of their time."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from signalling.store import Database, StoreSettings

#: Of PostgreSQL: the database that is copied.
TEMPLATE = "migrated"


def sqlite(path: Path) -> None:
    """Where no file is. Not in a thread that runs an event loop."""
    content = _sqlite_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600, exist_ok=False)
    path.write_bytes(content)


@asynccontextmanager
async def postgresql(server: str) -> AsyncIterator[str]:
    """On this server, until the end of the block."""
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            await connection.execute(f"CREATE DATABASE {TEMPLATE}")
            await _migrate(StoreSettings(url=f"{server}/{TEMPLATE}"), Path())
        name = f"test_{uuid.uuid4().hex}"
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield f"{server}/{name}"
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@cache
def _sqlite_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        asyncio.run(_migrate(StoreSettings(url=f"sqlite:///{path}"), path.parent))
        return path.read_bytes()


async def _migrate(settings: StoreSettings, data: Path) -> None:
    database = Database(settings, data)
    await database.open()
    await database.close()
