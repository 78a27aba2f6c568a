"""Paths, encodings, errors and tokens of the server API: as LiveKit's server answers them."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest
from livekit.protocol import room

from signalling.rtc.api.errors import HTTP_STATUSES, Code
from signalling.rtc.api.handlers import HANDLERS
from signalling.rtc.api.services import methods
from tests.signalling.rtc.api.conftest import Api

LIST = {"room_list": True}


def test_every_method_of_the_room_service_is_there() -> None:
    wanted = {name for name in methods() if name[0] == "livekit.RoomService"}
    assert set(HANDLERS) <= wanted


def test_every_code_has_a_status() -> None:
    assert set(HTTP_STATUSES) == set(Code)


async def test_json_has_the_names_of_the_protocol_and_every_field(api: Api) -> None:
    answer = await api.json(
        "CreateRoom", {"name": "lesson", "emptyTimeout": 30, "metadata": "{}"}, room_create=True
    )
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json["empty_timeout"] == 30
    assert answer.json["num_participants"] == 0, "also what is zero"
    assert answer.json["creation_time"] == str(int(api.world.clock.time())), "64 bits are text"


async def test_fields_that_nobody_knows_are_ignored(api: Api) -> None:
    assert (await api.json("ListRooms", {"new": 1}, **LIST)).status == 200


@pytest.mark.parametrize("content_type", ["application/JSON", "application/json; charset=utf-8"])
async def test_the_media_type_may_be_written_in_many_ways(api: Api, content_type: str) -> None:
    answer = await api.post("ListRooms", b"{}", token=api.token(**LIST), content_type=content_type)
    assert answer.json == {"rooms": []}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"names": 3}', b'{"names": ["\\ud800"]}', b"\xff"]
)
async def test_json_that_is_no_request(api: Api, body: bytes) -> None:
    answer = await api.post("ListRooms", body, token=api.token(**LIST))
    assert (answer.status, answer.code) == (400, "malformed")
    assert answer.words == "the json request could not be decoded"


async def test_protobuf_that_is_no_request(api: Api) -> None:
    kind = "application/protobuf"
    answer = await api.post("ListRooms", b"\xff\xff", token=api.token(**LIST), content_type=kind)
    assert (answer.status, answer.code) == (400, "malformed")
    assert answer.words == "the protobuf request could not be decoded"


@pytest.mark.parametrize(
    ("verb", "path", "content_type", "words"),
    [
        (
            "GET",
            "RoomService/ListRooms",
            "application/json",
            'unsupported method "GET" (only POST is allowed)',
        ),
        (
            "POST",
            "RoomService/Nothing",
            "application/json",
            'no handler for path "/twirp/livekit.RoomService/Nothing"',
        ),
        (
            "POST",
            "Nothing/ListRooms",
            "application/json",
            'no handler for path "/twirp/livekit.Nothing/ListRooms"',
        ),
        ("POST", "RoomService/ListRooms", "text/plain", 'unexpected Content-Type: "text/plain"'),
    ],
)
async def test_what_leads_nowhere(api: Api, verb: str, path: str, content_type: str, words: str) -> None:
    path = f"/twirp/livekit.{path}"
    answer = await api.post(
        "", b"{}", verb=verb, path=path, content_type=content_type, token=api.token(**LIST)
    )
    assert answer.status == 404
    assert answer.json == {
        "code": "bad_route",
        "msg": words,
        "meta": {"twirp_invalid_route": f"{verb} {path}"},
    }


async def test_without_a_token(api: Api) -> None:
    answer = await api.post("ListRooms", b"{}")
    assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_a_token_in_the_query(api: Api) -> None:
    assert (await api.post("ListRooms", b"{}", params={"access_token": api.token(**LIST)})).status == 200


async def test_another_scheme(api: Api) -> None:
    answer = await api.post("ListRooms", b"{}", headers={"Authorization": "Basic x"})
    assert (answer.status, answer.words) == (401, "invalid authorization header. Must start with Bearer ")


@pytest.mark.compatibility("claim.sha256")
async def test_a_token_for_one_body_only(api: Api) -> None:
    body = json.dumps({"names": ["lesson"]}).encode()
    digest = base64.b64encode(sha256(body).digest()).decode()
    assert (await api.post("ListRooms", body, token=api.token(sha256=digest, **LIST))).status == 200
    answer = await api.post("ListRooms", b"{}", token=api.token(sha256=digest, **LIST))
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert (await api.post("ListRooms", body, token=api.token(sha256="é", **LIST))).status == 401


async def test_a_web_client_may_be_served_from_elsewhere(api: Api) -> None:
    async with api.http.options("/twirp/livekit.RoomService/ListRooms") as preflight:
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == "*"
        assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    for grants in (LIST, {}):
        answer = await api.json("ListRooms", {}, **grants)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_calls_are_counted(api: Api) -> None:
    await api.json("ListRooms", {}, **LIST)
    await api.json("ListRooms", {})
    await api.post("Nothing", b"{}")
    count = api.world.metric
    assert count("polyana_api_requests_total", method="RoomService.ListRooms", code="ok") == 1
    assert count("polyana_api_requests_total", method="RoomService.ListRooms", code="unauthenticated") == 1
    assert count("polyana_api_requests_total", method="unknown", code="bad_route") == 1
    assert count("polyana_api_request_seconds_count", method="RoomService.ListRooms") == 2


async def test_a_bug_is_an_internal_error_that_says_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("secret")

    monkeypatch.setattr("signalling.rtc.api.context.convert.room_info", broken)
    answer = await api.protobuf("CreateRoom", room.CreateRoomRequest(name="x"), room_create=True)
    assert (answer.status, answer.code, answer.words) == (500, "internal", "internal error")
