"""Clients say how they are and are told why a call goes badly; the operator finds the same code in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from livekit.protocol import models
from structlog.testing import capture_logs

from mediaserver.diagnosis import Fault, Verdict
from mediaserver.engine import FORWARD_LATENCY_BOUNDS_US, WorkerStatistics
from mediaserver.statistics import Statistics
from signalling.rtc.client_reports import FRESH_S, MAX_REPORT_BYTES, ClientReports
from signalling.rtc.settings import RtcSettings
from signalling.rtc.verdicts import Verdicts, relay_hosts
from tests.mediaserver.room_fakes import FakeClock
from tests.signalling.rtc.rtc_fakes import Client, World
from tests.signalling.rtc.test_data_packets import received, send


@dataclass
class Worker:
    """A data plane that counts nothing but its CPU time."""

    worker: int = 0
    cpu_us: int = 0
    counters: dict[str, int] = field(default_factory=lambda: {"send_dropped": 0, "datagrams_out": 0})
    forward_latency: list[int] = field(default_factory=lambda: [0] * (len(FORWARD_LATENCY_BOUNDS_US) + 1))
    transports: bytes = b""
    receivers: bytes = b""
    senders: bytes = b""


def verdicts_of(world: World) -> Callable[..., Awaitable[None]]:
    """Lets so many seconds pass."""
    verdicts = Verdicts(world.sessions.reporting, world.attendance, world.settings, world.metrics)

    async def run(seconds: int, each: Callable[[], None] = lambda: None, *, late_s: float = 0.0) -> None:
        for _ in range(seconds):
            world.clock.advance(1)
            each()
            verdicts.was_late(late_s)
            await verdicts.update(Statistics([cast(WorkerStatistics, Worker())], world.clock.monotonic()))

    return run


def packet(topic: str, payload: bytes) -> models.DataPacket:
    return models.DataPacket(user=models.UserPacket(topic=topic, payload=payload))


def report(client: Client, **fields: Any) -> None:
    send(client, packet("polyana.report", json.dumps(fields).encode()), "_lossy")


def told(client: Client) -> list[dict[str, str | None]]:
    """The verdicts that came, all without a sender."""
    found = [one for one in received(client) if one.user.topic == "polyana.verdict"]
    assert all(one.participant_identity == one.user.participant_identity == "" for one in found)
    return [json.loads(one.user.payload) for one in found]


async def by(world: World, name: str, route: tuple[str, str], **admission: Any) -> Client:
    client = await world.join(name, **admission)
    client.media_connects()
    client.publisher.path = client.subscriber.path = route
    return client


async def test_only_who_reports_is_told_and_the_operator_finds_the_same_code(world: World) -> None:
    anna = await by(world, "anna", ("tcp", "192.0.2.1:5"), grants={"can_publish_data": False})
    boris = await by(world, "boris", ("tcp", "192.0.2.2:5"))
    run = verdicts_of(world)
    with capture_logs() as logs:
        await run(9, lambda: report(anna, lag_ms=5))
    assert told(anna) == [{"fault": "firewall", "code": "FIREWALL_TCP"}]
    assert received(boris) == [], "neither the verdict nor Anna's reports"
    lines = {line["identity"]: line for line in logs if line["event"] == "a call goes badly"}
    assert {line["code"] for line in lines.values()} == {"FIREWALL_TCP"} and set(lines) == {"anna", "boris"}
    assert lines["anna"]["correlation_id"] == anna.session.correlation_id
    assert world.metric("polyana_rtc_verdicts_total", fault="firewall", code="FIREWALL_TCP") == 2
    report(boris)
    await run(1)
    assert told(boris) == told(anna), "who asks later is told what stands"
    anna.publisher.path = "udp", "192.0.2.1:6"
    await run(20)
    assert told(anna)[1:] == [{"fault": None, "code": None}]


async def test_what_a_client_says_of_itself_counts_while_it_is_fresh(world: World) -> None:
    anna = await by(world, "anna", ("udp", "192.0.2.1:5"))
    run = verdicts_of(world)
    await run(9, lambda: report(anna, cpu_limited=True))
    assert told(anna) == [{"fault": "device", "code": "DEVICE_ENCODING"}]
    await run(20)
    assert told(anna)[1:] == [{"fault": None, "code": None}]


async def test_who_has_no_path_is_behind_a_firewall(world: World) -> None:
    await world.join("anna")
    with capture_logs() as logs:
        await verdicts_of(world)(10)
    assert [line["code"] for line in logs if "code" in line] == ["FIREWALL_BLOCKED"]


async def test_a_late_event_loop_is_the_servers_fault(world: World) -> None:
    anna = await by(world, "anna", ("udp", "192.0.2.1:5"))
    run = verdicts_of(world)
    await run(9, lambda: report(anna), late_s=0.7)
    assert told(anna) == [{"fault": "server", "code": "SERVER_BUSY"}]


async def test_no_client_can_make_a_verdict_for_another(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    for topic in ("polyana.verdict", "polyana.else"):
        send(anna, packet(topic, b'{"fault": "server", "code": "SERVER_LINE"}'))
    assert received(boris) == []
    assert world.metric("polyana_rtc_data_packets_total", kind="report", outcome="denied") == 2


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"lag_ms": -1}',
        b'{"lag_ms": "1"}',
        b'{"lag_ms": NaN}',
        b'{"frames_decoded": 1e99}',
        b'{"cpu_limited": 1}',
        b'{"interval_ms": 0}',
    ],
)
def test_malformed_reports_are_none(payload: bytes) -> None:
    reports = ClientReports(FakeClock())
    assert reports.received("polyana.report", payload) == "invalid"
    assert not reports.wants_verdicts


def test_reports_are_small_and_seldom() -> None:
    clock = FakeClock()
    reports = ClientReports(clock)
    large = json.dumps({"more": "." * MAX_REPORT_BYTES}).encode()
    assert reports.received("polyana.report", large) == "limited"
    outcomes = [reports.received("polyana.report", b'{"lag_ms": 3, "new": 1}') for _ in range(20)]
    assert outcomes.count("received") <= 5 and set(outcomes) == {"received", "limited"}
    clock.advance(FRESH_S + 1)
    assert reports.received("polyana.report", b"{}") == "received"
    assert reports.fresh(clock.monotonic() + FRESH_S + 1) is None


def test_addresses_of_turn_servers_are_known() -> None:
    servers = [
        {"urls": ["turn:192.0.2.1:3478?transport=udp", "turns:turn.school.example"], "secret": "s" * 32},
        {"urls": ["stun:192.0.2.9", "turn:[2001:db8::1]:3478"], "username": "u", "credential": "c"},
    ]
    settings = RtcSettings.model_validate({"ice_servers": servers})
    assert relay_hosts(settings) == {"192.0.2.1", "turn.school.example", "2001:db8::1"}


def test_every_code_begins_with_its_fault() -> None:
    assert {verdict.fault for verdict in Verdict} == set(Fault)


def test_the_operator_can_look_up_every_code() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs/verdicts.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE)) == set(Verdict)
