"""A library whose content an S3 server keeps: another machine, with an empty disk, shows it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from signalling.library.s3 import S3Settings
from signalling.school.words import Programme
from signalling.store import Database
from tests.signalling.library import s3_server
from tests.signalling.school.kindergarten import Kindergarten
from tests.signalling.school.library.shelf import FILM, SECONDS, Shelf

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Settings]:
    with s3_server.server() as settings:
        yield settings


async def test_shown_from_another_disk(database: Database, tmp_path: Path, s3: S3Settings) -> None:
    shelf = await Shelf(await Kindergarten(database).start(), tmp_path / "data", s3=s3).start()
    content = await shelf.verified()
    shutil.rmtree(tmp_path / "data" / "library")
    shelf.library = shelf.another()
    await shelf.library.preparations.resume()
    view, film = await shelf.library.showing.open(content, shelf.kindergarten.organisation, Programme.BASIC)
    assert shelf.library.showing.is_verified(view)
    assert [film.second(number).records != b"" for number in range(SECONDS)] == [True] * SECONDS
    assert (await shelf.library.material.source(shelf.anna, content)).path.read_bytes() == FILM
    assert (await shelf.library.review.check_seal(shelf.anna, content)).content.seal_broken_at is None
    await shelf.library.review.withdraw(shelf.maria, content, "outdated")
    await shelf.library.contents.remove(shelf.maria, content)
    assert not (await shelf.library.storage.fetch(content)).exists()
