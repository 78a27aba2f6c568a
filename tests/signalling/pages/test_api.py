"""The pages' API: what a lesson is, joining it, the operator's numbers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from signalling.rtc.tokens import Claims, verify_token
from signalling.school.api.links import JoinBody
from tests.signalling.served import KEY, OPERATOR_TOKEN, SECRET, Served, operator


async def join(served: Served, body: Any, code: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = f"/api/lessons/{code or served.code}/join"
    async with served.http.post(path, data=data, headers=headers) as response:
        return response.status, await response.json()


def refusal(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, body = answer
    return status, body["error"]["code"]


async def enter(served: Served, token: str) -> aiohttp.ClientWebSocketResponse:
    socket = await served.http.ws_connect("/rtc", params={"access_token": token, "protocol": "17"})
    await socket.receive_bytes(timeout=5)  # the join response: the participant is in the room
    return socket


# A lesson


async def test_a_link_tells_what_the_lesson_is(served: Served) -> None:
    async with served.http.get(f"/api/lessons/{served.code}") as response:
        assert response.status == 200 and response.headers["Cache-Control"] == "no-store"
        answer = await response.json()
    known = {"title": "Maths", "organisation": "Polyana", "host": "Anna", "participants": 0}
    assert {name: answer[name] for name in known} == known
    assert answer["state"] == "live" and answer["starts_at"] is None and answer["family"] is None


@pytest.mark.parametrize("code", ["a" * 26, "maths", "a", "%00", "%d0%bf", "x" * 2000])
async def test_every_wrong_link_gets_the_same_answer(served: Served, code: str) -> None:
    for method, path in (("GET", f"/api/lessons/{code}"), ("POST", f"/api/lessons/{code}/join")):
        async with served.http.request(method, path, data=b"{}") as response:
            assert refusal((response.status, await response.json())) == (404, "LINK_NOT_FOUND")


# Joining


async def test_a_join_gives_a_token_for_this_room_alone(served: Served) -> None:
    status, answer = await join(served, {"name": "  Анна П. ", "language": "ru"})
    assert status == 200
    claims: Claims = verify_token(answer["token"], {KEY: SECRET}, now=served.clock.time(), leeway_s=0)
    assert (claims.name, claims.identity) == ("Анна П.", answer["identity"])
    assert claims.correlation_id == answer["correlation_id"]
    assert claims.exp == int(served.clock.time()) + served.settings.token_ttl_s
    video = claims.video
    assert video is not None and video.room_join and video.room == "maths"
    assert not (video.room_admin or video.room_create or video.room_list or video.hidden)


async def test_everybody_is_somebody_else(served: Served) -> None:
    answers = [(await join(served, {"name": "Anna"}))[1] for _ in range(3)]
    for key in ("identity", "correlation_id", "token"):
        assert len({answer[key] for answer in answers}) == 3


async def test_the_token_opens_the_lesson(served: Served) -> None:
    _, answer = await join(served, {"name": "Anna"})
    socket = await enter(served, answer["token"])
    async with served.http.get(f"/api/lessons/{served.code}") as response:
        assert (await response.json())["participants"] == 1
    await socket.close()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 61},
        {"name": 1},
        {"name": None},
        {"name": "a\u007fb"},
        {"name": "a\nb"},
        {"name": "a\u0000b"},
        {"name": "Anna", "language": "de"},
        {"name": "Anna", "admin": True},
        [],
        "Anna",
        b"",
        b"{",
        b"\xff",
        b'{"name": "\\ud800"}',
        b"[" * 1900,
    ],
)
async def test_a_body_that_is_no_join_is_refused(served: Served, body: Any) -> None:
    assert refusal(await join(served, body)) == (400, "BAD_REQUEST")


async def test_the_longest_name_and_any_declared_type(served: Served) -> None:
    assert (await join(served, {"name": "я" * 60}))[0] == 200
    headers = {"Content-Type": "text/plain; charset=nonsense"}
    assert (await join(served, {"name": "Anna"}, **headers))[0] == 200


@settings(derandomize=True)
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda name: json.dumps({"name": name}).encode()))
def test_any_body_is_a_join_or_refused(body: bytes) -> None:
    try:
        name = JoinBody.model_validate_json(body).name
    except ValidationError:
        return
    assert name is None or (
        1 <= len(name) <= 60 and name == name.strip() and "\n" not in name and "\0" not in name
    )


@pytest.mark.parametrize("size", [2001, 200_000])
async def test_a_body_that_is_too_large_is_refused(served: Served, size: int) -> None:
    assert refusal(await join(served, b" " * size)) == (413, "TOO_LARGE")


async def test_a_body_of_unknown_length_is_read_up_to_the_limit(served: Served) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    async with served.http.post(f"/api/lessons/{served.code}/join", data=chunks()) as response:
        assert refusal((response.status, await response.json())) == (413, "TOO_LARGE")


async def test_a_full_lesson_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYANA_RTC__MAX_PARTICIPANTS", "1")
    async with Served(tmp_path).running() as served:
        _, answer = await join(served, {"name": "Anna"})
        socket = await enter(served, answer["token"])
        assert refusal(await join(served, {"name": "Boris"})) == (503, "LESSON_FULL")
        await socket.close()


# The operator


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {OPERATOR_TOKEN}",
        OPERATOR_TOKEN,
        f"Bearer {OPERATOR_TOKEN}x",
        f"Bearer {OPERATOR_TOKEN[:-1]}",
        f"Bearer {OPERATOR_TOKEN.upper()}",
        "Bearer привет",
    ],
)
async def test_without_the_operators_token_no_numbers(served: Served, value: str) -> None:
    async with served.http.get("/api/operator/load", headers={"Authorization": value}) as response:
        assert refusal((response.status, await response.json())) == (401, "OPERATOR_TOKEN")


async def test_an_access_token_is_no_operators_token(served: Served) -> None:
    token = served.token(room_admin=True, room_list=True)
    async with served.http.get("/api/operator/load", headers=operator(token)) as response:
        assert response.status == 401


async def test_the_operators_token_in_the_query_does_not_count(served: Served) -> None:
    async with served.http.get("/api/operator/load", params={"token": OPERATOR_TOKEN}) as response:
        assert response.status == 401, "queries end up in logs of proxies"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_operator_gets_the_numbers(served: Served, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {OPERATOR_TOKEN}"}
    async with served.http.get("/api/operator/load", headers=headers) as response:
        assert response.status == 200 and {"workers", "rooms", "totals"} <= set(await response.json())
