"""What happens in calls of lessons is written down: presences, chat, what hosts do."""

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signalling.call import CallEvent, PresenceRecord
from signalling.call.chat import ChatMessage
from signalling.lesson_records import DatabaseChat
from signalling.school.attendance import AT_ONCE
from signalling.school.words import Role
from signalling.store.types import new_id
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.served import Served


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Served(tmp_path).running() as served:
        yield await Scene(await Site(served).start()).start()


def present(scene: Scene, person: str, name: str, begin: float, end: float) -> None:
    """A presence ends; times are minutes from now."""
    now = scene.served.clock.time()
    record = PresenceRecord(
        new_id(), scene.room, person, name, now + 60 * begin, now + 60 * end, 60 * (end - begin) - 6
    )
    for listener in scene.served.server.calls.presence_listeners:
        listener(record)


async def journal(scene: Scene, by: Browser, kind: str = "") -> Any:
    days = {"after": scene.now(-60), "before": scene.now(60)}
    await scene.served.server.records.settle()
    return await by.get(scene.site.of(f"attendance{kind}"), params=days)


async def test_presences_of_a_person_are_one_line(scene: Scene) -> None:
    family = f"family:{scene.family}"
    present(scene, family, "Petrov", 0, 5)
    present(scene, family, "Petrov", 6, 20)
    present(scene, "guest:x", "=Grandma", 1, 2)
    rows = (await journal(scene, scene.anna))["rows"]
    assert [(row["name"], row["joins"], row["received_s"]) for row in rows] == [
        ("=Grandma", 1, 54),
        ("Petrov", 2, 5 * 60 + 14 * 60 - 12),
    ]
    assert rows[1]["title"] == "Maths" and rows[1]["person"] == family
    assert (await scene.anna.get(f"/api/schedule/{scene.lesson}/attendance"))["rows"] == rows
    one = await scene.anna.get(
        f"/api/schedule/{scene.lesson}/attendance", params={"starts_at": rows[0]["starts_at"]}
    )
    assert one["rows"] == rows


async def test_an_audience_that_goes_at_once_is_written_in_few_transactions(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    attendance = scene.served.server.school.attendance
    keep, parts = attendance.keep, list[int]()

    async def counted(records: Any) -> None:
        parts.append(len(records))
        if len(parts) == 2:
            raise OSError("the disk is full for a moment")
        await keep(records)

    monkeypatch.setattr(attendance, "keep", counted)
    await scene.served.server.records.settle()
    for number in range(2 * AT_ONCE + 7):
        present(scene, f"family:{number}", f"Family {number}", 0, 5)
    await scene.served.server.records.settle()
    assert parts == [AT_ONCE, AT_ONCE, 7]
    present(scene, "guest:x", "Grandma", 1, 2)
    rows = (await journal(scene, scene.anna))["rows"]
    assert len(rows) == AT_ONCE + 7 + 1, "one part was not written, the others were"


async def test_the_journal_of_one_group(scene: Scene) -> None:
    present(scene, "guest:x", "Grandma", 1, 2)
    (row,) = (await journal(scene, scene.anna))["rows"]
    days = {"after": scene.now(-60), "before": scene.now(60)}
    for group, rows in ((row["groups"][0], [row]), ("0" * 32, [])):
        found = await scene.anna.get(scene.site.of("attendance"), params=days | {"group": group})
        assert found["rows"] == rows


async def test_who_is_there_now(scene: Scene) -> None:
    path = f"/api/schedule/{scene.lesson}/attendance/now"
    assert await scene.anna.get(path) == {"rows": []}
    await scene.anna.post(f"/api/schedule/{scene.lesson}/join", {})
    book, now = scene.served.server.calls.books[scene.room], scene.served.clock.time()
    book.came("d1", "family:1", "Petrov", now)
    book.came("d2", "family:2", "Kim", now)
    scene.served.clock.advance(60)
    book.left("d2", now + 30)
    found = (await scene.anna.get(path))["rows"]
    assert [(row["name"], row["here"], row["joins"]) for row in found] == [
        ("Petrov", True, 1),
        ("Kim", False, 1),
    ]
    boris = await scene.site.add("boris", Role.TEACHER)
    await boris.get(path)
    assert boris.refusal() == (403, "DENIED")


async def test_files(scene: Scene) -> None:
    present(scene, "guest:x", "=Grandma", 1, 2)
    text = await journal(scene, scene.anna, ".csv")
    assert "'=Grandma" in text and text.startswith("lesson,starts_at,name")
    async with scene.served.http.get(
        scene.site.of("attendance.xlsx"),
        params={"after": scene.now(-60), "before": scene.now(60)},
        headers={"Cookie": f"polyana={scene.anna.cookies['polyana']}"},
    ) as response:
        book = zipfile.ZipFile(io.BytesIO(await response.read()))
    assert "=Grandma" in book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode(), "no formula"


async def test_who_reads_the_journal(scene: Scene) -> None:
    present(scene, "guest:x", "Grandma", 1, 2)
    boris = await scene.site.add("boris", Role.TEACHER)
    assert len((await journal(scene, scene.site.head))["rows"]) == 1
    assert (await journal(scene, boris))["rows"] == []
    await boris.get(f"/api/schedule/{scene.lesson}/attendance")
    assert boris.refusal() == (403, "DENIED")


async def test_rooms_of_no_lesson_are_left_out(scene: Scene) -> None:
    for room in ("maths", "x" * 40, "0" * 32 + "-20260101T1000", "0" * 32 + "-nonsense"):
        scene.room = room
        present(scene, "guest:x", "Grandma", 1, 2)
    assert (await journal(scene, scene.site.head))["rows"] == []


async def test_what_hosts_do_is_in_the_audit_log(scene: Scene) -> None:
    me = (await scene.anna.get("/api/me"))["id"]
    for action in ("remove", "raise_hand", "extend"):
        event = CallEvent(1.0, scene.room, f"staff:{me}:device", action, "family:1", {"minutes": 5})
        for listener in scene.served.server.calls.listeners:
            listener(event)
    await scene.served.server.records.settle()
    entries = (await scene.site.head.get(scene.site.of("audit"), params={"limit": "2"}))["entries"]
    assert [(entry["action"], entry["actor_name"]) for entry in entries] == [
        ("call_extend", "Anna"),
        ("call_remove", "Anna"),
    ]
    assert entries[1]["details"]["whom"] == "family:1" and entries[1]["target"] == f"lesson:{scene.lesson}"


async def test_chat_is_kept(scene: Scene) -> None:
    chat = DatabaseChat(scene.served.server.school)
    for number in range(3):
        await chat.add(
            "room",
            ChatMessage(f"{number:032x}", 1000.5 + number, "guest:x", "Anna", "", "Привет", "hosts", "main"),
        )
    kept = await chat.recent("room", 2)
    assert [(message.at, message.to) for message in kept] == [(1001.5, "hosts"), (1002.5, "hosts")]
    assert await chat.delete("room", kept[0].id) and not await chat.delete("room", kept[0].id)
    assert not await chat.delete("other", kept[1].id)
    assert len(await chat.recent("room", 9)) == 2 and await chat.recent("other", 9) == []
