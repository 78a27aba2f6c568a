"""Calls of lessons after a restart, and what the console does while the server runs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from signalling.school.elsewhere import Elsewhere
from signalling.school.words import Role
from signalling.store.tables import Membership, Organisation
from tests.signalling.school.api.browser import Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.served import Served


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Served(tmp_path).running() as served:
        yield await Scene(await Site(served).start()).start()


async def test_lessons_that_are_on_go_on_after_a_restart(scene: Scene) -> None:
    server = scene.served.server
    await scene.plan(scene.anna, title="Later", groups=[scene.group], starts_at=scene.now(60))
    server.calls.calls.clear()
    await server.lesson_calls.reopen()
    assert list(server.calls.calls) == [scene.room]
    settings = server.calls.calls[scene.room].state.settings
    assert settings.limit_minutes == 20 and [one.name for one in settings.expected] == ["Petrov"]


async def test_a_role_that_the_console_revokes_ends_in_running_calls(scene: Scene) -> None:
    server = scene.served.server
    elsewhere = Elsewhere(server.school.context)
    await elsewhere.start()
    ticket = await scene.anna.post(f"/api/schedule/{scene.lesson}/join", {})
    person = (await scene.anna.get("/api/me"))["id"]
    # As another process does it: its own services on the same database, whose events nobody here hears.
    other = type(server.school)(
        server.database,
        scene.served.clock,
        b"k" * 32,
        server.settings.school,
        server.school.context.passwords,
    )
    async with server.database.read() as session:
        query = select(Membership.id).where(Membership.person_id == person, Membership.role == Role.TEACHER)
        membership = (await session.scalars(query)).one()
    await other.roles.revoke(None, membership)
    assert ticket["role"] == "host"
    call = server.calls.calls[scene.room]
    assert f"staff:{person}" not in call.state.revoked
    await elsewhere.look()
    assert f"staff:{person}" in call.state.revoked


async def test_nobody_is_asked_about_a_database_that_nobody_has_written_to(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = scene.served.server.database
    elsewhere = Elsewhere(scene.served.server.school.context)
    await elsewhere.start()
    asked: list[bool] = []
    read = database.read
    monkeypatch.setattr(database, "read", lambda: (asked.append(True), read())[1])

    async def looks(times: int) -> int:
        asked.clear()
        for _ in range(times):
            await elsewhere.look()
        return len(asked)

    assert await looks(5) == 2, "files that are the same twice"
    async with database.write() as session:
        session.add(Organisation(name="Луг", time_zone="Europe/Moscow", created_at=datetime.now(UTC)))
    assert await looks(5) == 2


async def test_a_look_that_failed_is_made_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere(scene.served.server.school.context)
    await elsewhere.start()

    def lost() -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(scene.served.server.database, "read", lost)
    for _ in range(5):
        with pytest.raises(OSError, match="refused"):
            await elsewhere.look()
