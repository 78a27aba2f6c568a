"""What every answer carries and every request passes, on the whole server."""

import json
import re
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from aiohttp import ClientConnectionError, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from structlog.testing import capture_logs

from signalling.config import HttpSettings
from signalling.pages.security import (
    CORRELATION_HEADER,
    GONE,
    POLICY,
    RateLimits,
    client_address,
    middleware,
)
from signalling.rate_limit import RateLimit
from signalling.tls import ensure_certificate
from tests.mediaserver.room_fakes import FakeClock
from tests.signalling.served import Served, client_at

Http = TestClient[web.Request, web.Application]
EVERY_KIND_OF_ANSWER = [
    ("GET", "/", 200),
    ("GET", "/icon.svg", 200),
    ("GET", "/healthz", 200),
    ("GET", "/nothing", 404),
    ("GET", "/api/nothing", 404),
    ("GET", "/api/lessons/wrong", 404),
    ("GET", "/api/operator/load", 401),
    ("GET", "/rtc/validate", 401),
    ("POST", "/", 405),
    ("PUT", "/api/lessons/wrong/join", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND_OF_ANSWER)
async def test_every_answer_carries_the_headers(served: Served, method: str, path: str, status: int) -> None:
    async with served.http.request(method, path) as response:
        assert response.status == status
        headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=(self)" in headers["Permissions-Policy"]
        assert headers["Cache-Control"] in ("no-store", "no-cache")
        assert "Strict-Transport-Security" not in headers, "only over HTTPS"
        assert re.fullmatch("[0-9a-f]{32}", headers[CORRELATION_HEADER])


async def test_the_policy_lets_nothing_of_others_in(served: Served) -> None:
    async with served.http.get("/") as response:
        policy = dict(d.split(" ", 1) for d in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'", "nothing inline, nothing evaluated"
    host = f"{served.http.host}:{served.http.port}"
    assert policy["connect-src"] == f"'self' ws://{host} wss://{host}"


HOSTS = ["a; script-src *", "a, b", "a\tb 'unsafe-inline'", "é", "[::1]:7880", "*"]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_header_cannot_add_to_the_policy(served: Served, host: str) -> None:
    async with served.http.get("/", headers={"Host": host}) as response:
        if response.status == 400:
            return  # aiohttp refused it
        found = response.headers["Content-Security-Policy"].split("; ")
    assert len(found) == POLICY.count(";") + 1
    (connect,) = [directive for directive in found if directive.startswith("connect-src")]
    assert re.fullmatch(r"connect-src 'self' ws://[\w.:\[\]-]* wss://[\w.:\[\]-]*", connect, re.ASCII)


async def test_methods_that_are_allowed_are_told(served: Served) -> None:
    for path, allowed in (("/", "GET,HEAD"), ("/api/operator/load", "GET,HEAD")):
        async with served.http.delete(path) as response:
            assert (response.status, response.headers["Allow"]) == (405, allowed)
    async with served.http.get(f"/api/lessons/{served.code}/join") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
        assert (await response.json())["error"]["code"] == "REQUEST"


# Correlation


async def test_a_given_correlation_id_is_kept(served: Served) -> None:
    async with served.http.get("/healthz", headers={CORRELATION_HEADER: "browser-0123456789"}) as response:
        assert response.headers[CORRELATION_HEADER] == "browser-0123456789"


@pytest.mark.parametrize(
    "given_id", ["short", "x" * 65, "with space", "with\ttab", 'a"b":"cdefgh', "écorrélation"]
)
async def test_a_correlation_id_that_could_forge_logs_is_replaced(served: Served, given_id: str) -> None:
    async with served.http.get("/healthz", headers={CORRELATION_HEADER: given_id}) as response:
        assert re.fullmatch("[0-9a-f]{32}", response.headers[CORRELATION_HEADER])


async def test_log_lines_of_a_request_carry_its_id_and_no_link(served: Served) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        headers = {CORRELATION_HEADER: "browser-0123456789"}
        async with served.http.get(f"/api/lessons/{served.code}", headers=headers) as response:
            assert response.status == 200
        async with served.http.get(f"/l/{served.code}", headers=headers):
            pass
        async with served.http.get("/assets/nothing.js", headers=headers):
            pass
    requests = [line for line in lines if line["event"] == "request"]
    start = served.code[:4]
    assert [line["path"] for line in requests] == [f"/api/lessons/{start}…", f"/l/{start}…"], (
        "assets are not logged"
    )
    assert {line["correlation_id"] for line in lines} == {"browser-0123456789"}
    assert served.code not in json.dumps(lines)


# Limits


@pytest.fixture
async def narrow(tmp_path: Path) -> AsyncIterator[Served]:
    async with Served(tmp_path, requests_per_s=1, request_burst=2).running() as running:
        yield running


async def statuses(served: Served, path: str, tries: int, address: str = "192.0.2.1") -> list[int]:
    found = []
    for _ in range(tries):
        async with served.http.get(path, headers=client_at(address)) as response:
            found.append(response.status)
    return found


async def test_an_address_that_asks_too_often_waits(narrow: Served) -> None:
    assert await statuses(narrow, "/", 3) == [200, 200, 429]
    assert await statuses(narrow, "/", 1, "192.0.2.2") == [200]
    narrow.clock.advance(1)
    assert await statuses(narrow, "/", 2) == [200, 429]


async def test_refusals_have_the_shape_of_api_errors(narrow: Served) -> None:
    await statuses(narrow, "/", 2)
    async with narrow.http.get("/", headers=client_at("192.0.2.1")) as response:
        assert (await response.json())["error"]["code"] == "TOO_MANY_REQUESTS"
        assert response.headers["Content-Security-Policy"]


async def test_wrong_links_count(narrow: Served) -> None:
    assert await statuses(narrow, "/api/lessons/guess", 3) == [404, 404, 429]


async def test_signalling_has_a_limit_of_its_own(narrow: Served) -> None:
    await statuses(narrow, "/", 3)
    burst = narrow.settings.rtc.join_burst
    found = await statuses(narrow, "/rtc/validate", burst + 1)
    assert (set(found[:-1]), found[-1]) == ({401}, 429)


async def test_names_that_begin_like_unlimited_paths_are_limited(narrow: Served) -> None:
    assert await statuses(narrow, "/rtcx", 3) == [404, 404, 429]
    assert await statuses(narrow, "/healthzz", 3, "192.0.2.3") == [404, 404, 429]


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([], "10.0.0.1"),
        (["192.0.2.1"], "192.0.2.1"),
        (["192.0.2.66, 192.0.2.1"], "192.0.2.1"),  # what the client claims comes first
        (["192.0.2.66", "192.0.2.1"], "192.0.2.1"),  # some proxies add a line
        ([""], "10.0.0.1"),
        (["192.0.2.1,"], "10.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_names_the_client(lines: list[str], address: str) -> None:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    request = make_mocked_request("GET", "/", headers=headers).clone(remote="10.0.0.1")
    assert client_address(request, HttpSettings(trusted_proxies=("10.0.0.1",))) == address
    assert client_address(request, HttpSettings()) == "10.0.0.1"


async def test_signalling_sees_the_client_and_not_the_proxy(served: Served) -> None:
    with capture_logs() as lines:
        assert await statuses(served, "/rtc", 1, "192.0.2.9") == [404]
    (line,) = [line for line in lines if line["event"] == "join refused"]
    assert line["remote"] == "192.0.2.9", "connections are counted for each address"


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text(alphabet="0123456789abcdef.:, \t", max_size=30), max_size=3))
def test_any_forwarded_header_gives_an_address_without_commas(lines: list[str]) -> None:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    request = make_mocked_request("GET", "/", headers=headers).clone(remote="10.0.0.1")
    found = client_address(request, HttpSettings(trusted_proxies=("10.0.0.1",)))
    assert found and "," not in found and found == found.strip()


async def test_over_https_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    pair = ensure_certificate(tmp_path, ["127.0.0.1"], datetime.now(UTC))  # OpenSSL has the machine's clock
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pair)
    limit = RateLimit(FakeClock(), 1, 100)
    server = TestServer(
        web.Application(middlewares=[middleware(HttpSettings(), RateLimits(limit, limit, limit, limit), {})]),
        scheme="https",
    )
    await server.start_server(ssl=context)
    async with TestClient(server) as client:
        trusting = ssl.create_default_context(cafile=str(pair[0]))
        async with client.get("/", ssl=trusting) as response:
            assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


# Failures


async def broken(request: web.Request) -> web.StreamResponse:
    raise RuntimeError("a secret of the inside")


async def broken_later(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half")
    raise RuntimeError("a secret of the inside")


async def left(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()  # as if the client had
    response = web.StreamResponse()
    await response.prepare(request)
    return response


async def moved(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/elsewhere")


@pytest.fixture
async def failing() -> AsyncIterator[Http]:
    limit = RateLimit(FakeClock(), 1, 100)
    application = web.Application(
        middlewares=[middleware(HttpSettings(), RateLimits(limit, limit, limit, limit), {})]
    )
    application.add_routes(
        [
            web.get("/broken", broken),
            web.get("/later", broken_later),
            web.get("/left", left),
            web.get("/moved", moved),
        ]
    )
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_a_failure_is_logged_and_says_nothing_of_the_inside(
    failing: Http,
) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        async with failing.get("/broken") as response:
            assert response.status == 500 and "secret" not in await response.text()
            assert (await response.json())["error"]["code"] == "INTERNAL"
            assert response.headers["Content-Security-Policy"]
    (line,) = [line for line in lines if line["log_level"] == "error"]
    assert line["exc_info"] and line["correlation_id"] == response.headers[CORRELATION_HEADER]


async def test_a_failure_after_the_answer_began_cuts_the_connection(failing: Http) -> None:
    with capture_logs() as lines:
        async with failing.get("/later") as response:
            assert response.status == 200
            with pytest.raises(Exception, match="payload"):
                await response.read()
    assert [line["log_level"] for line in lines] == ["error"]


async def test_a_client_that_has_left_is_no_failure(failing: Http) -> None:
    with capture_logs() as lines, pytest.raises(ClientConnectionError):
        await failing.get("/left")
    assert [(line["log_level"], line["status"]) for line in lines] == [("info", GONE)]


async def test_redirects_keep_their_target(failing: Http) -> None:
    async with failing.get("/moved", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/elsewhere")
