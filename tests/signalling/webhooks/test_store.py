"""The queue on disk."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from signalling.webhooks.store import Store
from tests.signalling.webhooks.webhook_fakes import entry


def modes_of(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_what_was_kept_is_there_again_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "queue.sqlite3")
    assert await store.open() == []
    await store.insert([entry(2), entry(1, key="Урок «5»")])
    await store.insert([entry(3)])
    await store.delete([entry(2)])
    await store.close()
    await store.close()
    assert await store.open() == [entry(1, key="Урок «5»"), entry(3)]
    await store.close()


async def test_it_is_for_its_owner_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "queue.sqlite3")
    await store.open()
    await store.insert([entry(1)])
    modes = modes_of(tmp_path)
    assert set(modes.values()) == {0o600} and "queue.sqlite3-wal" in modes
    await store.close()


@pytest.mark.parametrize("damage", [b"not a database, but long enough to be one" * 100, "another version"])
async def test_a_damaged_file_is_put_aside(tmp_path: Path, damage: bytes | str) -> None:
    path = tmp_path / "queue.sqlite3"
    if isinstance(damage, bytes):
        path.write_bytes(damage)
    else:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    store = Store(path)
    with capture_logs() as lines:
        assert await store.open() == []
    await store.insert([entry(1)])
    await store.close()
    assert [line["log_level"] for line in lines] == ["error"]
    assert path.with_suffix(".damaged").exists()
    assert await store.open() == [entry(1)]
    await store.close()


async def test_a_file_that_is_locked_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite3"
    path.mkdir()
    store = Store(path)
    with pytest.raises(OSError, match=r"queue\.sqlite3"):
        await store.open()
    assert path.is_dir()


async def test_many_at_the_same_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "queue.sqlite3")
    await store.open()
    entries = [entry(number) for number in range(500)]
    await asyncio.gather(*(store.insert([one]) for one in entries))
    await asyncio.gather(*(store.delete([one]) for one in entries[1:]))
    await store.close()
    assert await store.open() == entries[:1]
    await store.close()


async def test_a_write_that_fails_leaves_no_half_of_itself(tmp_path: Path) -> None:
    store = Store(tmp_path / "queue.sqlite3")
    await store.open()
    await store.insert([entry(2)])
    with pytest.raises(sqlite3.IntegrityError):
        await store.insert([entry(1), entry(2)])
    await store.insert([entry(3)])
    await store.close()
    assert await store.open() == [entry(2), entry(3)]
    await store.close()
