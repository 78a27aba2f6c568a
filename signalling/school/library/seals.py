"""Seals of content: made when it was prepared, made anew when it is verified, looked at whenever it is played."""

import asyncio
from datetime import datetime
from pathlib import Path

from signalling.library.broadcast import SealedFilm
from signalling.library.files import write_whole
from signalling.library.sealing.keys import KeyRing
from signalling.library.sealing.manifest import (
    SEAL,
    Seal,
    SealBroken,
    check_renditions,
    check_signature,
    check_source,
    manifest_of,
    read_seal,
    seal,
)
from signalling.library.storage import SOURCE, Storage
from signalling.school.context import Context
from signalling.school.library.views import ContentView
from signalling.school.words import Role
from signalling.store import Session
from signalling.store.tables import Organisation

Metadata = dict[str, str | int | bool | None]


class Seals:
    """All that is slow or blocks is done beside the event loop."""

    def __init__(self, context: Context, storage: Storage, keys: KeyRing) -> None:
        self._context, self._storage, self.keys = context, storage, keys

    async def make(self, content: str, metadata: Metadata) -> Seal:
        """Of what is on disk now. Raises `SealBroken`, `KeyFault`, `OSError`."""
        folder = await self._storage.fetch(content)
        return await asyncio.to_thread(_sealed, self.keys, self._context.now(), content, metadata, folder)

    async def write(self, content: str, made: Seal) -> None:
        """Keeps all files of the content with it. Raises `OSError`."""
        folder = self._storage.folder(content)
        await asyncio.to_thread(write_whole, folder / SEAL, made.model_dump_json().encode())
        await self._storage.keep(content)

    async def read(self, content: str) -> Seal:
        """With a signature that is good. Raises `SealBroken`, `KeyFault`, `OSError`."""
        folder = await self._storage.fetch(content)
        return await asyncio.to_thread(_read, self.keys, content, folder)

    async def open(self, content: str) -> SealedFilm:
        """Raises `SealBroken`, `KeyFault`, `OSError`."""
        folder = await self._storage.fetch(content)
        return await asyncio.to_thread(_open, self.keys, content, folder)

    async def check(self, content: str) -> None:
        """Reads everything. Raises `SealBroken`, `KeyFault`, `OSError`."""
        folder = await self._storage.fetch(content)
        await asyncio.to_thread(_check, self.keys, content, folder)


async def metadata_of(
    session: Session, view: ContentView, verified: tuple[datetime, Role] | None = None
) -> Metadata:
    """What is sealed besides bytes, and public when it is verified: who verified it, by role, not by name."""
    content = view.content
    organisation = await session.get(Organisation, content.organisation_id)
    assert organisation is not None, "a foreign key"
    return {
        "title": content.title,
        "kind": str(content.kind),
        "organisation": organisation.name,
        "programme": str(content.programme),
        "age_mark": content.age_mark,
        "licence": content.licence,
        "basis": content.basis,
        "valid_until": content.valid_until.isoformat() if content.valid_until else None,
        "verified": verified is not None,
        "verified_at": verified[0].isoformat() if verified else None,
        "verified_by": str(verified[1]) if verified else None,
    }


def _sealed(keys: KeyRing, now: datetime, content: str, metadata: Metadata, folder: Path) -> Seal:
    manifest = manifest_of(content, metadata, folder / SOURCE, folder)
    if not keys.entries():
        keys.make(now)
    return seal(manifest, keys)


def _read(keys: KeyRing, content: str, folder: Path) -> Seal:
    try:
        found = read_seal((folder / SEAL).read_bytes())
    except FileNotFoundError as error:
        raise SealBroken("the seal is gone", SEAL) from error
    check_signature(found, keys)
    if found.manifest.content != content:
        raise SealBroken("the seal is of other content", SEAL)
    return found


def _open(keys: KeyRing, content: str, folder: Path) -> SealedFilm:
    return SealedFilm(_read(keys, content, folder).manifest, folder)


def _check(keys: KeyRing, content: str, folder: Path) -> None:
    found = _read(keys, content, folder)
    check_renditions(found.manifest, folder)
    check_source(found.manifest, folder / SOURCE)
