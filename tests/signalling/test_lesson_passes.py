"""Cameras and wall screens of a lesson: let in by its host, as long as the lesson, the pass and the role last."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mediaserver.participant import Participant
from mediaserver.track import TrackSource
from signalling.school.words import Role
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.served import Served
from tests.signalling.whip.whip_clients import PLAYING, PUBLISHING, SDP, Answer, Client

OFFERS = {"camera": ("whip", PUBLISHING), "wall": ("whep", PLAYING)}
each_kind = pytest.mark.parametrize("kind", OFFERS)


class Studio(Scene):
    """The lesson is on."""

    async def make(self, kind: str, by: Browser | None = None, lesson: str = "") -> Any:
        body = {"kind": kind, "name": "Hall"}
        return await (by or self.anna).post(f"/api/schedule/{lesson or self.lesson}/passes", body)

    async def open(self, kind: str, code: str) -> tuple[Answer, Client]:
        protocol, offer = OFFERS[kind]
        client = Client(self.served, protocol)
        return await client.request("POST", f"/{protocol}/v1", offer, code, Content_Type=SDP), client

    def inside(self) -> dict[str, Participant]:
        room = self.served.server.rtc.attendance.rooms.get(self.room)
        return {one.name: one for one in room.participants.values()} if room is not None else {}

    async def actions(self) -> list[str]:
        found = await self.site.head.get(self.site.of("audit"))
        return [one["action"] for one in found["entries"] if "pass" in one["action"]]


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Served(tmp_path, max_body_bytes=16_000).running() as served:
        studio = Studio(await Site(served).start())
        await studio.start()
        yield studio


@each_kind
async def test_equipment_comes_in_and_goes_with_its_pass(studio: Studio, kind: str) -> None:
    made = await studio.make(kind)
    assert studio.anna.status == 201, made
    protocol = OFFERS[kind][0]
    assert made["url"].endswith(f"/{protocol}/v1") and len(made["token"]) == 26 and made["used_at"] is None
    answer, _ = await studio.open(kind, made["token"])
    assert answer.status == 201, answer.text
    hall = studio.inside()["Hall"]
    assert hall.identity == f"{kind}:{made['id']}:1" and hall.attributes == {"polyana.role": kind}
    if kind == "camera":
        sources = {track.settings.source for track in hall.publisher.tracks.values()}
        assert sources == {TrackSource.CAMERA, TrackSource.MICROPHONE}
        assert not hall.permissions.can_subscribe
    else:
        assert hall.permissions.can_subscribe and not hall.permissions.can_publish
    (listed,) = (await studio.anna.get(f"/api/schedule/{studio.lesson}/passes"))["passes"]
    assert listed["token"] == made["token"] and listed["used_at"] is not None
    for _ in range(2):
        await studio.anna.request("DELETE", f"/api/passes/{made['id']}")
        assert studio.anna.status == 204
    assert not studio.inside()
    assert (await studio.open(kind, made["token"]))[0].status == 401
    assert (await studio.anna.get(f"/api/schedule/{studio.lesson}/passes"))["passes"] == []
    assert await studio.actions() == ["pass_revoked", "pass_used", "pass_made"]


@each_kind
async def test_the_client_ends_its_session_with_the_same_token(studio: Studio, kind: str) -> None:
    code = (await studio.make(kind))["token"]
    answer, client = await studio.open(kind, code)
    location = answer.headers["Location"]
    other = (await studio.make(kind))["token"]
    assert (await client.request("DELETE", location, "", other)).status == 404
    assert (await client.request("DELETE", location, "", code)).status == 200
    assert not studio.inside()


async def test_a_pass_opens_one_door(studio: Studio) -> None:
    codes = {kind: (await studio.make(kind))["token"] for kind in ("camera", "wall", "audience")}
    for door in OFFERS:
        for kind, code in codes.items():
            assert (await studio.open(door, code))[0].status == (201 if kind == door else 401)
    for path in ("/rtc/validate", f"/api/calls/{studio.room}"):
        async with studio.served.http.get(
            path, headers={"Authorization": f"Bearer {codes['camera']}"}
        ) as found:
            assert found.status == 401


async def test_a_camera_shows_no_screen(studio: Studio) -> None:
    code = (await studio.make("camera"))["token"]
    client = Client(studio.served)
    path = "/whip/v1?source=screen_share"
    assert (await client.request("POST", path, PUBLISHING, code, Content_Type=SDP)).status == 403


async def test_only_during_the_lesson(studio: Studio) -> None:
    later = await studio.plan(studio.anna, groups=[studio.group], starts_at=studio.now(120))
    code = (await studio.make("camera", lesson=later["lesson"]["id"]))["token"]
    assert (await studio.open("camera", code))[0].status == 403
    code = (await studio.make("camera"))["token"]
    assert (await studio.open("camera", code))[0].status == 201
    studio.served.server.passes.tick()
    assert studio.inside()
    studio.served.clock.advance(60 * 120)
    studio.served.server.passes.tick()
    assert not studio.inside()


@each_kind
async def test_what_ends_with_a_role(studio: Studio, kind: str) -> None:
    code = (await studio.make(kind))["token"]
    assert (await studio.open(kind, code))[0].status == 201
    roles = (await studio.anna.get("/api/me"))["roles"]
    await studio.site.head.post(f"/api/roles/{roles[0]['id']}/revocation")
    assert "Hall" not in studio.inside()
    assert (await studio.open(kind, code))[0].status == 401


async def test_a_host_sends_a_camera_out_and_it_waits(studio: Studio) -> None:
    code = (await studio.make("camera"))["token"]
    await studio.open("camera", code)
    studio.served.server.calls.calls[studio.room].dismiss(studio.inside()["Hall"].identity.rpartition(":")[0])
    assert not studio.inside()
    studio.served.clock.advance(2)
    assert (await studio.open("camera", code))[0].status in (201, 403)
    assert not any(track for one in studio.inside().values() for track in one.publisher.tracks)


async def test_who_may_not(studio: Studio) -> None:
    made = await studio.make("camera")
    boris = await studio.site.add("boris", Role.TEACHER)
    parent = await studio.site.add("parent", Role.GUARDIAN)
    for somebody in (boris, parent):
        await studio.make("camera", by=somebody)
        assert somebody.status == 403
        await somebody.get(f"/api/schedule/{studio.lesson}/passes")
        assert somebody.status == 403
        await somebody.request("DELETE", f"/api/passes/{made['id']}")
        assert somebody.status == 403
    await studio.make("camera", by=studio.site.head)
    assert studio.site.head.status == 201
    await studio.make("projector")
    assert studio.anna.refusal() == (400, "BAD_REQUEST")


async def test_a_lesson_has_so_many_passes(studio: Studio) -> None:
    for _ in range(20):
        await studio.make("wall")
        assert studio.anna.status == 201
    await studio.make("wall")
    assert studio.anna.refusal() == (409, "TOO_MANY_PASSES")


async def test_the_audience_of_a_lesson(studio: Studio) -> None:
    made = await studio.make("audience")
    code = made["token"]
    assert made["url"].endswith(f"/watch/{code}") and made["playlist"].endswith(f"/hls/{code}/live.m3u8")
    assert made["qr"].startswith("<svg")
    viewer = Browser(studio.served)
    told = await viewer.get(f"/hls/{code}/status")
    assert (told["title"], told["organisation"], told["state"], told["film"]) == (
        "Maths",
        "Поляна",
        "live",
        None,
    )
    assert viewer.headers["Cache-Control"] == "public, max-age=1"
    await viewer.get(f"/hls/{code}/live.m3u8")
    assert viewer.status == 404
    await studio.anna.request("DELETE", f"/api/passes/{made['id']}")
    await viewer.get(f"/hls/{code}/status")
    assert viewer.status == 404
