"""Consents, and what a family may take with it, over HTTP."""

import json
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body, Id, Name
from signalling.school.consents import DocumentData, Given
from signalling.school.words import ConsentPurpose, WithoutConsent
from signalling.store.tables import ConsentDocument

endpoints = Endpoints()
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=50_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]


class DocumentBody(Body):
    """`required`: families that never agreed to it are without it, too; else only those that withdrew. `without`: what
    these may not do in calls; if it is not said, they do not come when the purpose is `calls`, and may all else."""

    purpose: ConsentPurpose
    title: Name
    text: Text
    required: bool = False
    without: WithoutConsent | None = None


class DocumentAnswer(Answer):
    """The version that holds now."""

    id: str
    purpose: ConsentPurpose
    version: int
    title: str
    text: str
    required: bool
    without: WithoutConsent
    published_at: datetime


class DocumentList(Answer):
    documents: list[DocumentAnswer]


class ConsentBody(Body):
    document: Id


class ConsentAnswer(Answer):
    document: str
    purpose: ConsentPurpose
    version: int
    given_at: datetime
    withdrawn_at: datetime | None


class ConsentList(Answer):
    consents: list[ConsentAnswer]


class Purpose(Body):
    purpose: ConsentPurpose


class FamilyIds(Answer):
    families: list[str]


class RetentionAnswer(Answer):
    """Days until data is removed; `pupils_data`: whether anything is written down about children."""

    journal_days: int
    chat_days: int
    recording_days: int
    device_days: int
    pupils_data: bool


@endpoints.add("GET", "/api/organisations/{organisation}/consents", answer=DocumentList)
async def list_consent_documents(call: Call) -> DocumentList:
    """What families are asked to agree to, one document for each purpose."""
    found = await call.school.consents.documents(call.actor, call.path["organisation"])
    return DocumentList(documents=[_document(document) for document in found])


@endpoints.add(
    "POST",
    "/api/organisations/{organisation}/consents",
    body=DocumentBody,
    answer=DocumentAnswer,
    status=201,
    large=True,
)
async def publish_consent_document(call: Call, body: DocumentBody) -> DocumentAnswer:
    """Publish a document, or a new version of it; families are asked anew."""
    data = DocumentData(**dict(body))
    return _document(await call.school.consents.publish(call.actor, call.path["organisation"], data))


@endpoints.add("GET", "/api/organisations/{organisation}/consents/missing", query=Purpose, answer=FamilyIds)
async def list_missing_consents(call: Call, query: Purpose) -> FamilyIds:
    """Families that have not agreed to what holds now."""
    found = await call.school.consents.without(call.actor, call.path["organisation"], query.purpose)
    return FamilyIds(families=found)


@endpoints.add("GET", "/api/families/{family}/consents", answer=ConsentList)
async def list_family_consents(call: Call) -> ConsentList:
    """All consents of a family, withdrawn ones too, newest first."""
    found = await call.school.consents.of_family(call.actor, call.path["family"])
    return ConsentList(consents=[_consent(given) for given in found])


@endpoints.add("POST", "/api/families/{family}/consents", body=ConsentBody, answer=ConsentAnswer, status=201)
async def give_consent(call: Call, body: ConsentBody) -> ConsentAnswer:
    """Agree, as a guardian of the family."""
    return _consent(await call.school.consents.give(call.actor, call.path["family"], body.document))


@endpoints.add("POST", "/api/families/{family}/consents/withdrawal", body=ConsentBody, answer=ConsentAnswer)
async def withdraw_consent(call: Call, body: ConsentBody) -> ConsentAnswer:
    """Withdraw a consent."""
    return _consent(await call.school.consents.withdraw(call.actor, call.path["family"], body.document))


@endpoints.add("POST", "/api/families/{family}/export", media_type="application/json")
async def export_family(call: Call) -> web.Response:
    """All that is known of a family, as a JSON file; guardians and the head may."""
    found = await call.school.retention.export_family(call.actor, call.path["family"])
    headers = {"Content-Disposition": 'attachment; filename="family.json"'}
    return web.json_response(text=json.dumps(found, ensure_ascii=False, indent=2), headers=headers)


@endpoints.add("GET", "/api/retention", answer=RetentionAnswer)
async def get_retention(call: Call) -> RetentionAnswer:
    """How long this server keeps data, as its settings say."""
    settings = call.school.context.settings
    kept = settings.retention
    return RetentionAnswer(
        journal_days=kept.journal_days,
        chat_days=kept.chat_days,
        recording_days=kept.recording_days,
        device_days=kept.device_days,
        pupils_data=settings.pupils_data,
    )


def _document(document: ConsentDocument) -> DocumentAnswer:
    return DocumentAnswer(
        id=document.id,
        purpose=ConsentPurpose(document.purpose),
        version=document.version,
        title=document.title,
        text=document.text,
        required=document.required,
        without=WithoutConsent(document.without),
        published_at=document.published_at,
    )


def _consent(given: Given) -> ConsentAnswer:
    return ConsentAnswer(
        document=given.document.id,
        purpose=ConsentPurpose(given.document.purpose),
        version=given.document.version,
        given_at=given.consent.given_at,
        withdrawn_at=given.consent.withdrawn_at,
    )
