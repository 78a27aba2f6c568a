"""Requests to calls, outcomes to answers."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError

from signalling.pages.security import error
from signalling.school.api import (
    attendance,
    audit,
    consents,
    content,
    cookies,
    families,
    groups,
    invitations,
    links,
    material,
    oidc,
    openapi,
    passes,
    recordings,
    roster,
    schedule,
    sessions,
    staff,
    tus,
)
from signalling.school.api.endpoint import Access, Call, Endpoint, arguments
from signalling.school.api.joining import Joining
from signalling.school.api.models import CODE_PATTERN, ID_PATTERN
from signalling.school.api.oidc_client import OidcClient
from signalling.school.errors import (
    BadRequest,
    Conflict,
    Denied,
    LinkNotFound,
    NotFound,
    NotSignedIn,
    SchoolError,
)
from signalling.school.library import Library
from signalling.school.library.material import LANGUAGE, PICTURE, RENDITION
from signalling.school.recordings import Recordings
from signalling.school.school import School

HEADER = "X-Polyana"
"""Other sites cannot send it without asking first (https://fetch.spec.whatwg.org/#http-cors-protocol), and are
refused then."""
SAFE = ("GET", "HEAD")
_ID = re.compile(ID_PATTERN)
_CODE = re.compile(CODE_PATTERN)
_NAMES = {"picture": PICTURE, "rendition": RENDITION, "language": LANGUAGE}
"""Parameters of a path that are no ids."""
ENDPOINTS = (
    *sessions.endpoints,
    *staff.endpoints,
    *groups.endpoints,
    *families.endpoints,
    *schedule.endpoints,
    *invitations.endpoints,
    *links.endpoints,
    *passes.endpoints,
    *attendance.endpoints,
    *consents.endpoints,
    *oidc.endpoints,
    *roster.endpoints,
    *audit.endpoints,
    *content.endpoints,
    *material.endpoints,
    *recordings.endpoints,
)
LARGE = tuple(endpoint.path for endpoint in ENDPOINTS if endpoint.large)
"""Paths whose bodies may be as large as `school.max_body_bytes`."""
log = structlog.get_logger("signalling.school")


class SchoolApi:
    """All endpoints of the school below /api."""

    def __init__(self, school: School, library: Library, kept: Recordings, joining: Joining) -> None:
        """`kept`: recordings of its lessons."""
        self._school, self._library, self._recordings, self._joining = school, library, kept, joining
        self._tus = tus.Tus(library, school.sessions, check_header)
        context = school.context
        self._providers = {one.id: OidcClient(one, context.clock) for one in context.settings.oidc}
        self._description = openapi.description(ENDPOINTS)

    def routes(self) -> list[web.RouteDef]:
        """With the description itself."""
        routes = [web.route(e.method, e.path, partial(self._handle, e)) for e in ENDPOINTS]
        return [*routes, *self._tus.routes(), web.get("/api/openapi.json", self._openapi)]

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(text=self._description)

    async def _handle(self, endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
        call: Call | None = None
        try:
            if endpoint.custom_header:
                check_header(request)
            call = await self._call(endpoint, request)
            values = {"body": await _body(endpoint, request), "query": _query(endpoint, request)}
            outcome = await endpoint.handler(call, **arguments(endpoint, values))
            response: web.StreamResponse = _answer(endpoint, outcome)
        except SchoolError as refusal:
            response = error(refusal.status, refusal.code, str(refusal))
        except IntegrityError:
            log.info("changed meanwhile", operation=endpoint.name)
            response = error(Conflict.status, Conflict.code, str(Conflict()))
        if call is not None:
            self._set_cookies(request, response, call)
        return response

    async def _call(self, endpoint: Endpoint, request: web.Request) -> Call:
        path = _path(request.match_info)
        token = cookies.read(request, cookies.SESSION)
        known = await self._school.sessions.resolve(token) if token else None
        if known is None and endpoint.access is Access.SIGNED_IN:
            raise NotSignedIn
        return Call(
            self._school,
            self._library,
            self._recordings,
            self._joining,
            self._providers,
            known,
            path,
            request.remote or "",
            request.headers.get("User-Agent", ""),
            cookies.origin(request),
            {name: cookies.read(request, name) for name in cookies.LIFETIMES},
        )

    def _set_cookies(self, request: web.Request, response: web.StreamResponse, call: Call) -> None:
        fresh = call.begun or (call.known.token if call.known is not None else None)
        if call.ended:
            cookies.clear_session(request, response)
        elif fresh is not None:
            cookies.write_session(request, response, fresh, self._school.context.settings)
        for name, value in call.new_cookies.items():
            cookies.write(request, response, name, value, cookies.LIFETIMES[name] if value else 0)


def check_header(request: web.Request) -> None:
    """Raises `Denied` for a change that another site may have begun."""
    if request.method not in SAFE and request.headers.get(HEADER) != "1":
        raise Denied(f"The header {HEADER}: 1 is needed", "NO_HEADER")


def _path(given: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in given.items():
        if name == "code" and not _CODE.fullmatch(value):
            raise LinkNotFound
        if name not in ("code", "provider") and not _NAMES.get(name, _ID).fullmatch(value):
            raise NotFound
    return dict(given)


async def _body(endpoint: Endpoint, request: web.Request) -> BaseModel | None:
    if endpoint.body is None:
        await request.read()  # its size is limited, too
        return None
    try:
        return endpoint.body.model_validate_json(await request.read())
    except ValidationError as found:
        raise BadRequest(_reasons(found)) from found


def _query(endpoint: Endpoint, request: web.Request) -> BaseModel | None:
    if endpoint.query is None:
        return None
    try:
        return endpoint.query.model_validate(dict(request.query))
    except ValidationError as found:
        raise BadRequest(_reasons(found)) from found


def _reasons(found: ValidationError) -> str:
    """Each field at fault; never what was in it."""
    errors = found.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in errors[:10])


def _answer(endpoint: Endpoint, outcome: Any) -> web.StreamResponse:
    if isinstance(outcome, web.StreamResponse):
        return outcome
    if outcome is None:
        return web.Response(status=endpoint.status)
    return web.json_response(text=outcome.model_dump_json(), status=endpoint.status)
