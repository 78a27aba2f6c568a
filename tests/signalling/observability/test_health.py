"""Probes and the scrape endpoint."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from signalling.app import Server
from signalling.config import MetricsSettings, load
from signalling.listeners import Listeners
from tests.interop.server import free_port
from tests.mediaserver.room_fakes import FakeClock
from tests.signalling.served import Served, client_at, operator
from tests.signalling.store import migrated


async def ready(served: Served) -> tuple[int, dict[str, object]]:
    async with served.http.get("/readyz") as response:
        return response.status, await response.json()


async def test_a_running_server_is_ready(served: Served) -> None:
    assert await ready(served) == (200, {"status": "ok", "missing": []})


async def test_without_its_data_plane_it_is_alive_but_not_ready(served: Served) -> None:
    await served.server.engine.close()
    status, answer = await ready(served)
    assert (status, answer["status"]) == (503, "not ready")
    assert answer["missing"] == ["the data plane is not running"]
    async with served.http.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_a_server_whose_start_goes_on_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for it would read links that are not printed yet: the second port opens after the first answers."""
    migrated.sqlite(tmp_path / "polyana.db")
    media = {"udp_port": 0, "tcp_port": None, "hosts": ["127.0.0.1"]}
    http = {"port": free_port(), "tls_port": None}
    server = Server(
        load(
            None,
            {"dev": True, "data": tmp_path, "media": media, "http": http, "metrics": {"port": free_port()}},
        ),
        FakeClock(),
    )
    answers: list[list[str]] = []

    async def ask() -> None:
        address = f"http://127.0.0.1:{http['port']}/readyz"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            answers.append((await response.json())["missing"])

    opens = Listeners.open

    async def opens_and_asks(self: Listeners, *arguments: Any) -> None:
        await opens(self, *arguments)
        await ask()

    monkeypatch.setattr(Listeners, "open", opens_and_asks)
    await server.start()
    await ask()
    await server.close()
    assert answers == [["the server is starting"], ["the server is starting"], []]


async def test_a_server_that_stops_says_so_first(served: Served) -> None:
    await served.server.close()
    _, answer = await ready(served)
    assert answer["missing"] == ["the server is stopping", "the data plane is not running"]


async def test_metrics_are_for_programs_of_this_machine(served: Served) -> None:
    async with served.http.get("/metrics") as response:
        assert response.status == 200 and response.content_type == "text/plain"
        families = {family.name for family in text_string_to_metric_families(await response.text())}
    assert {
        "polyana_event_loop_lag_seconds",
        "polyana_event_loop_tasks",
        "process_resident_memory_bytes",
    } <= families
    assert all(re.fullmatch("(polyana|process)_[a-z_]+", name) for name in families)


@pytest.mark.parametrize(
    "headers",
    [client_at("192.0.2.1"), client_at("127.0.0.1"), client_at("::1"), {"Forwarded": "for=192.0.2.1"}],
)
async def test_who_comes_through_a_proxy_needs_the_operators_token(
    served: Served, headers: dict[str, str]
) -> None:
    async with served.http.get("/metrics", headers=headers) as response:
        assert response.status == 401 and "polyana_" not in await response.text()
    async with served.http.get("/metrics", headers=headers | operator()) as response:
        assert response.status == 200


PASSWORD = MetricsSettings(username="prometheus", password="of the школа")


@pytest.fixture
async def with_password(tmp_path: Path) -> AsyncIterator[Served]:
    served = Served(tmp_path)
    served.server.settings = served.settings.model_copy(update={"metrics": PASSWORD})
    async with served.running():
        yield served


@pytest.mark.parametrize(
    ("login", "password", "status"),
    [
        ("prometheus", PASSWORD.password, 200),
        ("prometheus", "guessed", 401),
        ("admin", PASSWORD.password, 401),
        ("", "", 401),
    ],
)
async def test_metrics_for_who_has_the_password(
    with_password: Served, login: str, password: str, status: int
) -> None:
    headers = client_at("192.0.2.1") | {"Authorization": aiohttp.encode_basic_auth(login, password)}
    async with with_password.http.get("/metrics", headers=headers) as response:
        assert response.status == status
    async with TestClient(TestServer(with_password.server.metrics_application())) as alone:
        async with alone.get("/metrics", headers=headers) as response:
            assert response.status == status
        async with alone.get("/healthz", headers=headers) as response:
            assert response.status == 404, "nothing else is there"


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic Og==", "Bearer "])
async def test_without_a_password_in_the_settings_none_is_right(served: Served, header: str) -> None:
    headers = client_at("192.0.2.1") | {"Authorization": header}
    async with served.http.get("/metrics", headers=headers) as response:
        assert response.status == 401
