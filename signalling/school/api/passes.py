"""Passes over HTTP: an address and a token for a camera or a wall screen, a link for an audience."""

from datetime import datetime

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.invitations import qr_code
from signalling.school.api.models import Answer, Body, Name
from signalling.school.passes import Pass
from signalling.school.words import PassKind

endpoints = Endpoints()
PATHS = {PassKind.CAMERA: "/whip/v1", PassKind.WALL: "/whep/v1"}


class PassBody(Body):
    """`name`: as the call shows it."""

    kind: PassKind
    name: Name


class PassAnswer(Answer):
    """`url`: the address of WHIP or WHEP, which goes with `token` (the bearer token of OBS and others); of an audience
    the link of the page that plays, which has its token inside. `qr` is an SVG of that link, else empty. `playlist`: of
    an audience, for other players. `used_at`: when something came in by it last."""

    id: str
    kind: PassKind
    name: str
    url: str
    token: str
    playlist: str
    qr: str
    created_at: datetime
    used_at: datetime | None


class PassList(Answer):
    passes: list[PassAnswer]


@endpoints.add("POST", "/api/schedule/{lesson}/passes", body=PassBody, answer=PassAnswer, status=201)
async def make_pass(call: Call, body: PassBody) -> PassAnswer:
    """Let a camera, a wall screen or an audience into a lesson."""
    made = await call.school.passes.make(call.actor, call.path["lesson"], body.kind, body.name)
    return _pass(call, made)


@endpoints.add("GET", "/api/schedule/{lesson}/passes", answer=PassList)
async def list_passes(call: Call) -> PassList:
    """The passes of a lesson that are not revoked, oldest first."""
    found = await call.school.passes.of_lesson(call.actor, call.path["lesson"])
    return PassList(passes=[_pass(call, one) for one in found])


@endpoints.add("DELETE", "/api/passes/{pass}")
async def revoke_pass(call: Call) -> None:
    """End a pass; what came by it leaves the call."""
    await call.school.passes.revoke(call.actor, call.path["pass"])


def _pass(call: Call, found: Pass) -> PassAnswer:
    row, kind = found.row, PassKind(found.row.kind)
    audience = kind is PassKind.AUDIENCE
    url = f"{call.origin}/watch/{found.code}" if audience else f"{call.origin}{PATHS[kind]}"
    return PassAnswer(
        id=row.id,
        kind=kind,
        name=row.name,
        url=url,
        token=found.code,
        playlist=f"{call.origin}/hls/{found.code}/live.m3u8" if audience else "",
        qr=qr_code(url) if audience else "",
        created_at=row.created_at,
        used_at=row.used_at,
    )
