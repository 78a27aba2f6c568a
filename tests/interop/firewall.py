"""A network namespace whose firewall lets no UDP through: programs in it reach this machine over TCP only. Needs root.

Run as a program, it is a viewer behind that firewall: it prints one line when pictures and sound have come, and leaves
at the end of its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from aiortc import RTCIceServer

from .sdk import RATE, Received, joined
from .server import ROOT, RunningServer
from .whip import player

AVAILABLE = os.geteuid() == 0 and shutil.which("ip") is not None
#: TEST-NET of RFC 2544: nothing else on this machine is there.
HERE, THERE, PREFIX = "198.18.77.1", "198.18.77.2", 30
#: Blackholed in the namespace.
PROBE = "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], 9))"
VIEWER_TIMEOUT_S, LEAVES_S = 90.0, 10.0
SEEN = "seen and heard"


@dataclass(frozen=True)
class Namespace:
    """`address`: of this machine, as seen from within."""

    name: str
    address: str

    def command(self, *arguments: str) -> list[str]:
        """Runs a program within."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def passes_udp(self) -> bool:
        found = subprocess.run(self.command(sys.executable, "-c", PROBE, self.address), capture_output=True)
        return found.returncode == 0

    @contextlib.asynccontextmanager
    async def viewer(self, *arguments: str, **environment: str) -> AsyncIterator[None]:
        """A viewer within that has seen and heard, and goes on to until the end of the block."""
        process = await asyncio.create_subprocess_exec(
            *self.command(sys.executable, "-m", "tests.interop.firewall", *arguments),
            cwd=ROOT,
            env=os.environ | environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        said: list[str] = []
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(VIEWER_TIMEOUT_S):
                    async for line in process.stdout:
                        said.append(line.decode())
                        if SEEN in said[-1]:
                            break
            assert said and SEEN in said[-1], "".join(said)
            yield
        finally:
            try:
                await asyncio.wait_for(process.communicate(), LEAVES_S)  # the end of its input is its end
            except TimeoutError:
                process.kill()
                await process.communicate()


@contextlib.contextmanager
def namespace_without_udp() -> Iterator[Namespace]:
    """Made for the block, and gone after it."""
    name = f"polyana-{secrets.token_hex(3)}"
    here, there = f"v{name[8:]}h", f"v{name[8:]}t"
    made = Namespace(name, HERE)
    within = " ".join(made.command("ip"))
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for command in (
            f"ip link add {here} type veth peer name {there} netns {name}",
            f"ip addr add {HERE}/{PREFIX} dev {here}",
            f"ip link set {here} up",
            f"{within} addr add {THERE}/{PREFIX} dev {there}",
            f"{within} link set {there} up",
            f"{within} link set lo up",
            f"{within} rule add pref 1 ipproto udp blackhole",
        ):
            subprocess.run(command.split(), check=True)
        yield made
    finally:
        # With the namespace go both ends of the pair.
        subprocess.run(["ip", "netns", "del", name], check=True)


async def enough(received: Received) -> None:
    await received.until(lambda: len(received.pictures) >= 20, "20 pictures")
    await received.until(lambda: len(received.speech()) > RATE, "a second of sound")
    print(SEEN, flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until the test has its verdict


async def view(kind: str, address: str, port: str, room: str, *turn: str) -> None:
    """`kind`: "sdk", "sdk-relayed" (the Python SDK) or "whep" (aiortc, which has no ICE-TCP)."""
    server = RunningServer(int(port), 0, 0, ROOT, 0, host=address)
    if kind == "whep":
        url, username, credential = turn
        async with player(server, "whep", room, ice_servers=[RTCIceServer(url, username, credential)]) as (
            _,
            received,
        ):
            await enough(received)
        return
    async with joined(server, kind, room, single=True, relayed=kind == "sdk-relayed") as (_, received):
        await enough(received)


if __name__ == "__main__":
    asyncio.run(view(*sys.argv[1:]))
