"""Roster import over HTTP: a preview, then the commit of just that."""

from typing import Annotated

from pydantic import Field, StringConstraints

from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body
from signalling.school.roster import FaultCode, Plan
from signalling.school.words import AgeBand

endpoints = Endpoints()
FileName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class RosterFiles(Body):
    """File name -> its text. `classes.csv`, `users.csv` and `enrollments.csv` of OneRoster, or one table with the
    columns group (группа), family (семья), child (ребёнок), age (возраст)."""

    files: Annotated[dict[FileName, str], Field(min_length=1, max_length=10)]


class RosterCommit(RosterFiles):
    """`digest` of the preview; `age` of new groups for which the files have none."""

    digest: Annotated[str, StringConstraints(max_length=64)]
    age: AgeBand = AgeBand.TO_5


class FaultAnswer(Answer):
    """`line` counts from 1 with the header; 0: the whole file. `message`: `code` and `values` in English."""

    file: str
    line: int
    column: str
    code: FaultCode
    values: dict[str, str]
    message: str


class CountsAnswer(Answer):
    new: int
    changed: int
    same: int


class RosterAnswer(Answer):
    """With any fault nothing is written. `fault_count` counts those, too, that are not listed."""

    faults: list[FaultAnswer]
    fault_count: int
    groups: CountsAnswer
    families: CountsAnswer
    children: CountsAnswer
    unknown_teachers: list[str]
    digest: str


@endpoints.add(
    "POST",
    "/api/organisations/{organisation}/roster/preview",
    body=RosterFiles,
    answer=RosterAnswer,
    large=True,
)
async def preview_roster(call: Call, body: RosterFiles) -> RosterAnswer:
    """Read a roster and say what importing it would do, with every line that is wrong."""
    return _answer(await call.school.roster.preview(call.actor, call.path["organisation"], body.files))


@endpoints.add(
    "POST", "/api/organisations/{organisation}/roster", body=RosterCommit, answer=RosterAnswer, large=True
)
async def import_roster(call: Call, body: RosterCommit) -> RosterAnswer:
    """Import the roster that was previewed."""
    return _answer(
        await call.school.roster.commit(
            call.actor, call.path["organisation"], body.files, body.digest, body.age
        )
    )


def _answer(plan: Plan) -> RosterAnswer:
    return RosterAnswer(
        faults=[
            FaultAnswer(
                file=fault.file,
                line=fault.line,
                column=fault.column,
                code=fault.code,
                values=dict(fault.values),
                message=fault.message,
            )
            for fault in plan.faults
        ],
        fault_count=len(plan.roster.faults),
        groups=CountsAnswer(**vars(plan.groups)),
        families=CountsAnswer(**vars(plan.families)),
        children=CountsAnswer(**vars(plan.children)),
        unknown_teachers=plan.unknown_teachers,
        digest=plan.digest,
    )
