"""Files in pieces: cut off, gone on with, changed on their way, too large, of another type."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from signalling.school.errors import BadRequest, Conflict, Denied, NotFound
from signalling.school.library.uploads import (
    Busy,
    DiskFull,
    QuotaReached,
    TooLarge,
    WrongChecksum,
    WrongOffset,
    WrongType,
)
from signalling.school.words import PreparationState
from tests.signalling.school.library.shelf import FILM, Shelf, broken_off, pieces, sha1

#: The database is tested elsewhere.
pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


async def begin(shelf: Shelf, length: int = len(FILM), name: str = "film.mp4") -> str:
    content = (await shelf.draft()).content.id
    return (await shelf.library.uploads.begin(shelf.anna, content, length, name)).id


async def offset(shelf: Shelf, upload: str) -> int:
    return (await shelf.library.uploads.state(shelf.anna, upload)).offset


async def test_a_file_in_pieces_takes_its_place(shelf: Shelf) -> None:
    content = (await shelf.draft()).content.id
    begun = await shelf.library.uploads.begin(shelf.anna, content, len(FILM), "Лес.mp4")
    append = shelf.library.uploads.append
    half = len(FILM) // 2
    assert (await append(shelf.anna, begun.id, 0, None, pieces(FILM[:half]))).offset == half
    assert (await shelf.get(content)).upload is not None
    reached = await append(shelf.anna, begun.id, half, sha1(FILM[half:]), pieces(FILM[half:]))
    assert reached.offset == len(FILM)
    view = await shelf.get(content)
    assert view.preparation is PreparationState.QUEUED and view.upload is None
    assert (view.content.file_name, view.content.media_type) == ("Лес.mp4", "video/mp4")
    assert (shelf.folder(content) / "source").read_bytes() == FILM
    with pytest.raises(NotFound):
        await offset(shelf, begun.id)


async def test_what_came_before_a_line_broke_stays(shelf: Shelf) -> None:
    upload = await begin(shelf)
    with pytest.raises(RuntimeError):
        await shelf.library.uploads.append(
            shelf.anna, upload, 0, None, broken_off([FILM[:700]], RuntimeError())
        )
    assert await offset(shelf, upload) == 700
    shelf.library = shelf.another()
    assert await offset(shelf, upload) == 700


async def test_a_piece_with_a_checksum_is_there_whole_or_not_at_all(shelf: Shelf) -> None:
    upload, append = await begin(shelf), shelf.library.uploads.append
    await append(shelf.anna, upload, 0, sha1(FILM[:5000]), pieces(FILM[:5000]))
    with pytest.raises(WrongChecksum):
        await append(shelf.anna, upload, 5000, sha1(b"else"), pieces(FILM[5000:6000]))
    assert await offset(shelf, upload) == 5000
    with pytest.raises(RuntimeError):
        await append(
            shelf.anna, upload, 5000, sha1(FILM[5000:]), broken_off([FILM[5000:6000]], RuntimeError())
        )
    assert await offset(shelf, upload) == 5000


async def test_pieces_fit_together(shelf: Shelf) -> None:
    upload, append = await begin(shelf), shelf.library.uploads.append
    with pytest.raises(WrongOffset):
        await append(shelf.anna, upload, 1, None, pieces(FILM))
    with pytest.raises(TooLarge):
        await append(shelf.anna, upload, 0, None, pieces(FILM + b"x", 1 << 20))
    assert await offset(shelf, upload) == 0


async def test_two_requests_at_once(shelf: Shelf) -> None:
    upload, go = await begin(shelf), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield FILM[:10]
        await go.wait()

    first = asyncio.create_task(shelf.library.uploads.append(shelf.anna, upload, 0, None, slow()))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await shelf.library.uploads.append(shelf.anna, upload, 0, None, pieces(FILM))
    with pytest.raises(Busy):
        await shelf.library.uploads.remove(shelf.anna, upload)
    go.set()
    assert (await first).offset == 10


@pytest.mark.parametrize("head", [b"MZ" * 4000, b"<svg>" * 1000, b"PK\3\4" * 2000, b"<html>", b"#!/bin/sh\n"])
async def test_other_files_are_refused_as_soon_as_they_are_known(shelf: Shelf, head: bytes) -> None:
    upload = await begin(shelf, len(head) * 2 if len(head) > 4096 else len(head), "film.mp4")
    with pytest.raises(WrongType):
        await shelf.library.uploads.append(shelf.anna, upload, 0, None, pieces(head))
    with pytest.raises(NotFound):
        await offset(shelf, upload)
    assert not list((shelf.data / "library" / "incoming").iterdir())


async def test_sizes(shelf: Shelf) -> None:
    shelf.settings = shelf.settings.model_copy(update={"max_file_bytes": 20_000, "quota_bytes": 25_000})
    shelf.library = shelf.another()
    content = (await shelf.draft()).content.id
    begin = shelf.library.uploads.begin
    with pytest.raises(BadRequest):
        await begin(shelf.anna, content, 0, "")
    with pytest.raises(TooLarge):
        await begin(shelf.anna, content, 20_001, "")
    await begin(shelf.anna, content, 15_000, "")
    other = (await shelf.draft()).content.id
    with pytest.raises(QuotaReached):
        await begin(shelf.anna, other, 10_001, "")
    await begin(shelf.anna, other, 10_000, "")
    await begin(shelf.anna, content, 15_000, "")  # instead of the one before


async def test_the_disk_is_left_to_others(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signalling.library.incoming_folder.IncomingFolder.free", lambda self: 1 << 30)
    content = (await shelf.draft()).content.id
    with pytest.raises(DiskFull):
        await shelf.library.uploads.begin(shelf.anna, content, 1, "")


async def test_so_many_at_a_time(shelf: Shelf) -> None:
    for _ in range(5):
        await begin(shelf)
    with pytest.raises(Conflict) as refused:
        await begin(shelf)
    assert refused.value.code == "TOO_MANY_UPLOADS"


async def test_an_upload_is_of_who_began_it(shelf: Shelf) -> None:
    upload = await begin(shelf)
    for call in (
        shelf.library.uploads.state(shelf.head, upload),
        shelf.library.uploads.remove(shelf.head, upload),
        shelf.library.uploads.append(shelf.head, upload, 0, None, pieces(FILM)),
    ):
        with pytest.raises(NotFound):
            await call
    content = (await shelf.draft(shelf.maria)).content.id
    with pytest.raises(Denied):
        await shelf.library.uploads.begin(shelf.anna, content, 10, "")
    await shelf.library.uploads.remove(shelf.anna, upload)
    with pytest.raises(NotFound):
        await offset(shelf, upload)


async def test_what_nobody_goes_on_with_expires(shelf: Shelf) -> None:
    upload = await begin(shelf)
    await shelf.library.uploads.append(shelf.anna, upload, 0, None, pieces(FILM[:10]))
    shelf.clock.advance(86_399)
    await shelf.library.uploads.expire()
    assert await offset(shelf, upload) == 10
    shelf.clock.advance(2)
    with pytest.raises(NotFound):
        await offset(shelf, upload)
    await shelf.library.uploads.expire()
    assert not list((shelf.data / "library" / "incoming").iterdir())


async def test_a_new_file_takes_the_place_of_the_old_one(shelf: Shelf) -> None:
    content = await shelf.ready()
    revision = (await shelf.get(content)).content.revision
    assert (shelf.folder(content) / "report.json").exists()
    await shelf.upload(content, film=FILM + b"more")
    view = await shelf.get(content)
    assert view.preparation is PreparationState.QUEUED and view.content.revision == revision + 1
    assert [path.name for path in shelf.folder(content).iterdir()] == ["source"]
