"""The database: migrations, transactions, health; the same on both engines."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from signalling.store import Database, StoreError, StoreSettings
from signalling.store.tables import AuditEntry, AuditHead, Base, Group, Organisation
from signalling.store.types import moment

NOW = datetime(2026, 11, 28, 17, tzinfo=UTC)


def kindergarten(name: str = "Поляна", at: datetime = NOW) -> Organisation:
    return Organisation(name=name, time_zone="Europe/Moscow", created_at=at)


async def names(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(Organisation.name).order_by(Organisation.name)))


async def test_migrations_make_what_the_classes_say(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with database.read() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_a_second_start_keeps_everything(database: Database, store_url: str, tmp_path: Path) -> None:
    async with database.write() as session:
        session.add(kindergarten())
    await database.close()
    again = Database(StoreSettings(url=store_url), tmp_path)
    await again.open()
    assert await names(again) == ["Поляна"] and again.healthy
    await again.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_servers_that_start_at_once(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """On a database without tables."""
    url = f"sqlite:///{tmp_path}/school.db"
    if engine == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        connection = await asyncpg.connect(f"{server}/postgres")
        await connection.execute("CREATE DATABASE bare")
        await connection.close()
        url = f"{server}/bare"
    several = [Database(StoreSettings(url=url), tmp_path) for _ in range(4)]
    await asyncio.gather(*(one.open() for one in several))
    assert await names(several[0]) == []
    for one in several:
        await one.close()


async def test_who_is_told_at_once_that_the_file_is_locked_tries_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As SQLite tells one of two that start at once, however long it would wait."""
    refused = []

    class Locked(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if "journal_mode" in sql and not refused:
                refused.append(sql)
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error
            return super().execute(sql, *values)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{"factory": Locked} | k))
    database = Database(StoreSettings(), tmp_path)
    await database.open()
    async with database.read() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
    assert refused
    await database.close()


async def test_what_is_no_lock_is_told_without_trying_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def sleep(seconds: float) -> None:
        raise AssertionError("it tries again")

    clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=sleep)
    monkeypatch.setattr("signalling.store.database.time", clock)
    (tmp_path / "school.db-journal").mkdir()
    with pytest.raises(StoreError, match="unable to open"):
        await Database(StoreSettings(url=f"sqlite:///{tmp_path}/school.db"), tmp_path).open()


async def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "school.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        await Database(StoreSettings(url=f"sqlite:///{tmp_path}/school.db"), tmp_path).open()


async def test_a_database_of_a_newer_version_is_left_alone(
    database: Database, store_url: str, tmp_path: Path
) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        await Database(StoreSettings(url=store_url), tmp_path).open()


async def test_what_fails_changes_nothing(database: Database) -> None:
    group = Group(organisation_id="nobody", name="a", age="3-4", created_at=NOW)
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add_all([kindergarten(), group])
    assert await names(database) == [] and database.healthy


async def test_a_moment_keeps_its_instant(database: Database) -> None:
    there = timezone(timedelta(hours=3))
    at = datetime(2026, 11, 28, 20, 0, 0, 123456, there)
    async with database.write() as session:
        session.add(kindergarten(at=at))
    async with database.read() as session:
        found = await session.scalar(select(Organisation.created_at))
    assert found == at and found.tzinfo is UTC and found.microsecond == 123456


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as session:
        session.add(kindergarten("new"))
        await session.flush()
        async with asyncio.timeout(1):
            assert await names(database) == []
    assert await names(database) == ["new"]


async def test_many_writers_lose_nothing(database: Database) -> None:
    async def count() -> None:
        async with database.write() as session:
            head = (await session.execute(select(AuditHead).with_for_update())).scalar_one()
            head.number += 1

    await asyncio.gather(*(count() for _ in range(20)))
    async with database.read() as session:
        assert await session.scalar(select(AuditHead.number)) == 20


async def test_a_cancelled_task_leaves_no_lock(store_url: str, tmp_path: Path) -> None:
    """Wherever in its transaction it is; a cursor that is not read to its end kept the connection and its lock."""
    database = Database(StoreSettings(url=store_url, busy_s=0.5), tmp_path)
    await database.open()

    async def count() -> None:
        async with database.write() as session:
            await session.execute(select(AuditHead.number))
            await session.execute(update(AuditHead).values(number=AuditHead.number + 1))
            await session.execute(select(AuditHead.number))

    async def look() -> None:
        while True:
            await names(database)

    readers = [asyncio.create_task(look()) for _ in range(2)]
    for steps in [steps for steps in range(1, 60) for _ in range(4)]:
        task = asyncio.create_task(count())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await count()
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    await database.close()


async def test_the_audit_log_is_append_only(database: Database) -> None:
    async with database.write() as session:
        entry = AuditEntry(
            number=1, at=NOW, actor="console", action="a", target="", details="{}", hash="0" * 64
        )
        session.add(entry)
    for statement in ("UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as session:
                await session.execute(text(statement))
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AuditEntry)) == 1


async def test_health_follows_the_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OSError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(database, "_read", lost)
        await database.ping()
        assert not database.healthy
    await database.ping()
    assert database.healthy


async def test_who_uses_it_is_an_answer_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pings: list[int] = []
    beats = 0

    async def beat(interval_s: float) -> float:
        """The database is used between the first and the second."""
        nonlocal beats
        beats += 1
        if beats == 2:
            assert await names(database) == []
        if beats == 4:
            raise asyncio.CancelledError
        return 0.0

    async def ping() -> None:
        pings.append(beats)

    monkeypatch.setattr("signalling.store.database.beat", beat)
    monkeypatch.setattr(database, "ping", ping)
    with pytest.raises(asyncio.CancelledError):
        await database.watch()
    assert pings == [1, 3]


def test_the_files_tell_of_a_change_by_anybody(tmp_path: Path) -> None:
    async def changes() -> None:
        mine, other = (Database(StoreSettings(), tmp_path) for _ in range(2))
        await mine.open()
        await other.open()
        before = mine.signature()
        assert before is not None and await names(mine) == await names(other) == []
        assert mine.signature() == before, "reading changes nothing"
        for database in (other, mine):
            async with database.write() as session:
                session.add(kindergarten())
            before, last = mine.signature(), before
            assert before != last
        await mine.close()
        await other.close()

    asyncio.run(changes())


def test_of_a_server_that_is_elsewhere_no_file_tells(tmp_path: Path) -> None:
    assert (
        Database(StoreSettings(url="postgresql://school:hidden@127.0.0.1:1/school"), tmp_path).signature()
        is None
    )


def test_the_file_is_for_its_owner(tmp_path: Path) -> None:
    async def made() -> None:
        database = Database(StoreSettings(), tmp_path / "new")
        await database.open()
        assert await names(database) == []
        await database.close()

    asyncio.run(made())
    assert (tmp_path / "new" / "polyana.db").stat().st_mode & 0o777 == 0o600


async def test_a_password_is_never_told() -> None:
    database = Database(StoreSettings(url="postgresql://school:hidden@127.0.0.1:1/school"), Path())
    with pytest.raises(StoreError) as raised:
        await database.open()
    assert "hidden" not in str(raised.value) + repr(StoreSettings(url="postgresql://a:hidden@b/c"))


@pytest.mark.parametrize("url", ["nonsense", "mysql://a/b", "://"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"no URL|not supported"):
        StoreSettings(url=url)


@settings(derandomize=True)
@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_moments_are_utc(seconds: int) -> None:
    assert moment(seconds).timestamp() == seconds and moment(seconds).tzinfo is UTC
