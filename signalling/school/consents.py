"""Consents: documents with versions, one for each purpose; given for a family by a guardian, and withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from signalling.school.context import Context
from signalling.school.door import Action, Actor, Target, check
from signalling.school.errors import Conflict, NotFound
from signalling.school.events import ConsentChanged, RecordingConsentWithdrawn
from signalling.school.families import Families
from signalling.school.words import AuditAction, ConsentPurpose, WithoutConsent
from signalling.store import Session
from signalling.store.tables import Consent, ConsentDocument, Family


@dataclass(frozen=True)
class Given:
    """A consent with its document."""

    consent: Consent
    document: ConsentDocument


@dataclass(frozen=True)
class DocumentData:
    """A document as it comes in. `required`: families that never agreed are without it, too. `without`: what these may
    not do in calls."""

    purpose: ConsentPurpose
    title: str
    text: str
    required: bool = False
    without: WithoutConsent | None = None
    """None: without the consent to calls nobody comes to them, all others change nothing there."""


class Consents:
    """The head publishes documents; guardians give and withdraw."""

    def __init__(self, context: Context, families: Families) -> None:
        self._context, self._families = context, families

    async def publish(self, by: Actor, organisation: str, data: DocumentData) -> ConsentDocument:
        """A new version; consents to the one before do not count for it where it is required."""
        check(by, Action.CHANGE_CONSENTS, Target(organisation))
        async with self._context.database.write() as session:
            last = await session.scalar(
                select(func.max(ConsentDocument.version)).where(
                    ConsentDocument.organisation_id == organisation, ConsentDocument.purpose == data.purpose
                )
            )
            usual = WithoutConsent.OUT if data.purpose is ConsentPurpose.CALLS else WithoutConsent.NOTHING
            document = ConsentDocument(
                organisation_id=organisation,
                purpose=data.purpose,
                version=(last or 0) + 1,
                title=data.title,
                text=data.text,
                required=data.required,
                without=data.without or usual,
                published_at=self._context.now(),
                published_by=by.person,
            )
            session.add(document)
            await session.flush()
            await self._context.record(
                session,
                by.person,
                "consent_published",
                f"consent_document:{document.id}",
                organisation=organisation,
                purpose=data.purpose,
                version=document.version,
                required=document.required,
                without=document.without,
            )
            return document

    async def documents(self, by: Actor, organisation: str) -> Sequence[ConsentDocument]:
        """The version of each purpose that holds now, for everybody in the organisation to read."""
        if not by.roles.get(organisation):
            raise NotFound
        async with self._context.database.read() as session:
            return await current_documents(session, organisation)

    async def of_family(self, by: Actor, family: str) -> list[Given]:
        """All that were ever given, newest first."""
        async with self._context.database.read() as session:
            await self._families.find(session, by, Action.SEE_CONSENTS, family)
            return await given_by(session, family)

    async def give(self, by: Actor, family: str, document: str) -> Given:
        """Idempotent. Raises `Conflict` for a version that holds no longer."""
        async with self._context.database.write() as session:
            view = await self._families.find(session, by, Action.GIVE_CONSENT, family)
            organisation = view.family.organisation_id
            current = {found.id: found for found in await current_documents(session, organisation)}
            found = await session.get(ConsentDocument, document)
            if found is None or found.organisation_id != organisation:
                raise NotFound
            if document not in current:
                raise Conflict("There is a newer version of this document", "OLD_DOCUMENT")
            known = await self._standing(session, family, document)
            if known is None:
                known = Consent(
                    document_id=document,
                    family_id=family,
                    person_id=by.person,
                    given_at=self._context.now(),
                )
                session.add(known)
                await session.flush()
                await self._note(session, by, "consent_given", view.family, found)
            changed = ConsentChanged(family, await without_consent(session, organisation, family))
        self._context.events.tell(changed)
        return Given(known, found)

    async def withdraw(self, by: Actor, family: str, document: str) -> Given:
        """Idempotent; the row stays as proof. Raises `NotFound` when it was never given."""
        async with self._context.database.write() as session:
            view = await self._families.find(session, by, Action.GIVE_CONSENT, family)
            given = [one for one in await given_by(session, family) if one.document.id == document]
            if not given:
                raise NotFound
            standing = [one for one in given if one.consent.withdrawn_at is None]
            for one in standing:
                one.consent.withdrawn_at = self._context.now()
                await self._note(session, by, "consent_withdrawn", view.family, one.document)
            await session.flush()
            without = await without_consent(session, view.family.organisation_id, family)
        # First, so that the "no" is written down of those who go out, too.
        if any(one.document.purpose == ConsentPurpose.RECORDING for one in standing):
            self._context.events.tell(RecordingConsentWithdrawn(family))
        self._context.events.tell(ConsentChanged(family, without))
        return given[0]

    async def without(self, by: Actor, organisation: str, purpose: ConsentPurpose) -> list[str]:
        """Ids of the families that have not agreed to the version that holds now; all when there is none."""
        check(by, Action.CHANGE_CONSENTS, Target(organisation))
        async with self._context.database.read() as session:
            documents = await current_documents(session, organisation)
            current = [one.id for one in documents if one.purpose == purpose]
            agreed = select(Consent.family_id).where(
                Consent.document_id.in_(current), Consent.withdrawn_at.is_(None)
            )
            query = select(Family.id).where(Family.organisation_id == organisation, Family.id.not_in(agreed))
            return list(await session.scalars(query.order_by(Family.name, Family.id)))

    async def _standing(self, session: Session, family: str, document: str) -> Consent | None:
        return await session.scalar(
            select(Consent).where(
                Consent.family_id == family,
                Consent.document_id == document,
                Consent.withdrawn_at.is_(None),
            )
        )

    async def _note(
        self, session: Session, by: Actor, action: AuditAction, family: Family, document: ConsentDocument
    ) -> None:
        await self._context.record(
            session,
            by.person,
            action,
            f"family:{family.id}",
            organisation=family.organisation_id,
            purpose=document.purpose,
            version=document.version,
        )


async def current_documents(session: Session, organisation: str) -> list[ConsentDocument]:
    """Within a transaction: the version of each purpose that holds now."""
    query = (
        select(ConsentDocument)
        .where(ConsentDocument.organisation_id == organisation)
        .order_by(ConsentDocument.purpose, ConsentDocument.version)
    )
    newest = {found.purpose: found for found in await session.scalars(query)}
    return list(newest.values())


async def without_consent(session: Session, organisation: str, family: str) -> WithoutConsent:
    """Within a transaction: what a family may not do in calls, the strictest of all documents."""
    given = await given_by(session, family)
    strictest = WithoutConsent.NOTHING
    for document in await current_documents(session, organisation):
        answers = [one for one in given if one.document.purpose == document.purpose]
        if _is_missing(document, answers):
            strictest = max(strictest, WithoutConsent(document.without), key=list(WithoutConsent).index)
    return strictest


def _is_missing(document: ConsentDocument, answers: Sequence[Given]) -> bool:
    """Whether the last answer to a purpose is not a yes that counts."""
    if not answers:
        return document.required
    last = max(
        answers,
        key=lambda one: (one.document.version, one.consent.given_at, one.consent.withdrawn_at is None),
    )
    outdated = document.required and last.document.id != document.id
    return outdated or last.consent.withdrawn_at is not None


async def given_by(session: Session, family: str) -> list[Given]:
    """Within a transaction: all consents of a family, newest first."""
    query = (
        select(Consent, ConsentDocument)
        .join(ConsentDocument, ConsentDocument.id == Consent.document_id)
        .where(Consent.family_id == family)
        .order_by(Consent.given_at.desc(), Consent.id)
    )
    return [Given(consent, document) for consent, document in await session.execute(query)]
