"""Recordings of lessons: a call says when, the disk gets it, the school knows of it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mediaserver.participant import RemovalReason
from mediaserver.room import Room
from signalling.call import CallSettings
from signalling.call.errors import CallError
from signalling.call.settings import RecordingRule
from signalling.call.taping import Wanted
from signalling.lesson_recordings import LessonRecordings
from signalling.recording_settings import RecordingSettings
from tests.signalling.call.call_fakes import CallWorld
from tests.signalling.rtc.rtc_fakes import Client
from tests.signalling.school.api.browser import Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.served import Served


class FakeRecorder:
    """Makes its folder, and remembers what it was asked to do."""

    def __init__(self, room: Room, folder: Path, *, wanted: Wanted, on_failed: Callable[[str], None]) -> None:
        self.room, self.folder, self.wanted, self.fail = room, folder, wanted, on_failed
        self.steps: list[str] = []

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        self.steps.append("start")

    def refresh(self) -> None:
        self.steps.append("refresh")

    async def stop(self) -> Path:
        self.steps.append("stop")
        return self.folder

    def takes(self, client: Client) -> bool:
        participant = client.participant
        return any(self.wanted(participant, track) for track in participant.publisher.tracks.values())


class Studio(CallWorld):
    """The call of a lesson on fakes of media, its school on a real database."""

    def __init__(self, scene: Scene, **settings: Any) -> None:
        super().__init__()
        self.scene, self.server = scene, scene.served.server
        self.call = self.service.open(scene.room, CallSettings(recording=RecordingRule.STAFF))
        self.recorders: list[FakeRecorder] = []
        limits = RecordingSettings(**{"min_free_bytes": 0, **settings})
        kept, records = self.server.recordings, self.server.records
        self.lessons = LessonRecordings(kept, records, limits, self.clock, self.make)
        self.service.recorders = self.lessons

    def make(self, *given: Any, **named: Any) -> FakeRecorder:
        self.recorders.append(FakeRecorder(*given, **named))
        return self.recorders[-1]

    async def on_air(self, identity: str, role: str = "family") -> Client:
        client = await self.come(identity, role, room=self.scene.room)
        await client.publish("audio", source=2)
        return client

    async def written(self) -> list[dict[str, Any]]:
        """Recordings as the API tells them, when all is written."""
        await self.lessons.settle()
        await self.server.records.settle()
        listed = await self.scene.anna.get(f"/api/schedule/{self.scene.lesson}/recordings")
        found: list[dict[str, Any]] = listed["recordings"]
        return found


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Served(tmp_path).running() as served:
        yield await Scene(await Site(served).start()).start()


@pytest.fixture
async def studio(scene: Scene) -> AsyncIterator[Studio]:
    made = Studio(scene)
    yield made
    await made.close()


async def code_of(studio: Studio, client: Client, kind: str, **fields: Any) -> str:
    with pytest.raises(CallError) as refused:
        await studio.command(client, kind, **fields)
    return refused.value.code


async def test_from_the_question_to_the_queue(studio: Studio) -> None:
    anna = (await studio.scene.anna.get("/api/me"))["id"]
    teacher, family = await studio.on_air(f"staff:{anna}:a", "host"), await studio.on_air("family:1:a")
    await studio.command(teacher, "recording_ask")
    assert not studio.recorders
    await studio.command(family, "recording_consent", agreed=True)
    (recorder,) = studio.recorders
    assert recorder.takes(teacher) and not recorder.takes(family)
    (told,) = await studio.written()
    assert (told["state"], told["started_by"]["name"], told["ended_at"]) == ("recording", "Anna", None)
    assert [(one["person"], one["agreed"]) for one in told["consents"]] == [
        (f"staff:{anna}", True),
        ("family:1", True),
    ]
    assert recorder.folder.name == told["id"]
    await studio.command(family, "recording_consent", agreed=False)
    assert recorder.steps[-1] == "refresh" and not recorder.takes(teacher)
    await studio.command(teacher, "recording_stop")
    (told,) = await studio.written()
    assert recorder.steps[-1] == "stop" and recorder.steps.count("stop") == 1
    assert told["state"] == "queued" and len(told["consents"]) == 3 and not told["consents"][2]["agreed"]
    assert told["started_at"] < told["ended_at"] < told["expires_at"]
    assert not studio.server.recordings.running
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    assert len(await studio.written()) == 2, "the next one is another one"


async def test_the_end_of_the_call_ends_it(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.command(teacher, "recording_ask")
    teacher.session.remove(RemovalReason.CLIENT_INITIATED)
    await studio.wait(61)
    (told,) = await studio.written()
    assert told["state"] == "queued" and told["started_by"] is None, "nobody of this school"
    assert studio.recorders[0].steps[-1] == "stop"


async def test_a_disk_that_fails_keeps_what_there_is(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.command(teacher, "recording_ask")
    studio.recorders[0].fail("disk_full")
    await studio.wait(0.2)
    assert studio.view(teacher)["recording"]["failure"] == "disk"
    (told,) = await studio.written()
    assert told["state"] == "queued" and studio.recorders[0].steps[-1] == "stop"


async def test_a_server_that_ends_ends_them(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.command(teacher, "recording_ask")
    await studio.lessons.close()
    (told,) = await studio.written()
    assert told["state"] == "queued" and studio.recorders[0].steps.count("stop") == 1
    await studio.command(teacher, "recording_stop")
    await studio.written()
    assert studio.recorders[0].steps.count("stop") == 1


async def test_limits_say_why(scene: Scene) -> None:
    full, off = Studio(scene, min_free_bytes=1 << 62), Studio(scene, enabled=False)
    for studio, code in ((full, "RECORDING_DISK"), (off, "RECORDING_OFF")):
        teacher = await studio.on_air("staff:1:a", "host")
        assert await code_of(studio, teacher, "recording_ask") == code
        await studio.close()
    busy = Studio(scene, max_running=1)
    teacher = await busy.on_air("staff:1:a", "host")
    await busy.command(teacher, "recording_ask")
    busy.service.open("maths", CallSettings(recording=RecordingRule.STAFF))
    other = busy.service.calls["maths"]
    host = await busy.come("staff:2:a", "host", room="maths")
    with pytest.raises(CallError) as refused:
        other.taping.ask(other.caller(host.participant.identity))
    assert refused.value.code == "RECORDING_OFF", "only lessons are recorded"
    await busy.command(teacher, "recording_stop")
    await busy.written()
    busy.server.recordings.running.add("another")
    assert await code_of(busy, teacher, "recording_ask") == "RECORDING_BUSY"
    await busy.close()
