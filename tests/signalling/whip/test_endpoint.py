"""HTTP of WHIP and WHEP: every status that a client can get, with its header fields."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mediaserver.participant import ParticipantKind, RemovalReason
from mediaserver.sdp import parse
from tests.signalling.served import SECRET, Served
from tests.signalling.whip.whip_clients import (
    AUDIO,
    CANDIDATE,
    PLAYING,
    PUBLISHING,
    RESTART,
    SDP,
    Client,
    fragment,
    media,
    offer,
)

PROTOCOLS = {"whip": PUBLISHING, "whep": PLAYING}
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@pytest.fixture
def client(served: Served, protocol: str) -> Client:
    return Client(served, protocol)


@pytest.fixture
async def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A server with room for little."""
    monkeypatch.setenv("POLYANA_WHIP__MAX_SESSIONS", "3")
    monkeypatch.setenv("POLYANA_WHIP__MAX_SESSIONS_PER_ADDRESS", "2")
    monkeypatch.setenv("POLYANA_WHIP__MAX_SESSIONS_PER_IDENTITY", "1")
    monkeypatch.setenv("POLYANA_WHIP__MAX_OFFER_BYTES", "1000")
    monkeypatch.setenv("POLYANA_WHIP__MAX_FRAGMENT_BYTES", "500")
    monkeypatch.setenv(
        "POLYANA_RTC__ICE_SERVERS",
        '[{"urls": ["turn:turn.example:3478?transport=udp"], "username": "u\\"x", "credential": "c"},'
        ' {"urls": ["stun:stun.example"]}]',
    )
    async with Served(tmp_path).running() as running:
        yield running


@each_protocol
async def test_a_session_is_made_and_ended(client: Client, protocol: str) -> None:
    answer = await client.post(PROTOCOLS[protocol])
    assert answer.status == 201, answer.text
    assert answer.headers["Content-Type"] == SDP
    assert client.location.startswith(f"/{protocol}/v1/") and len(client.location) > 28
    assert client.entity_tag.startswith('"')
    described = parse(answer.text)
    assert {s.direction for s in described.media} == {"recvonly" if protocol == "whip" else "sendonly"}
    assert {s.get("setup") for s in described.media} == {"passive"}
    assert all(s.get("rtcp-mux-only") is not None for s in described.media)
    assert described.media[0].get_all("candidate")
    kind = ParticipantKind.INGRESS if protocol == "whip" else ParticipantKind.STANDARD
    assert client.session.participant.kind is kind
    ended = await client.delete()
    assert ended.status == 200 and not client.present
    assert (await client.delete()).status == 404


async def test_a_player_gets_one_stream_and_all_of_its_codecs(served: Served) -> None:
    answer = parse((await Client(served, "whep").post(PLAYING)).text)
    sound, picture = answer.media
    assert sound.msid[0] == picture.msid[0]
    assert [codec.name for codec in picture.codecs()] == ["VP8", "H264"]
    assert sound.ssrcs() and picture.ssrcs()


async def test_a_client_that_can_only_be_the_dtls_server(obs: Client) -> None:
    """FFmpeg's muxer is one."""
    answer = await obs.post(PUBLISHING.replace("actpass", "passive"))
    assert {s.get("setup") for s in parse(answer.text).media} == {"active"}


@each_protocol
async def test_statuses_of_post(client: Client, protocol: str) -> None:
    good = PROTOCOLS[protocol]
    cases: list[tuple[int, Any]] = [
        (415, client.post(good, Content_Type="application/json")),
        (415, client.post(good, Content_Type="text/plain")),
        (400, client.post("")),
        (400, client.post("v=1")),
        (400, client.post(b"\xff\xfe")),
        (422, client.post(offer(media("0", "opus", direction="inactive")))),
        (422, client.post(offer(media("0", "PCMU", direction="sendrecv")))),
        (413, client.post(good + "a=x:" + "x" * 40_000)),
        (401, client.request("POST", f"/{protocol}/v1", good, token="")),
        (401, client.request("POST", f"/{protocol}/v1", good, token="nonsense")),
        (
            401,
            client.request("POST", f"/{protocol}/v1", good, token=client.served.token(secret=SECRET + "x")),
        ),
        (405, client.request("PUT", f"/{protocol}/v1", good)),
        (404, client.request("POST", f"/{protocol}/v2", good)),
    ]
    for expected, request in cases:
        answer = await request
        assert answer.status == expected, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.text)["status"] == expected
    assert not client.present


@pytest.mark.parametrize("protocol", ["whip"])
async def test_header_fields_of_refusals(client: Client, served: Served) -> None:
    assert (await client.post(Content_Type="x/y")).headers["Accept-Post"] == SDP
    assert (await client.request("POST", "/whip/v1", token="")).headers["WWW-Authenticate"] == "Bearer"
    assert "POST" in (await client.request("PUT", "/whip/v1")).headers["Allow"]
    await served.server.rtc.attendance.close()
    stopping = await client.post()
    assert stopping.status == 503 and int(stopping.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("protocol", "grants"),
    [
        ("whip", {"can_publish": False}),
        ("whip", {"can_publish_sources": ("microphone",)}),
        ("whip", {"room_join": False}),
        ("whep", {"can_subscribe": False}),
        ("whep", {"room_join": False}),
    ],
)
async def test_grants_that_are_missing(client: Client, protocol: str, grants: dict[str, Any]) -> None:
    client.grants = grants
    assert (await client.post(PROTOCOLS[protocol])).status == 403
    assert not client.present


@pytest.mark.parametrize(
    ("protocol", "query"),
    [
        ("whip", "?source=theatre"),
        ("whep", "?quality=best"),
        ("whep", "?" + "&track=x".join(map(str, range(40)))),
    ],
)
async def test_queries_that_make_no_sense(client: Client, protocol: str, query: str) -> None:
    assert (await client.post(PROTOCOLS[protocol], query)).status == 400


async def test_a_room_that_may_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYANA_RTC__AUTO_CREATE", "false")
    async with Served(tmp_path).running() as served:
        assert (await Client(served).post()).status == 404
        assert (await Client(served, grants={"room_create": True}).post()).status == 201


async def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYANA_WHIP__ENABLED", "false")
    async with Served(tmp_path).running() as served:
        assert (await Client(served).post()).status == 404


async def test_limits_of_sessions(small: Served) -> None:
    one, two, three = (Client(small, identity=name) for name in ("one", "two", "three"))
    assert (await one.post()).status == 201
    assert (await one.post()).status == 429  # its own; the one before is still there
    assert one.present
    assert (await two.post()).status == 201
    assert (await three.post()).status == 429  # of its address
    three.address = "192.0.2.2"
    assert (await three.post()).status == 201
    four = Client(small, identity="four", address="192.0.2.3")
    full = await four.post()
    assert full.status == 503 and "Retry-After" in full.headers
    await one.delete()
    assert (await four.post()).status == 201


async def test_limits_of_bodies(small: Served) -> None:
    client = Client(small)
    assert (await client.post(PUBLISHING + "a=x:" + "x" * 1000 + "\r\n")).status == 413
    assert (await client.post(offer(AUDIO))).status == 201
    assert (await client.patch(fragment(*[CANDIDATE] * 10))).status == 413


async def test_ice_servers_are_linked(small: Served) -> None:
    assert (await Client(small).post()).links == [
        (
            '<turn:turn.example:3478?transport=udp>; rel="ice-server"; '
            'username="u\\"x"; credential="c"; credential-type="password"'
        ),
        '<stun:stun.example>; rel="ice-server"',
    ]


async def test_nobody_touches_the_session_of_another(obs: Client, served: Served) -> None:
    await obs.post()
    stranger = Client(served, identity="stranger", location=obs.location)
    elsewhere = Client(served, grants={"room": "physics"}, location=obs.location)
    as_player = Client(served, "whep", location=obs.location.replace("whip", "whep"))
    for other in (stranger, elsewhere, as_player):
        assert (await other.delete()).status == 404
        assert (await other.patch(RESTART, "*")).status == 404
    assert (await stranger.delete(token="")).status == 401
    assert obs.present


async def test_a_token_that_has_expired_meanwhile(obs: Client, served: Served) -> None:
    token = obs.token
    await obs.post()
    served.clock.advance(7200)
    assert (await obs.request("POST", "/whip/v1", PUBLISHING, token=token, Content_Type=SDP)).status == 401
    assert (await obs.request("DELETE", "/whip/v1/unknown", token=token)).status == 401
    assert (await obs.delete(token=token)).status == 200


async def test_the_newest_of_an_identity_stays(obs: Client) -> None:
    await obs.post()
    first, location = obs.session, obs.location
    assert (await obs.post()).status == 201
    assert obs.session is not first and obs.location != location
    assert (await obs.request("DELETE", location)).status == 404
    assert obs.present


async def test_get_says_nothing(obs: Client) -> None:
    await obs.post()
    for path in ("/whip/v1", obs.location, "/whip/v1/unknown"):
        answer = await obs.request("GET", path, token="")
        assert answer.status in (200, 204) and answer.text == ""
    head = await obs.request("HEAD", "/whep/v1", token="")
    assert head.status == 200 and head.headers["Content-Type"] == SDP


@each_protocol
async def test_pages_of_anywhere_may_use_it(client: Client, protocol: str) -> None:
    for path in (f"/{protocol}/v1", f"/{protocol}/v1/x"):
        answer = await client.request(
            "OPTIONS", path, token="", Origin="https://school.example", Access_Control_Request_Method="POST"
        )
        assert answer.status == 200
        assert answer.headers["Accept-Post"] == SDP
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert {"POST", "PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    created = await client.post(PROTOCOLS[protocol])
    assert {"Location", "ETag", "Link"} <= set(created.headers["Access-Control-Expose-Headers"].split(", "))
    refused = await client.post("")
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


async def test_what_is_counted(obs: Client, served: Served) -> None:
    def sample(name: str, **labels: str) -> float:
        return served.server.registry.get_sample_value(f"polyana_whip_{name}", labels) or 0

    await obs.post()
    await obs.post("")
    assert sample("sessions", protocol="whip") == 1
    assert sample("requests_total", protocol="whip", method="POST", status="201") == 1
    assert sample("requests_total", protocol="whip", method="POST", status="400") == 1
    obs.session.remove(RemovalReason.PARTICIPANT_REMOVED)
    assert sample("sessions", protocol="whip") == 0
    assert sample("sessions_ended_total", protocol="whip", reason="participant_removed") == 1


async def test_ids_of_sessions_are_not_logged(obs: Client, capsys: pytest.CaptureFixture[str]) -> None:
    await obs.post()
    secret = obs.location.rpartition("/")[2]
    await obs.patch(RESTART)
    await obs.delete()
    assert secret not in "".join(capsys.readouterr())
