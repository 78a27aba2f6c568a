"""The audit log: a chain that shows what was changed, left out or cut off."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from signalling.school import audit
from signalling.school.audit import Fault
from signalling.store import Database
from tests.signalling.school.kindergarten import Kindergarten

NOW = datetime(2026, 11, 28, 17, tzinfo=UTC)


async def write(database: Database, number: int) -> None:
    for n in range(number):
        async with database.write() as session:
            await audit.record(session, NOW, audit.CONSOLE, "tried", f"thing:{n}", why="я", n=n)


async def verified(database: Database) -> tuple[int, Fault | None]:
    async with database.read() as session:
        return await audit.verify(session)


async def test_a_chain_in_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 3)
    assert await verified(database) == (0, None)
    for length in (1, 3, 7):
        await write(database, length)
    assert await verified(database) == (11, None)


async def test_what_did_not_happen_is_not_in_the_log(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            await audit.record(session, NOW, audit.CONSOLE, "tried")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await write(database, 1)
    assert await verified(database) == (1, None)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE audit_entries SET actor = 'x' WHERE number = 3", (2, 3)),
        ("UPDATE audit_entries SET details = '{}' WHERE number = 1", (0, 1)),
        ("UPDATE audit_entries SET at = '2020-01-01 00:00:00' WHERE number = 5", (4, 5)),
        ("DELETE FROM audit_entries WHERE number = 2", (1, 2)),
        ("DELETE FROM audit_entries WHERE number = 5", (4, 5)),
        ("UPDATE audit_entries SET hash = substr(hash, 2) || 'f' WHERE number = 4", (3, 4)),
    ],
)
async def test_damage_is_found(database: Database, damage: str, found: tuple[int, int]) -> None:
    await write(database, 5)
    async with database.write() as session:
        if database.address.get_backend_name() == "sqlite":
            for event in ("update", "delete"):
                await session.execute(text(f"DROP TRIGGER audit_entries_no_{event}"))
        else:
            await session.execute(text("DROP TRIGGER audit_entries_append_only ON audit_entries"))
        await session.execute(text(damage))
    count, fault = await verified(database)
    assert fault is not None and (count, fault.number) == found


async def test_the_school_writes_what_it_does(kindergarten: Kindergarten) -> None:
    await kindergarten.sign_in("head")
    assert await kindergarten.actions() == ["organisation_made", "role_confirmed", "signed_in"]
    assert (await verified(kindergarten.database))[1] is None
