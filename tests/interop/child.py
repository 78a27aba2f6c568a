"""Part of a test in a process of its own: commands are lines of JSON on its standard input, it ends with its input."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: A record of a minute is one line.
LONGEST_ANSWER = 64 << 20


class Child:
    """The running process, as its parent sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._input, self._output = process.stdin, process.stdout

    async def tell(self, *command: object) -> None:
        self._input.write(json.dumps(command).encode() + b"\n")
        await self._input.drain()

    async def answer(self) -> bytes:
        """The next line that it writes; empty when it has ended."""
        return await self._output.readline()


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Runs a module of the tests until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=LONGEST_ANSWER,
    )  # fmt: skip
    try:
        yield Child(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def commands() -> AsyncIterator[list[Any]]:
    """In the process: what it is told, until it should end."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        yield json.loads(line)
