"""Invitation links over HTTP: made, shown again, printed, ended."""

import io
from datetime import datetime
from typing import Annotated

import segno
from pydantic import Field

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body
from signalling.school.api.schedule import Moment
from signalling.school.invitations import Link

endpoints = Endpoints()


class LinkBody(Body):
    """`max_devices`: how many browsers may ever come by it."""

    expires_at: Moment | None = None
    max_devices: Annotated[int, Field(ge=1, le=10_000)] | None = None


class LinkAnswer(Answer):
    """`name` is that of the family or the lesson. `alert_at`: when one device too many came, or two at the same time.
    `qr` is an SVG of the link."""

    id: str
    name: str
    family: str | None
    lesson: str | None
    link: str
    qr: str
    created_at: datetime
    expires_at: datetime | None
    max_devices: int | None
    devices: int
    alert_at: datetime | None


class LinkList(Answer):
    links: list[LinkAnswer]


@endpoints.add("POST", "/api/families/{family}/links", body=LinkBody, answer=LinkAnswer, status=201)
async def make_family_link(call: Call, body: LinkBody) -> LinkAnswer:
    """Make the personal link of a family anew; the one before it ends."""
    made = await call.school.invitations.for_family(
        call.actor, call.path["family"], body.expires_at, body.max_devices
    )
    return _link(call, made)


@endpoints.add("GET", "/api/families/{family}/links", answer=LinkList)
async def list_family_links(call: Call) -> LinkList:
    """The links of a family that are not revoked, newest first."""
    found = await call.school.invitations.of_family(call.actor, call.path["family"])
    return LinkList(links=[_link(call, link) for link in found])


@endpoints.add("POST", "/api/groups/{group}/links", answer=LinkList)
async def make_group_links(call: Call) -> LinkList:
    """The personal links of all families of a group, for a sheet to print; made where there are none."""
    view = await call.school.groups.get(call.actor, call.path["group"])
    found = await call.school.invitations.for_group(call.actor, view.group.organisation_id, view.group.id)
    return LinkList(links=[_link(call, link) for link in found])


@endpoints.add("POST", "/api/schedule/{lesson}/links", body=LinkBody, answer=LinkAnswer, status=201)
async def make_lesson_link(call: Call, body: LinkBody) -> LinkAnswer:
    """Make a shared link of a lesson: whoever comes by it waits in the lobby."""
    made = await call.school.invitations.for_lesson(
        call.actor, call.path["lesson"], body.expires_at, body.max_devices
    )
    return _link(call, made)


@endpoints.add("GET", "/api/schedule/{lesson}/links", answer=LinkList)
async def list_lesson_links(call: Call) -> LinkList:
    """The shared links of a lesson that are not revoked, newest first."""
    found = await call.school.invitations.of_lesson(call.actor, call.path["lesson"])
    return LinkList(links=[_link(call, link) for link in found])


@endpoints.add("GET", "/api/links/{link}", answer=LinkAnswer)
async def get_link(call: Call) -> LinkAnswer:
    """One link, with its code."""
    return _link(call, await call.school.invitations.get(call.actor, call.path["link"]))


@endpoints.add("DELETE", "/api/links/{link}")
async def revoke_link(call: Call) -> None:
    """End a link; whoever came by it leaves the call."""
    await call.school.invitations.revoke(call.actor, call.path["link"])


@endpoints.add("DELETE", "/api/links/{link}/devices", answer=LinkAnswer)
async def forget_link_devices(call: Call) -> LinkAnswer:
    """Let a family come with other devices; answers the alert."""
    return _link(call, await call.school.invitations.forget_devices(call.actor, call.path["link"]))


def _link(call: Call, found: Link) -> LinkAnswer:
    invitation, link = found.invitation, f"{call.origin}/l/{found.code}"
    return LinkAnswer(
        id=invitation.id,
        name=found.name,
        family=invitation.family_id,
        lesson=invitation.lesson_id,
        link=link,
        qr=qr_code(link),
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        max_devices=invitation.max_devices,
        devices=found.devices,
        alert_at=invitation.alert_at,
    )


def qr_code(text: str) -> str:
    """An SVG element, as wide as where it is put (viewBox, no size)."""
    image = io.BytesIO()
    segno.make(text, error="m").save(image, kind="svg", xmldecl=False, omitsize=True, border=2)
    return image.getvalue().decode()
