"""Links: personal ones of families, shared ones of lessons. Unguessable, found by a keyed hash, ended at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select

from signalling.school.codes import token_hash
from signalling.school.context import Context
from signalling.school.door import Action, Actor, check
from signalling.school.errors import Denied, LinkNotFound, NotFound
from signalling.school.events import LinkRevoked
from signalling.school.families import Families, FamilyView
from signalling.school.lessons import Lessons
from signalling.school.words import AuditAction, Role
from signalling.store import Session
from signalling.store.tables import Invitation, InvitationDevice, Membership
from signalling.store.types import new_id

PURPOSE = "invitation"
SAME_TIME = timedelta(minutes=30)
"""Two browsers of a family that come within it may be two people with one link."""


@dataclass(frozen=True)
class Link:
    """An invitation with its code and what it is for."""

    invitation: Invitation
    code: str
    name: str
    """Of the family, or of the lesson."""
    devices: int


class Invitations:
    """Made by the head, and by teachers for their own groups."""

    def __init__(self, context: Context, families: Families, lessons: Lessons) -> None:
        self._context, self._families, self._lessons = context, families, lessons

    async def for_family(
        self, by: Actor, family: str, expires_at: datetime | None = None, max_devices: int | None = None
    ) -> Link:
        """A new personal link; the ones before it end."""
        async with self._context.database.write() as session:
            view = await self._families.find(session, by, Action.INVITE_FAMILY, family)
            before = await session.scalars(
                select(Invitation).where(Invitation.family_id == family, Invitation.revoked_at.is_(None))
            )
            ended = [await self._revoke(session, by, old) for old in before]
            link = await self._make_personal(session, by, view, expires_at, max_devices)
        self._tell(ended)
        return link

    async def for_group(self, by: Actor, organisation: str, group: str) -> list[Link]:
        """The links of all families of a group that the actor may invite; made where there are none."""
        views = await self._families.seen(by, organisation, group)
        now = self._context.now()
        links: list[Link] = []
        async with self._context.database.write() as session:
            ids = [view.family.id for view in views]
            query = select(Invitation).where(
                Invitation.family_id.in_(ids), Invitation.revoked_at.is_(None), Invitation.lesson_id.is_(None)
            )
            known = {
                found.family_id: found
                for found in await session.scalars(query)
                if found.expires_at is None or found.expires_at > now
            }
            for view in views:
                check(by, Action.INVITE_FAMILY, view.target())
                found = known.get(view.family.id)
                if found is None:
                    links.append(await self._make_personal(session, by, view, None, None))
                else:
                    links.append(await self._link(session, found, view.family.name))
        return links

    async def for_lesson(
        self, by: Actor, lesson: str, expires_at: datetime | None = None, max_devices: int | None = None
    ) -> Link:
        """A shared link: whoever comes by it waits in the lobby."""
        async with self._context.database.write() as session:
            view = await self._lessons.find(session, by, Action.CHANGE_LESSON, lesson)
            invitation = self._new(by, view.lesson.organisation_id, expires_at, max_devices)
            invitation.lesson_id = lesson
            session.add(invitation)
            await session.flush()
            await self._note(session, by.person, "link_made", invitation, lesson=lesson)
            return await self._link(session, invitation, view.lesson.title)

    async def of_family(self, by: Actor, family: str) -> list[Link]:
        """All links of a family that are not revoked, newest first."""
        async with self._context.database.read() as session:
            view = await self._families.find(session, by, Action.INVITE_FAMILY, family)
            query = select(Invitation).where(Invitation.family_id == family)
            return await self._open_links(session, query, view.family.name)

    async def of_lesson(self, by: Actor, lesson: str) -> list[Link]:
        """All shared links of a lesson that are not revoked, newest first."""
        async with self._context.database.read() as session:
            view = await self._lessons.find(session, by, Action.CHANGE_LESSON, lesson)
            query = select(Invitation).where(Invitation.lesson_id == lesson)
            return await self._open_links(session, query, view.lesson.title)

    async def get(self, by: Actor, invitation: str) -> Link:
        """With its code: it can be shown again at any time."""
        async with self._context.database.read() as session:
            found, name = await self._find(session, by, invitation)
            return await self._link(session, found, name)

    async def revoke(self, by: Actor, invitation: str) -> None:
        """It leads nowhere from now on, and whoever came by it goes. Idempotent."""
        async with self._context.database.write() as session:
            found, _ = await self._find(session, by, invitation)
            ended = [] if found.revoked_at else [await self._revoke(session, by, found)]
        self._tell(ended)

    async def forget_devices(self, by: Actor, invitation: str) -> Link:
        """A family has new phones: the count begins anew, the alert is answered."""
        async with self._context.database.write() as session:
            found, name = await self._find(session, by, invitation)
            await session.execute(
                delete(InvitationDevice).where(InvitationDevice.invitation_id == invitation)
            )
            found.alert_at = None
            await self._note(session, by.person, "link_devices_forgotten", found)
            return await self._link(session, found, name)

    async def revoke_of(
        self, session: Session, role: Membership, families: Sequence[str]
    ) -> list[LinkRevoked]:
        """Within a transaction: ends what somebody of the staff has made, or what a guardian may know; to be told after
        the commit."""
        guardian = role.role == Role.GUARDIAN
        query = select(Invitation).where(
            Invitation.family_id.in_(families) if guardian else Invitation.created_by == role.person_id,
            Invitation.organisation_id == role.organisation_id,
            Invitation.revoked_at.is_(None),
        )
        return [await self._revoke(session, None, found) for found in await session.scalars(query)]

    async def open(self, session: Session, code: str, lock: bool = False) -> Invitation:
        """Within a transaction: what a code leads to. Raises `LinkNotFound`, the same for every wrong one."""
        query = select(Invitation).where(Invitation.code_hash == self._context.codes.hash(code))
        found = await session.scalar(query.with_for_update() if lock else query)
        now = self._context.now()
        if found is None or found.revoked_at or (found.expires_at is not None and found.expires_at <= now):
            raise LinkNotFound
        return found

    async def come(self, session: Session, invitation: Invitation, device: str) -> str:
        """Within a transaction: a browser comes by the link, `device` is its secret. The hash of the device. Raises
        `Denied` for one too many."""
        hashed, now = token_hash(device), self._context.now()
        known = list(
            await session.scalars(
                select(InvitationDevice).where(InvitationDevice.invitation_id == invitation.id)
            )
        )
        mine = next((row for row in known if row.device_hash == hashed), None)
        limit = invitation.max_devices
        if mine is None and limit is not None and len(known) >= limit:
            raise Denied("This link is used on as many devices as it may be", "TOO_MANY_DEVICES")
        others = [row for row in known if row.device_hash != hashed and now - row.last_at < SAME_TIME]
        if mine is None:
            mine = InvitationDevice(invitation_id=invitation.id, device_hash=hashed, first_at=now)
            session.add(mine)
        mine.last_at = now
        if others and invitation.family_id is not None:
            await self.alert(session, invitation, "link_used_twice")
        await session.flush()
        return hashed

    async def alert(self, session: Session, invitation: Invitation, action: AuditAction) -> None:
        """Within a transaction: something about a link that its teacher should see."""
        invitation.alert_at = self._context.now()
        await self._note(session, f"link:{invitation.id}", action, invitation)

    async def _make_personal(
        self, session: Session, by: Actor, view: FamilyView, expires_at: datetime | None, devices: int | None
    ) -> Link:
        most = devices or self._context.settings.family_devices
        invitation = self._new(by, view.family.organisation_id, expires_at, most)
        invitation.family_id = view.family.id
        session.add(invitation)
        await session.flush()
        await self._note(session, by.person, "link_made", invitation, family=view.family.id)
        return await self._link(session, invitation, view.family.name)

    def _new(
        self, by: Actor, organisation: str, expires_at: datetime | None, devices: int | None
    ) -> Invitation:
        made = new_id()
        return Invitation(
            id=made,
            organisation_id=organisation,
            code_hash=self._context.codes.hash(self._context.codes.derived(PURPOSE, made)),
            created_at=self._context.now(),
            created_by=by.person,
            expires_at=expires_at,
            max_devices=devices,
        )

    async def _find(self, session: Session, by: Actor, invitation: str) -> tuple[Invitation, str]:
        found = await session.get(Invitation, invitation)
        if found is None:
            raise NotFound
        if found.family_id is not None:
            view = await self._families.find(session, by, Action.INVITE_FAMILY, found.family_id)
            return found, view.family.name
        assert found.lesson_id is not None, "a link is of a family or of a lesson"
        lesson = await self._lessons.find(session, by, Action.CHANGE_LESSON, found.lesson_id)
        return found, lesson.lesson.title

    async def _open_links(self, session: Session, query: Select[Invitation], name: str) -> list[Link]:
        query = query.where(Invitation.revoked_at.is_(None)).order_by(Invitation.created_at.desc())
        return [await self._link(session, found, name) for found in await session.scalars(query)]

    async def _link(self, session: Session, invitation: Invitation, name: str) -> Link:
        count = await session.scalar(
            select(func.count())
            .select_from(InvitationDevice)
            .where(InvitationDevice.invitation_id == invitation.id)
        )
        code = self._context.codes.derived(PURPOSE, invitation.id)
        return Link(invitation, code, name, count or 0)

    async def _revoke(self, session: Session, by: Actor | None, invitation: Invitation) -> LinkRevoked:
        invitation.revoked_at = self._context.now()
        await self._note(session, by.person if by else "system", "link_revoked", invitation)
        return LinkRevoked(invitation.id, invitation.family_id)

    async def _note(
        self, session: Session, actor: str, action: AuditAction, invitation: Invitation, **details: str
    ) -> None:
        target = (
            f"family:{invitation.family_id}" if invitation.family_id else f"lesson:{invitation.lesson_id}"
        )
        await self._context.record(
            session,
            actor,
            action,
            target,
            organisation=invitation.organisation_id,
            link=invitation.id,
            **details,
        )

    def _tell(self, events: Sequence[LinkRevoked]) -> None:
        for event in events:
            self._context.events.tell(event)
