"""HLS of a broadcast over HTTP: what is published, held, cached, refused; and a byte that was changed."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer

from mediaserver.film import Moment
from signalling.broadcast.films import FilmEntry
from signalling.hls.endpoint import Audience, HlsEndpoint
from signalling.hls.service import HlsService, OnAir
from signalling.hls.settings import HlsSettings
from signalling.library.sealing.manifest import SealBroken
from tests.mediaserver.room_fakes import FakeClock

from .films import HEAD, make_film

BEGIN = datetime(2027, 1, 15, 8, tzinfo=UTC)
CODE, ROOM = "a" * 26, "lesson"


class Hall:
    """A film of 30 s in a room that a code leads to."""

    http: TestClient[web.Request, web.Application]

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.broken: list[str] = []
        self.service = HlsService(HlsSettings(longest_wait_s=0.3), self.clock, self._broken)
        self.film = OnAir("c1", "Ёжик", make_film(folder / "film", 30), folder / "film")
        self.audience: Audience | None = Audience(
            "Maths", "Поляна", "live", BEGIN, BEGIN, "Europe/Moscow", ROOM
        )

    async def _broken(self, content: str, error: SealBroken) -> None:
        self.broken.append(content)

    async def _audience(self, code: str) -> Audience | None:
        return self.audience if code == CODE else None

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(HlsEndpoint(self.service, self._audience).routes())
        return app

    async def show(self, media: float = 0, *, playing: bool = True) -> None:
        self.service.moved(ROOM, self.film, media, playing=playing)
        await self.service.settle()

    async def get(self, path: str, code: str = CODE, **extra: Any) -> tuple[int, dict[str, str], bytes]:
        async with self.http.get(f"/hls/{code}/{path}", **extra) as response:
            return response.status, dict(response.headers), await response.read()

    async def text(self, path: str) -> str:
        status, _, body = await self.get(path)
        assert status == 200, (status, body)
        return body.decode()

    @property
    def stream(self) -> str:
        channel = self.service.channel(ROOM)
        assert channel is not None
        return channel.id


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    hall = Hall(tmp_path)
    hall.http = TestClient(TestServer(hall.application()))
    async with hall.http:
        yield hall
    await hall.service.close()


async def test_from_the_first_playlist_to_the_bytes(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    status, headers, body = await hall.get("live.m3u8")
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apple.mpegurl; charset=utf-8")
    assert headers["Cache-Control"] == "public, max-age=2" and headers["Access-Control-Allow-Origin"] == "*"
    assert f'URI="{hall.stream}/hls-subtitles-ru.m3u8"' in body.decode()
    assert f"\n{hall.stream}/hls-video-1.m3u8\n" in body.decode()
    text = await hall.text(f"{hall.stream}/hls-video-1.m3u8")
    assert text.count("#EXTINF") == 2 and text.count("#EXT-X-PART:") == 9
    whole = (hall.film.folder / "hls-video-1.mp4").read_bytes()
    found = re.findall(r'BYTERANGE="(\d+)@(\d+)"', text)
    for length, offset in [(int(one), int(two)) for one, two in found]:
        ranged = {"Range": f"bytes={offset}-{offset + length - 1}"}
        status, headers, body = await hall.get(f"{hall.stream}/hls-video-1.mp4", headers=ranged)
        assert status == 206 and body == whole[offset : offset + length]
        assert headers["Content-Range"] == f"bytes {offset}-{offset + length - 1}/{len(whole)}"
        assert headers["Cache-Control"] == "public, max-age=86400" and headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-", 206),
        ("bytes=-100", 206),
        ("bytes=150-2000", 206),
        ("bytes=0-9999999", 206),
        ("bytes=9999999-", 416),
        ("bytes=5-2", 416),
        ("bytes=nonsense", 416),
        ("", 200),
    ],
)
async def test_ranges(hall: Hall, asked: str, status: int) -> None:
    await hall.show()
    whole = (hall.film.folder / "hls-sound.mp4").read_bytes()
    headers = {"Range": asked} if asked else {}
    found, _, body = await hall.get(f"{hall.stream}/hls-sound.mp4", headers=headers)
    assert found == status
    numbers = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if status == 206 and numbers is not None:
        begin = int(numbers[1]) if numbers[1] else len(whole) - int(numbers[2])
        assert body == whole[begin : int(numbers[2]) + 1 if numbers[1] and numbers[2] else None]
    elif status == 200:
        assert body == whole
    async with hall.http.head(f"/hls/{CODE}/{hall.stream}/hls-sound.mp4") as response:
        assert response.headers["Content-Length"] == str(len(whole))


async def test_wrong_codes_and_names_find_nothing(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    stream = hall.stream
    paths = ["status", "live.m3u8", f"{stream}/hls-video-0.m3u8", f"{stream}/subtitles-ru/0-4.vtt"]
    for path in paths:
        assert (await hall.get(path))[0] == 200
        assert (await hall.get(path, code="b" * 26))[0] == 404
    for path in (
        f"{stream}/hls-video-7.m3u8",
        f"{stream}/renditions.json",
        f"{stream}/source",
        f"{stream}/%2e%2e%2fsource",
        "other/hls-video-0.m3u8",
        f"{stream}/subtitles-de/0-4.vtt",
        f"{stream}/subtitles-ru/0-4.txt",
        f"{stream}/subtitles-ru/x.vtt",
    ):
        assert (await hall.get(path))[0] == 404, path
    assert hall.audience is not None
    hall.audience = replace(hall.audience, state="after", room=None)
    assert [(await hall.get(path))[0] for path in paths] == [200, 404, 404, 404]


async def test_nothing_before_it_was_shown(hall: Hall) -> None:
    assert (await hall.get("live.m3u8"))[0] == 404
    await hall.show(playing=False)
    path = f"{hall.stream}/hls-video-0.m3u8"
    status, _, body = await hall.get(path)
    assert status == 404 and b"NOTHING_YET" in body
    assert not (await hall.text("status")).count('"ready": true')
    await hall.show()
    hall.clock.advance(3.95)
    # Who comes too early is held until the first segment is there.
    assert (await asyncio.gather(hall.get(path), moved(hall, 0.1)))[0][0] == 200


async def moved(hall: Hall, seconds: float) -> None:
    await asyncio.sleep(0)
    hall.clock.advance(seconds)


async def test_a_request_is_held_until_its_part_is_there(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9.95)
    path = f"{hall.stream}/hls-video-0.m3u8?_HLS_msn=2&_HLS_part=1"
    (status, headers, body), _ = await asyncio.gather(hall.get(path), moved(hall, 0.06))
    assert status == 200 and headers["Cache-Control"] == "public, max-age=6"
    assert body.decode().count("#EXT-X-PART:") == 10


async def test_a_host_who_stops_the_film_lets_go_of_who_waits(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9.5)
    await hall.show(9.5, playing=False)
    path = f"{hall.stream}/hls-video-0.m3u8?_HLS_msn=3"
    waiting = asyncio.create_task(hall.get(path))
    await asyncio.sleep(0.05)
    assert hall.service.waiting == 1
    await hall.show(20)
    hall.clock.advance(4)
    await hall.show(21, playing=False)  # wakes it: the clock of a test does not
    status, _, body = await waiting
    assert status == 200 and b"#EXT-X-DISCONTINUITY\n" in body and hall.service.waiting == 0


async def test_in_a_pause_it_is_told_so_after_a_while(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    await hall.show(9, playing=False)
    channel = hall.service.channel(ROOM)
    assert channel is not None
    assert await channel.published(2, 3, within=0.01) is False


async def test_what_cannot_be_asked_for(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    for query, code in (
        ("_HLS_msn=5", b"TOO_FAR"),
        ("_HLS_part=1", b"BAD_REQUEST"),
        ("_HLS_msn=x", b""),
        ("_HLS_msn=-1", b""),
        ("_HLS_msn=99999999999", b""),
    ):
        status, _, body = await hall.get(f"{hall.stream}/hls-video-0.m3u8?{query}")
        assert status == 400 and code in body


async def test_too_many_who_wait_are_answered_at_once(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    hall.service.waiting = hall.service.settings.max_waiting
    status, headers, _ = await hall.get(f"{hall.stream}/hls-video-0.m3u8?_HLS_msn=2&_HLS_part=1")
    assert (status, headers["Cache-Control"]) == (200, "no-store")


async def test_the_end_is_told_to_who_still_plays(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    stream = hall.stream
    hall.service.stopped(ROOM)
    assert (await hall.text(f"{stream}/hls-video-0.m3u8?_HLS_msn=3")).endswith("#EXT-X-ENDLIST\n")
    assert (await hall.get("live.m3u8"))[0] == 404
    await hall.show()
    assert hall.stream != stream


async def test_subtitles(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    assert "subtitles-ru/4-8.vtt" in await hall.text(f"{hall.stream}/hls-subtitles-ru.m3u8")
    text = await hall.text(f"{hall.stream}/subtitles-ru/4-8.vtt")
    assert text.startswith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n")
    assert re.findall(r"№ (\d+)", text) == ["4", "5", "6", "7"]


async def test_the_page_learns_where_the_film_is(hall: Hall) -> None:
    await hall.show(3)
    hall.clock.advance(5)
    async with hall.http.get(f"/hls/{CODE}/status") as response:
        told = await response.json()
    assert told["film"] | {"stream": ""} == {
        "stream": "",
        "title": "Ёжик",
        "playing": True,
        "position": 8.0,
        "duration": 30,
        "ready": True,
    }
    hall.clock.advance(60)
    async with hall.http.get(f"/hls/{CODE}/status") as response:
        told = await response.json()
    assert (told["film"]["playing"], told["film"]["position"]) == (False, 30)


@pytest.mark.parametrize("where", [10, 700, 3000])
async def test_a_changed_byte_is_found_before_anything_is_shown(hall: Hall, where: int) -> None:
    change(hall.film.folder / "hls-video-0.mp4", where)
    await hall.show()
    assert hall.service.channel(ROOM) is None and hall.broken == ["c1"]


async def test_a_byte_that_changes_later_does_not_leave(hall: Hall) -> None:
    await hall.show()
    hall.clock.advance(9)
    stream = hall.stream
    change(hall.film.folder / "hls-video-0.mp4", len(HEAD) + 320 + 5)  # of the second second
    path = f"{stream}/hls-video-0.mp4"
    first = {"Range": f"bytes={len(HEAD)}-{len(HEAD) + 319}"}
    assert (await hall.get(path, headers=first))[0] == 206
    try:
        status, _, body = await hall.get(path)
    except ClientError:
        status, body = 200, b""
    assert status == 500 or len(body) <= len(HEAD) + 320
    assert hall.broken == ["c1"] and hall.service.channel(ROOM) is None
    assert (await hall.get(path, headers=first))[0] == 404


def change(path: Path, where: int) -> None:
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)


async def test_a_film_without_segments_is_passed_over(hall: Hall, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    hall.film = OnAir("c2", "x", make_film(folder, 5, hls=False), folder)
    await hall.show()
    assert hall.service.channel(ROOM) is None and hall.broken == []


async def test_a_film_that_is_gone_before_it_was_opened(hall: Hall) -> None:
    hall.service.moved(ROOM, hall.film, 0, playing=True)
    hall.service.stopped(ROOM)
    await hall.service.settle()
    assert hall.service.channel(ROOM) is None


def test_it_can_be_switched_off() -> None:
    service = HlsService(HlsSettings(enabled=False), FakeClock(), None)  # type: ignore[arg-type] - never called
    assert HlsEndpoint(service, None).routes() == []  # type: ignore[arg-type] - never called


async def test_it_follows_broadcasts(hall: Hall) -> None:
    """As `signalling.broadcast` tells where films are."""
    entry = FilmEntry("c1", "Ёжик", 30, 0, True, "basic")
    film = SimpleNamespace(manifest=hall.film.manifest, folder=hall.film.folder)
    moment = Moment(4_000_000, hall.clock.time() - 2, moving=True)
    hall.service.film_moved(ROOM, entry, cast(Any, film), moment)
    await hall.service.settle()
    channel = hall.service.channel(ROOM)
    assert channel is not None and channel.position.media == 6
    hall.clock.advance(5)
    assert [(one.first, one.end) for one in channel.timeline.segments(hall.clock.time())] == [(6, 8), (8, 11)]
    hall.service.film_stopped(ROOM)
    assert hall.service.channel(ROOM) is None
