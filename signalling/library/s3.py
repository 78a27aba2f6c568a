"""Content kept by an S3-compatible service. What is worked with or shown is in a folder here, which is a cache."""

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Annotated, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import BaseModel, ConfigDict, Field

from .renditions.format import LISTING
from .sealing.manifest import SEAL
from .storage import FolderStorage, StorageError

WHOLE = ".whole"
"""A file in the folder of content that is kept elsewhere as it is here. Its time: when it was last asked for."""
LAST = (LISTING, SEAL)
"""Kept after all others: what they name is there then."""
CHANGING = (".json", ".m3u8", ".vtt")
RESTS_S = 86_400.0
"""So long unused, content leaves the cache. Longer than any broadcast: files are opened second by second."""
PIECE = 1 << 20


class S3Settings(BaseModel):
    """A bucket that exists. The secret may come from the environment: POLYANA_LIBRARY__S3__SECRET_ACCESS_KEY."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
    region: Annotated[str, Field(min_length=1)] = "us-east-1"
    access_key_id: Annotated[str, Field(min_length=1)]
    secret_access_key: Annotated[str, Field(min_length=1, repr=False)]
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "polyana"
    path_style: bool = True
    """The bucket is in the path, not in the host's name."""
    cache_bytes: Annotated[int, Field(ge=0)] = 50 << 30
    """What of the folder stays when nobody has asked for it for a day."""

    def store(self) -> S3Store:
        return S3Store(
            self.bucket,
            prefix=self.prefix,
            endpoint=self.endpoint,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            virtual_hosted_style_request=not self.path_style,
            client_options={"allow_http": self.endpoint.startswith("http://")},
        )


class S3Storage(FolderStorage):
    """`root` is the cache. Each file is an object `<prefix>/<content>/<name>`."""

    def __init__(self, root: Path, settings: S3Settings) -> None:
        super().__init__(root)
        self._store, self._most = settings.store(), settings.cache_bytes

    async def keep(self, content: str) -> None:
        """What is there in the same size is not sent again, except what may change: the seal, and all that is text."""
        folder = self.folder(content)
        there = await self._objects(content)
        if LISTING not in there:
            there = {}  # of another making, which did not end
        names = await asyncio.to_thread(_files, folder)
        for name in sorted(names, key=lambda name: (name in LAST, name)):
            if name.endswith(CHANGING) or there.get(name) != names[name]:
                await _asked(obstore.put_async(self._store, f"{content}/{name}", folder / name))
        await asyncio.to_thread((folder / WHOLE).touch)

    async def fetch(self, content: str) -> Path:
        folder = self.folder(content)
        if await asyncio.to_thread(_use, folder / WHOLE):
            return folder
        there = await self._objects(content)
        if SEAL in there or LISTING in there:
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            here = await asyncio.to_thread(_files, folder)
            for name, size in there.items():
                if here.get(name) != size:
                    await self._download(f"{content}/{name}", folder / name)
            await asyncio.to_thread((folder / WHOLE).touch)
            await asyncio.to_thread(_evict, self.root, self._most, time.time() - RESTS_S)
        return folder

    async def remove(self, content: str) -> None:
        await super().remove(content)
        names = await self._objects(content)
        if names:
            await _asked(obstore.delete_async(self._store, [f"{content}/{name}" for name in names]))

    async def _objects(self, content: str) -> dict[str, int]:
        """Names and sizes."""
        found: dict[str, int] = {}
        try:
            async for page in obstore.list(self._store, f"{content}/"):
                for one in page:
                    found[one["path"].rpartition("/")[2]] = one["size"]
        except BaseError as error:
            raise StorageError(str(error).partition("\n")[0]) from error
        return found

    async def _download(self, name: str, path: Path) -> None:
        part = path.with_name(f".{path.name}.part")
        answer = await _asked(obstore.get_async(self._store, name))
        with part.open("wb") as file:
            try:
                async for piece in answer.stream(min_chunk_size=PIECE):
                    await asyncio.to_thread(file.write, piece)
            except BaseError as error:
                raise StorageError(str(error).partition("\n")[0]) from error
        part.replace(path)


async def _asked(answer: Any) -> Any:
    """Raises `StorageError`."""
    try:
        return await answer
    except (BaseError, FileNotFoundError) as error:
        raise StorageError(str(error).partition("\n")[0]) from error


def _files(folder: Path) -> dict[str, int]:
    """Names and sizes, without what is being written."""
    if not folder.exists():
        return {}
    return {path.name: path.stat().st_size for path in folder.iterdir() if not path.name.startswith(".")}


def _use(mark: Path) -> bool:
    if not mark.exists():
        return False
    os.utime(mark)
    return True


def _evict(root: Path, most: int, before: float) -> None:
    """Removes what has rested longest until the rest fits; never what is not kept elsewhere, or was just used."""
    marks = sorted(root.glob(f"*/{WHOLE}"), key=lambda mark: mark.stat().st_mtime)
    sizes = {mark: sum(_files(mark.parent).values()) for mark in marks}
    total = sum(sizes.values())
    for mark in marks:
        if total <= most or mark.stat().st_mtime > before:
            return
        total -= sizes[mark]
        shutil.rmtree(mark.parent, ignore_errors=True)
