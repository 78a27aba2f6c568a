"""The way into a call: who comes, as what, under which name. Nothing of it is chosen by the client."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, union

from signalling.school.actors import groups_of_families
from signalling.school.codes import new_token
from signalling.school.consents import without_consent
from signalling.school.context import Context
from signalling.school.door import Action, Actor, allows
from signalling.school.errors import BadRequest, Conflict, Denied, LinkNotFound
from signalling.school.invitations import Invitations
from signalling.school.lessons import Lessons, LessonView, Occurrence, badges_of
from signalling.school.sessions import Known
from signalling.school.words import Role, WithoutConsent
from signalling.store import Session
from signalling.store.tables import Child, Family, FamilyGroup, Invitation, Lesson, Organisation

DEVICE_DIGITS = 12
LINK_DIGITS = 12
"""A guest is known by the link that it came by, so that it goes with it."""


@dataclass(frozen=True)
class Entry:
    """What a token for a call says. `role` is the value of a `CallRole`, `badge` that of a `Role` or empty."""

    occurrence: Occurrence
    identity: str
    name: str
    role: str
    badge: str
    watches: bool = False
    """A consent is missing: it receives, and sends nothing whatever a host does."""


@dataclass(frozen=True)
class Invited:
    """What a link leads to now."""

    occurrence: Occurrence
    organisation: str
    family: str | None
    """The name of the family whose link it is; None: a guest, who gives a name."""
    without: WithoutConsent = WithoutConsent.NOTHING
    """What the family may not do, as a consent is missing."""


class Entrances:
    """For links and for people with an account."""

    def __init__(self, context: Context, lessons: Lessons, invitations: Invitations) -> None:
        self._context, self._lessons, self._invitations = context, lessons, invitations

    async def look(self, code: str) -> Invited:
        """Raises `LinkNotFound`."""
        async with self._context.database.read() as session:
            return await self._invited(session, await self._invitations.open(session, code))

    async def by_link(self, code: str, name: str | None, device: str) -> tuple[Entry, str]:
        """The entry and the secret of the device, which the browser keeps. Raises `LinkNotFound`, `Denied`,
        `BadRequest`, `Conflict`."""
        device = device or new_token()
        try:
            async with self._context.database.write() as session:
                return await self._come(session, code, name, device), device
        except Denied as refused:
            if refused.code == "TOO_MANY_DEVICES":
                async with self._context.database.write() as session:
                    invitation = await self._invitations.open(session, code, lock=True)
                    await self._invitations.alert(session, invitation, "link_refused")
            raise

    async def by_account(self, known: Known, lesson: str, starts_at: datetime | None = None) -> Entry:
        """Staff and guardians with an account. Raises `NotFound`, `Denied`, `Conflict`."""
        actor = known.actor
        async with self._context.database.read() as session:
            view = await self._lessons.find(session, actor, Action.JOIN_LESSON, lesson)
            occurrence = self._at(view, starts_at)
            _check_open(occurrence)
            organisation = view.lesson.organisation_id
            badges = await badges_of(session, {actor.person})
            badge = badges.get((actor.person, organisation))
            if badge is not None:
                role = _role_of_staff(actor, view)
                identity = f"staff:{actor.person}:{known.sign_in[:DEVICE_DIGITS]}"
                return Entry(occurrence, identity, known.person.name, role, badge.value)
            family = await self._family_of(session, actor, view)
            without = await without_consent(session, organisation, family.id)
            return _family_entry(occurrence, family.id, family.name, known.sign_in, without)

    async def expected(self, occurrence: Occurrence) -> list[tuple[str, str]]:
        """Persons of the call's list, with names: families of the lesson's groups."""
        view = occurrence.view
        async with self._context.database.read() as session:
            if view.lesson.family_id is not None:
                query = select(Family).where(Family.id == view.lesson.family_id)
            else:
                query = select(Family).where(Family.id.in_(await families_of_groups(session, view.groups)))
            found = await session.scalars(query.order_by(Family.name, Family.id))
            return [(f"family:{family.id}", family.name) for family in found]

    async def _come(self, session: Session, code: str, name: str | None, device: str) -> Entry:
        invitation = await self._invitations.open(session, code, lock=True)
        invited = await self._invited(session, invitation)
        _check_open(invited.occurrence)
        if invitation.family_id is None and name is None:
            raise BadRequest("A name of 1 to 60 characters is needed")
        hashed = await self._invitations.come(session, invitation, device)
        if invitation.family_id is not None:
            assert invited.family is not None, "a personal link is of a family"
            return _family_entry(
                invited.occurrence, invitation.family_id, invited.family, hashed, invited.without
            )
        identity = f"guest:{invitation.id[:LINK_DIGITS]}{secrets.token_hex(8)}"
        return Entry(invited.occurrence, identity, name or "", "guest", "")

    async def _invited(self, session: Session, invitation: Invitation) -> Invited:
        organisation = await session.get(Organisation, invitation.organisation_id)
        assert organisation is not None, "links go with their organisation"
        if invitation.lesson_id is not None:
            lesson = await session.get(Lesson, invitation.lesson_id)
            assert lesson is not None, "links go with their lesson"
            view = await self._lessons.view(session, lesson)
            return Invited(self._lessons.current(view), organisation.name, None)
        assert invitation.family_id is not None, "a link is of a family or of a lesson"
        family = await session.get(Family, invitation.family_id)
        assert family is not None, "links go with their family"
        occurrence = await self._next_of(session, family)
        if occurrence is None:
            raise LinkNotFound("There is no lesson yet: please look again later", "NO_LESSON")
        without = await without_consent(session, organisation.id, family.id)
        return Invited(occurrence, organisation.name, family.name, without)

    async def _next_of(self, session: Session, family: Family) -> Occurrence | None:
        """What is on for a family, else what comes next, else what was last."""
        now = self._context.now()
        groups = await groups_of_families(session, {family.id})
        actor = Actor(
            "",
            {family.organisation_id: frozenset({Role.GUARDIAN})},
            families=frozenset({family.id}),
            family_groups=groups,
        )
        around = await self._lessons.between(
            session, family.organisation_id, now - timedelta(days=7), now + timedelta(days=90)
        )
        mine = [one for one in around if allows(actor, Action.JOIN_LESSON, one.view.target())]
        for state in ("live", "before"):
            if found := next((one for one in mine if one.state == state), None):
                return found
        return mine[-1] if mine else None

    async def _family_of(self, session: Session, actor: Actor, view: LessonView) -> Family:
        """With which of the families somebody comes."""
        for family_id in sorted(actor.families):
            family = await session.get(Family, family_id)
            if family is None or family.organisation_id != view.lesson.organisation_id:
                continue
            mine = await groups_of_families(session, {family_id})
            roles = {family.organisation_id: frozenset({Role.GUARDIAN})}
            one = Actor("", roles, families=frozenset({family_id}), family_groups=mine)
            if allows(one, Action.JOIN_LESSON, view.target()):
                return family
        raise Denied

    def _at(self, view: LessonView, starts_at: datetime | None) -> Occurrence:
        if starts_at is None:
            return self._lessons.current(view)
        if not view.begins(starts_at, starts_at + timedelta(seconds=1)):
            raise Conflict("It does not take place at this time", "NO_OCCURRENCE")
        return self._lessons.occurrence(view, starts_at)


async def families_of_groups(session: Session, groups: list[str]) -> list[str]:
    """Ids of families that belong to any of the groups."""
    direct = select(FamilyGroup.family_id).where(FamilyGroup.group_id.in_(groups))
    through = select(Child.family_id).where(Child.group_id.in_(groups))
    return list((await session.scalars(union(direct, through))).all())


def _check_open(occurrence: Occurrence) -> None:
    if occurrence.state != "live":
        messages = {"before": "It has not begun yet", "after": "It is over", "cancelled": "It was cancelled"}
        raise Conflict(messages[occurrence.state], f"LESSON_{occurrence.state.upper()}")


def _family_entry(
    occurrence: Occurrence, family: str, name: str, device: str, without: WithoutConsent
) -> Entry:
    """Raises `Denied`."""
    if without is WithoutConsent.OUT:
        raise Denied("A guardian has to agree to video calls first", "CONSENT_NEEDED")
    identity, watches = f"family:{family}:{device[:DEVICE_DIGITS]}", without is WithoutConsent.WATCH
    return Entry(occurrence, identity, name, _role_of_family(occurrence.view), "", watches)


def _role_of_staff(actor: Actor, view: LessonView) -> str:
    """The host leads; who else may is a co-host; the others watch in a webinar, take part elsewhere."""
    if actor.person == view.lesson.host_id:
        return "host"
    if allows(actor, Action.HOST_LESSON, view.target()):
        return "cohost"
    return _role_of_family(view)


def _role_of_family(view: LessonView) -> str:
    return "viewer" if view.lesson.mode == "webinar" else "family"
