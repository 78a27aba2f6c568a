"""Files come in by pieces, as tus 1.0 has it: begun, continued from where they were, ended or taken back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from signalling.library import incoming
from signalling.library.incoming import Piece
from signalling.library.incoming_folder import IncomingFolder
from signalling.library.media_types import NEEDED, MediaType, media_type
from signalling.library.settings import LibrarySettings
from signalling.library.storage import SOURCE, Storage
from signalling.school.context import Context
from signalling.school.door import Action, Actor
from signalling.school.errors import BadRequest, Conflict, NotFound, SchoolError
from signalling.school.library.contents import Contents, must_be, used_bytes
from signalling.school.library.preparation import Preparations
from signalling.school.library.views import ContentView, add_author, find
from signalling.school.words import ContentKind, ContentState, PreparationState
from signalling.store import Session
from signalling.store.tables import Upload

DISK_RESERVE = 1 << 30
"""Bytes that uploads leave to all else."""
WRITTEN_AT_ONCE = 1 << 20
MAX_FILE_NAME = 200


class TooLarge(SchoolError):
    """The file is too large"""

    code, status = "FILE_TOO_LARGE", 413


class QuotaReached(SchoolError):
    """The library of your organisation is full"""

    code, status = "QUOTA", 413


class DiskFull(SchoolError):
    """The server's disk is full"""

    code, status = "DISK_FULL", 507


class WrongType(SchoolError):
    """Films, sounds, PDFs and pictures can be uploaded; this file is none of them"""

    code, status = "WRONG_TYPE", 415


class WrongOffset(SchoolError):
    """The upload goes on somewhere else"""

    code, status = "WRONG_OFFSET", 409


class WrongChecksum(SchoolError):
    """The piece was changed on its way"""

    code, status = "WRONG_CHECKSUM", 460


class Busy(SchoolError):
    """Another request writes to this upload"""

    code, status = "BUSY", 423


@dataclass(frozen=True)
class Progressed:
    """How far an upload is; bytes."""

    id: str
    offset: int
    length: int
    expires_at: datetime


class Uploads:
    """One for each draft; only who began one goes on with it."""

    def __init__(
        self,
        context: Context,
        settings: LibrarySettings,
        storage: Storage,
        folder: IncomingFolder,
        contents: Contents,
        preparations: Preparations,
    ) -> None:
        self._context, self.settings, self._storage = context, settings, storage
        self._folder, self._contents, self._preparations = folder, contents, preparations
        self._writing: set[str] = set()

    async def begin(self, by: Actor, content: str, length: int, file_name: str) -> Progressed:
        """Takes the place of an upload that has not ended. Raises `Denied`, `NotFound`, `Conflict`, `TooLarge`,
        `QuotaReached`, `DiskFull`, `BadRequest`."""
        if length < 1:
            raise BadRequest("The file is empty")
        if length > self.settings.max_file_bytes:
            raise TooLarge(f"A file may have at most {self.settings.max_file_bytes >> 20} MiB")
        free = await asyncio.to_thread(self._folder.free)
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            must_be(view, ContentState.DRAFT)
            before = view.upload
            if before is not None:
                await session.delete(before)
                await session.flush()
            await self._check_room(session, by, view, length, free)
            upload = Upload(
                content_id=content,
                person_id=by.person,
                length=length,
                file_name=shown_name(file_name),
                last_at=self._context.now(),
            )
            session.add(upload)
            await session.flush()
        if before is not None:
            await asyncio.to_thread(self._folder.remove, before.id)
        return self._progressed(upload, 0)

    async def state(self, by: Actor, upload: str) -> Progressed:
        """Raises `NotFound`."""
        async with self._context.database.read() as session:
            found, _ = await self._find(session, by, upload)
        return self._progressed(found, await asyncio.to_thread(incoming.offset, self._folder.path(upload)))

    async def append(
        self,
        by: Actor,
        upload: str,
        offset: int,
        checksum: tuple[str, bytes] | None,
        pieces: AsyncIterator[bytes],
    ) -> Progressed:
        """Writes what comes, until it ends or breaks off; with a checksum all of it or nothing. The last byte puts the
        file into the queue. Raises `NotFound`, `WrongOffset`, `WrongChecksum`, `WrongType`, `TooLarge`, `Busy`,
        `DiskFull`."""
        if upload in self._writing:
            raise Busy
        self._writing.add(upload)
        try:
            async with self._context.database.read() as session:
                found, _ = await self._find(session, by, upload)
            path = self._folder.path(upload)
            if await asyncio.to_thread(incoming.offset, path) != offset:
                raise WrongOffset
            try:
                await self._write(path, found.length, offset, checksum, pieces)
            except OSError as error:
                raise DiskFull(error.strerror or "") from error
            finally:
                await self._touch(upload)
            reached = await asyncio.to_thread(incoming.offset, path)
            kind = await self._checked(by, upload, path, found.length, reached)
            if reached == found.length:
                assert kind is not None, "enough has come to know it"
                await self._finish(by, upload, path, kind)
            return self._progressed(found, reached)
        finally:
            self._writing.discard(upload)

    async def remove(self, by: Actor, upload: str) -> None:
        """Raises `NotFound`, `Busy`."""
        if upload in self._writing:
            raise Busy
        async with self._context.database.write() as session:
            found, _ = await self._find(session, by, upload)
            await session.delete(found)
        await asyncio.to_thread(self._folder.remove, upload)

    async def expire(self) -> None:
        """Removes what nobody goes on with."""
        before = self._context.now() - timedelta(seconds=self.settings.upload_expires_s)
        async with self._context.database.write() as session:
            old = list(await session.scalars(select(Upload).where(Upload.last_at < before)))
            for upload in old:
                await session.delete(upload)
        for upload in old:
            await asyncio.to_thread(self._folder.remove, upload.id)

    async def _check_room(
        self, session: Session, by: Actor, view: ContentView, length: int, free: int
    ) -> None:
        begun = select(func.count()).select_from(Upload).where(Upload.person_id == by.person)
        if (await session.scalar(begun) or 0) >= self.settings.max_uploads:
            raise Conflict("Please end the uploads that you have begun", "TOO_MANY_UPLOADS")
        used = await used_bytes(session, view.content.organisation_id) - (view.content.size or 0)
        if used + length > self.settings.quota_bytes:
            raise QuotaReached
        # What has begun may take its place, too.
        coming = int(await session.scalar(select(func.sum(Upload.length))) or 0)
        if length + coming + DISK_RESERVE > free:
            raise DiskFull

    async def _find(self, session: Session, by: Actor, upload: str) -> tuple[Upload, ContentView]:
        found = await session.get(Upload, upload)
        if found is None or found.person_id != by.person or self._expires_at(found) <= self._context.now():
            raise NotFound
        return found, await find(session, by, Action.CHANGE_CONTENT, found.content_id)

    async def _write(
        self,
        path: Path,
        length: int,
        offset: int,
        checksum: tuple[str, bytes] | None,
        pieces: AsyncIterator[bytes],
    ) -> None:
        piece = await asyncio.to_thread(Piece, path, offset, checksum)
        gathered = bytearray()
        try:
            try:
                async for data in pieces:
                    if offset + piece.size + len(gathered) + len(data) > length:
                        raise TooLarge("More came than was told")
                    gathered += data
                    if len(gathered) >= WRITTEN_AT_ONCE:
                        await _write(piece, gathered)
            finally:
                # What has come stays also when the rest does not: the client goes on from there.
                await _write(piece, gathered)
        finally:
            fits = await asyncio.to_thread(_close, piece)
        if not fits:
            raise WrongChecksum

    async def _checked(
        self, by: Actor, upload: str, path: Path, length: int, reached: int
    ) -> MediaType | None:
        """What it is, once enough is there. Raises `WrongType`; the upload is over then."""
        if reached < min(NEEDED, length):
            return None
        kind = media_type(await asyncio.to_thread(incoming.head, path))
        if kind is None:
            self._writing.discard(upload)
            await self.remove(by, upload)
            raise WrongType
        return kind

    async def _touch(self, upload: str) -> None:
        async with self._context.database.write() as session:
            if (found := await session.get(Upload, upload)) is not None:
                found.last_at = self._context.now()

    async def _finish(self, by: Actor, upload: str, path: Path, kind: MediaType) -> None:
        """The file takes its place in the storage, and the content one in the queue."""
        async with self._context.database.read() as session:
            found, _ = await self._find(session, by, upload)
        await self._preparations.cancel(found.content_id)
        async with self._context.database.write() as session:
            found, view = await self._find(session, by, upload)
            must_be(view, ContentState.DRAFT)
            content = view.content
            content.file_name, content.media_type = found.file_name, kind.name
            content.kind, content.size = ContentKind(kind.sort.value), found.length
            content.preparation, content.failure = PreparationState.QUEUED, None
            content.queued_at, content.attempts = self._context.now(), 0
            content.duration_s = content.seal_broken_at = content.seal_fault = None
            content.revision += 1
            await add_author(session, view, by)
            await session.delete(found)
            await self._contents.note(session, by.person, "content_uploaded", content, size=found.length)
            # Before the commit: without its row the file would be nobody's.
            await self._storage.remove(content.id)
            await asyncio.to_thread(_move, path, self._storage.folder(content.id) / SOURCE)
        self._preparations.wake()

    def _expires_at(self, upload: Upload) -> datetime:
        return upload.last_at + timedelta(seconds=self.settings.upload_expires_s)

    def _progressed(self, upload: Upload, offset: int) -> Progressed:
        return Progressed(upload.id, offset, upload.length, self._expires_at(upload))


def shown_name(name: str) -> str:
    """The last part of a path, without what cannot be printed; it is shown and never opened."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(one for one in last if one.isprintable())
    return printable[:MAX_FILE_NAME] or "file"


async def _write(piece: Piece, gathered: bytearray) -> None:
    data = bytes(gathered)
    gathered.clear()
    if data:
        await asyncio.to_thread(piece.write, data)


def _close(piece: Piece) -> bool:
    with piece:
        return piece.fits()


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
