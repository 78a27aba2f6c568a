"""Recordings of lessons over HTTP, for the staff that answers for them."""

from datetime import datetime
from typing import Literal
from urllib.parse import quote

from aiohttp import web

from signalling.library.pipeline.job import FailureCode
from signalling.school.api.endpoint import Call, Endpoints
from signalling.school.api.models import Answer
from signalling.school.recordings import RecordingView
from signalling.school.words import RecordingState

endpoints = Endpoints()
MP4 = "video/mp4"
PRIVATE = "private, no-store"


class RecordedBy(Answer):
    id: str
    name: str


class RecordingConsentAnswer(Answer):
    """`person` as in calls: `family:<id>`, `staff:<id>` or a guest."""

    at: datetime
    person: str
    name: str
    agreed: bool


class RecordingAnswer(Answer):
    """`done`: 0 to 1, while it is composed; `failure`: why it failed; `size`: bytes; `expires_at`: when its file is
    removed; `removed_by`: null if its time was over; `consents`: all answers in order; `may`: what else the caller
    may do."""

    id: str
    lesson: str
    title: str
    starts_at: datetime
    state: RecordingState
    done: float | None
    failure: FailureCode | None
    started_at: datetime
    started_by: RecordedBy | None
    ended_at: datetime | None
    duration_s: float | None
    size: int | None
    expires_at: datetime
    removed_at: datetime | None
    removed_by: RecordedBy | None
    consents: list[RecordingConsentAnswer]
    may: list[Literal["remove"]]


class RecordingList(Answer):
    recordings: list[RecordingAnswer]


@endpoints.add("GET", "/api/schedule/{lesson}/recordings", answer=RecordingList)
async def list_recordings(call: Call) -> RecordingList:
    """All recordings of a lesson, newest first; also those whose file is gone."""
    found = await call.recordings.of_lesson(call.actor, call.path["lesson"])
    return RecordingList(recordings=[_recording(call, view) for view in found])


@endpoints.add("GET", "/api/organisations/{organisation}/recordings", answer=RecordingList)
async def list_all_recordings(call: Call) -> RecordingList:
    """Recordings of all lessons whose recordings the caller may see, the newest 500."""
    found = await call.recordings.of_organisation(call.actor, call.path["organisation"])
    return RecordingList(recordings=[_recording(call, view) for view in found])


@endpoints.add("GET", "/api/recordings/{recording}", answer=RecordingAnswer)
async def get_recording(call: Call) -> RecordingAnswer:
    """One recording, with the progress of its composition."""
    return _recording(call, await call.recordings.get(call.actor, call.path["recording"]))


@endpoints.add("GET", "/api/recordings/{recording}/file", media_type=MP4)
async def get_recording_file(call: Call) -> web.StreamResponse:
    """The film, also in parts (Range)."""
    recording = call.path["recording"]
    path = await call.recordings.film(call.me, recording)
    view = await call.recordings.get(call.actor, recording)
    name = f"{view.lesson.lesson.title} {view.recording.started_at:%Y-%m-%d %H-%M}.mp4"
    headers = {
        "Content-Type": MP4,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": PRIVATE,
    }
    return web.FileResponse(path, headers=headers)


@endpoints.add("DELETE", "/api/recordings/{recording}", answer=RecordingAnswer)
async def remove_recording(call: Call) -> RecordingAnswer:
    """Delete the file of a recording; that there was one, and who agreed, stays written down."""
    return _recording(call, await call.recordings.remove(call.actor, call.path["recording"]))


@endpoints.add("POST", "/api/recordings/{recording}/composition", answer=RecordingAnswer)
async def compose_recording(call: Call) -> RecordingAnswer:
    """Compose a recording anew that failed."""
    return _recording(call, await call.recordings.compose_again(call.actor, call.path["recording"]))


def _recording(call: Call, view: RecordingView) -> RecordingAnswer:
    row = view.recording
    composing = view.state is RecordingState.COMPOSING
    return RecordingAnswer(
        id=row.id,
        lesson=row.lesson_id,
        title=view.lesson.lesson.title,
        starts_at=row.starts_at,
        state=view.state,
        done=call.recordings.compositions.progress.get(row.id) if composing else None,
        failure=FailureCode(row.failure) if row.failure else None,
        started_at=row.started_at,
        started_by=_person(view, row.started_by),
        ended_at=row.ended_at,
        duration_s=row.duration_s,
        size=row.size,
        expires_at=row.expires_at,
        removed_at=row.removed_at,
        removed_by=_person(view, row.removed_by),
        consents=[
            RecordingConsentAnswer(at=one.at, person=one.person, name=one.name, agreed=one.agreed)
            for one in view.consents
        ],
        may=["remove"] if call.recordings.may_remove(call.actor, view) else [],
    )


def _person(view: RecordingView, person: str | None) -> RecordedBy | None:
    return RecordedBy(id=person, name=view.names[person]) if person in view.names else None
