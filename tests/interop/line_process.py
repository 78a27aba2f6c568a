"""A line in a process of its own: clients that decode pictures in the same one would make its datagrams late."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from .child import Child, child, commands
from .impaired import Address, Line, Relay, relay
from .link import Link, Record


@dataclass(frozen=True)
class Way:
    """One direction: the arguments of `Link`."""

    rate_bps: float | None = None
    delay_s: float = 0.0
    loss: float = 0.0
    queue_s: float = 0.3
    seed: int = 1


class LineProcess:
    """The running line. Times are those of the event loop, which all processes share (CLOCK_MONOTONIC)."""

    def __init__(self, process: Child, port: int) -> None:
        self._process = process
        self.port = port
        """Of every address, where the client's media goes."""

    async def lead_to(self, server: Address) -> None:
        """Before that all that comes is thrown away."""
        await self._process.tell("lead_to", *server)

    async def change_rate(self, at: float, rate_bps: float | None) -> None:
        """Of the way down, from `at` on."""
        await self._process.tell("change_rate", at, rate_bps)

    async def records(self) -> tuple[Record, Record]:
        """What has gone up and down so far."""
        await self._process.tell("records")
        up, down = pickle.loads(base64.b64decode(await self._process.answer()))
        return up, down


@asynccontextmanager
async def line_process(*, up: Way, down: Way) -> AsyncIterator[LineProcess]:
    """Runs until the end of the block."""
    async with child("tests.interop.line_process", json.dumps([vars(up), vars(down)])) as process:
        yield LineProcess(process, int(await process.answer()))


def obey(line: Line, media: Relay, name: str, *arguments: Any) -> str | None:
    """Follows a command; its answer, if it has one."""
    if name == "lead_to":
        media.server = (arguments[0], arguments[1])
    elif name == "change_rate":
        line.down.change_rate(*arguments)
    elif name == "records":
        return base64.b64encode(pickle.dumps((line.up.record, line.down.record))).decode()
    return None


async def main(up: dict[str, Any], down: dict[str, Any]) -> None:
    line = Line(up=Link(**up), down=Link(**down))
    async with relay(0, None, line) as media:
        print(media.port, flush=True)
        async for command in commands():
            if (answer := obey(line, media, *command)) is not None:
                print(answer, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*json.loads(sys.argv[1])))
