"""Families over HTTP."""

from typing import Annotated

from pydantic import Field

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body, Id, Name
from signalling.school.families import ChildData, FamilyData, FamilyView

endpoints = Endpoints()
MAX_CHILDREN, MAX_GROUPS, MAX_GUARDIANS = 20, 50, 10


class ChildBody(Body):
    """`id` of a child that the family has; without it a new one."""

    id: Id | None = None
    first_name: Name | None = None
    group: Id | None = None


class FamilyBody(Body):
    """The whole family: what is not here is removed."""

    name: Name
    groups: Annotated[tuple[Id, ...], Field(max_length=MAX_GROUPS)] = ()
    children: Annotated[tuple[ChildBody, ...], Field(max_length=MAX_CHILDREN)] = ()
    guardians: Annotated[tuple[Id, ...], Field(max_length=MAX_GUARDIANS)] = ()


class ChildAnswer(Answer):
    id: str
    first_name: str | None
    group: str | None


class GuardianAnswer(Answer):
    id: str
    name: str


class FamilyAnswer(Answer):
    """`groups` are its own, besides those of its children."""

    id: str
    organisation: str
    name: str
    groups: list[str]
    children: list[ChildAnswer]
    guardians: list[GuardianAnswer]


class FamilyList(Answer):
    families: list[FamilyAnswer]


class OfGroup(Body):
    group: Id | None = None


@endpoints.add("GET", "/api/organisations/{organisation}/families", query=OfGroup, answer=FamilyList)
async def list_families(call: Call, query: OfGroup) -> FamilyList:
    """Families that the caller may see, by name; of one group or of all."""
    found = await call.school.families.seen(call.actor, call.path["organisation"], query.group)
    return FamilyList(families=[_family(view) for view in found])


@endpoints.add(
    "POST", "/api/organisations/{organisation}/families", body=FamilyBody, answer=FamilyAnswer, status=201
)
async def make_family(call: Call, body: FamilyBody) -> FamilyAnswer:
    """Make a family."""
    return _family(await call.school.families.make(call.actor, call.path["organisation"], _data(body)))


@endpoints.add("GET", "/api/families/{family}", answer=FamilyAnswer)
async def get_family(call: Call) -> FamilyAnswer:
    """One family."""
    return _family(await call.school.families.get(call.actor, call.path["family"]))


@endpoints.add("PUT", "/api/families/{family}", body=FamilyBody, answer=FamilyAnswer)
async def change_family(call: Call, body: FamilyBody) -> FamilyAnswer:
    """Replace what is known of a family."""
    return _family(await call.school.families.change(call.actor, call.path["family"], _data(body)))


@endpoints.add("DELETE", "/api/families/{family}")
async def remove_family(call: Call) -> None:
    """Remove a family and all of its data."""
    await call.school.families.remove(call.actor, call.path["family"])


def _data(body: FamilyBody) -> FamilyData:
    children = [ChildData(child.first_name, child.group, child.id) for child in body.children]
    return FamilyData(body.name, body.groups, children, body.guardians)


def _family(view: FamilyView) -> FamilyAnswer:
    return FamilyAnswer(
        id=view.family.id,
        organisation=view.family.organisation_id,
        name=view.family.name,
        groups=view.direct_groups,
        children=[
            ChildAnswer(id=child.id, first_name=child.first_name, group=child.group_id)
            for child in view.children
        ],
        guardians=[GuardianAnswer(id=person, name=name) for person, name in view.guardians],
    )
