import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from signalling.store import Database, StoreSettings
from tests.signalling.served import Served
from tests.signalling.store import migrated, postgresql


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with Served(tmp_path).running() as running:
        yield running


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    if postgresql.programs() is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with postgresql.cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of each engine, with all tables and nothing in them."""
    if request.param == "sqlite":
        path = tmp_path / "school.db"
        await asyncio.to_thread(migrated.sqlite, path)
        yield f"sqlite:///{path}"
        return
    async with migrated.postgresql(request.getfixturevalue("postgresql_url")) as url:
        yield url


@pytest.fixture
async def database(store_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(StoreSettings(url=store_url, busy_s=2), tmp_path)
    await made.open()
    yield made
    await made.close()
