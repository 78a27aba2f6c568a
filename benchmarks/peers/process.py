"""Servers under test as pinned child processes, and what the kernel says of them."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE = "0"
GENERATOR_CORE = "1"


@asynccontextmanager
async def pinned(
    arguments: list[str], log: Path, core: str = SERVER_CORE
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a program on one core; ends it (and only it) at the end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "taskset", "-c", core, *arguments, stdout=output, stderr=output, stdin=asyncio.subprocess.DEVNULL
        )
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
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(stat: str) -> float:
    """User plus system time of a `/proc/PID/stat` line (fields 14 and 15)."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def python() -> str:
    return sys.executable
