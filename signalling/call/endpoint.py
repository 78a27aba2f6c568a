"""The HTTP side of calls: commands and snapshots for who is in a call, settings for a backend."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web
from pydantic import ValidationError

from signalling.call import door
from signalling.call.commands import COMMAND
from signalling.call.errors import CallError, forbidden
from signalling.call.roles import Power
from signalling.call.settings import CallSettings
from signalling.rtc.admission import token_of
from signalling.rtc.errors import JoinError
from signalling.rtc.tokens import Claims, verify_token

if TYPE_CHECKING:
    from mediaserver.clock import Clock
    from signalling.api_keys import ApiKeys
    from signalling.call.call import Call
    from signalling.call.service import CallService
    from signalling.rtc.settings import RtcSettings

MAX_QUERY = 200
"""Characters."""
FIRST = re.compile(r"[0-9]{1,6}", re.ASCII)
MAX_HISTORY = 200
"""Messages of the chat in one answer."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CallEndpoint:
    """The bearer of an access token for the room who is in the call; `PUT` with the grant `roomAdmin` for it."""

    def __init__(self, service: CallService, keys: ApiKeys, settings: RtcSettings, clock: Clock) -> None:
        self._service, self._keys, self._settings, self._clock = service, keys, settings, clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/calls/{room}", _answering(self._snapshot)),
            web.put("/api/calls/{room}", _answering(self._open)),
            web.post("/api/calls/{room}/commands", _answering(self._command)),
            web.get("/api/calls/{room}/chat", _answering(self._chat)),
            web.get("/api/calls/{room}/attendance", _answering(self._attendance)),
            web.get("/api/calls/{room}/people", _answering(self._people)),
            web.get("/api/calls/{room}/films", _answering(self._films)),
            web.get("/api/calls/{room}/subtitles", _answering(self._subtitles)),
        ]

    async def _snapshot(self, request: web.Request) -> web.StreamResponse:
        call, identity = self._caller(request)
        return web.json_response(call.snapshot(identity))

    async def _command(self, request: web.Request) -> web.StreamResponse:
        call, identity = self._caller(request)
        try:
            command = COMMAND.validate_json(await request.read())
        except ValidationError as error:
            raise CallError(400, "BAD_REQUEST", _first_problem(error)) from error
        await call.execute(identity, command)
        return web.json_response({"done": command.type})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        call, identity = self._caller(request)
        messages = await call.conversation.history(call.caller(identity), MAX_HISTORY)
        return web.json_response({"messages": messages})

    async def _attendance(self, request: web.Request) -> web.StreamResponse:
        call, identity = self._caller(request)
        if not door.may(call.state.power(call.caller(identity)), "attendance"):
            raise forbidden()
        return web.json_response({"rows": [asdict(row) for row in self._service.rows(call.name)]})

    async def _people(self, request: web.Request) -> web.StreamResponse:
        """An audience is longer than the list in a snapshot."""
        call, identity = self._caller(request)
        first = request.query.get("first", "0")
        if not FIRST.fullmatch(first):
            raise CallError(400, "BAD_REQUEST", "first: how many people come before")
        return web.json_response(
            call.find_people(identity, request.query.get("q", "")[:MAX_QUERY], int(first))
        )

    async def _films(self, request: web.Request) -> web.StreamResponse:
        """What may be shown in this call."""
        call, identity = self._caller(request)
        if not door.may(call.state.power(call.caller(identity)), "films"):
            raise forbidden()
        films = await call.screening.allowed(request.query.get("q", "")[:MAX_QUERY])
        return web.json_response({"films": [asdict(film) for film in films]})

    async def _subtitles(self, request: web.Request) -> web.StreamResponse:
        """The text of the film that is shown, ms of the film. The snapshot has its languages."""
        call, identity = self._caller(request)
        if call.state.power(call.caller(identity)) is Power.WAITING:
            raise forbidden()
        cues = await call.screening.subtitles(request.query.get("language", ""))
        return web.json_response({"cues": [asdict(cue) for cue in cues]})

    async def _open(self, request: web.Request) -> web.StreamResponse:
        """Makes a room a controlled one, from a backend."""
        claims, room = self._claims(request), request.match_info["room"]
        video = claims.video
        if video is None or not (video.room_admin and video.room == room):
            raise forbidden("The token does not grant this room to an administrator")
        if len(room) > self._settings.max_room_name_length:
            raise CallError(400, "BAD_REQUEST", "The name of the room is too long")
        try:
            settings = CallSettings.model_validate_json(await request.read() or b"{}")
        except ValidationError as error:
            raise CallError(400, "BAD_REQUEST", _first_problem(error)) from error
        if room in self._service.calls:
            raise CallError(409, "EXISTS", "There is a call of this name already")
        self._service.open(room, settings)
        return web.json_response({"room": room}, status=201)

    def _caller(self, request: web.Request) -> tuple[Call, str]:
        claims, room = self._claims(request), request.match_info["room"]
        video = claims.video
        if video is None or not video.room_join or video.room != room:
            raise forbidden("The token is not for this room")
        if self._service.is_revoked(room, claims.identity, claims.nbf):
            raise CallError(401, "REMOVED", "The token was taken back")
        call = self._service.calls.get(room)
        if call is None:
            raise CallError(404, "NO_CALL", "Nobody controls this room")
        call.caller(claims.identity)
        return call, claims.identity

    def _claims(self, request: web.Request) -> Claims:
        """Raises a `JoinError`. Only the header counts: addresses end up in logs."""
        token = token_of(request.headers, {})
        leeway_s = self._settings.token_leeway_s
        return verify_token(token, self._keys, now=self._clock.time(), leeway_s=leeway_s)


def _answering(handler: Handler) -> Handler:
    async def around(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except CallError as error:
            return _error(error.status, error.code, str(error))
        except JoinError as error:
            code = "UNAUTHORISED" if error.status == 401 else "REFUSED"
            return _error(error.status, code, str(error))

    return around


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
