"""Recordings of lessons: written down, composed one after the other, kept for a time, gone with their time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from signalling.library.pipeline.job import FailureCode
from signalling.library.pipeline.supervisor import PreparationFailed
from signalling.library.recording.seconds import FILM
from signalling.library.storage import FolderStorage
from signalling.school.door import Actor
from signalling.school.errors import Conflict, NotFound
from signalling.school.families import FamilyData
from signalling.school.lessons import LessonData
from signalling.school.recordings import Composed, Compositions, Recordings, RecordingView
from signalling.school.words import LessonKind, Programme, RecordingState, Role
from signalling.store import Database
from signalling.store.types import new_id
from tests.signalling.school.kindergarten import Kindergarten

#: The database is tested elsewhere.
pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


class Composer:
    """Fails as it is told, else makes a film."""

    def __init__(self) -> None:
        self.failures: list[FailureCode] = []
        self.folders: list[str] = []
        self.hold: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, folder: Path, tell: Callable[[float], None]) -> Composed:
        self.folders.append(folder.name)
        tell(0.5)
        if self.hold is not None:
            await self.hold()
        if self.failures:
            raise PreparationFailed(self.failures.pop(0), "as the test wants it")
        (folder / FILM).write_bytes(b"film")
        return Composed(12.5)


class Archive:
    """Recordings of one lesson of Anna's."""

    def __init__(self, kindergarten: Kindergarten, folder: Path) -> None:
        self.kindergarten, self.school = kindergarten, kindergarten.school
        self.clock = kindergarten.clock
        self.composer, self.storage = Composer(), FolderStorage(folder)
        self.served()

    def served(self) -> None:
        """As by a server that has just started."""
        context = self.school.context
        compositions = Compositions(context, self.storage, self.composer)
        self.recordings = Recordings(context, self.school.lessons, self.storage, compositions)

    async def start(self) -> "Archive":
        self.head = await self.kindergarten.actor("head")
        self.anna = await self.kindergarten.add("anna", Role.TEACHER)
        planned = LessonData(
            "Лес",
            LessonKind.WORKING_MEETING,
            Programme.BASIC,
            self.school.context.now(),
            20,
            host=self.anna.person,
        )
        view = await self.school.lessons.plan(self.head, self.kindergarten.organisation, planned)
        self.lesson, self.room = view.lesson.id, self.school.lessons.current(view).room
        return self

    async def begun(self) -> str:
        """A recording that runs, with something on the disk."""
        recording = new_id()
        folder = self.storage.folder(recording)
        (folder / "more").mkdir(parents=True)
        (folder / "0001.rtp").write_bytes(b"rtp")
        self.recordings.running.add(recording)
        await self.recordings.begin(recording, self.room, f"staff:{self.anna.person}", self.clock.time())
        return recording

    async def ended(self) -> str:
        recording = await self.begun()
        self.clock.advance(60)
        await self.recordings.end(recording, self.clock.time())
        return recording

    async def ready(self) -> str:
        recording = await self.ended()
        assert await self.recordings.compositions.step()
        return recording

    async def get(self, recording: str, by: Actor | None = None) -> RecordingView:
        return await self.recordings.get(by or self.anna, recording)

    def files(self, recording: str) -> list[str]:
        folder = self.storage.folder(recording)
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
async def archive(database: Database, tmp_path: Path) -> Archive:
    return await Archive(await Kindergarten(database).start(), tmp_path / "recordings").start()


async def test_from_the_call_to_a_film(archive: Archive) -> None:
    first = await archive.begun()
    await archive.recordings.answered(first, "family:1", "Petrov", True, archive.clock.time())
    await archive.recordings.answered(first, "family:1", "Petrov", False, archive.clock.time() + 5)
    view = await archive.get(first)
    assert view.state == "recording" and view.names[archive.anna.person] == "Anna"
    assert [(one.person, one.name, one.agreed) for one in view.consents] == [
        ("family:1", "Petrov", True),
        ("family:1", "Petrov", False),
    ]
    assert not await archive.recordings.compositions.step()
    archive.clock.advance(600)
    await archive.recordings.end(first, archive.clock.time())
    second = await archive.ended()
    assert (await archive.get(first)).state == "queued"
    assert await archive.recordings.compositions.step()
    view = await archive.get(first)
    assert (view.state, view.recording.duration_s, view.recording.size) == ("ready", 12.5, 4)
    assert archive.files(first) == [FILM], "tracks of their own say more than the film"
    assert view.recording.expires_at - view.recording.ended_at == timedelta(days=30)
    assert (await archive.get(second)).state == "queued"
    assert await archive.recordings.compositions.step() and archive.composer.folders == [first, second]
    assert [one.recording.id for one in await archive.recordings.of_lesson(archive.head, archive.lesson)] == [
        second,
        first,
    ]


async def test_progress_and_crashes(archive: Archive) -> None:
    recording, held, go = await archive.ended(), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        held.set()
        await go.wait()

    archive.composer.hold = hold
    archive.composer.failures = [FailureCode.CRASHED] * 2
    step = asyncio.create_task(archive.recordings.compositions.step())
    await held.wait()
    assert archive.recordings.compositions.progress == {recording: 0.5}
    assert (await archive.get(recording)).state == "composing"
    go.set()
    assert await step and not archive.recordings.compositions.progress
    assert (await archive.get(recording)).state == "queued", "another worker may do better"
    assert await archive.recordings.compositions.step() and await archive.recordings.compositions.step()
    assert (await archive.get(recording)).state == "ready" and len(archive.composer.folders) == 3


async def test_what_cannot_be_composed_says_why_and_can_be_tried_again(archive: Archive) -> None:
    recording = await archive.ended()
    archive.composer.failures = [FailureCode.NOTHING_INSIDE]
    await archive.recordings.compositions.step()
    view = await archive.get(recording)
    assert (view.state, view.recording.failure) == ("failed", "nothing_inside")
    assert archive.files(recording), "what was recorded is kept"
    assert (await archive.kindergarten.actions())[-1] == "recording_composing_failed"
    await archive.recordings.compose_again(archive.anna, recording)
    with pytest.raises(Conflict):
        await archive.recordings.compose_again(archive.anna, recording)
    await archive.recordings.compositions.step()
    assert (await archive.get(recording)).state == "ready"


async def test_a_server_that_died_loses_nothing(archive: Archive) -> None:
    running, composing = await archive.begun(), await archive.ended()
    held = asyncio.Event()

    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    archive.composer.hold = hold
    step = asyncio.create_task(archive.recordings.compositions.step())
    await held.wait()
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    archive.storage.folder("0" * 32).mkdir(parents=True)
    archive.composer.hold = None
    archive.served()
    await archive.recordings.resume()
    assert {(await archive.get(one)).state for one in (running, composing)} == {RecordingState.QUEUED}
    assert not archive.files("0" * 32) and "0" * 32 not in archive.storage.known()
    while await archive.recordings.compositions.step():
        pass
    assert {(await archive.get(one)).state for one in (running, composing)} == {RecordingState.READY}


async def test_what_makes_servers_crash_is_given_up(archive: Archive) -> None:
    recording = await archive.ended()
    archive.composer.failures = [FailureCode.CRASHED] * 3
    for _ in range(3):
        await archive.recordings.compositions.step()
    view = await archive.get(recording)
    assert (view.state, view.recording.failure, view.recording.attempts) == ("failed", "crashed", 3)


async def test_deleted_for_good(archive: Archive) -> None:
    recording = await archive.ready()
    running = await archive.begun()
    with pytest.raises(Conflict):
        await archive.recordings.remove(archive.anna, running)
    for _ in range(2):
        view = await archive.recordings.remove(archive.anna, recording)
        assert view.state == "deleted" and not archive.files(recording)
    assert (await archive.kindergarten.actions()).count("recording_deleted") == 1
    assert view.names[archive.anna.person] == "Anna" and view.recording.removed_by == archive.anna.person


async def test_deleted_while_it_is_composed(archive: Archive) -> None:
    recording, held = await archive.ended(), asyncio.Event()

    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    archive.composer.hold = hold
    step = asyncio.create_task(archive.recordings.compositions.step())
    await held.wait()
    await archive.recordings.remove(archive.head, recording)
    assert await step and not archive.files(recording)
    assert (await archive.get(recording)).state == "deleted"


async def test_its_time_is_over(archive: Archive) -> None:
    recording = await archive.ready()
    archive.clock.advance(29 * 86_400)
    younger, running = await archive.ready(), await archive.begun()
    archive.clock.advance(1 * 86_400)
    await archive.school.retention.expire()
    assert (await archive.get(recording)).state == "ready", "nobody has asked to sweep here"
    archive.school.retention.sweeps.append(archive.recordings.expire)
    await archive.school.retention.expire()
    view = await archive.get(recording)
    assert view.state == "deleted" and view.recording.removed_by is None and not archive.files(recording)
    assert (await archive.get(younger)).state == "ready" and archive.files(younger) == [FILM]
    assert (await archive.kindergarten.actions())[-1] == "recording_expired"
    archive.clock.advance(366 * 86_400)
    await archive.school.retention.expire()
    with pytest.raises(NotFound):
        await archive.get(recording)
    assert archive.files(running), "what runs is nobody's to sweep"


async def test_a_recording_that_is_not_written_down_yet_is_not_swept(archive: Archive) -> None:
    recording = new_id()
    archive.storage.folder(recording).mkdir(parents=True)
    archive.recordings.running.add(recording)
    await archive.recordings.expire()
    assert recording in archive.storage.known()
    archive.recordings.running.clear()
    await archive.recordings.expire()
    assert recording not in archive.storage.known()


async def test_answers_of_a_family_go_with_it(archive: Archive) -> None:
    made = await archive.school.families.make(
        archive.head, archive.kindergarten.organisation, FamilyData("Petrov")
    )
    family, recording = made.family.id, await archive.ready()
    await archive.recordings.answered(recording, f"family:{family}", "Petrov", True, archive.clock.time())
    exported = await archive.school.retention.export_family(archive.head, family)
    assert [one["agreed"] for one in exported["recordings"]] == [True]
    await archive.school.families.remove(archive.head, family)
    assert not (await archive.get(recording)).consents
