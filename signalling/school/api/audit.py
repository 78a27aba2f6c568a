"""The audit log over HTTP: pages, and all of it as a file."""

import json
from datetime import datetime
from typing import Annotated, Any, get_args

from aiohttp import web
from pydantic import Field, WithJsonSchema

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Page
from signalling.school.words import AuditAction
from signalling.store.tables import AuditEntry

endpoints = Endpoints()


class AuditAnswer(Answer):
    """`actor` is a person's id, `console`, `system` or `link:<id>`; `actor_name` is today's name of that person."""

    number: int
    at: datetime
    actor: str
    actor_name: str | None
    action: Annotated[str, WithJsonSchema({"type": "string", "enum": list(get_args(AuditAction))})]
    target: str
    target_name: str | None
    details: dict[str, Any]
    hash: str


class AuditPage(Answer):
    """Newest first; `next` is `before` of the following page."""

    entries: list[AuditAnswer]
    next: int | None


class AuditQuery(Page):
    """`target`: entries of this alone, its kind and its id."""

    target: Annotated[str, Field(pattern=r"^[a-z_]{1,20}:[0-9a-f]{32}$")] | None = None


@endpoints.add("GET", "/api/organisations/{organisation}/audit", query=AuditQuery, answer=AuditPage)
async def list_audit(call: Call, query: AuditQuery) -> AuditPage:
    """Who did what, newest first."""
    entries, names = await call.school.journal.page(
        call.actor, call.path["organisation"], query.before, query.limit, query.target
    )
    more = len(entries) == query.limit and entries[-1].number > 1
    return AuditPage(
        entries=[_entry(entry, names) for entry in entries], next=entries[-1].number if more else None
    )


@endpoints.add("GET", "/api/organisations/{organisation}/audit.csv", media_type="text/csv")
async def export_audit(call: Call) -> web.Response:
    """The organisation's whole log as CSV."""
    text = await call.school.journal.csv(call.actor, call.path["organisation"])
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


def _entry(entry: AuditEntry, names: dict[str, str]) -> AuditAnswer:
    return AuditAnswer(
        number=entry.number,
        at=entry.at,
        actor=entry.actor,
        actor_name=names.get(entry.actor),
        action=entry.action,
        target=entry.target,
        target_name=names.get(entry.target.partition(":")[2]),
        details=json.loads(entry.details),
        hash=entry.hash,
    )
