"""tus 1.0 over HTTP, as its specification says it."""

import asyncio
import base64
import hashlib
from email.utils import parsedate_to_datetime

import pytest

from signalling.school.api.tus import metadata
from signalling.school.errors import BadRequest
from tests.signalling.school.api.browser import Browser
from tests.signalling.school.api.test_content import DRAFT, TUS, Shelf, append, shelf
from tests.signalling.school.library.shelf import FILM

__all__ = ["shelf"]


async def begin(shelf: Shelf, length: int = len(FILM), **headers: str) -> str:
    content = (await shelf.anna.post(shelf.site.of("content"), DRAFT))["id"]
    told = TUS | {"Upload-Length": str(length)} | headers
    await shelf.anna.request("POST", f"/api/content/{content}/uploads", headers=told)
    return shelf.anna.headers.get("Location", "")


def checksum(data: bytes, name: str = "sha1") -> dict[str, str]:
    digest = hashlib.new(name, data, usedforsecurity=False).digest()
    return {"Upload-Checksum": f"{name} {base64.b64encode(digest).decode()}"}


async def test_options(shelf: Shelf) -> None:
    stranger = Browser(shelf.site.served)
    await stranger.request("OPTIONS", "/api/uploads/" + "0" * 32)
    assert stranger.status == 204
    assert stranger.headers["Tus-Version"] == stranger.headers["Tus-Resumable"] == "1.0.0"
    assert stranger.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
    assert stranger.headers["Tus-Max-Size"] == str(4 << 20)
    assert stranger.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


async def test_an_upload_with_a_pause(shelf: Shelf) -> None:
    path, anna = await begin(shelf), shelf.anna
    assert anna.status == 201 and path.startswith("/api/uploads/")
    await append(anna, path, FILM[:5000], 0)
    assert (anna.status, anna.headers["Upload-Offset"]) == (204, "5000")
    await anna.request("HEAD", path, headers=TUS)
    assert anna.status == 200 and anna.headers["Cache-Control"] == "no-store"
    assert (anna.headers["Upload-Offset"], anna.headers["Upload-Length"]) == ("5000", str(len(FILM)))
    expires = parsedate_to_datetime(anna.headers["Upload-Expires"]).timestamp()
    assert expires == pytest.approx(shelf.site.served.clock.time() + 86_400, abs=1)
    await append(anna, path, FILM[5000:], 5000, **checksum(FILM[5000:], "sha256"))
    assert (anna.status, anna.headers["Upload-Offset"]) == (204, str(len(FILM)))
    await anna.request("HEAD", path, headers=TUS)
    assert anna.status == 404


async def test_refusals(shelf: Shelf) -> None:
    path, anna = await begin(shelf), shelf.anna
    await anna.request("HEAD", path)
    assert (anna.status, anna.headers["Tus-Version"]) == (412, "1.0.0")
    await append(anna, path, b"x", 5)
    assert anna.refusal() == (409, "WRONG_OFFSET")
    await append(anna, path, FILM[:100], 0, **checksum(b"else"))
    assert anna.refusal() == (460, "WRONG_CHECKSUM")
    await append(anna, path, FILM[:100], 0, **{"Upload-Checksum": "md5 eA=="})
    assert anna.refusal() == (400, "BAD_REQUEST")
    await append(anna, path, FILM[:100], 0, **{"Content-Type": "text/plain"})
    assert anna.refusal() == (415, "TUS_CONTENT_TYPE")
    await append(anna, path, FILM + b"x", 0)
    assert anna.refusal() == (413, "FILE_TOO_LARGE")
    await append(anna, path, b"x", 0, **{"Upload-Offset": "-1"})
    assert anna.refusal() == (400, "BAD_REQUEST")
    await append(shelf.maria, path, FILM, 0)
    assert shelf.maria.refusal() == (404, "NOT_FOUND")
    await append(anna, path, b"<html>" * 1000, 0)
    assert anna.refusal() == (415, "WRONG_TYPE")
    await anna.request("HEAD", path, headers=TUS)
    assert anna.status == 404


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Upload-Length": "0"}, (400, "BAD_REQUEST")),
        ({"Upload-Length": "many"}, (400, "BAD_REQUEST")),
        ({"Upload-Length": "9" * 30}, (400, "BAD_REQUEST")),
        ({"Upload-Length": str((4 << 20) + 1)}, (413, "FILE_TOO_LARGE")),
        ({"Upload-Metadata": "filename ???"}, (400, "BAD_REQUEST")),
        ({"Upload-Defer-Length": "1"}, (400, "BAD_REQUEST")),
        ({"Upload-Concat": "partial"}, (400, "BAD_REQUEST")),
    ],
)
async def test_uploads_that_do_not_begin(
    shelf: Shelf, headers: dict[str, str], refusal: tuple[int, str]
) -> None:
    await begin(shelf, **headers)
    assert shelf.anna.refusal() == refusal


async def test_taken_back(shelf: Shelf) -> None:
    path, anna = await begin(shelf), shelf.anna
    await anna.request("DELETE", path, headers=TUS)
    assert anna.status == 204
    await anna.request("DELETE", path, headers=TUS)
    assert anna.refusal() == (404, "NOT_FOUND")


async def test_a_line_that_breaks(shelf: Shelf) -> None:
    """The client promises more than it sends; what was written stays."""
    film, anna = FILM + bytes(2 << 20), shelf.anna
    path = await begin(shelf, len(film))
    url = shelf.site.served.http.make_url(path)
    assert url.host is not None and url.port is not None
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = [
        f"PATCH {path} HTTP/1.1",
        f"Host: {url.host}",
        "X-Polyana: 1",
        "Tus-Resumable: 1.0.0",
        "Content-Type: application/offset+octet-stream",
        "Upload-Offset: 0",
        f"Content-Length: {len(film)}",
        f"Cookie: polyana={anna.cookies['polyana']}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + film[: 3 << 19])
    async with asyncio.timeout(20):
        while int(anna.headers.get("Upload-Offset", 0)) < 1 << 20:
            await anna.request("HEAD", path, headers=TUS)
    writer.close()
    async with asyncio.timeout(20):
        while anna.status != 204:  # 423 until the server has seen that the line is broken
            await anna.request("HEAD", path, headers=TUS)
            reached = int(anna.headers["Upload-Offset"])
            await append(anna, path, film[reached:], reached)
    assert int(anna.headers["Upload-Offset"]) == len(film)


def test_metadata() -> None:
    assert metadata("filename 0LvQtdGB,relativePath bnVsbA==, is_confidential") == {
        "filename": "лес",
        "relativePath": "null",
        "is_confidential": "",
    }
    assert metadata("") == {}
    with pytest.raises(BadRequest):
        metadata("filename ä")
