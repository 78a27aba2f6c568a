"""Requests made of the OpenAPI description, well-formed and not: no answer is a failure of the server."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode

from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.api.test_lessons import Scene
from tests.signalling.school.api.test_openapi import DESCRIPTION
from tests.signalling.served import Served

EXAMPLES = 3
"""Of each kind for each operation; they are the same in every run."""
OPERATIONS = {
    operation.ok().label: operation.ok()
    for operation in schemathesis.openapi.from_dict(DESCRIPTION).get_all_operations()
}
CASES = [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
CASES += [  # what has no parameters cannot be asked for wrongly
    (label, GenerationMode.NEGATIVE)
    for label, operation in OPERATIONS.items()
    if list(operation.iter_parameters()) or operation.body
]
DRAFT = {"title": "Autumn", "programme": "basic", "age_mark": 0}
STATUSES = {200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 429}


class Running:
    """A server with a head who is signed in, on a loop of its own: Hypothesis' tests are not asynchronous."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._served = Served(folder, request_burst=1_000_000, trusted_proxies=[])
        self._running = self._served.running()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def start(self) -> None:
        served = await self._running.__aenter__()
        self.scene = await Scene(await Site(served).start()).start()
        self.base = str(served.http.make_url("")).rstrip("/")

    async def stop(self) -> None:
        await self._running.__aexit__(None, None, None)

    async def sign_in(self) -> None:
        """Anew, in case an operation has signed out; with everything that ids can name."""
        scene = self.scene
        scene.served.clock.advance(3600)  # attempts to sign in are limited
        head = self.browser = Browser(scene.served)
        head.address = "127.0.0.1"
        await head.sign_in("head")
        assert head.status == 200, head.text
        scene.site.head = head
        group = await scene.site.group()
        family = await scene.site.family("Petrov", group)
        lesson = (await scene.plan(head, groups=[group]))["lesson"]["id"]
        link = await head.post(f"/api/families/{family}/links", {})
        me = await head.get("/api/me")
        self.ids = {
            "organisation": scene.site.organisation,
            "group": group,
            "family": family,
            "lesson": lesson,
            "link": link["id"],
            "person": me["id"],
            "role": me["roles"][0]["id"],
            "code": link["link"].rpartition("/")[2],
            "content": (await head.post(scene.site.of("content"), DRAFT))["id"],
        }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    server = Running(tmp_path_factory.mktemp("served"))
    thread = threading.Thread(target=server.loop.run_forever)
    thread.start()
    try:
        server.do(server.start())
        yield server
        server.do(server.stop())
    finally:
        server.loop.call_soon_threadsafe(server.loop.stop)
        thread.join()
        server.loop.close()


@pytest.mark.parametrize(("label", "mode"), CASES, ids=lambda value: getattr(value, "value", value))
def test_no_request_breaks_the_server(running: Running, label: str, mode: GenerationMode) -> None:
    running.do(running.sign_in())
    strategy = OPERATIONS[label].as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def send(case: Case) -> None:
        if case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters |= {
                name: running.ids[name] for name in case.path_parameters if name in running.ids
            }
        response = case.call(base_url=running.base, cookies=running.browser.cookies)
        assert response.status_code in STATUSES, (response.status_code, response.text)

    send()
