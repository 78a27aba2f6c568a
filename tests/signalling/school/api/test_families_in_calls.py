"""What ends in a running call of a family: its guardian's role, a consent. Whoever is in gets out, tokens are dead."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse

from signalling.school.elsewhere import Elsewhere
from signalling.school.words import Role
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.api.test_lessons import Scene


class Petrovs(Scene):
    """Maria is the guardian of the Petrovs, with an account; their phone knows the link."""

    async def start(self) -> "Petrovs":
        await super().start()
        self.maria = await self.site.add("maria", Role.GUARDIAN)
        self.guardian = (await self.maria.get("/api/me"))["id"]
        await self.guarded_by(self.guardian)
        self.phone = Browser(self.served)
        return self

    async def guarded_by(self, *people: str) -> None:
        family = {"name": "Petrov", "groups": [self.group], "guardians": list(people)}
        await self.site.head.request("PUT", f"/api/families/{self.family}", family)
        assert self.site.head.status == 200, self.site.head.text

    async def by_link(self) -> Any:
        return await self.phone.post(f"/api/lessons/{self.code}/join", {})

    async def by_account(self) -> Any:
        return await self.maria.post(f"/api/schedule/{self.lesson}/join", {})

    async def role(self) -> str:
        found: str = (await self.maria.get("/api/me"))["roles"][0]["id"]
        return found

    async def enter(self, ticket: dict[str, Any]) -> ClientWebSocketResponse:
        query = {"access_token": ticket["token"], "protocol": "17"}
        socket = await self.served.http.ws_connect("/rtc", params=query)
        await socket.receive_bytes(timeout=5)
        return socket

    async def is_valid(self, ticket: dict[str, Any]) -> bool:
        query = {"access_token": ticket["token"]}
        async with self.served.http.get("/rtc/validate", params=query) as response:
            return response.status == 200

    async def ask(self, **more: Any) -> str:
        """The id of a document that families are asked to agree to."""
        body = {"purpose": "calls", "title": "Calls", "text": "Text"} | more
        made = await self.site.head.post(self.site.of("consents"), body)
        assert self.site.head.status == 201, made
        found: str = made["id"]
        return found

    async def answer(self, document: str, *, yes: bool = True) -> None:
        path = f"/api/families/{self.family}/consents" + ("" if yes else "/withdrawal")
        await self.maria.post(path, {"document": document})
        assert self.maria.status in (200, 201), self.maria.text


@pytest.fixture
async def scene(site: Site) -> Petrovs:
    return await Petrovs(site).start()


async def closed(socket: ClientWebSocketResponse) -> None:
    while not (await socket.receive(timeout=5)).type.name.startswith("CLOS"):
        pass


async def by_role(scene: Petrovs) -> None:
    await scene.site.head.post(f"/api/roles/{await scene.role()}/revocation")


async def by_family(scene: Petrovs) -> None:
    await scene.guarded_by()


async def by_console(scene: Petrovs) -> None:
    """In another process: only the audit log tells of it."""
    server = scene.served.server
    elsewhere = Elsewhere(server.school.context)
    await elsewhere.start()
    arguments = server.database, scene.served.clock, b"k" * 32, server.settings.school
    other = type(server.school)(*arguments, server.school.context.passwords)
    await other.roles.revoke(None, await scene.role())
    await elsewhere.look()


@pytest.mark.parametrize("end", [by_role, by_family, by_console])
async def test_a_family_without_its_guardian_is_out(
    scene: Petrovs, end: Callable[[Petrovs], Awaitable[None]]
) -> None:
    tickets = [await scene.by_account(), await scene.by_link()]
    sockets = [await scene.enter(ticket) for ticket in tickets]
    await end(scene)
    for socket in sockets:
        await closed(socket)
    assert not any([await scene.is_valid(ticket) for ticket in tickets])
    await scene.by_account()
    assert scene.maria.status in (401, 403)
    scene.served.clock.advance(1)
    await scene.by_link()
    # Whose link it is, the teacher decides; a role that ends takes what the guardian may know with it.
    assert scene.phone.status == (200 if end is by_family else 404)


async def test_a_consent_that_is_withdrawn_ends_the_call(scene: Petrovs) -> None:
    document = await scene.ask()
    ticket = await scene.by_link()
    assert scene.phone.status == 200, "it need not be given before"
    socket = await scene.enter(ticket)
    await scene.answer(document)
    assert await scene.is_valid(ticket)
    await scene.answer(document, yes=False)
    await closed(socket)
    assert not await scene.is_valid(ticket)
    await scene.by_link()
    assert scene.phone.refusal() == (403, "CONSENT_NEEDED")
    await scene.by_account()
    assert scene.maria.refusal() == (403, "CONSENT_NEEDED")
    assert (await scene.phone.get(f"/api/lessons/{scene.code}"))["without_consent"] == "out"
    await scene.answer(document)
    scene.served.clock.advance(1)
    assert await scene.is_valid(await scene.by_link())


async def test_a_consent_that_is_required(scene: Petrovs) -> None:
    await scene.by_link()
    assert scene.phone.status == 200
    first = await scene.ask(required=True)
    await scene.by_link()
    assert scene.phone.refusal() == (403, "CONSENT_NEEDED")
    await scene.answer(first)
    await scene.by_link()
    assert scene.phone.status == 200
    await scene.ask(required=True)
    await scene.by_link()
    assert scene.phone.status == 403, "families are asked anew"
    await scene.ask(required=False)
    await scene.by_link()
    assert scene.phone.status == 200, "a yes to an older version counts"


async def test_other_consents_change_nothing_in_calls_unless_they_say_so(scene: Petrovs) -> None:
    await scene.ask(purpose="recording", required=True)
    await scene.by_link()
    assert scene.phone.status == 200
    await scene.ask(purpose="processing", required=True, without="out")
    await scene.by_link()
    assert scene.phone.refusal() == (403, "CONSENT_NEEDED")


async def test_without_a_consent_a_family_watches(scene: Petrovs) -> None:
    document = await scene.ask(required=True, without="watch")
    ticket = await scene.by_link()
    assert (scene.phone.status, ticket["role"]) == (200, "family")
    host = await scene.anna.post(f"/api/schedule/{scene.lesson}/join", {})
    sockets = [await scene.enter(one) for one in (host, ticket)]

    async def command(kind: str) -> tuple[int, Any]:
        path, headers = f"/api/calls/{scene.room}/commands", {"Authorization": f"Bearer {host['token']}"}
        body = {"type": kind, "identity": ticket["identity"]}
        async with scene.served.http.post(path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def view() -> Any:
        headers = {"Authorization": f"Bearer {ticket['token']}"}
        async with scene.served.http.get(f"/api/calls/{scene.room}", headers=headers) as response:
            return (await response.json())["you"]

    room = scene.served.server.rtc.attendance.rooms.get(scene.room)
    assert room is not None
    family = room.participants[ticket["identity"]]
    assert not family.permissions.can_publish
    you = await view()
    assert you["power"] == "viewer" and you["no_consent"]
    for kind in ("promote", "make_cohost"):
        status, answer = await command(kind)
        assert (status, answer["error"]["code"]) == (409, "NO_CONSENT")
    await scene.answer(document)
    you = await view()
    assert you["power"] == "member" and not you["no_consent"] and family.permissions.can_publish
    await scene.answer(document, yes=False)
    assert (await view())["power"] == "viewer" and not family.permissions.can_publish
    for socket in sockets:
        await socket.close()


async def test_a_consent_to_recordings_that_is_withdrawn_is_a_no(scene: Petrovs) -> None:
    recording, processing = await scene.ask(purpose="recording"), await scene.ask(purpose="processing")
    await scene.by_link()
    state, person = scene.served.server.calls.calls[scene.room].state.recording, f"family:{scene.family}"
    for document in (recording, processing):
        await scene.answer(document)
    state.ask("staff:1", 0.0)
    state.answer(person, True, 0.0)
    state.run(0.0)
    await scene.answer(processing, yes=False)
    assert state.agreed(person) and state.is_running
    await scene.answer(recording, yes=False)
    assert state.agreed(person) is False and not state.is_running
    state.answer(person, True, 1.0)
    await scene.answer(recording, yes=False)
    assert state.agreed(person), "asked twice, it is withdrawn once"


async def test_what_is_asked_is_in_the_log(scene: Petrovs) -> None:
    await scene.ask(required=True, without="watch")
    entries = (await scene.site.head.get(scene.site.of("audit"), params={"limit": "1"}))["entries"]
    assert entries[0]["action"] == "consent_published"
    assert entries[0]["details"] | {"required": True, "without": "watch"} == entries[0]["details"]
