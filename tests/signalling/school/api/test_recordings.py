"""Recordings over HTTP: allowed by the head and by the plan, opened by those who answer for the lesson."""

from datetime import timedelta
from typing import Any

import pytest

from signalling.call.settings import RecordingRule
from signalling.library.recording.seconds import FILM
from signalling.school.words import Role
from signalling.store.tables import Recording, RecordingConsent
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.api.test_lessons import Scene

MOVIE = bytes(range(200))


@pytest.fixture
async def scene(site: Site) -> Scene:
    return await Scene(site).start()


async def recorded(scene: Scene, state: str = "ready", **more: Any) -> str:
    """A recording of the lesson, with a film if it is ready."""
    server, now = scene.served.server, scene.served.server.school.context.now()
    async with server.database.write() as session:
        row = Recording(
            lesson_id=scene.lesson,
            starts_at=now,
            state=state,
            attempts=1,
            started_at=now,
            started_by=(await scene.anna.get("/api/me"))["id"],
            expires_at=now + timedelta(days=30),
            **more,
        )
        session.add(row)
        await session.flush()
        session.add(
            RecordingConsent(recording_id=row.id, at=now, person="family:1", name="Petrov", agreed=True)
        )
    if state == "ready":
        folder = server.recordings.storage.folder(row.id)
        folder.mkdir(parents=True)
        (folder / FILM).write_bytes(MOVIE)
    return row.id


async def rule(scene: Scene, **more: Any) -> RecordingRule:
    """Of the call of a lesson that is planned and joined."""
    planned = await scene.plan(scene.anna, groups=[scene.group], starts_at=scene.now(1), **more)
    assert scene.anna.status == 201, planned
    await scene.anna.post(f"/api/schedule/{planned['lesson']['id']}/join", {})
    found: RecordingRule = scene.served.server.calls.calls[planned["room"]].state.settings.recording
    return found


async def test_off_until_the_head_and_the_plan_allow_it(scene: Scene) -> None:
    head, organisation = scene.site.head, f"/api/organisations/{scene.site.organisation}"
    assert not (await head.get("/api/me"))["roles"][0]["organisation"]["recording"]
    assert await rule(scene, recording=True) is RecordingRule.OFF
    await scene.anna.request("PATCH", organisation, {"recording": True})
    assert scene.anna.status == 403
    await head.request("PATCH", organisation, {"recording": True})
    assert (await scene.anna.get("/api/me"))["roles"][0]["organisation"]["recording"]
    assert await rule(scene) is RecordingRule.OFF
    assert await rule(scene, recording=True) is RecordingRule.STAFF
    parents = {"kind": "parent_meeting", "recording": True}
    assert await rule(scene, programme="parents", **parents) is RecordingRule.ADULTS
    assert await rule(scene, programme="basic", **parents) is RecordingRule.STAFF
    await head.request("PATCH", organisation, {"name": "Лес"})
    assert (await head.get("/api/me"))["roles"][0]["organisation"]["recording"], "what is not said stays"


async def test_who_may_see_open_and_delete(scene: Scene) -> None:
    site, recording = scene.site, await recorded(scene)
    methodologist = await site.add("maria", Role.METHODOLOGIST)
    guardian = await site.add("petrov", Role.GUARDIAN)
    person = (await guardian.get("/api/me"))["id"]
    await site.head.request(
        "PUT",
        f"/api/families/{scene.family}",
        {"name": "Petrov", "groups": [scene.group], "guardians": [person]},
    )
    other, operator = await site.add("vera", Role.TEACHER), await site.add("oleg", Role.OPERATOR)
    paths = (f"/api/schedule/{scene.lesson}/recordings", f"/api/recordings/{recording}")
    everything = site.of("recordings")
    for browser in (site.head, scene.anna, methodologist):
        for path in (*paths, f"{paths[1]}/file"):
            await browser.get(path)
            assert browser.status == 200, (path, browser.text)
        assert [one["id"] for one in (await browser.get(everything))["recordings"]] == [recording]
    assert (await guardian.get(f"/api/schedule/{scene.lesson}"))["lesson"]["id"] == scene.lesson
    for browser in (guardian, other, operator, methodologist, Browser(scene.served)):
        await browser.request("DELETE", paths[1])
        assert browser.status in (401, 403), browser.text
        await browser.post(f"{paths[1]}/composition")
        assert browser.status in (401, 403)
        if browser is not methodologist:
            for path in (*paths, f"{paths[1]}/file"):
                await browser.get(path)
                assert browser.status in (401, 403) and b"Petrov" not in browser.content
            found = await browser.get(everything)
            assert browser.status == 401 or found == {"recordings": []}
    listed = (await methodologist.get(paths[0]))["recordings"]
    assert listed[0]["may"] == [] and listed[0]["id"] == recording and listed[0]["state"] == "ready"
    assert (await scene.anna.get(paths[1]))["may"] == ["remove"]
    gone = await scene.anna.request("DELETE", paths[1])
    assert (gone["state"], gone["removed_by"]["name"]) == ("deleted", "Anna")
    await scene.anna.get(f"{paths[1]}/file")
    assert scene.anna.refusal() == (409, "NO_FILE")
    assert gone["consents"][0]["name"] == "Petrov", "what was agreed to stays written down"


async def test_the_film_comes_in_parts_and_its_opening_is_logged_once(scene: Scene) -> None:
    recording = await recorded(scene, size=len(MOVIE), duration_s=7.5)
    for first, last in ((0, 9), (190, 199), (5, 5)):
        await scene.anna.get(f"/api/recordings/{recording}/file", headers={"Range": f"bytes={first}-{last}"})
        assert (scene.anna.status, scene.anna.content) == (206, MOVIE[first : last + 1])
    assert scene.anna.headers["Content-Type"] == "video/mp4"
    assert scene.anna.headers["Cache-Control"] == "private, no-store"
    assert "Maths" in scene.anna.headers["Content-Disposition"]

    async def openings() -> int:
        entries = (await scene.site.head.get(scene.site.of("audit")))["entries"]
        return [entry["action"] for entry in entries].count("recording_downloaded")

    assert await openings() == 1
    scene.served.clock.advance(3601)
    await scene.anna.get(f"/api/recordings/{recording}/file")
    assert scene.anna.content == MOVIE and await openings() == 2


async def test_what_is_not_ready(scene: Scene) -> None:
    recording = await recorded(scene, "failed", failure="nothing_inside")
    told = await scene.anna.get(f"/api/recordings/{recording}")
    assert (told["state"], told["failure"], told["done"]) == ("failed", "nothing_inside", None)
    await scene.anna.get(f"/api/recordings/{recording}/file")
    assert scene.anna.refusal() == (409, "NO_FILE")
    again = await scene.anna.post(f"/api/recordings/{recording}/composition")
    assert again["state"] == "queued" and again["failure"] is None
    await scene.anna.post(f"/api/recordings/{recording}/composition")
    assert scene.anna.refusal() == (409, "RECORDING_STATE")
    running = await recorded(scene, "recording")
    await scene.anna.request("DELETE", f"/api/recordings/{running}")
    assert scene.anna.refusal() == (409, "RECORDING_RUNS")
    composing = await recorded(scene, "composing")
    scene.served.server.recordings.compositions.progress[composing] = 0.25
    assert (await scene.anna.get(f"/api/recordings/{composing}"))["done"] == 0.25
    await scene.anna.get(f"/api/recordings/{'0' * 32}")
    assert scene.anna.status == 404
