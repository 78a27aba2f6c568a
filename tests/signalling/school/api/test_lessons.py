"""Lessons and links over HTTP, up to the token of a call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from signalling.rtc.tokens import Claims, verify_token
from signalling.school.words import Role
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.served import KEY, SECRET, Served


def claims_of(served: Served, ticket: dict[str, Any]) -> Claims:
    return verify_token(ticket["token"], {KEY: SECRET}, now=served.clock.time(), leeway_s=0)


class Scene:
    """Anna teaches Rainbow, the Petrovs are in it; a lesson begins in five minutes."""

    def __init__(self, site: Site) -> None:
        self.site, self.served = site, site.served

    async def start(self) -> "Scene":
        self.anna = await self.site.add("anna", Role.TEACHER)
        self.group = await self.site.group("Rainbow", self.anna)
        self.family = await self.site.family("Petrov", self.group)
        planned = await self.plan(self.anna, title="Maths", groups=[self.group], age="4-5")
        assert self.anna.status == 201, planned
        self.lesson, self.room = planned["lesson"]["id"], planned["room"]
        made = await self.anna.post(f"/api/families/{self.family}/links", {})
        self.link, self.code = made, made["link"].rpartition("/")[2]
        return self

    def now(self, minutes: float = 0) -> str:
        at = datetime.fromtimestamp(self.served.clock.time(), UTC) + timedelta(minutes=minutes)
        return at.isoformat()

    async def plan(self, by: Browser, **more: Any) -> Any:
        body = {"title": "x", "kind": "lesson", "programme": "basic", "minutes": 20, "starts_at": self.now(5)}
        return await by.post(self.site.of("schedule"), body | more)


@pytest.fixture
async def scene(site: Site) -> Scene:
    return await Scene(site).start()


async def test_what_a_link_shows(scene: Scene) -> None:
    lesson = await Browser(scene.served).get(f"/api/lessons/{scene.code}")
    assert (lesson["title"], lesson["organisation"], lesson["family"]) == ("Maths", "Поляна", "Petrov")
    assert (lesson["host"], lesson["badge"], lesson["state"]) == ("Anna", "teacher", "live")
    assert lesson["time_zone"] == "Europe/Moscow" and lesson["ends_at"] > lesson["starts_at"]


async def test_a_family_joins_without_an_account(scene: Scene) -> None:
    phone = Browser(scene.served)
    ticket = await phone.post(
        f"/api/lessons/{scene.code}/join", {"name": "Head teacher", "data_budget_mb": 150}
    )
    claims = claims_of(scene.served, ticket)
    assert claims.identity.startswith(f"family:{scene.family}:") and claims.name == "Petrov"
    assert claims.attributes == {"polyana.role": "family", "polyana.data_budget_mb": "150"}
    assert claims.video is not None and claims.video.room == scene.room
    assert not (claims.video.room_admin or claims.video.can_update_own_metadata)
    again = await phone.post(f"/api/lessons/{scene.code}/join", {})
    assert again["identity"] == ticket["identity"], "the browser keeps its device"
    tablet = await Browser(scene.served).post(f"/api/lessons/{scene.code}/join", {})
    assert tablet["identity"] != ticket["identity"]
    assert (await scene.anna.get(f"/api/links/{scene.link['id']}"))["alert_at"] is not None


async def test_the_teacher_has_a_badge_that_nobody_else_gets(scene: Scene) -> None:
    ticket = await scene.anna.post(f"/api/schedule/{scene.lesson}/join", {})
    claims = claims_of(scene.served, ticket)
    assert claims.attributes == {"polyana.role": "host", "polyana.badge": "teacher"}
    assert (ticket["role"], ticket["badge"], ticket["room"]) == ("host", "teacher", scene.room)
    call = scene.served.server.calls.calls[scene.room]
    assert [one.name for one in call.state.settings.expected] == ["Petrov"]
    assert call.state.settings.limit_minutes == 20 and call.state.settings.guardian_rule


async def test_a_guest_of_a_shared_link(scene: Scene) -> None:
    made = await scene.anna.post(f"/api/schedule/{scene.lesson}/links", {"max_devices": 1})
    code, guest = made["link"].rpartition("/")[2], Browser(scene.served)
    assert made["qr"].startswith("<svg") and made["family"] is None
    assert (await guest.get(f"/api/lessons/{code}"))["family"] is None
    await guest.post(f"/api/lessons/{code}/join", {})
    assert guest.refusal() == (400, "BAD_REQUEST")
    ticket = await guest.post(f"/api/lessons/{code}/join", {"name": "Grandma"})
    claims = claims_of(scene.served, ticket)
    assert claims.attributes == {"polyana.role": "guest"} and claims.name == "Grandma"
    other = Browser(scene.served)
    await other.post(f"/api/lessons/{code}/join", {"name": "Eve"})
    assert other.refusal() == (403, "TOO_MANY_DEVICES")


async def test_a_revoked_link_is_dead_with_its_tokens(scene: Scene) -> None:
    phone = Browser(scene.served)
    ticket = await phone.post(f"/api/lessons/{scene.code}/join", {})
    socket = await scene.served.http.ws_connect(
        "/rtc", params={"access_token": ticket["token"], "protocol": "17"}
    )
    await socket.receive_bytes(timeout=5)
    unused = await Browser(scene.served).post(f"/api/lessons/{scene.code}/join", {})
    await scene.anna.request("DELETE", f"/api/links/{scene.link['id']}")
    assert scene.anna.status == 204
    while not (await socket.receive(timeout=5)).type.name.startswith("CLOS"):
        pass
    for token in (ticket["token"], unused["token"]):
        async with scene.served.http.get("/rtc/validate", params={"access_token": token}) as response:
            assert response.status == 401
    await phone.get(f"/api/lessons/{scene.code}")
    assert phone.refusal() == (404, "LINK_NOT_FOUND")
    made = await scene.anna.post(f"/api/families/{scene.family}/links", {})
    scene.served.clock.advance(1)
    fresh = await phone.post(f"/api/lessons/{made['link'].rpartition('/')[2]}/join", {})
    async with scene.served.http.get("/rtc/validate", params={"access_token": fresh["token"]}) as response:
        assert response.status == 200


async def test_a_revoked_role_ends_hosting_in_a_running_call(scene: Scene) -> None:
    ticket = await scene.anna.post(f"/api/schedule/{scene.lesson}/join", {})
    socket = await scene.served.http.ws_connect(
        "/rtc", params={"access_token": ticket["token"], "protocol": "17"}
    )
    await socket.receive_bytes(timeout=5)
    members = (await scene.site.head.get(scene.site.of("staff")))["members"]
    role = next(member["roles"][0]["id"] for member in members if member["name"] == "Anna")
    await scene.site.head.post(f"/api/roles/{role}/revocation")
    while not (await socket.receive(timeout=5)).type.name.startswith("CLOS"):
        pass
    async with scene.served.http.get("/rtc/validate", params={"access_token": ticket["token"]}) as response:
        assert response.status == 401
    await Browser(scene.served).get(f"/api/lessons/{scene.code}")


async def test_before_and_after(scene: Scene) -> None:
    phone = Browser(scene.served)
    later = await scene.plan(scene.anna, title="Later", groups=[scene.group], starts_at=scene.now(120))
    await scene.anna.post(f"/api/schedule/{later['lesson']['id']}/join", {})
    assert scene.anna.refusal() == (409, "LESSON_BEFORE")
    scene.served.clock.advance(5 * 3600)
    assert (await phone.get(f"/api/lessons/{scene.code}"))["state"] == "after"
    await phone.post(f"/api/lessons/{scene.code}/join", {})
    assert phone.refusal() == (409, "LESSON_AFTER")


async def test_the_schedule_of_a_series(scene: Scene) -> None:
    made = await scene.plan(
        scene.anna,
        title="Music",
        groups=[scene.group],
        minutes=40,
        age="4-5",
        recurrence={"frequency": "weekly", "days": ["MO", "WE"], "count": 4},
    )
    assert made["lesson"]["too_long"] and made["lesson"]["limit_minutes"] == 20
    days = {"after": scene.now(), "before": scene.now(90 * 24 * 60)}
    schedule = await scene.anna.get(scene.site.of("schedule"), params=days)
    music = [one for one in schedule["occurrences"] if one["lesson"]["title"] == "Music"]
    assert len(music) == 4 and len({one["room"] for one in music}) == 4
    path = f"/api/schedule/{made['lesson']['id']}"
    await scene.anna.post(f"{path}/cancellation", {"starts_at": music[1]["starts_at"]})
    schedule = await scene.anna.get(scene.site.of("schedule"), params=days)
    assert len(schedule["occurrences"]) == 4
    body = {"title": "Song", "kind": "lesson", "programme": "basic", "minutes": 15, "starts_at": scene.now(9)}
    changed = await scene.anna.request("PUT", path, body | {"groups": [scene.group]})
    assert changed["lesson"]["title"] == "Song" and changed["lesson"]["recurrence"] is None
    assert (await scene.anna.get(path))["state"] == "live"
    await scene.anna.post(f"{path}/cancellation", {})
    assert (await scene.anna.get(path))["state"] == "cancelled"


async def test_calendars(scene: Scene) -> None:
    await scene.plan(
        scene.anna,
        title="Музыка",
        groups=[scene.group],
        recurrence={"frequency": "weekly", "days": ["MO"], "until": "2023-12-31"},
        content="Песни; танцы, игры\nи сказка",
    )
    text = await scene.anna.get(f"/api/lessons/{scene.code}/calendar.ics")
    assert scene.anna.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(text)
    events = {str(event["summary"]): event for event in calendar.walk("VEVENT")}
    assert set(events) == {"Maths", "Музыка"} and calendar.walk("VTIMEZONE")
    assert str(events["Музыка"]["description"]) == "Песни; танцы, игры\nи сказка"
    assert events["Музыка"]["rrule"]["BYDAY"] == ["MO"] and scene.code in str(events["Maths"]["url"])
    feed = (await scene.anna.get("/api/me/calendar"))["link"]
    path = feed[feed.index("/api") :]
    stranger = Browser(scene.served)
    assert "Maths" in await stranger.get(path)
    assert (await scene.anna.get("/api/me/calendar"))["link"] == feed
    assert (await scene.anna.post("/api/me/calendar"))["link"] != feed
    await stranger.get(path)
    assert stranger.refusal() == (404, "LINK_NOT_FOUND")
    await scene.anna.get(f"/api/schedule/{scene.lesson}/calendar.ics")
    assert scene.anna.status == 200


async def test_the_sheet_of_a_group(scene: Scene) -> None:
    await scene.site.family("Ivanov", scene.group)
    sheet = await scene.anna.post(f"/api/groups/{scene.group}/links")
    assert [link["name"] for link in sheet["links"]] == ["Ivanov", "Petrov"]
    assert sheet["links"][1]["link"] == scene.link["link"]
    listed = await scene.anna.get(f"/api/families/{scene.family}/links")
    assert [link["id"] for link in listed["links"]] == [scene.link["id"]]
    forgotten = await scene.anna.request("DELETE", f"/api/links/{scene.link['id']}/devices")
    assert forgotten["devices"] == 0


async def test_another_teacher_reads_nothing(scene: Scene) -> None:
    boris = await scene.site.add("boris", Role.TEACHER)
    for method, path in (
        ("GET", f"/api/schedule/{scene.lesson}"),
        ("POST", f"/api/schedule/{scene.lesson}/join"),
        ("POST", f"/api/schedule/{scene.lesson}/links"),
        ("GET", f"/api/schedule/{scene.lesson}/calendar.ics"),
        ("GET", f"/api/families/{scene.family}"),
        ("GET", f"/api/families/{scene.family}/links"),
        ("GET", f"/api/groups/{scene.group}"),
        ("POST", f"/api/groups/{scene.group}/links"),
        ("GET", f"/api/links/{scene.link['id']}"),
        ("DELETE", f"/api/links/{scene.link['id']}"),
    ):
        await boris.request(method, path, {} if method == "POST" else None)
        assert boris.refusal() == (403, "DENIED"), path
    days = {"after": scene.now(), "before": scene.now(60)}
    assert (await boris.get(scene.site.of("schedule"), params=days))["occurrences"] == []
    assert (await boris.get(scene.site.of("families")))["families"] == []


async def test_norms(scene: Scene) -> None:
    norms = (await Browser(scene.served).get("/api/norms"))["norms"]
    assert norms["6-7"]["lesson"] == 30 and norms["6-7"]["computer"] == {"at_a_time": 15, "a_day": 20}
