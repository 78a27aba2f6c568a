"""The whole server behind aiohttp's test client: real engine, real routes, a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signalling.app import Server
from signalling.config import load
from signalling.rtc import VideoGrants, create_token
from tests.mediaserver.room_fakes import FakeClock
from tests.signalling.school.kindergarten import QuickPasswords
from tests.signalling.store import migrated

KEY, SECRET = "school", "s" * 32
OPERATOR_TOKEN = "operator-token-of-the-tests"
PROXY = "127.0.0.1"
"""The test client's own address: it may name others in X-Forwarded-For."""


class Served:
    """A server and its client; `code` leads to its only lesson."""

    def __init__(self, data: Path, school: dict[str, Any] | None = None, **http: Any) -> None:
        self.clock = FakeClock()
        self.settings = load(
            None,
            {
                "keys": {KEY: SECRET},
                "data": data,
                "operator_token": OPERATOR_TOKEN,
                "school": school or {},
                "library": {"max_file_bytes": 4 << 20, "quota_bytes": 20 << 20},
                "lessons": [{"room": "maths", "title": "Maths", "host": "Anna"}],
                "http": {"trusted_proxies": [PROXY], "max_body_bytes": 2000, **http},
                "media": {"hosts": ["127.0.0.1"], "udp_port": 0, "tcp_port": None},
            },
        )
        self.server = Server(self.settings, self.clock, passwords=QuickPasswords())
        ((self.code, _),) = self.server.lessons.codes()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Served"]:
        """With its engine and routes; everything is closed at the end."""
        await asyncio.to_thread(self._migrate)
        await self.server.database.open()
        await self.server.engine.start()
        self.server.standing_by = None
        self.application = self.server.application()
        self.http: TestClient[web.Request, web.Application] = TestClient(TestServer(self.application))
        async with self.http:
            yield self
        await self.server.close()

    def _migrate(self) -> None:
        if not (file := Path(str(self.server.database.address.database))).exists():
            migrated.sqlite(file)

    def token(
        self,
        *,
        secret: str = SECRET,
        ttl: timedelta = timedelta(minutes=1),
        identity: str = "anna",
        **grants: Any,
    ) -> str:
        """An access token by the test's clock."""
        video = VideoGrants(**{"room_join": True, "room": "maths", **grants})
        now = self.clock.time()
        return create_token(KEY, secret, identity=identity, video=video, ttl=ttl, now=now)


def operator(token: str = OPERATOR_TOKEN) -> dict[str, str]:
    """Headers of the operator."""
    return {"Authorization": f"Bearer {token}"}


def client_at(address: str) -> dict[str, str]:
    """Headers of a client behind the trusted proxy."""
    return {"X-Forwarded-For": address}
