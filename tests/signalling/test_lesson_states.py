"""What a call of a lesson must not forget: another process has it again, with the attendance up to its last moments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signalling.call import CallEvent
from signalling.call.commands import COMMAND
from signalling.call.handlers import HANDLERS
from signalling.call.roles import CallRole, Power
from signalling.call.settings import Mode
from signalling.lesson_states import LessonStates
from signalling.rtc.revocations import Revocations
from signalling.store import Database
from signalling.store.tables import CallState
from tests.signalling.school.api.browser import Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.served import Served


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A call of the lesson is open."""
    async with Served(tmp_path).running() as served:
        scene = await Scene(await Site(served).start()).start()
        await served.server.lesson_calls.reopen()
        yield scene


async def crash(scene: Scene) -> None:
    """All that is in memory is gone."""
    server = scene.served.server
    await server.lesson_states.save()
    server.calls.calls.clear()
    server.calls.books.clear()
    server.rtc.attendance.revocations = Revocations()
    await server.lesson_calls.reopen()


async def test_bans_locks_groups_and_the_time_outlive_the_server(scene: Scene) -> None:
    server, clock = scene.served.server, scene.served.clock
    call = server.calls.calls[scene.room]
    state = call.state
    for key in ("staff:1", "family:1", "family:2"):
        state.person(key, CallRole.HOST if key == "staff:1" else CallRole.FAMILY, key)
        state.entrance.admit(key)
    state.limit.begin(clock.monotonic())
    for one in (
        {"type": "set_lock", "locked": True},
        {"type": "set_mode", "mode": "webinar"},
        {"type": "mute_all"},
        {"type": "ban", "identity": "family:2"},
        {"type": "freeze", "identity": "family:1", "media": ["video"]},
        {"type": "direct", "identity": "family:1", "to": ["staff:1"]},
        {"type": "promote", "identity": "family:1"},
        {"type": "open_groups", "groups": [{"name": "Mice", "identities": ["family:1"]}]},
        {"type": "open_poll", "question": "?", "options": [{"text": "a"}, {"text": "b"}], "anonymous": True},
    ):
        command = COMMAND.validate_python(one)
        HANDLERS[command.type](call, "staff:1", command)
    state.polls["p1"].vote("family:1", [1])
    state.hands.up("family:5", clock.time())
    for listener in server.calls.listeners:
        listener(CallEvent(clock.time(), scene.room, "staff:1:a", "ban", "family:2"))
    server.rtc.attendance.revocations.revoke(scene.room, "family:2:phone", clock.time() + 1)
    server.rtc.attendance.revocations.revoke_all("family:3:", clock.time() + 1)
    call.revoke_role("staff:9")
    before = call.save()
    clock.advance(100)
    await crash(scene)

    again = server.calls.calls[scene.room]
    assert again is not call and again.save() == before
    state = again.state
    assert state.mode is Mode.WEBINAR and state.entrance.locked and state.entrance.blocked == {"family:2"}
    assert clock.monotonic() - (state.limit.began or 0) == pytest.approx(100)
    assert state.polls["p1"].refusal("family:1", [0]) == "ALREADY_VOTED"
    assert server.rtc.attendance.revocations.covers(scene.room, "family:2:phone", clock.time() - 100)
    assert server.rtc.attendance.revocations.covers("another", "family:3:x", clock.time() - 100)
    state.person("family:1", CallRole.FAMILY, "One")
    assert state.power("family:1") is Power.MEMBER and state.groups.place("family:1") == "g1"
    assert state.person("staff:9", CallRole.HOST, "Nine").role is CallRole.GUEST
    assert not state.forget_absent(clock.monotonic() + 29), "those who come back keep their hands up"
    assert state.forget_absent(clock.monotonic() + 31)


async def test_attendance_up_to_the_crash(scene: Scene) -> None:
    server, clock, family = scene.served.server, scene.served.clock, f"family:{scene.family}"
    book = server.calls.books[scene.room]
    book.came("PA_1", family, "Petrov", clock.time())
    for _ in range(60):
        clock.advance(1)
        book.sample({"PA_1": {"TR"}}, clock.time())
    await server.lesson_states.count()
    clock.advance(1)
    book.sample({"PA_1": {"TR"}}, clock.time())
    await server.lesson_states.count()
    await crash(scene)
    (row,) = server.calls.rows(scene.room)
    assert (row.person, row.name, row.here, row.joins) == (family, "Petrov", False, 1)
    assert row.received_s == row.present_s == 61
    server.calls.books[scene.room].came("PA_2", family, "Petrov", clock.time() + 4)
    clock.advance(14)
    server.calls.books[scene.room].left("PA_2", clock.time())
    await server.records.settle()
    (line,) = (await scene.anna.get(f"/api/schedule/{scene.lesson}/attendance"))["rows"]
    assert (line["joins"], line["received_s"]) == (2, 61)


async def test_screens_are_added_up_over_the_lessons_of_a_day(scene: Scene) -> None:
    server, clock = scene.served.server, scene.served.clock
    planned = await scene.plan(
        scene.anna, title="Tale", groups=[scene.group], age="5-6", starts_at=scene.now(1)
    )
    await server.lesson_calls.reopen()
    call = server.calls.calls[planned["room"]]
    assert {kind: limit.at_a_time_minutes for kind, limit in call.state.screen_time.limits.items()} == {
        "film": 5,
        "board": 7,
    }
    call.count_screens({"board"}, 100)
    await server.lesson_states.count()
    call.count_screens({"board"}, 20)
    await crash(scene)  # what was not written down in its last moments is lost
    assert server.calls.calls[planned["room"]].state.screen_time.kinds["board"].today_s == 100
    other = await scene.plan(
        scene.anna, title="Later", groups=[scene.group], age="5-6", starts_at=scene.now(2)
    )
    await server.lesson_calls.reopen()
    assert server.calls.calls[other["room"]].state.screen_time.kinds["board"].today_s == 100
    clock.advance(24 * 3600)
    assert await server.school.screen_uses.today(planned["lesson"]["id"]) == {}


async def test_what_cannot_be_read_is_no_obstacle(scene: Scene) -> None:
    server = scene.served.server
    async with server.database.write() as session:
        session.add(
            CallState(
                room=scene.room, lesson_id=scene.lesson, saved_at=server.school.context.now(), content="{}"
            )
        )
    states = LessonStates(server.school, server.calls)
    assert await states.of(scene.room) == (None, [])


async def test_a_database_that_fails_for_a_moment_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = scene.served.server
    planned = await scene.plan(
        scene.anna, title="Tale", groups=[scene.group], age="5-6", starts_at=scene.now(1)
    )
    await server.lesson_calls.reopen()
    call, states = server.calls.calls[planned["room"]], server.lesson_states
    command = COMMAND.validate_python({"type": "set_lock", "locked": True})
    call.state.person("staff:1", CallRole.HOST, "staff:1")
    HANDLERS[command.type](call, "staff:1", command)
    call.count_screens({"board"}, 100)
    with monkeypatch.context() as broken:

        @asynccontextmanager
        async def fail(self: Database) -> AsyncIterator[None]:
            raise OSError("no space left")
            yield

        broken.setattr(Database, "write", fail)
        for write in states.count, states.save:
            with pytest.raises(OSError, match="no space"):
                await write()
    await states.count()
    await states.save()
    assert (await server.school.screen_uses.today(planned["lesson"]["id"]))["board"] == 100
    saved, _ = await states.of(planned["room"])
    assert saved is not None and saved.locked
