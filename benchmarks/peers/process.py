"""Servers under test as pinned child processes, and what the kernel says of them."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE = "0"
GENERATOR_CORE = "1"
SERVER_PORTS = (10_000, 20_000)


@asynccontextmanager
async def pinned(
    arguments: list[str],
    log: Path,
    settings: Mapping[str, str] | None = None,
    cores: str = SERVER_CORE,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a program on these cores; ends it (and only it) at the end. `settings`: for its environment."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "taskset", "-c", cores, *arguments,
            stdout=output, stderr=output, stdin=asyncio.subprocess.DEVNULL, env=os.environ | dict(settings or {}),
        )  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def wait_for_port(port: int, host: str = "127.0.0.1", timeout_s: float = 60.0) -> None:
    """Returns when a TCP port accepts; raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            return


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of every address that was free a moment ago; below those that the system gives to clients."""
    while True:
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            port = random.randrange(*SERVER_PORTS)
            probe.bind(("0.0.0.0", port))
            return port


def cpu_seconds(stats: Iterable[str]) -> float:
    """User plus system time in lines of `/proc/PID/stat` (fields 14 and 15)."""
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(one[11]) + int(one[12]) for one in fields) / CLOCK_TICKS


def process_tree(pid: int) -> list[int]:
    """The process and all below it."""
    tree = [pid]
    for parent in tree:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            tree += map(int, children.read_text().split())
    return tree


def resident_bytes(pids: Iterable[int]) -> int:
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def python() -> str:
    return sys.executable
