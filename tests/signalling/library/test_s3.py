"""Content kept by a real S3 server."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from signalling.library.s3 import RESTS_S, WHOLE, S3Settings, S3Storage
from signalling.library.storage import StorageError
from tests.signalling.library import s3_server

CONTENT, OTHER = "0" * 32, "1" * 32
FILES = {
    "source": bytes(range(256)) * 40_000,
    "video-0.prtp": b"video" * 1000,
    "renditions.json": b"{}",
    "seal.json": b"sealed 1",
}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Settings]:
    with s3_server.server() as settings:
        yield settings


@pytest.fixture
def storage(s3: S3Settings, tmp_path: Path, request: pytest.FixtureRequest) -> S3Storage:
    """Each test has a prefix of its own."""
    prefix = request.node.name[:64]
    return S3Storage(tmp_path / "cache", s3.model_copy(update={"prefix": prefix, "cache_bytes": 0}))


def fill(storage: S3Storage, content: str = CONTENT) -> Path:
    folder = storage.folder(content)
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != WHOLE}


async def test_what_is_kept_comes_back(storage: S3Storage) -> None:
    folder = fill(storage)
    await storage.keep(CONTENT)
    shutil.rmtree(folder)
    assert files(await storage.fetch(CONTENT)) == FILES
    (folder / WHOLE).unlink()
    (folder / "video-0.prtp").unlink()
    assert files(await storage.fetch(CONTENT)) == FILES, "what is missing is fetched"


async def test_a_seal_is_kept_anew(storage: S3Storage) -> None:
    folder = fill(storage)
    await storage.keep(CONTENT)
    (folder / "seal.json").write_bytes(b"sealed 2")
    await storage.keep(CONTENT)
    shutil.rmtree(folder)
    assert files(await storage.fetch(CONTENT)) == FILES | {"seal.json": b"sealed 2"}


async def test_removed_here_and_there(storage: S3Storage) -> None:
    fill(storage)
    await storage.keep(CONTENT)
    await storage.remove(CONTENT)
    await storage.remove(CONTENT)
    assert not (await storage.fetch(CONTENT)).exists()


async def test_what_was_not_kept_is_only_here(storage: S3Storage) -> None:
    folder = storage.folder(CONTENT)
    folder.mkdir(parents=True)
    (folder / "source").write_bytes(b"x")
    assert files(await storage.fetch(CONTENT)) == {"source": b"x"}


async def test_the_cache_is_tidied_when_nobody_asks(storage: S3Storage) -> None:
    for content in (CONTENT, OTHER):
        fill(storage, content)
        await storage.keep(content)
    old, new = storage.folder(CONTENT), storage.folder(OTHER)
    os.utime(old / WHOLE, (0, (old / WHOLE).stat().st_mtime - RESTS_S - 1))
    shutil.rmtree(new)
    await storage.fetch(OTHER)
    assert not old.exists() and new.exists()
    assert files(await storage.fetch(CONTENT)) == FILES


async def test_a_server_that_is_not_there(s3: S3Settings, tmp_path: Path) -> None:
    settings = s3.model_copy(update={"bucket": "nothing-here"})
    storage = S3Storage(tmp_path, settings)
    fill(storage)
    with pytest.raises(StorageError):
        await storage.keep(CONTENT)
    assert "ssssssss" not in repr(settings)
