"""One request: what LiveKit's own receiver makes of it, and what we make of the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from livekit import api

from signalling.webhooks.metrics import label
from signalling.webhooks.schedule import Entry
from signalling.webhooks.sending import (
    MAX_RESPONSE_BYTES,
    Attempt,
    HttpSender,
    Outcome,
    body_of,
    judged,
)
from tests.signalling.webhooks.webhook_fakes import entry

KEY, SECRET = "school", "s" * 32
BODY = '{"event": "room_started", "room": {"name": "Урок"}, "id": "EV_1", "createdAt": "1700000000"}'


@dataclass
class Receiver:
    """A web server that verifies as LiveKit's SDK does, then answers as a test wants."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    never: bool = False
    events: list[api.WebhookEvent] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if self.never:
            await asyncio.Event().wait()
        if request.method == "POST":
            verifier = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))
            text = (await request.read()).decode()
            self.events.append(verifier.receive(text, request.headers["Authorization"]))
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@dataclass
class Pair:
    """A sender and whom it sends to."""

    receiver: Receiver
    server: TestServer
    sender: HttpSender

    async def send(self, secret: str = SECRET, num_dropped: int = 0) -> Attempt:
        return await self.sender.send(self.entry, KEY, secret, num_dropped, time.time())

    @property
    def entry(self) -> Entry:
        return replace(entry(1, url=str(self.server.make_url("/hook"))), body=BODY)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.receive)
    server = TestServer(app, shutdown_timeout=0.1)
    await server.start_server()
    made = Pair(receiver, server, HttpSender(timeout_s=10))
    yield made
    await made.sender.close()
    await server.close()


async def test_livekits_receiver_takes_it(pair: Pair) -> None:
    assert await pair.send() == Attempt(Outcome.DELIVERED)
    (event,), (request,) = pair.receiver.events, pair.receiver.requests
    assert (event.event, event.room.name, event.id) == ("room_started", "Урок", "EV_1")
    assert event.created_at == 1_700_000_000 and event.num_dropped == 0
    assert request.headers["Content-Type"] == "application/webhook+json"
    assert not request.headers["Authorization"].startswith("Bearer"), "LiveKit sends the bare token"


async def test_the_receiver_hears_what_it_missed(pair: Pair) -> None:
    await pair.send(num_dropped=3)
    (event,) = pair.receiver.events
    assert event.num_dropped == 3 and event.room.name == "Урок", "signed with that"


async def test_another_secret_is_noticed(pair: Pair) -> None:
    assert (await pair.send(secret="x" * 32)).outcome is Outcome.FAILED, "the receiver raised: 500"
    assert not pair.receiver.events


async def test_a_changed_body_is_noticed(pair: Pair) -> None:
    await pair.send()
    token = pair.receiver.requests[0].headers["Authorization"]
    verifier = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))
    with pytest.raises(Exception, match="hash mismatch"):
        verifier.receive(BODY.replace("started", "finished"), token)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (301, Outcome.REFUSED),
        (400, Outcome.REFUSED),
        (401, Outcome.REFUSED),
        (404, Outcome.REFUSED),
        (410, Outcome.REFUSED),
        (408, Outcome.FAILED),
        (429, Outcome.FAILED),
        (500, Outcome.FAILED),
        (503, Outcome.FAILED),
    ],
)
async def test_what_a_status_says(pair: Pair, status: int, outcome: Outcome) -> None:
    pair.receiver.status = status
    pair.receiver.headers = {"Location": "/elsewhere"} if status == 301 else {}
    assert (await pair.send()).outcome is outcome
    assert len(pair.receiver.requests) == 1, "redirects are not followed"


async def test_the_receiver_may_ask_for_time(pair: Pair) -> None:
    pair.receiver.status, pair.receiver.headers = 503, {"Retry-After": "30"}
    assert (await pair.send()).retry_after_s == 30


@given(st.text())
def test_any_retry_after_is_a_time(text: str) -> None:
    assert judged(503, text).retry_after_s >= 0


async def test_a_receiver_that_never_answers(pair: Pair) -> None:
    pair.receiver.never = True
    await pair.sender.close()
    pair.sender = HttpSender(timeout_s=0.05)
    attempt = await pair.send()
    assert attempt.outcome is Outcome.FAILED and "Timeout" in attempt.reason


async def test_a_receiver_that_is_not_there(pair: Pair) -> None:
    gone = pair.entry
    await pair.server.close()
    attempt = await pair.sender.send(gone, KEY, SECRET, 0, time.time())
    assert attempt.outcome is Outcome.FAILED and SECRET not in attempt.reason


async def test_a_receiver_that_talks_too_much(pair: Pair) -> None:
    pair.receiver.body = b"x" * (10 * MAX_RESPONSE_BYTES)
    assert (await pair.send()).outcome is Outcome.DELIVERED
    pair.receiver.body = b""
    assert (await pair.send()).outcome is Outcome.DELIVERED


async def test_an_address_that_is_none() -> None:
    sender = HttpSender(timeout_s=1)
    for url in ("http://[::1", "http://:0/", "https://a..example/"):
        assert (await sender.send(entry(1, url=url), KEY, SECRET, 0, 0.0)).outcome is Outcome.FAILED
    await sender.close()


def test_what_was_lost_is_told_in_the_body() -> None:
    assert body_of(replace(entry(1), body=BODY), 0) == BODY.encode()
    assert b'"numDropped": 2' in body_of(replace(entry(1), body=BODY), 2)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://school.example/hooks?token=secret", "https://school.example"),
        ("http://user:password@10.0.0.1:8080/x", "http://10.0.0.1:8080"),
    ],
)
def test_secrets_of_a_url_do_not_show(url: str, shown: str) -> None:
    assert label(url) == shown
