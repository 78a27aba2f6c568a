"""Our programs by the published Go SDK, in go/: a participant that speaks JSON lines, and a load tester."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from .sdk import token
from .server import RunningServer

GO = shutil.which("go")
SOURCE = Path(__file__).parent / "go"
STEP_S = 20.0
#: A line of JSON holds a whole event.
LINE_LIMIT = 1 << 20


def compiled(folder: Path, package: str) -> Path:
    """Builds one of the programs, named as a folder of its module; there must be Go."""
    assert GO is not None
    program = folder / f"go-{Path(package).name or 'participant'}"
    command = [GO, "build", "-o", str(program), f"./{package}"]
    built = subprocess.run(command, cwd=SOURCE, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return program


class GoClient:
    """What it was told to do and what it has told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.events: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def do(self, command: str, **arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
        await self._process.stdin.drain()

    def told(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """All events of a kind whose fields are as wanted."""
        return [
            e
            for e in self.events
            if e["event"] == event and all(e.get(name) == value for name, value in fields.items())
        ]

    async def until(self, event: str, *, count: int = 1, **fields: Any) -> dict[str, Any]:
        """The newest of at least `count` events of a kind."""
        try:
            async with asyncio.timeout(STEP_S), self._changed:
                await self._changed.wait_for(lambda: len(self.told(event, **fields)) >= count)
        except TimeoutError:
            pytest.fail(f"{count} of {event} {fields}: {self.events}")
        return self.told(event, **fields)[-1]

    async def received(self, track: str, packets: int) -> dict[str, Any]:
        """What came of a track once it is so many packets."""
        async with asyncio.timeout(STEP_S):
            while (found := await self._count(track))["packets"] < packets:  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # another process counts
        return found

    async def silence(self, track: str) -> None:
        """Waits until no packet of a track has come for a second."""
        packets = -1
        async with asyncio.timeout(STEP_S):
            while (found := (await self._count(track))["packets"]) != packets:
                packets = found
                await asyncio.sleep(1)

    async def _count(self, track: str) -> dict[str, Any]:
        before = len(self.told("received", track=track))
        await self.do("received")
        return await self.until("received", track=track, count=before + 1)

    async def close(self) -> int:
        """Lets it leave; gives its status."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        async with asyncio.timeout(STEP_S):
            status = await self._process.wait()
        await self._reader
        return status

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()


@asynccontextmanager
async def started(
    program: Path, server: RunningServer, access: str, *, single: bool, **options: str
) -> AsyncIterator[GoClient]:
    """Runs the program with a token; it ends with the block."""
    flags = [f"-{name}={value}" for name, value in options.items()]
    process = await asyncio.create_subprocess_exec(
        *(str(program), f"-url={server.websocket}", f"-token={access}", f"-single={str(single).lower()}"),
        *flags,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
        env=os.environ,
    )
    client = GoClient(process)
    try:
        yield client
    finally:
        if process.returncode is None:
            try:
                await client.close()
            except TimeoutError:
                process.kill()
                await process.wait()
                raise
        await client._reader


@asynccontextmanager
async def joined_go(
    program: Path,
    server: RunningServer,
    identity: str,
    room: str,
    *,
    single: bool,
    grants: dict[str, bool] | None = None,
    **options: str,
) -> AsyncIterator[GoClient]:
    """A participant that is in the room."""
    access = token(identity, room, **(grants or {}))
    async with started(program, server, access, single=single, **options) as client:
        await client.until("joined")
        yield client
