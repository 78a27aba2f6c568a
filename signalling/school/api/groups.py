"""Groups over HTTP."""

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body, Name
from signalling.school.groups import GroupView
from signalling.school.words import AgeBand

endpoints = Endpoints()


class TeacherAnswer(Answer):
    id: str
    name: str


class GroupAnswer(Answer):
    id: str
    organisation: str
    name: str
    age: AgeBand
    teachers: list[TeacherAnswer]


class GroupList(Answer):
    groups: list[GroupAnswer]


class NewGroup(Body):
    name: Name
    age: AgeBand


class GroupChange(Body):
    name: Name | None = None
    age: AgeBand | None = None


@endpoints.add("GET", "/api/organisations/{organisation}/groups", answer=GroupList)
async def list_groups(call: Call) -> GroupList:
    """Groups that the caller may see, by name."""
    found = await call.school.groups.seen(call.actor, call.path["organisation"])
    return GroupList(groups=[_group(view) for view in found])


@endpoints.add(
    "POST", "/api/organisations/{organisation}/groups", body=NewGroup, answer=GroupAnswer, status=201
)
async def make_group(call: Call, body: NewGroup) -> GroupAnswer:
    """Make a group."""
    made = await call.school.groups.make(call.actor, call.path["organisation"], body.name, body.age)
    return _group(made)


@endpoints.add("GET", "/api/groups/{group}", answer=GroupAnswer)
async def get_group(call: Call) -> GroupAnswer:
    """One group."""
    return _group(await call.school.groups.get(call.actor, call.path["group"]))


@endpoints.add("PATCH", "/api/groups/{group}", body=GroupChange, answer=GroupAnswer)
async def change_group(call: Call, body: GroupChange) -> GroupAnswer:
    """Change a group's name or age."""
    return _group(await call.school.groups.change(call.actor, call.path["group"], body.name, body.age))


@endpoints.add("DELETE", "/api/groups/{group}")
async def remove_group(call: Call) -> None:
    """Remove a group; its families stay."""
    await call.school.groups.remove(call.actor, call.path["group"])


@endpoints.add("PUT", "/api/groups/{group}/teachers/{person}", answer=GroupAnswer)
async def add_group_teacher(call: Call) -> GroupAnswer:
    """Let a teacher teach a group."""
    return _group(await call.school.groups.add_teacher(call.actor, call.path["group"], call.path["person"]))


@endpoints.add("DELETE", "/api/groups/{group}/teachers/{person}", answer=GroupAnswer)
async def remove_group_teacher(call: Call) -> GroupAnswer:
    """Take a group away from a teacher."""
    return _group(
        await call.school.groups.remove_teacher(call.actor, call.path["group"], call.path["person"])
    )


def _group(view: GroupView) -> GroupAnswer:
    group = view.group
    return GroupAnswer(
        id=group.id,
        organisation=group.organisation_id,
        name=group.name,
        age=AgeBand(group.age),
        teachers=[TeacherAnswer(id=person, name=name) for person, name in view.teachers],
    )
