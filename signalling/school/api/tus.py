"""Uploads by tus 1.0 (https://tus.io/protocols/resumable-upload) with creation, checksum, expiration, termination."""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import format_datetime

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from signalling.library.incoming import CHECKSUMS
from signalling.pages.security import error
from signalling.school.api import cookies
from signalling.school.api.models import ID_PATTERN
from signalling.school.door import Actor
from signalling.school.errors import BadRequest, NotFound, NotSignedIn, SchoolError
from signalling.school.library import Library
from signalling.school.library.uploads import Progressed, TooLarge
from signalling.school.sessions import Sessions

VERSION = "1.0.0"
BEGIN, UPLOAD = "/api/content/{content}/uploads", "/api/uploads/{upload}"
STREAMED = (UPLOAD,)
"""Paths whose bodies are never in memory: as large as a file may be."""
PIECE = "application/offset+octet-stream"
READ_AT_ONCE = 256 << 10
MOST_DIGITS = 16
_ID = re.compile(ID_PATTERN)
Handler = Callable[[web.Request, Actor], Awaitable[web.Response]]


class Tus:
    """Sessions and the header against cross-site requests as everywhere below /api."""

    def __init__(
        self, library: Library, sessions: Sessions, check_header: Callable[[web.Request], None]
    ) -> None:
        self._library, self._sessions, self._check_header = library, sessions, check_header

    def routes(self) -> list[web.RouteDef]:
        return [
            web.options(BEGIN, self._options),
            web.post(BEGIN, self._handler(self._begin)),
            web.options(UPLOAD, self._options),
            web.head(UPLOAD, self._handler(self._state)),
            web.patch(UPLOAD, self._handler(self._append)),
            web.delete(UPLOAD, self._handler(self._remove)),
        ]

    def _handler(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                self._check_header(request)
                actor = await self._actor(request)
                if request.headers.get("Tus-Resumable") != VERSION:
                    response = error(412, "TUS_VERSION", f"This is tus {VERSION}")
                    response.headers["Tus-Version"] = VERSION
                else:
                    response = await handler(request, actor)
            except SchoolError as refusal:
                response = error(refusal.status, refusal.code, str(refusal))
            response.headers["Tus-Resumable"] = VERSION
            return response

        return handle

    async def _options(self, request: web.Request) -> web.Response:
        headers = {
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,checksum,expiration,termination",
            "Tus-Max-Size": str(self._library.settings.max_file_bytes),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        }
        return web.Response(status=204, headers=headers)

    async def _actor(self, request: web.Request) -> Actor:
        token = cookies.read(request, cookies.SESSION)
        known = await self._sessions.resolve(token) if token else None
        if known is None:
            raise NotSignedIn
        return known.actor

    async def _begin(self, request: web.Request, actor: Actor) -> web.Response:
        await request.read()  # nothing is expected: its size is limited
        if "Upload-Defer-Length" in request.headers or "Upload-Concat" in request.headers:
            raise BadRequest("The length must be known, and a file comes in one upload")
        length = _number(request, "Upload-Length")
        name = metadata(request.headers.get("Upload-Metadata", "")).get("filename", "")
        begun = await self._library.uploads.begin(actor, _id(request, "content"), length, name)
        headers = _headers(begun) | {"Location": UPLOAD.format(upload=begun.id)}
        return web.Response(status=201, headers=headers)

    async def _state(self, request: web.Request, actor: Actor) -> web.Response:
        found = await self._library.uploads.state(actor, _id(request, "upload"))
        headers = _headers(found) | {"Upload-Length": str(found.length)}
        return web.Response(status=200, headers=headers)

    async def _append(self, request: web.Request, actor: Actor) -> web.Response:
        if request.content_type != PIECE:
            return error(415, "TUS_CONTENT_TYPE", f"A piece is {PIECE}")
        offset = _number(request, "Upload-Offset")
        checksum = _checksum(request.headers.get("Upload-Checksum"))
        upload = _id(request, "upload")
        found = await self._library.uploads.state(actor, upload)
        if (request.content_length or 0) > found.length - offset:
            raise TooLarge("More comes than was told")
        pieces = _pieces(request, self._library.settings.upload_stalled_s)
        reached = await self._library.uploads.append(actor, upload, offset, checksum, pieces)
        return web.Response(status=204, headers=_headers(reached))

    async def _remove(self, request: web.Request, actor: Actor) -> web.Response:
        await self._library.uploads.remove(actor, _id(request, "upload"))
        return web.Response(status=204)


def metadata(header: str) -> dict[str, str]:
    """Keys with values in base64. Raises `BadRequest`."""
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise BadRequest("Upload-Metadata is wrong") from None
    return found


def _checksum(header: str | None) -> tuple[str, bytes] | None:
    if header is None:
        return None
    name, _, value = header.partition(" ")
    if name not in CHECKSUMS:
        raise BadRequest(f"The checksum must be one of {', '.join(CHECKSUMS)}")
    try:
        return name, base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("Upload-Checksum is wrong") from None


def _number(request: web.Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS):
        raise BadRequest(f"{name} must be a number")
    return int(value)


def _id(request: web.Request, name: str) -> str:
    found = request.match_info[name]
    if not _ID.fullmatch(found):
        raise NotFound
    return found


def _headers(found: Progressed) -> dict[str, str]:
    return {
        "Upload-Offset": str(found.offset),
        "Upload-Expires": format_datetime(found.expires_at, usegmt=True),
        "Cache-Control": "no-store",
    }


async def _pieces(request: web.Request, stalled_s: float) -> AsyncIterator[bytes]:
    """Ends where the body ends, or where the client is gone or says nothing any more: it goes on later from there."""
    while True:
        try:
            data = await asyncio.wait_for(request.content.read(READ_AT_ONCE), stalled_s)
        except (TimeoutError, ConnectionError, web.RequestPayloadError, HttpProcessingError):
            return
        if not data:
            return
        yield data
