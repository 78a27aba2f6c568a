"""The queue of the pipeline: one after the other, cancelled, begun anew after crashes of worker and server."""

import asyncio
import contextlib

import pytest

from signalling.library.pipeline.job import FailureCode
from signalling.school.errors import Conflict
from signalling.school.words import AgeBand, PreparationState
from tests.signalling.school.library.shelf import Shelf

#: The database is tested elsewhere.
pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


async def queued(shelf: Shelf, title: str = "a", **more: object) -> str:
    content = (await shelf.draft(title=title, **more)).content.id
    await shelf.upload(content)
    shelf.clock.advance(1)
    return content


async def state(shelf: Shelf, content: str) -> PreparationState:
    return (await shelf.get(content)).preparation


async def test_in_the_order_of_their_coming(shelf: Shelf) -> None:
    first, second = await queued(shelf), await queued(shelf, age=AgeBand.TO_6)
    assert await shelf.library.preparations.step()
    assert (await state(shelf, first), await state(shelf, second)) == ("ready", "queued")
    assert await shelf.library.preparations.step()
    assert not await shelf.library.preparations.step()
    assert (await shelf.get(second)).content.duration_s == 3
    assert [job.source.parent.name for job in shelf.worker.jobs] == [first, second]
    assert [job.longest_for_age for job in shelf.worker.jobs] == [None, 300.0]
    assert (await shelf.kindergarten.actions())[-1] == "content_prepared"


async def test_progress_is_told(shelf: Shelf) -> None:
    content, go, held = await queued(shelf), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        held.set()
        await go.wait()

    shelf.worker.hold = hold
    step = asyncio.create_task(shelf.library.preparations.step())
    await held.wait()
    assert shelf.library.preparations.progress[content].done == 0.5
    assert await state(shelf, content) == "running"
    go.set()
    assert await step and content not in shelf.library.preparations.progress


async def begun(shelf: Shelf) -> asyncio.Task[bool]:
    """A preparation that does not end by itself."""
    held = asyncio.Event()

    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    shelf.worker.hold = hold
    step = asyncio.create_task(shelf.library.preparations.step())
    await held.wait()
    return step


async def test_cancelled_and_begun_anew(shelf: Shelf) -> None:
    content = await queued(shelf)
    step = await begun(shelf)
    await shelf.library.review.cancel_preparation(shelf.anna, content)
    assert await step
    assert await state(shelf, content) == "cancelled"
    assert not await shelf.library.preparations.step()
    shelf.worker.hold = None
    await shelf.library.review.prepare_again(shelf.anna, content)
    await shelf.library.preparations.step()
    assert await state(shelf, content) == "ready"
    with pytest.raises(Conflict):
        await shelf.library.review.prepare_again(shelf.anna, content)
    with pytest.raises(Conflict):
        await shelf.library.review.cancel_preparation(shelf.anna, content)


async def test_a_worker_that_crashes_gets_two_more_chances(shelf: Shelf) -> None:
    content = await queued(shelf)
    shelf.worker.failures = [FailureCode.CRASHED, FailureCode.STALLED]
    for _ in range(3):
        assert await shelf.library.preparations.step()
    assert await state(shelf, content) == "ready"
    poison = await queued(shelf)
    shelf.worker.failures = [FailureCode.CRASHED] * 3
    for _ in range(3):
        assert await shelf.library.preparations.step()
    view = await shelf.get(poison)
    assert (view.preparation, view.content.failure) == ("failed", "crashed")


async def test_a_bad_file_fails_at_once(shelf: Shelf) -> None:
    content = await queued(shelf)
    shelf.worker.failures = [FailureCode.NOT_A_FILM]
    await shelf.library.preparations.step()
    view = await shelf.get(content)
    assert (view.preparation, view.content.failure) == ("failed", "not_a_film")
    assert (await shelf.kindergarten.actions())[-1] == "content_preparation_failed"


async def test_a_fault_of_ours_does_not_stop_the_queue(shelf: Shelf) -> None:
    content, next_one = await queued(shelf), await queued(shelf)

    async def fault() -> None:
        raise RuntimeError("as the test says")

    shelf.worker.hold = fault
    for _ in range(2):
        assert await shelf.library.preparations.step()
    shelf.worker.hold = None
    while await shelf.library.preparations.step():
        pass
    assert (await state(shelf, content), await state(shelf, next_one)) == ("ready", "ready")


async def test_what_the_checks_refuse(shelf: Shelf) -> None:
    shelf.worker.acceptable = False
    content = await queued(shelf)
    await shelf.library.preparations.step()
    assert await state(shelf, content) == "refused"
    assert not (shelf.folder(content) / "seal.json").exists()


async def test_a_server_that_ends_leaves_the_rest_to_the_next(shelf: Shelf) -> None:
    content, held = await queued(shelf), asyncio.Event()

    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    shelf.worker.hold = hold
    running = asyncio.create_task(shelf.library.preparations.run())
    await held.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await state(shelf, content) == "running"
    shelf.worker.hold = None
    shelf.library = shelf.another()
    await shelf.library.preparations.resume()
    assert await state(shelf, content) == "queued"
    await shelf.library.preparations.step()
    assert await state(shelf, content) == "ready"


async def test_a_file_that_ends_servers_is_given_up(shelf: Shelf) -> None:
    content, held = await queued(shelf), asyncio.Event()

    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    shelf.worker.hold = hold
    for _ in range(3):
        held.clear()
        step = asyncio.create_task(shelf.library.preparations.step())
        await held.wait()
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        await shelf.library.preparations.resume()
    assert await state(shelf, content) == "failed"


async def test_files_of_nobody_are_removed_at_the_start(shelf: Shelf) -> None:
    content = await queued(shelf)
    lost = shelf.folder("0" * 32)
    lost.mkdir()
    half = shelf.folder("1" * 32).with_name("." + "1" * 32 + ".gone")
    half.mkdir()
    incoming = shelf.data / "library" / "incoming" / ("2" * 32)
    incoming.write_bytes(b"x")
    await shelf.another().preparations.resume()
    assert not lost.exists() and not half.exists() and not incoming.exists()
    assert (shelf.folder(content) / "source").exists()


async def test_removed_while_it_is_prepared(shelf: Shelf) -> None:
    content = await queued(shelf)
    step = await begun(shelf)
    await shelf.library.contents.remove(shelf.anna, content)
    assert await step
    assert not shelf.folder(content).exists()
