"""One flood of one kind against a running server, and what it cost."""

import asyncio
import json
from dataclasses import dataclass

from ..loadgen import binary
from ..peers.process import GENERATOR_CORE
from .datagrams import Kind

SOCKETS = 64


@dataclass(frozen=True)
class Target:
    """The server's media port, its processes, and a connected peer's socket."""

    address: tuple[str, int]
    pids: list[int]
    peer_fd: int


@dataclass(frozen=True)
class Flood:
    """What was sent and what came back; CPU time is that of the server's processes."""

    sent: int
    sent_bytes: int
    answers: int
    answered_bytes: int
    window_s: float
    cpu_s: float


async def flood(target: Target, kind: Kind, *, per_second: float, seconds: float) -> Flood:
    """Raises RuntimeError when the generator fails."""
    fds = [target.peer_fd] if kind.on_path else []
    plan = {
        "target": f"{target.address[0]}:{target.address[1]}",
        "sockets": SOCKETS,
        "per_second": per_second,
        "seconds": seconds,
        "server_pids": target.pids,
        "datagrams": [datagram.hex() for datagram in kind.datagrams],
        "fd": fds[0] if fds else None,
    }
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", GENERATOR_CORE, str(binary("flood")),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=fds,
    )  # fmt: skip
    output, _ = await process.communicate(json.dumps(plan).encode())
    if process.returncode != 0:
        raise RuntimeError(f"the flood failed with {process.returncode}")
    report = json.loads(output)
    return Flood(cpu_s=report.pop("server_cpu_s"), **report)
