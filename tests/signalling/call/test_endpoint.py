"""Calls over HTTP: who may ask, what is answered, and what bad input gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from livekit.protocol import models

from signalling.rtc.connect_parameters import ConnectParameters
from signalling.rtc.tokens import Claims, VideoGrants
from tests.signalling.rtc.rtc_fakes import FakeSink
from tests.signalling.served import Served, operator


async def ask(served: Served, method: str, path: str, token: str, **request: Any) -> tuple[int, Any]:
    headers = operator(token) if token else {}
    async with served.http.request(method, f"/api/calls/{path}", headers=headers, **request) as answer:
        return answer.status, await answer.json()


async def join(served: Served, identity: str, role: str) -> str:
    """Joins without media; gives the token."""
    from signalling.rtc.admission import admit

    video = VideoGrants(room_join=True, room="maths")
    claims = Claims(
        iss="school",
        sub=identity,
        exp=2e9,
        nbf=served.clock.time(),
        video=video,
        attributes={"polyana.role": role},
    )
    parameters = ConnectParameters(True, models.ClientInfo(protocol=17))
    sessions: Any = served.server.rtc._sessions
    await sessions.join(admit(claims, parameters, served.settings.rtc), FakeSink())
    return served.token(identity=identity)


@pytest.fixture
async def call(served: Served) -> AsyncIterator[Served]:
    status, answer = await ask(served, "PUT", "maths", served.token(room_admin=True), json={"lobby": "all"})
    assert (status, answer) == (201, {"room": "maths"})
    yield served
    await asyncio.sleep(0)


async def test_a_lobby_over_http(call: Served) -> None:
    host, family = await join(call, "staff:1:a", "host"), await join(call, "family:1:a", "family")
    status, snapshot = await ask(call, "GET", "maths", host)
    assert status == 200 and [one["person"] for one in snapshot["lobby"]] == ["family:1"]
    status, snapshot = await ask(call, "GET", "maths", family)
    assert snapshot["you"]["power"] == "waiting" and set(snapshot) == {"version", "now", "you"}
    assert (await ask(call, "GET", "maths/subtitles", family))[0] == 403
    assert (await ask(call, "GET", "maths/subtitles", host))[0] == 409  # no film is shown
    admit = {"type": "admit", "identity": "family:1:a"}
    assert (await ask(call, "POST", "maths/commands", family, json=admit))[0] == 403
    assert await ask(call, "POST", "maths/commands", host, json=admit) == (200, {"done": "admit"})
    say = {"type": "chat", "text": "hello"}
    assert (await ask(call, "POST", "maths/commands", family, json=say))[0] == 403  # no media yet: unattended
    assert await ask(call, "POST", "maths/commands", host, json=say) == (200, {"done": "chat"})
    status, chat = await ask(call, "GET", "maths/chat", family)
    assert [message["text"] for message in chat["messages"]] == ["hello"]
    assert (await ask(call, "GET", "maths/attendance", host)) == (200, {"rows": []})
    assert (await ask(call, "GET", "maths/attendance", family))[0] == 403
    remove = {"type": "remove", "identity": "family:1"}
    assert (await ask(call, "POST", "maths/commands", host, json=remove))[0] == 200
    status, answer = await ask(call, "GET", "maths", family)
    assert (status, answer["error"]["code"]) == (401, "REMOVED")


async def test_an_audience_is_paged_and_searched(call: Served) -> None:
    host = await join(call, "staff:1:a", "host")
    for number in range(60):
        await join(call, f"family:{number}:a", "family")
    await ask(call, "POST", "maths/commands", host, json={"type": "admit_all"})
    status, answer = await ask(call, "GET", "maths/people", host)
    assert status == 200 and (len(answer["people"]), answer["total"]) == (50, 61)
    assert answer["people"][0]["person"] == "staff:1" and "held" in answer["people"][0]
    rest = (await ask(call, "GET", "maths/people?first=50", host))[1]["people"]
    assert [one["person"] for one in rest] == [f"family:{number}" for number in range(49, 60)]
    family = call.token(identity="family:1:a")
    assert (await ask(call, "GET", "maths/people", family))[0] == 403
    for bad in ("-1", "x", "1" * 9, "١", ""):
        assert (await ask(call, "GET", f"maths/people?first={bad}", host))[0] == 400
    statuses = [(await ask(call, "GET", f"maths/people?q={'x' * 500}", host))[0] for _ in range(30)]
    assert statuses[0] == 200 and statuses[-1] == 429, "looking through thousands is bounded"


async def test_who_is_not_in_the_call(call: Served) -> None:
    outsider = call.token(identity="family:9:a")
    for method, path in (
        ("GET", "maths"),
        ("GET", "maths/chat"),
        ("GET", "maths/attendance"),
        ("GET", "maths/people"),
        ("POST", "maths/commands"),
    ):
        status, answer = await ask(call, method, path, outsider, json={"type": "raise_hand"})
        assert (status, answer["error"]["code"]) == (409, "NOT_IN_CALL")
        status, answer = await ask(call, method, path, call.token(identity="family:9:a", room="another"))
        assert (status, answer["error"]["code"]) == (403, "FORBIDDEN")
    status, answer = await ask(call, "GET", "plain", call.token(room="plain"))
    assert (status, answer["error"]["code"]) == (404, "NO_CALL")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"mute"',
        b'{"type": "unknown"}',
        b'{"type": "mute"}',
        b'{"type": "mute", "identity": ""}',
        b'{"type": "mute", "identity": "x", "more": 1}',
        b'{"type": "set_lock", "locked": "maybe"}',
        b'{"type": "chat", "text": "  "}',
        b'{"type": "chat", "text": "' + b"x" * 2001 + b'"}',
        b'{"type": "extend", "minutes": -1, "reason": "x"}',
        b'{"type": "open_poll", "question": "?", "options": []}',
        b'{"type": "vote", "poll": "p1", "options": [1e999]}',
        b"\xff\xfe",
        b"[" * 1900,
    ],
)
async def test_bad_commands(call: Served, body: bytes) -> None:
    host = await join(call, "staff:1:a", "host")
    status, answer = await ask(call, "POST", "maths/commands", host, data=body)
    assert status in (400, 413) and answer["error"]["code"] in ("BAD_REQUEST", "TOO_LARGE")


async def test_settings_from_a_backend(served: Served) -> None:
    admin = served.token(room_admin=True)
    for body in (b'{"mode": "party"}', b"[]", b'{"limit_minutes": -1}', b'{"extra": 1}'):
        assert (await ask(served, "PUT", "maths", admin, data=body))[0] == 400
    for token in (served.token(), served.token(room_admin=True, room="another")):
        assert (await ask(served, "PUT", "maths", token))[0] == 403
    assert (await ask(served, "PUT", "maths", admin))[0] == 201
    status, answer = await ask(served, "PUT", "maths", admin)
    assert (status, answer["error"]["code"]) == (409, "EXISTS")
