"""The library over HTTP: a real film from its upload to its badge, and bad files."""

import asyncio
import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from signalling.library.sealing.canonical import canonical
from signalling.library.sealing.keys import verifies
from signalling.school.words import Role
from tests.signalling.library.clips import flashing, plain, real_film, tone, write_film
from tests.signalling.library.made_pages import SLIDE, pdf
from tests.signalling.school.api.browser import Browser, Site

DRAFT = {
    "title": "Велосипеды",
    "programme": "basic",
    "age_mark": 0,
    "licence": "CC BY 4.0",
    "basis": "протокол педсовета № 3",
}
TUS = {"Tus-Resumable": "1.0.0"}


class Shelf:
    """Anna teaches, Maria is the methodologist."""

    def __init__(self, site: Site) -> None:
        self.site, self.library = site, site.served.server.library

    async def start(self) -> "Shelf":
        self.anna = await self.site.add("anna", Role.TEACHER)
        self.maria = await self.site.add("maria", Role.METHODOLOGIST)
        return self

    async def draft(self, **more: Any) -> str:
        made = await self.anna.post(self.site.of("content"), DRAFT | more)
        assert self.anna.status == 201, made
        found: str = made["id"]
        return found

    async def upload(self, content: str, film: bytes, size: int = 1 << 20) -> None:
        """In pieces of so many bytes."""
        anna = self.anna
        headers = TUS | {"Upload-Length": str(len(film)), "Upload-Metadata": "filename 0LvQtdGBLm1wNA=="}
        await anna.request("POST", f"/api/content/{content}/uploads", headers=headers)
        assert anna.status == 201, anna.text
        path = anna.headers["Location"]
        for start in range(0, len(film), size):
            await append(anna, path, film[start : start + size], start)
            assert anna.status == 204, anna.text

    async def ready(self, film: bytes, **more: Any) -> tuple[str, Any]:
        content = await self.draft(**more)
        await self.upload(content, film)
        assert await self.library.preparations.step()
        return content, await self.anna.get(f"/api/content/{content}")


async def append(browser: Browser, path: str, data: bytes, offset: int, **headers: str) -> None:
    told = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
    await browser.request("PATCH", path, headers=told | headers, data=data)


@pytest.fixture
async def shelf(site: Site) -> Shelf:
    return await Shelf(site).start()


async def test_a_document_is_looked_at_page_by_page(shelf: Shelf) -> None:
    content, told = await shelf.ready(pdf([SLIDE, SLIDE]))
    path = f"/api/content/{content}"
    assert told["preparation"]["state"] == "ready", told
    assert (told["kind"], told["media_type"], told["pages"]) == ("document", "application/pdf", 2)
    report = await shelf.maria.get(f"{path}/report")
    assert report["acceptable"] and report["medium"] == "document"
    await shelf.maria.get(f"{path}/pictures/page-002")
    assert shelf.maria.headers["Content-Type"] == "image/jpeg"
    for nothing in ("pictures/page-003", "pictures/page-2", "renditions/film.m3u8"):
        await shelf.maria.get(f"{path}/{nothing}")
        assert shelf.maria.status == 404
    stranger = Browser(shelf.site.served)
    await stranger.get(f"{path}/pictures/page-001")
    assert stranger.status == 401
    await shelf.anna.request("PUT", f"{path}/subtitles/ru", {"text": "1\n00:00 --> 00:01\na"})
    assert shelf.anna.refusal() == (409, "NO_SUBTITLES")
    seen = await shelf.anna.post(f"{path}/submission")
    verified = await shelf.maria.post(f"{path}/verification", {"revision": seen["revision"]})
    assert verified["badge"]
    assert (await shelf.maria.post(f"{path}/seal/check"))["badge"]


async def test_a_real_film_gets_its_badge(shelf: Shelf) -> None:
    film = real_film("bikes").read_bytes()
    content, told = await shelf.ready(film)
    path = f"/api/content/{content}"
    assert told["preparation"]["state"] == "ready", told
    assert told["file_name"] == "лес.mp4" and told["media_type"] == "video/mp4" and told["size"] == len(film)
    assert told["duration_s"] == pytest.approx(10, abs=0.5) and told["may"] == ["change"]
    report = await shelf.maria.get(f"{path}/report")
    assert report["acceptable"] and report["medium"] == "film" and report["width"] > 0
    await shelf.maria.get(f"{path}/renditions/film.m3u8")
    assert shelf.maria.text.startswith("#EXTM3U")
    assert shelf.maria.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    await shelf.maria.get(f"{path}/pictures/contact-sheet")
    assert shelf.maria.headers["Content-Type"] == "image/jpeg"
    await shelf.maria.request("GET", f"{path}/source", headers={"Range": "bytes=4-11"})
    assert shelf.maria.status == 206 and shelf.maria.text.startswith("ftyp")
    assert shelf.maria.headers["Content-Type"] == "video/mp4"
    await shelf.anna.post(f"{path}/submission")
    seen = await shelf.maria.get(path)
    assert seen["may"] == ["change", "verify", "withdraw"] and not seen["badge"]
    stranger = Browser(shelf.site.served)
    public = f"/.well-known/polyana/manifests/{content}.json"
    await stranger.get(public)
    assert stranger.status == 404
    verified = await shelf.maria.post(f"{path}/verification", {"revision": seen["revision"]})
    assert verified["badge"] and verified["verified_by"]["name"] == "Maria"
    # What a viewer's browser does: the signature by the public key, then pieces by their digests.
    seal = await stranger.get(public)
    keys = {key["id"]: key for key in (await stranger.get("/.well-known/polyana/keys.json"))["keys"]}
    public_key = bytes.fromhex(keys[seal["key"]]["public"])
    assert verifies(public_key, base64.b64decode(seal["signature"]), canonical(seal["manifest"]))
    assert seal["manifest"]["metadata"]["title"] == "Велосипеды"
    for rendition in seal["manifest"]["renditions"]:
        chunk = rendition["chunks"][1]
        where = f"bytes={chunk['offset']}-{chunk['offset'] + chunk['length'] - 1}"
        await shelf.anna.request("GET", f"{path}/renditions/{rendition['file']}", headers={"Range": where})
        assert shelf.anna.status == 206
        assert sha256(shelf.anna.content).hexdigest() == chunk["sha256"]
    checked = await shelf.anna.post(f"{path}/seal/check")
    assert checked["badge"]
    found = await shelf.anna.get(shelf.site.of("content"), params={"query": "велосип", "state": "verified"})
    assert [one["id"] for one in found["contents"]] == [content] and found["total"] == 1
    usage = await shelf.anna.get(shelf.site.of("library"))
    assert usage["used"] == len(film) and usage["max_file"] == 4 << 20
    withdrawn = await shelf.maria.post(f"{path}/withdrawal", {"reason": "устарело"})
    assert withdrawn["state"] == "withdrawn" and not withdrawn["badge"]
    log = await shelf.site.head.get(shelf.site.of("audit"), params={"target": f"content:{content}"})
    assert [one["action"] for one in log["entries"]] == [
        "content_withdrawn",
        "content_verified",
        "content_submitted",
        "content_prepared",
        "content_uploaded",
        "content_made",
    ]
    await stranger.get(public)
    assert stranger.status == 404


def truncated() -> bytes:
    return real_film("bikes").read_bytes()[:100_000]


def made(folder: Path, name: str, *arguments: Any, **more: Any) -> bytes:
    return write_film(folder / name, *arguments, **more).read_bytes()


@pytest.mark.parametrize("bad", ["truncated", "8k", "bomb", "flashes", "only a head"])
async def test_bad_films_get_clear_words(shelf: Shelf, tmp_path: Path, bad: str) -> None:
    films = {
        "truncated": lambda: (truncated(), "failed", "not_a_film"),
        "8k": lambda: (
            made(tmp_path, "f.mp4", 0.04, lambda _: plain((9, 9, 9), 7680, 4320)),
            "failed",
            "too_large",
        ),
        "bomb": lambda: (made(tmp_path, "f.mp4", 1, fps=400), "failed", "too_many_pictures"),
        "flashes": lambda: (made(tmp_path, "f.mp4", 2, flashing(6), tone(2)), "refused", None),
        "only a head": lambda: (b"\0\0\0\x18ftypisom" + bytes(5000), "failed", "not_a_film"),
    }
    film, state, failure = films[bad]()
    content, told = await shelf.ready(film)
    assert (told["preparation"]["state"], told["preparation"]["failure"]) == (state, failure)
    await shelf.anna.post(f"/api/content/{content}/submission")
    assert shelf.anna.refusal() == (409, "NOT_READY")
    if state == "refused":
        report = await shelf.anna.get(f"/api/content/{content}/report")
        assert not report["acceptable"] and "flashes" in {one["code"] for one in report["findings"]}
        await shelf.anna.get(f"/api/content/{content}/pictures/{report['evidence'][0]['picture']}")
        assert shelf.anna.status == 200


async def test_sound_alone(shelf: Shelf, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "f.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        samples = (tone(2, channels=1) * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    content, told = await shelf.ready((tmp_path / "f.wav").read_bytes())
    assert (told["kind"], told["preparation"]["state"]) == ("sound", "ready")
    loudness = (await shelf.anna.get(f"/api/content/{content}/report"))["loudness"]
    assert loudness["integrated"] + loudness["correction"] == pytest.approx(-20, abs=0.1)
    text = "00:00.000 --> 00:01.000\nраз"
    given = await shelf.anna.request("PUT", f"/api/content/{content}/subtitles/ru", {"text": text})
    assert given["preparation"]["state"] == "queued"
    assert await shelf.library.preparations.step()
    listed = await shelf.anna.get(f"/api/content/{content}/subtitles")
    assert listed == {"subtitles": [{"language": "ru", "lines": 1}]}
    await shelf.anna.get(f"/api/content/{content}/renditions/film.m3u8")
    assert 'LANGUAGE="ru"' in shelf.anna.text
    await shelf.anna.request("PUT", f"/api/content/{content}/subtitles/ru", {"text": "no subtitles"})
    assert shelf.anna.refusal() == (400, "BAD_SUBTITLES")
    await shelf.anna.request("PUT", f"/api/content/{content}/subtitles/..%2fseal", {"text": text})
    assert shelf.anna.status == 404


async def test_files_are_for_who_may_see_content(shelf: Shelf) -> None:
    content = await shelf.draft()
    greta = await shelf.site.add("greta", Role.GUARDIAN)
    hidden = (
        "/report",
        "/pictures/contact-sheet",
        "/source",
        "/renditions/sound.prtp",
        "/seal",
        "/subtitles",
    )
    for path in ("", *hidden):
        await greta.get(f"/api/content/{content}{path}")
        assert greta.refusal() == (403, "DENIED"), path
    for path in ("/pictures/report", "/pictures/..%2fsource", "/renditions/seal.json", "/renditions/source"):
        await shelf.anna.get(f"/api/content/{content}{path}")
        assert shelf.anna.status == 404, path
    for path in hidden:
        await shelf.anna.get(f"/api/content/{content}{path}")
        assert shelf.anna.refusal() == (404, "NOT_FOUND"), path


async def test_cancelled_in_the_middle_and_begun_anew(shelf: Shelf) -> None:
    """With real processes: the second one goes on from the report of the first."""
    content = await shelf.draft()
    await shelf.upload(content, real_film("bikes").read_bytes())
    preparations = shelf.library.preparations
    step = asyncio.create_task(preparations.step())
    async with asyncio.timeout(60):
        while content not in preparations.progress or preparations.progress[content].step != "encode":  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # another process works: nothing tells when it goes on
    await shelf.anna.request("DELETE", f"/api/content/{content}/preparation")
    assert (await shelf.anna.get(f"/api/content/{content}"))["preparation"]["state"] == "cancelled"
    assert await step
    again = await shelf.anna.post(f"/api/content/{content}/preparation")
    assert again["preparation"]["state"] == "queued"
    await preparations.step()
    assert (await shelf.anna.get(f"/api/content/{content}"))["preparation"]["state"] == "ready"
