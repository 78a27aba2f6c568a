"""Every endpoint has a size limit, a rate limit and a decision on who may use it.

A new endpoint fails here until it is listed with its decision.
"""

import base64
from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from livekit.protocol import models, rtc

from signalling.call import CallSettings
from signalling.school.api import LARGE
from signalling.school.api.tus import STREAMED
from tests.signalling.served import SECRET, Served, client_at, operator


class Access(Enum):
    """Who may use an endpoint."""

    PUBLIC = auto()
    LINK = auto()
    """Who knows the code of a lesson; all others find nothing."""
    OPERATOR = auto()
    LOCAL_OR_OPERATOR = auto()
    """Programs on the machine itself need no token."""
    SERVER_API = auto()
    """The bearer of a token with the grant of the method: tests/signalling/rtc/api."""
    TOKEN = auto()
    """The bearer of an access token with the grant to join."""
    GATEWAY = auto()
    """The same, for a session of another protocol; whose session it is not finds nothing."""
    SCHOOL = auto()
    """Anybody, with the header against cross-site requests: tests/signalling/school/api."""
    SIGNED_IN = auto()
    """Somebody with a session: what they may do, the door says."""
    CALL = auto()
    """The bearer of an access token who is in the call of the room."""
    CALL_ADMIN = auto()
    """The bearer of a token with the grant `roomAdmin` for the room."""
    PASS = auto()
    """Who knows the code of a pass for an audience; all others find nothing: tests/signalling/hls."""
    SILENT = auto()
    """Anybody: the answer says nothing of what there is."""


ENDPOINTS = {
    ("GET", "/"): Access.PUBLIC,
    ("GET", "/l/{code}"): Access.PUBLIC,  # the page; what the link leads to is behind the API
    ("GET", "/operator"): Access.PUBLIC,  # the page; its numbers are behind the API
    **dict.fromkeys(
        [
            ("GET", "/sign-in"),
            ("GET", "/register"),
            ("GET", "/setup"),
            ("GET", "/welcome/{code}"),
            ("GET", "/account"),
            ("GET", "/people"),
            ("GET", "/groups"),
            ("GET", "/groups/{group}"),
            ("GET", "/groups/{group}/links"),
            ("GET", "/families"),
            ("GET", "/roster"),
            ("GET", "/lessons"),
            ("GET", "/lessons/{lesson}"),
            ("GET", "/lessons/{lesson}/attendance"),
            ("GET", "/lessons/{lesson}/recordings"),
            ("GET", "/recordings"),
            ("GET", "/journal"),
            ("GET", "/library"),
            ("GET", "/library/{content}"),
            ("GET", "/consents"),
            ("GET", "/family"),
            ("GET", "/data"),
            ("GET", "/audit"),
            ("GET", "/watch/{code}"),
        ],
        Access.PUBLIC,  # always the same page; what it shows is behind the API
    ),
    ("GET", "/assets/{path}"): Access.PUBLIC,
    ("GET", "/{name}"): Access.PUBLIC,
    ("GET", "/healthz"): Access.PUBLIC,
    ("GET", "/readyz"): Access.PUBLIC,
    ("GET", "/metrics"): Access.LOCAL_OR_OPERATOR,
    ("GET", "/api/lessons/{code}"): Access.LINK,
    ("POST", "/api/lessons/{code}/join"): Access.LINK,
    ("GET", "/api/operator/load"): Access.OPERATOR,
    ("GET", "/api/openapi.json"): Access.PUBLIC,
    ("GET", "/api/site"): Access.PUBLIC,
    ("GET", "/api/norms"): Access.PUBLIC,
    **dict.fromkeys(
        [
            ("POST", "/api/setup"),  # with a code of the console, once
            ("POST", "/api/registrations"),
            ("POST", "/api/session"),
            ("GET", "/api/welcome/{code}"),
            ("POST", "/api/welcome/{code}"),
            ("GET", "/api/lessons/{code}/calendar.ics"),
            ("GET", "/api/calendar/{code}"),
            ("GET", "/api/oidc/{provider}/start"),
            ("GET", "/api/oidc/{provider}/callback"),
        ],
        Access.SCHOOL,
    ),
    **dict.fromkeys(
        [
            ("DELETE", "/api/session"),
            ("DELETE", "/api/sessions"),
            ("GET", "/api/me"),
            ("PATCH", "/api/me"),
            ("PUT", "/api/me/password"),
            ("POST", "/api/me/roles"),
            ("PATCH", "/api/organisations/{organisation}"),
            ("GET", "/api/organisations/{organisation}/staff"),
            ("GET", "/api/organisations/{organisation}/guardians"),
            ("GET", "/api/organisations/{organisation}/staff-invitations"),
            ("POST", "/api/organisations/{organisation}/staff-invitations"),
            ("DELETE", "/api/staff-invitations/{invitation}"),
            ("POST", "/api/welcome/{code}/role"),
            ("POST", "/api/roles/{role}/confirmation"),
            ("POST", "/api/roles/{role}/revocation"),
            ("GET", "/api/organisations/{organisation}/groups"),
            ("POST", "/api/organisations/{organisation}/groups"),
            ("GET", "/api/groups/{group}"),
            ("PATCH", "/api/groups/{group}"),
            ("DELETE", "/api/groups/{group}"),
            ("PUT", "/api/groups/{group}/teachers/{person}"),
            ("DELETE", "/api/groups/{group}/teachers/{person}"),
            ("GET", "/api/organisations/{organisation}/families"),
            ("POST", "/api/organisations/{organisation}/families"),
            ("GET", "/api/families/{family}"),
            ("PUT", "/api/families/{family}"),
            ("DELETE", "/api/families/{family}"),
            ("GET", "/api/organisations/{organisation}/schedule"),
            ("POST", "/api/organisations/{organisation}/schedule"),
            ("GET", "/api/schedule/{lesson}"),
            ("PUT", "/api/schedule/{lesson}"),
            ("POST", "/api/schedule/{lesson}/cancellation"),
            ("POST", "/api/schedule/{lesson}/join"),
            ("GET", "/api/schedule/{lesson}/recordings"),
            ("GET", "/api/organisations/{organisation}/recordings"),
            ("GET", "/api/recordings/{recording}"),
            ("GET", "/api/recordings/{recording}/file"),
            ("DELETE", "/api/recordings/{recording}"),
            ("POST", "/api/recordings/{recording}/composition"),
            ("GET", "/api/schedule/{lesson}/calendar.ics"),
            ("POST", "/api/schedule/{lesson}/links"),
            ("GET", "/api/schedule/{lesson}/links"),
            ("GET", "/api/schedule/{lesson}/attendance"),
            ("GET", "/api/schedule/{lesson}/attendance.csv"),
            ("GET", "/api/schedule/{lesson}/attendance.xlsx"),
            ("GET", "/api/organisations/{organisation}/attendance"),
            ("GET", "/api/organisations/{organisation}/attendance.csv"),
            ("GET", "/api/organisations/{organisation}/attendance.xlsx"),
            ("GET", "/api/organisations/{organisation}/consents"),
            ("POST", "/api/organisations/{organisation}/consents"),
            ("GET", "/api/organisations/{organisation}/consents/missing"),
            ("GET", "/api/families/{family}/consents"),
            ("POST", "/api/families/{family}/consents"),
            ("POST", "/api/families/{family}/consents/withdrawal"),
            ("POST", "/api/families/{family}/export"),
            ("GET", "/api/me/calendar"),
            ("POST", "/api/me/calendar"),
            ("POST", "/api/families/{family}/links"),
            ("GET", "/api/families/{family}/links"),
            ("POST", "/api/groups/{group}/links"),
            ("POST", "/api/schedule/{lesson}/passes"),
            ("GET", "/api/schedule/{lesson}/passes"),
            ("DELETE", "/api/passes/{pass}"),
            ("GET", "/api/links/{link}"),
            ("DELETE", "/api/links/{link}"),
            ("DELETE", "/api/links/{link}/devices"),
            ("POST", "/api/organisations/{organisation}/roster/preview"),
            ("POST", "/api/organisations/{organisation}/roster"),
            ("GET", "/api/organisations/{organisation}/audit"),
            ("GET", "/api/schedule/{lesson}/attendance/now"),
            ("GET", "/api/retention"),
            ("GET", "/api/organisations/{organisation}/audit.csv"),
            ("GET", "/api/organisations/{organisation}/library"),
            ("GET", "/api/organisations/{organisation}/content"),
            ("POST", "/api/organisations/{organisation}/content"),
            ("GET", "/api/content/{content}"),
            ("PUT", "/api/content/{content}"),
            ("DELETE", "/api/content/{content}"),
            ("POST", "/api/content/{content}/submission"),
            ("DELETE", "/api/content/{content}/submission"),
            ("POST", "/api/content/{content}/return"),
            ("POST", "/api/content/{content}/verification"),
            ("POST", "/api/content/{content}/withdrawal"),
            ("POST", "/api/content/{content}/revision"),
            ("POST", "/api/content/{content}/preparation"),
            ("DELETE", "/api/content/{content}/preparation"),
            ("POST", "/api/content/{content}/seal/check"),
            ("GET", "/api/content/{content}/seal"),
            ("GET", "/api/content/{content}/report"),
            ("GET", "/api/content/{content}/pictures/{picture}"),
            ("GET", "/api/content/{content}/source"),
            ("GET", "/api/content/{content}/renditions/{rendition}"),
            ("GET", "/api/content/{content}/subtitles"),
            ("PUT", "/api/content/{content}/subtitles/{language}"),
            ("DELETE", "/api/content/{content}/subtitles/{language}"),
            ("POST", "/api/content/{content}/uploads"),
            ("HEAD", "/api/uploads/{upload}"),
            ("PATCH", "/api/uploads/{upload}"),
            ("DELETE", "/api/uploads/{upload}"),
        ],
        Access.SIGNED_IN,
    ),
    ("OPTIONS", "/api/content/{content}/uploads"): Access.SILENT,
    ("OPTIONS", "/api/uploads/{upload}"): Access.SILENT,
    ("GET", "/.well-known/polyana/keys.json"): Access.PUBLIC,
    ("GET", "/.well-known/polyana/manifests/{content}.json"): Access.PUBLIC,  # of verified content
    ("GET", "/api/calls/{room}"): Access.CALL,
    ("GET", "/api/calls/{room}/chat"): Access.CALL,
    ("GET", "/api/calls/{room}/attendance"): Access.CALL,
    ("GET", "/api/calls/{room}/people"): Access.CALL,
    ("GET", "/api/calls/{room}/films"): Access.CALL,
    ("GET", "/api/calls/{room}/subtitles"): Access.CALL,
    ("POST", "/api/calls/{room}/commands"): Access.CALL,
    ("PUT", "/api/calls/{room}"): Access.CALL_ADMIN,
    ("*", "/twirp/{service}/{method}"): Access.SERVER_API,
    **dict.fromkeys(
        [
            ("GET", "/hls/{code}/status"),
            ("GET", "/hls/{code}/live.m3u8"),
            ("GET", "/hls/{code}/{stream}/{name}"),
            ("GET", "/hls/{code}/{stream}/{folder}/{piece}"),
        ],
        Access.PASS,
    ),
    ("GET", "/rtc"): Access.TOKEN,
    ("GET", "/rtc/v1"): Access.TOKEN,
    ("GET", "/rtc/validate"): Access.TOKEN,
    ("GET", "/rtc/v1/validate"): Access.TOKEN,
    **{
        (method, path): access
        for protocol in ("whip", "whep")
        for method, path, access in (
            ("POST", f"/{protocol}/v1", Access.GATEWAY),
            ("PATCH", f"/{protocol}/v1/{{session}}", Access.GATEWAY),
            ("DELETE", f"/{protocol}/v1/{{session}}", Access.GATEWAY),
            ("GET", f"/{protocol}/v1", Access.SILENT),
            ("GET", f"/{protocol}/v1/{{session}}", Access.SILENT),
            ("OPTIONS", f"/{protocol}/v1", Access.SILENT),
            ("OPTIONS", f"/{protocol}/v1/{{session}}", Access.SILENT),
        )
    },
}
#: Probes must never be refused.
WITHOUT_RATE_LIMIT = {("GET", "/healthz"), ("GET", "/readyz")}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}

JOIN = rtc.JoinRequest(client_info=models.ClientInfo(protocol=17)).SerializeToString()
JOIN_REQUEST = base64.urlsafe_b64encode(
    rtc.WrappedJoinRequest(join_request=JOIN).SerializeToString()
).decode()

IDS = (
    "organisation",
    "invitation",
    "role",
    "group",
    "person",
    "family",
    "lesson",
    "link",
    "content",
    "upload",
    "pass",
    "recording",
)
Endpoint = tuple[str, str]
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: " ".join(endpoint))


def of(*access: Access) -> Any:
    chosen = [endpoint for endpoint, decision in ENDPOINTS.items() if decision in access]
    return pytest.mark.parametrize("endpoint", chosen, ids=lambda endpoint: " ".join(endpoint))


def path_of(endpoint: Endpoint) -> str:
    return endpoint[1].format(
        **dict.fromkeys(IDS, "0" * 32),
        picture="contact-sheet",
        language="ru",
        rendition="sound.prtp",
        code="wrong",
        provider="nobody",
        room="maths",
        path="nothing.js",
        name="nothing",
        service="livekit.RoomService",
        method="ListRooms",
        session="nothing",
        stream="nothing",
        folder="nothing",
        piece="nothing",
    )


async def status(served: Served, endpoint: Endpoint, path: str = "", **request: Any) -> int:
    headers = client_at("192.0.2.1") | request.pop("headers", {})
    if ENDPOINTS[endpoint] is Access.TOKEN:
        headers |= UPGRADE
        request["params"] = {"join_request": JOIN_REQUEST} | request.get("params", {})
    method = "POST" if endpoint[0] == "*" else endpoint[0]
    async with served.http.request(method, path or path_of(endpoint), headers=headers, **request) as response:
        return response.status


def test_every_endpoint_is_listed(served: Served) -> None:
    routes = served.application.router.routes()
    found = {(route.method, route.resource.canonical) for route in routes if route.resource is not None}
    with_get = {("HEAD", path) for method, path in found if method == "GET"}
    assert found - with_get == set(ENDPOINTS)


@each_endpoint
async def test_a_size_limit(served: Served, endpoint: Endpoint) -> None:
    limit = served.settings.http.max_body_bytes
    if ENDPOINTS[endpoint] is Access.SERVER_API:
        limit = served.settings.rtc.max_api_body_bytes
    elif endpoint[1] in LARGE:
        limit = served.settings.school.max_body_bytes
    elif endpoint[1] in STREAMED:
        limit = served.settings.library.max_file_bytes
    assert await status(served, endpoint, data=BytesIO(b" " * (limit + 1))) == 413


@each_endpoint
async def test_a_rate_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint) -> None:
    monkeypatch.setenv("POLYANA_RTC__JOIN_BURST", "2")
    monkeypatch.setenv("POLYANA_RTC__API_BURST", "2")
    monkeypatch.setenv("POLYANA_HLS__REQUEST_BURST", "2")
    async with Served(tmp_path, request_burst=2).running() as served:
        found = [await status(served, endpoint) for _ in range(3)]
    assert 429 not in found[:2]
    assert (found[2] != 429) == (endpoint in WITHOUT_RATE_LIMIT)


@of(Access.PUBLIC)
async def test_public(served: Served, endpoint: Endpoint) -> None:
    path = {"/assets/{path}": "/assets/nothing.js", "/{name}": "/icon.svg"}.get(endpoint[1], "")
    absent = "nothing" in path or endpoint[1].endswith("{content}.json")
    assert await status(served, endpoint, path) == (404 if absent else 200)


@of(Access.LINK)
async def test_the_link_of_a_lesson(served: Served, endpoint: Endpoint) -> None:
    assert await status(served, endpoint, json={"name": "Anna"}) == 404
    path = endpoint[1].format(code=served.code)
    assert await status(served, endpoint, path, json={"name": "Anna"}) == 200


@of(Access.PASS)
async def test_no_pass(served: Served, endpoint: Endpoint) -> None:
    for code in ("wrong", "a" * 26):
        assert await status(served, endpoint, path_of(endpoint).replace("wrong", code)) == 404


@of(Access.SIGNED_IN)
async def test_somebody_with_a_session(served: Served, endpoint: Endpoint) -> None:
    assert await status(served, endpoint, headers={"X-Polyana": "1"}) in (401, 404)
    wrong = {"X-Polyana": "1", "Cookie": "polyana=wrong"}
    assert await status(served, endpoint, headers=wrong) in (401, 404)


@of(Access.SIGNED_IN, Access.SCHOOL)
async def test_other_sites_change_nothing(served: Served, endpoint: Endpoint) -> None:
    if endpoint[0] not in ("GET", "HEAD"):
        assert await status(served, endpoint) == 403


@of(Access.OPERATOR, Access.LOCAL_OR_OPERATOR)
async def test_the_operator(served: Served, endpoint: Endpoint) -> None:
    assert await status(served, endpoint) == 401
    assert await status(served, endpoint, headers=operator("wrong")) == 401
    assert await status(served, endpoint, headers=operator(served.token(room_admin=True))) == 401
    assert await status(served, endpoint, headers=operator()) == 200


Make = Callable[[Served], str]
WRONG_TOKENS: dict[str, Make] = {
    "missing": lambda served: "",
    "nonsense": lambda served: "nonsense",
    "another secret": lambda served: served.token(secret=SECRET[::-1] + "x"),
    "expired": lambda served: served.token(ttl=timedelta(seconds=-served.settings.rtc.token_leeway_s - 1)),
    "without the grant": lambda served: served.token(room_join=False),
    "the operator's": lambda served: served.settings.operator_token,
}


@of(Access.SILENT)
async def test_anybody_learns_nothing(served: Served, endpoint: Endpoint) -> None:
    assert await status(served, endpoint) in (200, 204)


@of(Access.GATEWAY)
@pytest.mark.parametrize("wrong", WRONG_TOKENS)
async def test_the_bearer_of_a_token_for_a_gateway(served: Served, endpoint: Endpoint, wrong: str) -> None:
    token = WRONG_TOKENS[wrong](served)
    forbidden = {"POST": 403}.get(endpoint[0], 404) if wrong == "without the grant" else 401
    headers = operator(token) | {"Content-Type": "application/sdp"}
    assert await status(served, endpoint, headers=headers) == forbidden


@of(Access.GATEWAY)
async def test_a_token_for_a_gateway_opens(served: Served, endpoint: Endpoint) -> None:
    headers = operator(served.token()) | {"Content-Type": "application/sdp"}
    opened = {"POST": 400}.get(endpoint[0], 404)  # no offer, and no session
    assert await status(served, endpoint, headers=headers) == opened


@of(Access.CALL, Access.CALL_ADMIN)
@pytest.mark.parametrize("wrong", WRONG_TOKENS)
async def test_the_bearer_of_a_token_for_a_call(served: Served, endpoint: Endpoint, wrong: str) -> None:
    headers = operator(WRONG_TOKENS[wrong](served))
    forbidden = 403 if wrong == "without the grant" else 401
    assert await status(served, endpoint, headers=headers) == forbidden


@of(Access.CALL)
async def test_who_is_not_in_the_call(served: Served, endpoint: Endpoint) -> None:
    assert await status(served, endpoint, headers=operator(served.token())) == 404  # nobody controls the room
    served.server.calls.open("maths", CallSettings())
    assert await status(served, endpoint, headers=operator(served.token(room_admin=True))) == 409


@of(Access.CALL_ADMIN)
async def test_a_call_is_opened_by_its_administrator(served: Served, endpoint: Endpoint) -> None:
    assert await status(served, endpoint, headers=operator(served.token())) == 403
    assert await status(served, endpoint, headers=operator(served.token(room_admin=True))) == 201


@of(Access.TOKEN)
@pytest.mark.parametrize("wrong", WRONG_TOKENS)
async def test_the_bearer_of_an_access_token(served: Served, endpoint: Endpoint, wrong: str) -> None:
    token = WRONG_TOKENS[wrong](served)
    assert await status(served, endpoint, params={"access_token": token}) == 401
    assert await status(served, endpoint, headers=operator(token)) == 401


@of(Access.TOKEN)
async def test_an_access_token_opens(served: Served, endpoint: Endpoint) -> None:
    upgraded = not endpoint[1].endswith("validate")
    assert await status(served, endpoint, headers=operator(served.token())) == (101 if upgraded else 200)


@of(Access.SERVER_API)
@pytest.mark.parametrize("wrong", WRONG_TOKENS)
async def test_the_server_api(served: Served, endpoint: Endpoint, wrong: str) -> None:
    for grants, expected in (({"room_join": True}, 401), ({"room_list": True}, 200)):
        assert await status(served, endpoint, json={}, headers=operator(served.token(**grants))) == expected
    assert await status(served, endpoint, json={}, headers=operator(WRONG_TOKENS[wrong](served))) == 401
