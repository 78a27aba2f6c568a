"""A lesson is recorded: with the consent of all, without the family's picture and sound, and its film is there soon."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from livekit import rtc

from .call_client import CallRoom
from .school_site import HEADERS, Account, school_site
from .server import running_server

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(120)]
RECORDED_S = 3.0
READY_S = 60.0


async def recorded(teacher: Account, lesson: str, state: str) -> dict[str, Any]:
    """The only recording of a lesson, when it is so far."""
    until = time.monotonic() + READY_S
    while True:
        (one,) = (await teacher.ask("GET", f"/api/schedule/{lesson}/recordings"))["recordings"]
        if one["state"] == state:
            return dict(one)
        assert one["state"] != "failed" and time.monotonic() < until, one
        await asyncio.sleep(0.2)


def identities(data: Path) -> set[str]:
    """Of whom there are tracks on the disk."""
    (journal,) = data.glob("recordings/*/journal.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return {line["identity"] for line in lines if "identity" in line}


async def test_a_lesson_is_recorded(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path, POLYANA_HTTP__REQUEST_BURST="10000"))
        site = await stack.enter_async_context(school_site(server))
        await site.head.ask("PATCH", f"/api/organisations/{site.organisation}", {"recording": True})
        teacher = await site.teacher("Мария Ивановна", "maria@example.org")
        planned = await site.plan(
            teacher, "Лес", groups=[await site.group("Ёлочка", teacher)], recording=True
        )
        lesson, me = planned["lesson"]["id"], (await teacher.ask("GET", "/api/me"))["id"]
        await teacher.ask("POST", f"/api/schedule/{lesson}/join", {})
        http = await stack.enter_async_context(aiohttp.ClientSession())
        call = CallRoom(server, planned["room"], http)
        await stack.enter_async_context(call.person("t", f"staff:{me}:laptop", "host"))
        await stack.enter_async_context(call.person("f", "family:1:phone", "family"))
        for person in call.people.values():
            await person.speak()
            await person.show(rtc.TrackSource.SOURCE_CAMERA)
        await call.command("t", "recording_ask")
        await call.until("f", lambda told: told["recording"]["you"]["asked"], "asked")
        assert not list((tmp_path / "data").glob("recordings/*"))
        await call.command("f", "recording_consent", agreed=True)
        await call.until("f", lambda told: told["recording"]["state"] == "running", "told of it")
        await asyncio.sleep(RECORDED_S)  # what is recorded
        assert identities(tmp_path / "data") == {f"staff:{me}:laptop"}
        await call.command("t", "recording_stop")
        done = await recorded(teacher, lesson, "ready")
        assert [one["person"] for one in done["consents"]] == [f"staff:{me}", "family:1"]
        assert done["started_by"]["id"] == me
        # A busy machine may take its time between the commands, too.
        assert RECORDED_S - 1.5 < done["duration_s"] < RECORDED_S + READY_S

        url = f"{server.http}/api/recordings/{done['id']}/file"
        async with teacher.http.get(url, headers=HEADERS) as answer:
            film = tmp_path / "film.mp4"
            film.write_bytes(await answer.read())
            assert answer.status == 200 and film.stat().st_size == done["size"]
        with av.open(str(film)) as container:
            kinds = {stream.type for stream in container.streams}
            pictures = sum(1 for _ in container.decode(video=0))
        assert kinds == {"audio", "video"} and pictures > 25 * (RECORDED_S - 1.5)
        async with http.get(url, headers=HEADERS) as answer:
            assert answer.status == 401, "a family has no account, and gets none of it"
        (folder,) = (tmp_path / "data" / "recordings").iterdir()
        assert [path.name for path in folder.iterdir()] == ["recording.mp4"]
        gone = await teacher.ask("DELETE", f"/api/recordings/{done['id']}")
        assert gone["state"] == "deleted" and not list((tmp_path / "data" / "recordings").iterdir())
