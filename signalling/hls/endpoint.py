"""HTTP of HLS: who has the code of a pass for an audience watches what is shown in its lesson."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from aiohttp import web

from signalling.library.hls import playlist
from signalling.library.hls.playlist import CONTENT_TYPE, Subtitles
from signalling.library.hls.timeline import TooFar
from signalling.library.sealing.manifest import SealBroken
from signalling.library.subtitles.cues import between, webvtt
from signalling.pages.security import error

if TYPE_CHECKING:
    from signalling.hls.channel import Channel
    from signalling.hls.reading import SealedFile
    from signalling.hls.service import HlsService

NUMBER = re.compile(r"\d{1,9}")
PIECE = re.compile(r"(\d{1,6})-(\d{1,6})\.vtt")
VTT = "text/vtt"
#: Players may be on other pages; the code in the address is all that lets them in.
CORS = {"Access-Control-Allow-Origin": "*"}


@dataclass(frozen=True)
class Audience:
    """What the code of a pass leads to now. `room`: of its call, while it can be joined."""

    title: str
    organisation: str
    state: Literal["before", "live", "after", "cancelled"]
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    room: str | None


AudienceOf = Callable[[str], Awaitable[Audience | None]]
"""By code; None for every wrong one."""


class HlsEndpoint:
    """Everything is below /hls/{code}."""

    def __init__(self, service: HlsService, audience_of: AudienceOf) -> None:
        self._service, self._audience_of = service, audience_of

    def routes(self) -> list[web.RouteDef]:
        if not self._service.settings.enabled:
            return []
        return [
            web.get("/hls/{code}/status", self._status),
            web.get("/hls/{code}/live.m3u8", self._multivariant),
            web.get("/hls/{code}/{stream}/{name}", self._file),
            web.get("/hls/{code}/{stream}/{folder}/{piece}", self._subtitles),
        ]

    async def _status(self, request: web.Request) -> web.StreamResponse:
        """For the watching page; HLS itself has no word for a film that stands."""
        audience = await self._audience(request)
        channel = self._service.channel(audience.room) if audience.room else None
        film = None
        if channel is not None:
            place, now = channel.position, self._service.clock.time()
            media = place.media + (now - place.at if place.playing else 0)
            film = {
                "stream": channel.id,
                "title": channel.title,
                "playing": place.playing and media < channel.film.seconds,
                "position": round(min(media, channel.film.seconds), 1),
                "duration": channel.film.seconds,
                "ready": channel.ready,
            }
        told = {
            "title": audience.title,
            "organisation": audience.organisation,
            "state": audience.state,
            "starts_at": audience.starts_at.isoformat(),
            "ends_at": audience.ends_at.isoformat(),
            "time_zone": audience.time_zone,
            "film": film,
        }
        return web.json_response(told, headers=_cached(1))

    async def _multivariant(self, request: web.Request) -> web.StreamResponse:
        audience = await self._audience(request)
        channel = self._service.channel(audience.room) if audience.room else None
        if channel is None:
            raise web.HTTPNotFound
        return _text(playlist.multivariant(channel.film, f"{channel.id}/"), CONTENT_TYPE, 2)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        channel, room = await self._channel(request)
        name = request.match_info["name"]
        if name.endswith(".m3u8"):
            return await self._playlist(request, channel, name)
        if name not in channel.files:
            raise web.HTTPNotFound
        try:
            return await self._media(request, channel.files[name])
        except SealBroken as broken:
            await self._service.broken(room, broken)
            raise

    async def _subtitles(self, request: web.Request) -> web.StreamResponse:
        channel, _ = await self._channel(request)
        found = PIECE.fullmatch(request.match_info["piece"])
        folder = request.match_info["folder"]
        language = next((one for one in channel.subtitles if folder == Subtitles(one).folder), None)
        if language is None or found is None:
            raise web.HTTPNotFound
        cues = between(channel.subtitles[language], int(found[1]) * 1000, int(found[2]) * 1000)
        text = webvtt(cues, mapped=True).decode()
        return _text(text, VTT, self._service.settings.media_cache_s)

    async def _playlist(self, request: web.Request, channel: Channel, name: str) -> web.StreamResponse:
        number, part = (_number(request, name) for name in ("_HLS_msn", "_HLS_part"))
        if part is not None and number is None:
            return error(400, "BAD_REQUEST", "_HLS_part needs _HLS_msn")
        try:
            came = await self._wait(channel, number, part)
            text = channel.playlist(name)
        except TooFar as found:
            return error(400, "TOO_FAR", str(found))
        except KeyError:
            raise web.HTTPNotFound from None
        if text is None:
            return error(404, "NOTHING_YET", "Nothing was shown yet")
        # What was asked for by its number is the same for everybody who asks for it.
        return _text(text, CONTENT_TYPE, (6 if number is not None else 1) if came else 0)

    async def _wait(self, channel: Channel, number: int | None, part: int | None) -> bool:
        service = self._service
        if service.waiting >= service.settings.max_waiting:
            return await channel.published(number, part, 0)
        service.waiting += 1
        try:
            return await channel.published(number, part, service.settings.longest_wait_s)
        finally:
            service.waiting -= 1

    async def _media(self, request: web.Request, file: SealedFile) -> web.StreamResponse:
        size = file.sealed.size
        try:
            asked = request.http_range
        except ValueError:
            raise web.HTTPRequestRangeNotSatisfiable from None
        begin, end, _ = asked.indices(size)
        partial = asked.start is not None or asked.stop is not None
        if partial and begin >= end:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        response = web.StreamResponse(status=206 if partial else 200)
        response.content_type = "video/mp4" if file.sealed.width else "audio/mp4"
        response.content_length = end - begin
        response.headers.update(_cached(self._service.settings.media_cache_s) | CORS)
        response.headers["Accept-Ranges"] = "bytes"
        response.headers["ETag"] = f'"{file.sealed.sha256[:32]}"'
        if partial:
            response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        pieces = self._service.reader.pieces(file, begin, end)
        first = await anext(pieces)  # a film that was changed gets no answer at all
        await response.prepare(request)
        if request.method != "HEAD":
            await response.write(first)
            async for piece in pieces:
                await response.write(piece)
        await response.write_eof()
        return response

    async def _audience(self, request: web.Request) -> Audience:
        audience = await self._audience_of(request.match_info["code"])
        if audience is None:
            raise web.HTTPNotFound
        return audience

    async def _channel(self, request: web.Request) -> tuple[Channel, str]:
        audience = await self._audience(request)
        channel = None
        if audience.room is not None:
            channel = self._service.find(audience.room, request.match_info["stream"])
        if channel is None or audience.room is None:
            raise web.HTTPNotFound
        return channel, audience.room


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if NUMBER.fullmatch(text) is None:
        raise web.HTTPBadRequest
    return int(text)


def _cached(seconds: int) -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={seconds}" if seconds else "no-store"}


def _text(text: str, content_type: str, seconds: int) -> web.Response:
    return web.Response(text=text, content_type=content_type, headers=_cached(seconds) | CORS)
