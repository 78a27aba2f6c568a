"""Content is written, found, changed and removed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import delete, func, select

from signalling.library.settings import LibrarySettings
from signalling.library.storage import Storage
from signalling.school.context import Context
from signalling.school.door import Action, Actor, allows, check
from signalling.school.errors import Conflict
from signalling.school.events import ContentEnded
from signalling.school.library.preparation import Preparations
from signalling.school.library.views import ContentData, ContentView, add_author, find, get, target_of, views
from signalling.school.words import AuditAction, ContentKind, ContentState, PreparationState, Programme
from signalling.search import beginnings, normal
from signalling.store import Session
from signalling.store.tables import Content, ContentGroup, Group, Upload

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What of the library is looked for; None: any."""

    query: str = ""
    kind: ContentKind | None = None
    programme: Programme | None = None
    state: ContentState | None = None
    group: str | None = None
    age_mark: int | None = None
    """At most this one."""


@dataclass(frozen=True)
class Usage:
    """Bytes."""

    used: int
    quota: int


class Contents:
    """Written by staff, each for groups or for all."""

    def __init__(
        self, context: Context, settings: LibrarySettings, storage: Storage, preparations: Preparations
    ) -> None:
        self._context, self._settings = context, settings
        self._storage, self._preparations = storage, preparations

    async def make(self, by: Actor, organisation: str, data: ContentData) -> ContentView:
        """A draft without a file. Raises `Denied`, `Conflict`."""
        now = self._context.now()
        async with self._context.database.write() as session:
            content = Content(
                organisation_id=organisation,
                kind=ContentKind.FILM,
                state=ContentState.DRAFT,
                revision=0,
                preparation=PreparationState.NONE,
                attempts=0,
                created_at=now,
                created_by=by.person,
            )
            view = ContentView(content)
            check(by, Action.ADD_CONTENT, target_of(organisation, data.groups, None))
            count = select(func.count()).select_from(Content).where(Content.organisation_id == organisation)
            if (await session.scalar(count) or 0) >= self._settings.max_contents:
                raise Conflict("The library has too many entries", "LIBRARY_FULL")
            await self._write(session, by, view, data)
            await self.note(session, by.person, "content_made", content)
            return await get(session, content.id)

    async def change(self, by: Actor, content: str, data: ContentData) -> ContentView:
        """Replaces what is written of a draft. Raises `Denied`, `NotFound`, `Conflict`."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            must_be(view, ContentState.DRAFT)
            if set(data.groups) != set(view.groups):
                check(by, Action.ADD_CONTENT, target_of(view.content.organisation_id, data.groups, None))
            await self._write(session, by, view, data)
            await self.note(session, by.person, "content_changed", view.content)
            return await get(session, content)

    async def get(self, by: Actor, content: str) -> ContentView:
        async with self._context.database.read() as session:
            return await find(session, by, Action.SEE_CONTENT, content)

    async def list(
        self, by: Actor, organisation: str, wanted: Wanted, offset: int, limit: int
    ) -> tuple[Sequence[ContentView], int]:
        """Of what the actor may see, newest first: a part, and how many there are."""
        async with self._context.database.read() as session:
            seen = [
                view
                for view in await search(session, organisation, wanted)
                if allows(by, Action.SEE_CONTENT, view.target())
            ]
        return seen[offset : offset + limit], len(seen)

    async def usage(self, by: Actor, organisation: str) -> Usage:
        check(by, Action.SEE_CONTENT, target_of(organisation, (), None))
        async with self._context.database.read() as session:
            return Usage(await used_bytes(session, organisation), self._settings.quota_bytes)

    async def remove(self, by: Actor, content: str) -> None:
        """With all its files. What was verified must be withdrawn first, and is removed by who may verify."""
        async with self._context.database.write() as session:
            view = await find(session, by, Action.CHANGE_CONTENT, content)
            if view.state is ContentState.VERIFIED:
                raise Conflict("Please withdraw it first", "STILL_VERIFIED")
            if view.content.verified_at is not None:
                check(by, Action.VERIFY_CONTENT, view.target())
            upload = view.upload.id if view.upload is not None else None
            await session.delete(view.content)
            await self.note(session, by.person, "content_removed", view.content)
        self._context.events.tell(ContentEnded(content))
        await self._preparations.cancel(content)
        await self._preparations.forget(content, upload)

    async def note(
        self, session: Session, actor: str, action: AuditAction, content: Content, **details: Any
    ) -> None:
        """An entry of the audit log."""
        await self._context.record(
            session,
            actor,
            action,
            f"content:{content.id}",
            organisation=content.organisation_id,
            title=content.title,
            **details,
        )

    async def _write(self, session: Session, by: Actor, view: ContentView, data: ContentData) -> None:
        content, groups = view.content, set(data.groups)
        known = select(Group.id).where(Group.organisation_id == content.organisation_id, Group.id.in_(groups))
        if groups - set(await session.scalars(known)):
            raise Conflict("There is no such group", "NO_GROUP")
        content.title, content.description = data.title, data.description
        content.programme, content.age_mark, content.age = data.programme, data.age_mark, data.age
        content.licence, content.basis, content.valid_until = data.licence, data.basis, data.valid_until
        content.words = normal(f"{data.title} {data.description} {data.licence}")
        content.revision += 1
        session.add(content)
        await session.flush()
        await session.execute(delete(ContentGroup).where(ContentGroup.content_id == content.id))
        session.add_all(ContentGroup(content_id=content.id, group_id=group) for group in sorted(groups))
        await add_author(session, view, by)


def must_be(view: ContentView, *states: ContentState) -> None:
    """Raises `Conflict` with the state that it has instead."""
    if view.state not in states:
        raise Conflict(f"It is {view.state}", "CONTENT_STATE")


async def search(session: Session, organisation: str, wanted: Wanted) -> Collection[ContentView]:
    """All that fits, newest first, whoever asks."""
    query = select(Content).where(Content.organisation_id == organisation)
    for beginning in beginnings(wanted.query):
        query = query.where(Content.words.contains(beginning))
    for column, value in (
        (Content.kind, wanted.kind),
        (Content.programme, wanted.programme),
        (Content.state, wanted.state),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.age_mark is not None:
        query = query.where(Content.age_mark <= wanted.age_mark)
    if wanted.group is not None:
        of_group = select(ContentGroup.content_id).where(ContentGroup.group_id == wanted.group)
        query = query.where(Content.id.in_(of_group))
    found = await session.scalars(query.order_by(Content.created_at.desc(), Content.id))
    return await views(session, list(found))


async def used_bytes(session: Session, organisation: str) -> int:
    """Of files that are there or that are coming."""
    sources = select(func.sum(Content.size)).where(Content.organisation_id == organisation)
    coming = (
        select(func.sum(Upload.length))
        .join(Content, Content.id == Upload.content_id)
        .where(Content.organisation_id == organisation)
    )
    return int(await session.scalar(sources) or 0) + int(await session.scalar(coming) or 0)
