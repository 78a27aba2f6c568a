"""The library over HTTP: what is written of content, its states, its file's preparation. Uploads are in `tus`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signalling.library.pipeline.job import FailureCode
from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer, Body, Id, Name, Reason
from signalling.school.api.schedule import Moment
from signalling.school.door import Action, allows
from signalling.school.library.contents import Wanted
from signalling.school.library.views import ContentData, ContentView
from signalling.school.words import AgeBand, ContentKind, ContentState, PreparationState, Programme

endpoints = Endpoints()
MAX_GROUPS = 50
AgeMark = Literal[0, 6, 12, 16, 18]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]


class ContentBody(Body):
    """All that is written of content. `age`: for whom it is meant, its length is compared with the norm; `basis`: its
    number in the federal list or the minutes of the council; without groups it is for all staff."""

    title: Name
    programme: Programme
    age_mark: AgeMark
    description: Text = ""
    age: AgeBand | None = None
    licence: Line = ""
    basis: Line = ""
    valid_until: Moment | None = None
    groups: Annotated[tuple[Id, ...], Field(max_length=MAX_GROUPS)] = ()


class PreparationAnswer(Answer):
    """`step` and `done` (0 to 1) while it runs; `failure` when it failed."""

    state: PreparationState
    step: str | None
    done: float | None
    failure: FailureCode | None


class UploadAnswer(Answer):
    """One that has not ended; `own`: the caller can go on with it at `/api/uploads/{id}`."""

    id: str
    file_name: str
    length: int
    own: bool


class PersonAnswer(Answer):
    id: str
    name: str


class ContentAnswer(Answer):
    """`badge`: verified, valid, and no byte was changed. `may`: what the caller may do to it, as far as roles go;
    `withdraw`: also give back what was submitted; its authors may, too. `revision` goes with a verification: of what
    was looked at. `pages`: 0 of what moves; each stands for a second of `duration_s`."""

    id: str
    organisation: str
    kind: ContentKind
    title: str
    description: str
    programme: Programme
    age_mark: AgeMark
    age: AgeBand | None
    licence: str
    basis: str
    valid_until: datetime | None
    groups: list[str]
    state: ContentState
    badge: bool
    revision: int
    remark: str | None
    file_name: str | None
    media_type: str | None
    size: int | None
    duration_s: float | None
    pages: int
    preparation: PreparationAnswer
    upload: UploadAnswer | None
    created_at: datetime
    created_by: PersonAnswer | None
    submitted_at: datetime | None
    verified_at: datetime | None
    verified_by: PersonAnswer | None
    ended_at: datetime | None
    seal_broken_at: datetime | None
    may: list[Literal["change", "verify", "withdraw"]]


class ContentList(Answer):
    """A part of what was found; `total`: how many there are."""

    contents: list[ContentAnswer]
    total: int


class ContentQuery(Body):
    """Words of title, description and licence, by their beginnings; `age_mark`: at most this."""

    query: Annotated[str, StringConstraints(max_length=200)] = ""
    kind: ContentKind | None = None
    programme: Programme | None = None
    state: ContentState | None = None
    group: Id | None = None
    age_mark: Annotated[int, Field(ge=0, le=18)] | None = None
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class LibraryAnswer(Answer):
    """Bytes: what an organisation uses, what it may, and how large a file may be."""

    used: int
    quota: int
    max_file: int


class Remark(Body):
    """Of who would verify: what is to be mended."""

    remark: Reason


class Withdrawal(Body):
    reason: Reason


class Verification(Body):
    """`revision`: of what was looked at."""

    revision: Annotated[int, Field(ge=0, le=2**31)]


@endpoints.add("GET", "/api/organisations/{organisation}/library", answer=LibraryAnswer)
async def get_library(call: Call) -> LibraryAnswer:
    """How full the library of an organisation is."""
    usage = await call.library.contents.usage(call.actor, call.path["organisation"])
    return LibraryAnswer(used=usage.used, quota=usage.quota, max_file=call.library.settings.max_file_bytes)


@endpoints.add("GET", "/api/organisations/{organisation}/content", query=ContentQuery, answer=ContentList)
async def list_content(call: Call, query: ContentQuery) -> ContentList:
    """Search the library; newest first."""
    wanted = Wanted(query.query, query.kind, query.programme, query.state, query.group, query.age_mark)
    found, total = await call.library.contents.list(
        call.actor, call.path["organisation"], wanted, query.offset, query.limit
    )
    return ContentList(contents=[content_answer(call, view) for view in found], total=total)


@endpoints.add(
    "POST", "/api/organisations/{organisation}/content", body=ContentBody, answer=ContentAnswer, status=201
)
async def make_content(call: Call, body: ContentBody) -> ContentAnswer:
    """Make a draft; its file is uploaded afterwards."""
    return content_answer(
        call, await call.library.contents.make(call.actor, call.path["organisation"], _data(body))
    )


@endpoints.add("GET", "/api/content/{content}", answer=ContentAnswer)
async def get_content(call: Call) -> ContentAnswer:
    """One piece of content, with the progress of its preparation."""
    return content_answer(call, await call.library.contents.get(call.actor, call.path["content"]))


@endpoints.add("PUT", "/api/content/{content}", body=ContentBody, answer=ContentAnswer)
async def change_content(call: Call, body: ContentBody) -> ContentAnswer:
    """Replace what is written of a draft."""
    return content_answer(
        call, await call.library.contents.change(call.actor, call.path["content"], _data(body))
    )


@endpoints.add("DELETE", "/api/content/{content}")
async def remove_content(call: Call) -> None:
    """Remove content with its files."""
    await call.library.contents.remove(call.actor, call.path["content"])


@endpoints.add("POST", "/api/content/{content}/submission", answer=ContentAnswer)
async def submit_content(call: Call) -> ContentAnswer:
    """Submit a draft, so that somebody else verifies it."""
    return content_answer(call, await call.library.review.submit(call.actor, call.path["content"]))


@endpoints.add("DELETE", "/api/content/{content}/submission", answer=ContentAnswer)
async def take_back_content(call: Call) -> ContentAnswer:
    """Take a submission back."""
    return content_answer(call, await call.library.review.give_back(call.actor, call.path["content"], None))


@endpoints.add("POST", "/api/content/{content}/return", body=Remark, answer=ContentAnswer)
async def return_content(call: Call, body: Remark) -> ContentAnswer:
    """Give a submission back to its authors."""
    return content_answer(
        call, await call.library.review.give_back(call.actor, call.path["content"], body.remark)
    )


@endpoints.add("POST", "/api/content/{content}/verification", body=Verification, answer=ContentAnswer)
async def verify_content(call: Call, body: Verification) -> ContentAnswer:
    """Verify and seal what somebody else submitted."""
    return content_answer(
        call, await call.library.review.verify(call.actor, call.path["content"], body.revision)
    )


@endpoints.add("POST", "/api/content/{content}/withdrawal", body=Withdrawal, answer=ContentAnswer)
async def withdraw_content(call: Call, body: Withdrawal) -> ContentAnswer:
    """Withdraw verified content; what is on of it stops."""
    return content_answer(
        call, await call.library.review.withdraw(call.actor, call.path["content"], body.reason)
    )


@endpoints.add("POST", "/api/content/{content}/revision", answer=ContentAnswer)
async def revise_content(call: Call) -> ContentAnswer:
    """Make what was withdrawn or has expired a draft again."""
    return content_answer(call, await call.library.review.revise(call.actor, call.path["content"]))


@endpoints.add("POST", "/api/content/{content}/preparation", answer=ContentAnswer)
async def prepare_content(call: Call) -> ContentAnswer:
    """Prepare a file anew that failed or was cancelled."""
    return content_answer(call, await call.library.review.prepare_again(call.actor, call.path["content"]))


@endpoints.add("DELETE", "/api/content/{content}/preparation", answer=ContentAnswer)
async def cancel_content_preparation(call: Call) -> ContentAnswer:
    """Cancel the preparation of a file."""
    return content_answer(
        call, await call.library.review.cancel_preparation(call.actor, call.path["content"])
    )


@endpoints.add("POST", "/api/content/{content}/seal/check", answer=ContentAnswer)
async def check_content_seal(call: Call) -> ContentAnswer:
    """Read all files of content and compare them with its seal."""
    return content_answer(call, await call.library.review.check_seal(call.actor, call.path["content"]))


def content_answer(call: Call, view: ContentView) -> ContentAnswer:
    """Content as the API tells it to this caller."""
    content, target = view.content, view.target()
    may: list[Literal["change", "verify", "withdraw"]] = []
    if allows(call.actor, Action.CHANGE_CONTENT, target):
        may.append("change")
    if allows(call.actor, Action.VERIFY_CONTENT, target):
        may += ["withdraw"] if call.actor.person in view.authors else ["verify", "withdraw"]
    return ContentAnswer.model_validate(
        {name: getattr(content, name) for name in COLUMNS}
        | {
            "organisation": content.organisation_id,
            "groups": view.groups,
            "badge": view.has_badge(call.school.context.now()),
            "pages": view.pages,
            "preparation": _preparation(call, view),
            "upload": _upload(call, view),
            "created_by": _person(view, content.created_by),
            "verified_by": _person(view, content.verified_by),
            "may": may,
        }
    )


COLUMNS = (
    "id",
    "kind",
    "title",
    "description",
    "programme",
    "age_mark",
    "age",
    "licence",
    "basis",
    "valid_until",
    "state",
    "revision",
    "remark",
    "file_name",
    "media_type",
    "size",
    "duration_s",
    "created_at",
    "submitted_at",
    "verified_at",
    "ended_at",
    "seal_broken_at",
)


def _preparation(call: Call, view: ContentView) -> PreparationAnswer:
    running = view.preparation is PreparationState.RUNNING
    progress = call.library.preparations.progress.get(view.content.id) if running else None
    return PreparationAnswer(
        state=view.preparation,
        step=progress.step if progress else None,
        done=progress.done if progress else None,
        failure=FailureCode(view.content.failure) if view.content.failure else None,
    )


def _upload(call: Call, view: ContentView) -> UploadAnswer | None:
    upload = view.upload
    if upload is None:
        return None
    own = upload.person_id == call.actor.person
    return UploadAnswer(id=upload.id, file_name=upload.file_name, length=upload.length, own=own)


def _person(view: ContentView, person: str | None) -> PersonAnswer | None:
    return PersonAnswer(id=person, name=view.names[person]) if person in view.names else None


def _data(body: ContentBody) -> ContentData:
    return ContentData(**{name: getattr(body, name) for name in type(body).model_fields})
