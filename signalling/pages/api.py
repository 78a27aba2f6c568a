"""The pages' API: what a lesson is, joining it, the operator's numbers."""

import hmac
import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mediaserver.clock import Clock
from signalling.api_keys import ApiKeys
from signalling.config import LessonSettings, Settings
from signalling.pages.lessons import LessonBook
from signalling.pages.security import error
from signalling.rtc import RtcSnapshot, VideoGrants, create_token
from signalling.rtc.data_saving import BUDGET_ATTRIBUTE, MAX_MEGABYTES

#: Control characters would forge lines of a console's log.
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^\P{Cc}*$")
]
log = structlog.get_logger("signalling.pages")


class JoinRequest(BaseModel):
    """Body of a join."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    language: Literal["ru", "en"] = "ru"
    data_budget_mb: Annotated[int, Field(ge=1, le=MAX_MEGABYTES)] | None = None
    """What the server may send in this lesson, as the person has chosen; None: as the settings say."""


class PagesApi:
    """`snapshot` tells who is in the rooms, `load` what the operator's page shows."""

    def __init__(
        self,
        settings: Settings,
        keys: ApiKeys,
        lessons: LessonBook,
        snapshot: Callable[[], RtcSnapshot],
        load: Callable[[], Mapping[str, Any]],
        clock: Clock,
    ) -> None:
        self._settings, self._keys, self._lessons, self._clock = settings, keys, lessons, clock
        self._snapshot, self._load = snapshot, load

    def routes(self) -> list[web.RouteDef]:
        """Below /api."""
        return [
            web.get("/api/lessons/{code}", self._lesson),
            web.post("/api/lessons/{code}/join", self._join),
            web.get("/api/operator/load", self._operator_load),
        ]

    async def _lesson(self, request: web.Request) -> web.StreamResponse:
        lesson = self._lessons.find(request.match_info["code"])
        if lesson is None:
            return not_found()
        return web.json_response(
            {
                "title": lesson.title,
                "organisation": self._settings.organisation,
                "host": lesson.host,
                "starts_at": None,
                "participants": self._participants(lesson),
            }
        )

    def _participants(self, lesson: LessonSettings) -> int:
        rooms = (room for room in self._snapshot().rooms if room.name == lesson.room)
        return sum(len(room.participants) for room in rooms)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        lesson = self._lessons.find(request.match_info["code"])
        if lesson is None:
            return not_found()
        try:
            wanted = JoinRequest.model_validate_json(await request.read())
        except ValidationError:
            return error(400, "BAD_REQUEST", "A name of 1 to 60 characters is needed")
        limit = self._settings.rtc.max_participants
        if limit and self._participants(lesson) >= limit:
            return error(503, "LESSON_FULL", "The lesson is full")
        identity = f"guest-{secrets.token_hex(6)}"
        correlation_id = uuid.uuid4().hex
        budget = wanted.data_budget_mb
        token = create_token(
            *self._keys.signing(),
            identity=identity,
            name=wanted.name,
            video=VideoGrants(
                room_join=True, room=lesson.room, can_publish=True, can_subscribe=True, can_publish_data=True
            ),
            ttl=timedelta(seconds=self._settings.token_ttl_s),
            now=self._clock.time(),
            correlation_id=correlation_id,
            attributes={BUDGET_ATTRIBUTE: str(budget)} if budget else None,
        )
        log.info("join", room=lesson.room, identity=identity, session=correlation_id)
        return web.json_response({"token": token, "identity": identity, "correlation_id": correlation_id})

    async def _operator_load(self, request: web.Request) -> web.StreamResponse:
        if not is_operator(request, self._settings.operator_token):
            return error(401, "OPERATOR_TOKEN", "The operator's token is needed")
        return web.json_response(self._load())


def not_found() -> web.Response:
    """The same for every link that leads nowhere."""
    return error(404, "LINK_NOT_FOUND", "Please ask for a new link")


def is_operator(request: web.Request, token: str) -> bool:
    """True with the operator's bearer token."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    matches = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return scheme.lower() == "bearer" and bool(token) and matches
