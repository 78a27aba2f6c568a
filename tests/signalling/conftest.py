import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from signalling.store import Database, StoreSettings
from tests.signalling.served import Served
from tests.signalling.store import postgresql


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
    """An empty database of each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/school.db"
        return
    server = request.getfixturevalue("postgresql_url")
    name = f"test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
async def database(store_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(StoreSettings(url=store_url, busy_s=2), tmp_path)
    await made.open()
    yield made
    await made.close()
