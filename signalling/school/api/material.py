"""Files of content over HTTP, and what anybody may know of seals."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from aiohttp import web
from pydantic import Field, StringConstraints

from signalling.library.checks.findings import FindingCode, Severity
from signalling.library.checks.loudness import Loudness, correction
from signalling.library.hls.playlist import CONTENT_TYPE as PLAYLIST
from signalling.library.media_types import Sort
from signalling.library.sealing.keys import KeyEntry, KeyFault
from signalling.library.sealing.manifest import Seal
from signalling.library.subtitles.cues import MOST_BYTES
from signalling.school.api.content import ContentAnswer, content_answer
from signalling.school.api.endpoint import Access, Call, Endpoints
from signalling.school.api.models import Answer, Body
from signalling.school.errors import NotFound

endpoints = Endpoints()
WELL_KNOWN = "/.well-known/polyana"
PRIVATE = "private, no-store"
OCTETS = "application/octet-stream"
CONTENT_TYPES = {".m3u8": PLAYLIST, ".mp4": "video/mp4", ".vtt": "text/vtt; charset=utf-8"}
"""Browsers that play HLS themselves go by them."""


class FindingAnswer(Answer):
    """Where in the film, in seconds; `value` beside `limit` in the unit of the code (docs/renditions.md)."""

    code: FindingCode
    severity: Severity
    start: float
    end: float
    value: float | None
    limit: float


class LoudnessAnswer(Answer):
    """By EBU R 128: LUFS, LU, dBTP; null: silence. `correction`: dB by which all of it is made louder when it is
    shown."""

    integrated: float | None
    range: float | None
    true_peak: float | None
    correction: float


class EvidenceAnswer(Answer):
    """A picture of what was found, at `/api/content/{id}/pictures/{picture}`; `time` in seconds."""

    time: float
    picture: str


class ReportAnswer(Answer):
    """What the checks found; the contact sheet is the picture `contact-sheet`."""

    medium: Sort
    acceptable: bool
    duration: float
    width: int
    height: int
    frame_rate: float
    channels: int
    loudness: LoudnessAnswer | None
    findings: list[FindingAnswer]
    evidence: list[EvidenceAnswer]


class SubtitlesAnswer(Answer):
    """`lines`: how many there are. Their text is the rendition `subtitles-{language}.vtt`."""

    language: str
    lines: int


class SubtitlesList(Answer):
    subtitles: list[SubtitlesAnswer]


class SubtitlesBody(Body):
    """A file in SubRip or WebVTT. Only times and plain text are kept."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_BYTES)]


class PublicKey(Answer):
    """Ed25519, 32 bytes as hexadecimal digits; one that is revoked verifies nothing."""

    id: str
    public: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    made: datetime
    revoked: datetime | None


class PublicKeys(Answer):
    keys: list[PublicKey]


@endpoints.add("GET", "/api/content/{content}/report", answer=ReportAnswer)
async def get_content_report(call: Call) -> ReportAnswer:
    """What the automatic checks found."""
    return report_answer(await call.library.material.report(call.actor, call.path["content"]))


@endpoints.add("GET", "/api/content/{content}/pictures/{picture}", media_type="image/jpeg")
async def get_content_picture(call: Call) -> web.StreamResponse:
    """The contact sheet, a picture of what was found, or a page (`page-001` is the first)."""
    path = await call.library.material.picture(call.actor, call.path["content"], call.path["picture"])
    return web.FileResponse(path, headers={"Content-Type": "image/jpeg", "Cache-Control": PRIVATE})


@endpoints.add("GET", "/api/content/{content}/source", media_type=OCTETS)
async def get_content_source(call: Call) -> web.StreamResponse:
    """The file as it was uploaded, also in parts (Range)."""
    source = await call.library.material.source(call.actor, call.path["content"])
    headers = {
        "Content-Type": source.media_type,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(source.name, safe='')}",
        "Cache-Control": PRIVATE,
    }
    return web.FileResponse(source.path, headers=headers)


@endpoints.add("GET", "/api/content/{content}/renditions/{rendition}", media_type=OCTETS)
async def get_content_rendition(call: Call) -> web.StreamResponse:
    """A file as it is broadcast, also in parts (Range), for who compares it with the seal; `film.m3u8` plays it."""
    path = await call.library.material.rendition(call.actor, call.path["content"], call.path["rendition"])
    content_type = CONTENT_TYPES.get(path.suffix, OCTETS)
    return web.FileResponse(path, headers={"Content-Type": content_type, "Cache-Control": PRIVATE})


@endpoints.add("GET", "/api/content/{content}/subtitles", answer=SubtitlesList)
async def list_content_subtitles(call: Call) -> SubtitlesList:
    """Languages of a film's subtitles, those inside its file and those that were given."""
    known = await call.library.subtitling.languages(call.actor, call.path["content"])
    return SubtitlesList(
        subtitles=[
            SubtitlesAnswer(language=language, lines=lines) for language, lines in sorted(known.items())
        ]
    )


@endpoints.add(
    "PUT",
    "/api/content/{content}/subtitles/{language}",
    body=SubtitlesBody,
    answer=ContentAnswer,
    large=True,
)
async def put_content_subtitles(call: Call, body: SubtitlesBody) -> ContentAnswer:
    """Give a draft subtitles; its preparation puts them in and seals anew."""
    view = await call.library.subtitling.put(
        call.actor, call.path["content"], call.path["language"], body.text
    )
    return content_answer(call, view)


@endpoints.add("DELETE", "/api/content/{content}/subtitles/{language}", answer=ContentAnswer)
async def remove_content_subtitles(call: Call) -> ContentAnswer:
    """Take the subtitles of a draft away."""
    view = await call.library.subtitling.remove(call.actor, call.path["content"], call.path["language"])
    return content_answer(call, view)


@endpoints.add("GET", "/api/content/{content}/seal", answer=Seal)
async def get_content_seal(call: Call) -> Seal:
    """The seal: digests of all pieces, what is known of the content, who signed. Of what is not verified, too."""
    return await call.library.material.seal(call.actor, call.path["content"])


@endpoints.add("GET", f"{WELL_KNOWN}/keys.json", access=Access.PUBLIC, answer=PublicKeys)
async def get_public_keys(call: Call) -> PublicKeys:
    """Public keys of this installation."""
    try:
        return PublicKeys(keys=[_key(entry) for entry in call.library.keys.entries()])
    except KeyFault:
        raise NotFound from None


@endpoints.add("GET", f"{WELL_KNOWN}/manifests/{{content}}.json", access=Access.PUBLIC, answer=Seal)
async def get_public_seal(call: Call) -> Seal:
    """The seal of verified content, for anybody who knows its id."""
    return await call.library.material.public_seal(call.path["content"])


def report_answer(report: dict[str, Any]) -> ReportAnswer:
    """The worker's report, with names of pictures instead of files."""
    evidence = [
        {"time": one["time"], "picture": one["file"].removesuffix(".jpg")} for one in report["evidence"]
    ]
    measured = report["loudness"]
    loudness = measured and measured | {"correction": correction(Loudness.read(measured))}
    return ReportAnswer.model_validate(report | {"evidence": evidence, "loudness": loudness})


def _key(entry: KeyEntry) -> PublicKey:
    return PublicKey(id=entry.id, public=entry.public, made=entry.made, revoked=entry.revoked)
