"""Content with what belongs to it, as rows are read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from signalling.library.media_types import Sort
from signalling.school.door import Action, Actor, Audience, Target, check
from signalling.school.errors import NotFound
from signalling.school.words import AgeBand, ContentState, PreparationState, Programme
from signalling.store import Session
from signalling.store.tables import Content, ContentAuthor, ContentGroup, Person, Upload


@dataclass(frozen=True)
class ContentData:
    """Content as somebody writes it. `basis`: its number in the federal list or the minutes of the council."""

    title: str
    programme: Programme
    age_mark: int
    description: str = ""
    age: AgeBand | None = None
    licence: str = ""
    basis: str = ""
    valid_until: datetime | None = None
    groups: Collection[str] = ()


@dataclass
class ContentView:
    """`names`: of people that the row names, by id; perhaps of others, too."""

    content: Content
    groups: list[str] = field(default_factory=list)
    authors: set[str] = field(default_factory=set)
    upload: Upload | None = None
    names: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> ContentState:
        return ContentState(self.content.state)

    @property
    def preparation(self) -> PreparationState:
        return PreparationState(self.content.preparation)

    @property
    def pages(self) -> int:
        """How many there are; 0: it moves, or it is not known yet."""
        content = self.content
        return round(content.duration_s or 0.0) if Sort(content.kind).is_pages else 0

    def target(self) -> Target:
        """For the door."""
        content = self.content
        return target_of(content.organisation_id, self.groups, content.created_by)

    def has_badge(self, now: datetime) -> bool:
        """Verified, and nothing has happened since."""
        content = self.content
        return (
            self.state is ContentState.VERIFIED and content.seal_broken_at is None and not self.is_over(now)
        )

    def is_over(self, now: datetime) -> bool:
        until = self.content.valid_until
        return until is not None and until <= now


def target_of(organisation: str, groups: Collection[str], person: str | None) -> Target:
    """Content for the door: without groups it is for all staff."""
    return Target(
        organisation,
        frozenset(groups),
        person=person,
        audience=None if groups else Audience.STAFF,
    )


async def find(session: Session, by: Actor, action: Action, content: str) -> ContentView:
    """The content, if the actor may do that to it. Raises `NotFound`, `Denied`."""
    view = await get(session, content)
    check(by, action, view.target())
    return view


async def get(session: Session, content: str) -> ContentView:
    """Whoever asks. Raises `NotFound`."""
    found = await session.get(Content, content)
    if found is None:
        raise NotFound
    return (await views(session, [found]))[0]


async def views(session: Session, contents: Sequence[Content]) -> list[ContentView]:
    """In four queries, however many they are."""
    await session.flush()
    ids = [content.id for content in contents]
    found = {content.id: ContentView(content) for content in contents}
    groups = select(ContentGroup.content_id, ContentGroup.group_id).where(ContentGroup.content_id.in_(ids))
    for content, group in await session.execute(groups.order_by(ContentGroup.group_id)):
        found[content].groups.append(group)
    authors = select(ContentAuthor.content_id, ContentAuthor.person_id).where(
        ContentAuthor.content_id.in_(ids)
    )
    for content, person in await session.execute(authors):
        found[content].authors.add(person)
    for upload in await session.scalars(select(Upload).where(Upload.content_id.in_(ids))):
        found[upload.content_id].upload = upload
    people = {one for row in contents for one in (row.created_by, row.verified_by) if one is not None}
    named = select(Person.id, Person.name).where(Person.id.in_(people))
    names = {person: name for person, name in await session.execute(named)}  # noqa: C416 - rows
    for view in found.values():
        view.names = names
    return list(found.values())


async def add_author(session: Session, view: ContentView, by: Actor) -> None:
    """Whoever has a hand in it cannot verify it. Idempotent."""
    if by.person not in view.authors:
        session.add(ContentAuthor(content_id=view.content.id, person_id=by.person))
        view.authors.add(by.person)
