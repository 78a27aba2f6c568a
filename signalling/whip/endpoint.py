"""HTTP of WHIP (RFC 9725) and WHEP: `/whip/v1` as LiveKit has it, and `/whep/v1` beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import structlog
from aiohttp import web
from structlog.contextvars import bound_contextvars

from signalling.problem import problem
from signalling.rtc.admission import token_of
from signalling.rtc.errors import JoinError, Unauthorised
from signalling.rtc.tokens import TokenExpired
from signalling.whip import entity_tag, fragment, headers
from signalling.whip.errors import Refused, of_join

if TYPE_CHECKING:
    from signalling.rtc.gateway import Gateway
    from signalling.rtc.tokens import Claims
    from signalling.whip.metrics import WhipMetrics
    from signalling.whip.protocols import Protocol as GatewayProtocol
    from signalling.whip.session import WhipSession
    from signalling.whip.sessions import WhipSessions
    from signalling.whip.settings import WhipSettings

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Passes(Protocol):
    """Codes that stand for claims: the school gives them to equipment that cannot be given a new token each time."""

    def is_code(self, token: str) -> bool: ...

    async def claims(self, code: str, protocol: str, *, opening: bool) -> Claims | None:
        """None: the code lets nothing in here. Raises a `JoinError`."""


class Endpoint:
    """Handlers of one protocol."""

    def __init__(
        self,
        protocol: GatewayProtocol,
        gateway: Gateway,
        sessions: WhipSessions,
        settings: WhipSettings,
        metrics: WhipMetrics,
        passes: Passes | None = None,
    ) -> None:
        self._protocol = protocol
        self._gateway = gateway
        self._sessions = sessions
        self._settings = settings
        self._metrics = metrics
        self._passes = passes
        self._path = f"/{protocol.name}/v1"
        self._log = structlog.get_logger(__name__)

    def routes(self) -> list[web.RouteDef]:
        one = self._path + "/{session}"
        return [
            web.post(self._path, self._guarded(self._create)),
            web.get(self._path, self._guarded(self._describe)),
            web.options(self._path, self._guarded(self._options)),
            web.patch(one, self._guarded(self._patch)),
            web.delete(one, self._guarded(self._delete)),
            web.get(one, self._guarded(self._nothing)),
            web.options(one, self._guarded(self._options)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        return partial(self._guard, handler)

    async def _guard(self, handler: Handler, request: web.Request) -> web.Response:
        """Refusals become problem details; every answer may be read by pages of anywhere, and is counted."""
        try:
            response = await handler(request)
        except JoinError as error:
            response = self._refuse(of_join(error), request)
        except Refused as refused:
            response = self._refuse(refused, request)
        response.headers.update(headers.CORS)
        self._metrics.requests.labels(self._protocol.name, request.method, str(response.status)).inc()
        return response

    def _refuse(self, refused: Refused, request: web.Request) -> web.Response:
        self._log.info(
            "refused",
            protocol=self._protocol.name,
            method=request.method,
            status=int(refused.status),
            reason=refused.detail,
            remote=request.remote,
        )
        return problem(refused.status, refused.detail, refused.headers)

    async def _create(self, request: web.Request) -> web.Response:
        claims = await self._claims(request, opening=True)
        _expect(request, headers.SDP, {"Accept-Post": headers.SDP})
        offer = await _body(request, self._settings.max_offer_bytes)
        client = request.headers.get("User-Agent", "")
        admission = self._gateway.admit(claims, client, kind=self._protocol.kind)
        with bound_contextvars(correlation_id=admission.correlation_id):
            session = self._protocol.session(admission, offer, request.query)
            answer = await self._sessions.open(session, request.remote or "")
        response = web.Response(status=HTTPStatus.CREATED, body=answer.encode())
        response.headers["Content-Type"] = headers.SDP
        response.headers["Location"] = f"{self._path}/{session.id}"
        response.headers["ETag"] = session.entity_tag
        response.headers["Accept-Patch"] = headers.FRAGMENT
        for link in headers.ice_server_links(self._gateway.ice_servers(session.participant)):
            response.headers.add("Link", link)
        return response

    async def _describe(self, request: web.Request) -> web.Response:
        """Players find out by HEAD what this is (draft-ietf-wish-whep, section 4.2)."""
        return web.Response(body=b"", headers={"Content-Type": headers.SDP})

    async def _nothing(self, request: web.Request) -> web.Response:
        """A session has no representation (RFC 9725, section 4.1), whether there is one or not."""
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _options(self, request: web.Request) -> web.Response:
        accepted = {"Accept-Post": headers.SDP, "Accept-Patch": headers.FRAGMENT}
        return web.Response(headers={**headers.PREFLIGHT, **accepted})

    async def _patch(self, request: web.Request) -> web.Response:
        session = await self._session(request)
        _expect(request, headers.FRAGMENT, {"Accept-Patch": headers.FRAGMENT})
        patch = _fragment(await _body(request, self._settings.max_fragment_bytes), session)
        if_match = ",".join(request.headers.getall("If-Match", []))
        if not if_match:
            raise Refused(HTTPStatus.PRECONDITION_REQUIRED, "If-Match is missing")
        if not (entity_tag.is_any(if_match) or entity_tag.matches(if_match, session.entity_tag)):
            raise Refused(HTTPStatus.PRECONDITION_FAILED, "another ICE session has begun")
        answer = session.apply(patch)
        if answer is None:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        response = web.Response(body=answer.encode())
        response.headers["Content-Type"] = headers.FRAGMENT
        response.headers["ETag"] = session.entity_tag
        return response

    async def _delete(self, request: web.Request) -> web.Response:
        (await self._session(request)).finish()
        return web.Response()

    async def _session(self, request: web.Request) -> WhipSession:
        """The bearer's own session. Raises `Unauthorised`, `Refused`."""
        session = self._sessions.find(request.match_info["session"], self._protocol.name)
        claims = await self._verify(request, session)
        if session is None or not session.belongs_to(claims):
            raise Refused(HTTPStatus.NOT_FOUND, "no such session")
        return session

    async def _claims(self, request: web.Request, *, opening: bool) -> Claims:
        """Raises a `JoinError`."""
        token = token_of(request.headers, request.query)
        if self._passes is None or not self._passes.is_code(token):
            return self._gateway.verify(request.headers, request.query)
        claims = await self._passes.claims(token, self._protocol.name, opening=opening)
        if claims is None:
            raise Unauthorised("no such pass")
        return claims

    async def _verify(self, request: web.Request, session: WhipSession | None) -> Claims:
        """A token that was valid when its session began may end it: nobody can give the client another."""
        try:
            return await self._claims(request, opening=False)
        except TokenExpired:
            if session is None:
                raise
            return self._gateway.verify(request.headers, request.query, at=session.opened_at)


def _expect(request: web.Request, content_type: str, accepted: Mapping[str, str]) -> None:
    if request.content_type.lower() != content_type:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {content_type}", accepted)


async def _body(request: web.Request, max_bytes: int) -> str:
    if (request.content_length or 0) > max_bytes:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {max_bytes} bytes")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large") from error
    if len(body) > max_bytes:  # sent in chunks
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {max_bytes} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is not UTF-8") from error


def _fragment(text: str, session: WhipSession) -> fragment.IceFragment:
    try:
        patch = fragment.parse(text)
    except fragment.FragmentError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"fragment: {error}") from error
    if not set(patch.mids) <= set(session.offer.mids):
        raise Refused(HTTPStatus.BAD_REQUEST, "fragment: a mid that the offer did not have")
    return patch
