"""People of every role of another organisation or of another group ask every endpoint for what is not theirs: no answer
has a word of it, and nothing of it changes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from signalling.library.recording.seconds import FILM
from signalling.school import audit
from signalling.school.api.endpoint import Access, Endpoint
from signalling.school.api.service import ENDPOINTS
from signalling.school.words import Role, RoleState
from signalling.store.tables import Base, ChatLine, Child, Consent, Presence, Recording, RecordingConsent
from signalling.store.types import ID_LENGTH
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.served import Served

SECRET = "Zemlyanika"
"""In every name and text of what is not theirs."""
OWN_SESSION = {("DELETE", "/api/session"), ("DELETE", "/api/sessions"), ("PUT", "/api/me/password")}
TABLES = [
    table
    for name, table in Base.metadata.tables.items()
    if name not in ("sign_ins", "audit_entries", "audit_head", "calendar_feeds")
]
METHODOLOGIST_SEES = {
    "list_groups",
    "get_group",
    "list_schedule",
    "get_lesson",
    "get_lesson_calendar",
    "join_lesson",
    "list_recordings",
    "list_all_recordings",
    "get_recording",
    "get_recording_file",
}
"""A methodologist answers for the content of all lessons of the organisation."""
FOREIGN = {
    "stranger": None,
    "asks for a role": (Role.TEACHER, "here"),
    "teacher of another group": (Role.TEACHER, "here"),
    "guardian of another group": (Role.GUARDIAN, "here"),
    "operator": (Role.OPERATOR, "here"),
    "methodologist": (Role.METHODOLOGIST, "here"),
    "head elsewhere": (Role.HEAD, "there"),
    "teacher elsewhere": (Role.TEACHER, "there"),
    "guardian elsewhere": (Role.GUARDIAN, "there"),
}


@dataclass
class Foreign:
    """`secret` and `own`: what parameters of paths and fields of bodies can name."""

    browser: Browser
    secret: dict[str, str]
    own: dict[str, str]


class Two(Scene):
    """Two organisations; in the first a group, a family, a lesson, links and records that are told to nobody else."""

    async def start(self) -> "Two":
        head, site = self.site.head, self.site
        self.teacher = await site.add("vera", Role.TEACHER)
        self.group = await site.group(f"{SECRET} group", self.teacher)
        children = [{"first_name": f"{SECRET} child", "group": self.group}]
        self.family = await site.family(f"{SECRET} family", self.group, children=children)
        planned = await self.plan(
            self.teacher, title=f"{SECRET} lesson", groups=[self.group], content=f"{SECRET} content"
        )
        self.lesson, self.room = planned["lesson"]["id"], planned["room"]
        link = await self.teacher.post(f"/api/families/{self.family}/links", {})
        document = await head.post(site.of("consents"), {"purpose": "recording", "title": "x", "text": "y"})
        self.secret = {
            "organisation": site.organisation,
            "group": self.group,
            "family": self.family,
            "lesson": self.lesson,
            "link": link["id"],
            "document": document["id"],
            "child": "",
            "person": (await self.teacher.get("/api/me"))["id"],
            "role": (await self.teacher.get("/api/me"))["roles"][0]["id"],
            "invitation": (
                await head.post(
                    site.of("staff-invitations"),
                    {"name": f"{SECRET} invited", "email": "i@example.org", "role": "teacher"},
                )
            )["id"],
        }
        async with self.served.server.database.write() as session:
            now = self.served.server.school.context.now()
            person = f"family:{self.family}"
            session.add(
                Presence(
                    lesson_id=self.lesson,
                    starts_at=now,
                    person=person,
                    name=f"{SECRET} family",
                    came_at=now,
                    left_at=now,
                    received_s=1,
                )
            )
            session.add(
                ChatLine(
                    room=self.room,
                    at=now,
                    person=person,
                    name=f"{SECRET} family",
                    badge="",
                    text=f"{SECRET} words",
                    audience="everyone",
                    place="main",
                )
            )
            recording = Recording(
                lesson_id=self.lesson,
                starts_at=now,
                state="ready",
                attempts=1,
                started_at=now,
                expires_at=now + timedelta(days=30),
            )
            session.add(recording)
            await session.flush()
            session.add(
                RecordingConsent(
                    recording_id=recording.id, at=now, person=person, name=f"{SECRET} family", agreed=True
                )
            )
            self.secret["recording"] = recording.id
            film = self.served.server.recordings.storage.folder(recording.id) / FILM
            film.parent.mkdir(parents=True)
            film.write_text(f"{SECRET} film")
            session.add(Consent(document_id=document["id"], family_id=self.family, given_at=now))
            self.secret["child"] = (await session.scalars(select(Child.id))).one()
        self.code = link["link"].rpartition("/")[2]
        return self

    async def elsewhere(self) -> Site:
        """The other organisation, with a head."""
        school, other = self.served.server.school, Site(self.served)
        async with school.context.database.write() as session:
            made = await school.organisations.add(session, "Elsewhere", "Europe/Moscow", audit.CONSOLE)
        other.organisation = made.id
        other.head = await other.add("otherhead", Role.HEAD, confirmed=False)
        person = (await other.head.get("/api/me"))["id"]
        async with school.context.database.write() as session:
            await school.roles.add(
                session, person, made.id, Role.HEAD, RoleState.CONFIRMED, actor=audit.CONSOLE
            )
        return other

    async def foreign(self, who: str) -> Foreign:
        wanted = FOREIGN[who]
        if wanted is None:
            return Foreign(Browser(self.served), self.secret, {})
        role, where = wanted
        site = self.site if where == "here" else await self.elsewhere()
        browser = (
            site.head
            if role is Role.HEAD
            else await site.add("eve", role, confirmed=who != "asks for a role")
        )
        me = await browser.get("/api/me")
        own = {"organisation": site.organisation, "person": me["id"], "role": me["roles"][0]["id"]}
        teaches = role is Role.TEACHER and who != "asks for a role"
        own["group"] = await site.group("Own", *([browser] if teaches else []))
        guardians = [me["id"]] if role is Role.GUARDIAN else []
        own["family"] = await site.family("Own", own["group"], guardians=guardians)
        scene = Scene(site)
        own["lesson"] = (await scene.plan(site.head, groups=[own["group"]]))["lesson"]["id"]
        own["link"] = (await site.head.post(f"/api/families/{own['family']}/links", {}))["id"]
        return Foreign(browser, self.secret, own)

    async def rows(self) -> dict[str, set[tuple[Any, ...]]]:
        """All that is in the database, by table."""
        async with self.served.server.database.read() as session:
            return {
                table.name: {tuple(row) for row in await session.execute(select(table))} for table in TABLES
            }


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with Served(tmp_path, request_burst=100_000, max_body_bytes=10_000).running() as served:
        yield await Two(await Site(served).start()).start()


def sample(schema: dict[str, Any], models: dict[str, Any], ids: dict[str, str], name: str = "") -> Any:
    """A value that a model takes; ids of other things are those of `ids`, also where they may be left out."""
    singular = name.removesuffix("s").removesuffix("ie")
    match schema:
        case {"$ref": reference}:
            return sample(models[reference.rpartition("/")[2]], models, ids, name)
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"anyOf": [first, *_]}:
            return sample(first, models, ids, name)
        case {"type": "object", "properties": properties}:
            needed = schema.get("required", ())
            return {
                key: sample(value, models, ids, key)
                for key, value in properties.items()
                if key in needed or key.removesuffix("s") in ids or key in ("guardians", "host", "children")
            }
        case {"type": "object"}:
            return {"classes.csv": "a"}
        case {"type": "array"}:
            return [sample(schema["items"], models, ids, singular)] if "items" in schema else []
        case {"type": "string", "format": "date-time"}:
            return "2030-01-01T10:00:00Z"
        case {"type": "string"} if schema.get("maxLength") == ID_LENGTH:
            key = {"guardian": "person", "host": "person", "id": "child"}.get(singular, singular)
            return ids.get(key, "0" * ID_LENGTH)
        case {"type": "string"} if "email" in name or "@" in schema.get("pattern", ""):
            return "new@example.org"
        case {"type": "string"} if name == "time_zone":
            return "Europe/Moscow"
        case {"type": "string"}:
            return "x" * max(10, schema.get("minLength", 0))
        case {"type": "integer"}:
            return schema.get("minimum", 1)
        case {"type": "boolean"}:
            return True
    return None


async def ask(endpoint: Endpoint, browser: Browser, path: dict[str, str], body: dict[str, str]) -> None:
    """As well as the model of the body allows."""
    address = endpoint.path
    for key in (
        "organisation",
        "group",
        "family",
        "lesson",
        "link",
        "person",
        "role",
        "invitation",
        "recording",
    ):
        address = address.replace(f"{{{key}}}", path.get(key, "0" * ID_LENGTH))
    if "{" in address:
        return  # who knows the code of a link may come
    content = None
    if endpoint.body is not None:
        schema = endpoint.body.model_json_schema()
        content = sample(schema, schema.get("$defs", {}), body)
    query = {}
    if endpoint.query is not None:
        schema = endpoint.query.model_json_schema()
        query = sample(schema, schema.get("$defs", {}), body)
    if {"after", "before"} <= query.keys():
        query |= {"after": "2023-11-01T00:00:00Z", "before": "2024-01-01T00:00:00Z"}
    await browser.request(endpoint.method, address, content, params=query)


@pytest.mark.parametrize("who", FOREIGN)
async def test_nothing_of_a_foreign_group_is_told_or_changed(two: Two, who: str) -> None:
    one = await two.foreign(who)
    kept = {
        name: one.secret[name]
        for name in ("group", "family", "lesson", "link", "document", "child", "recording")
    }
    before, refused = await two.rows(), 0
    for endpoint in ENDPOINTS:
        if (endpoint.method, endpoint.path) in OWN_SESSION or endpoint.access is Access.LINK:
            continue
        if who == "methodologist" and endpoint.name in METHODOLOGIST_SEES:
            continue
        # What is foreign in the path; one's own in the path and what is foreign in the body.
        for path in (one.secret, one.own) if one.own else (one.secret,):
            await ask(endpoint, one.browser, path, one.secret)
            told = one.browser.text
            assert one.browser.status < 500, (endpoint.name, told)
            assert SECRET not in told, (endpoint.name, told)
            # Their own calendar or list may be answered; ids of what is foreign are not in it.
            assert not [name for name, value in kept.items() if value in told], (endpoint.name, told)
            refused += one.browser.status >= 400
    after = await two.rows()
    for name, rows in before.items():
        mine = {row for row in rows if any(value in row for value in kept.values())}
        assert mine <= after[name], f"something of {name} was changed"
        added = [row for row in after[name] - rows if any(value in row for value in kept.values())]
        assert not added, f"something was added to {name}"
    assert refused > 40


async def test_a_token_of_another_call_opens_nothing(two: Two) -> None:
    """The call's own endpoints: snapshot, chat, attendance, commands."""
    head = two.site.head
    other = await two.plan(head, title="Own", groups=[await two.site.group("Own")])
    ticket = await head.post(f"/api/schedule/{other['lesson']['id']}/join", {})
    await two.teacher.post(f"/api/schedule/{two.lesson}/join", {})
    assert two.room in two.served.server.calls.calls
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/chat", None),
        ("GET", "/attendance", None),
        ("POST", "/commands", {"type": "set_lock", "locked": True}),
        ("PUT", "", {}),
    ):
        for bearer in (ticket["token"], "", "nonsense"):
            browser = Browser(two.served)
            headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
            await browser.request(method, f"/api/calls/{two.room}{path}", body, headers=headers)
            assert browser.status in (401, 403) and SECRET not in browser.text
    assert not two.served.server.calls.calls[two.room].state.entrance.locked
