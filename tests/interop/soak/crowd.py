"""Who comes and goes: published SDKs, a load tester, and raw clients that leave in every way there is."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
from livekit import rtc
from livekit.protocol import rtc as proto

from benchmarks.peers.endpoint import HandshakeError
from benchmarks.peers.livekit import LiveKitServer
from benchmarks.peers.plan import Traffic
from tests.interop.load import SHAPES
from tests.interop.sdk import camera, joined
from tests.interop.server import RunningServer, other_server

SILENCE = Traffic(frames_per_second=0, burst=0, packet_bytes=0, clock_rate=0, frames=[])
PROFILES = b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
ROOMS = ("soak-a", "soak-b", "soak-c")
AUDIENCE_AT_ONCE = 8


class Crowd:
    """Keeps some seats taken. `joins` counts who came, by kind; `failures` who could not."""

    def __init__(
        self, server: RunningServer, seed: int, audience: int, load_tester: Sequence[str] = ()
    ) -> None:
        self._server = server
        self._audience_size = audience
        self._load_tester = load_tester
        self._random = random.Random(seed)
        self._number = 0
        self.joins: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    async def run(self, seconds: float) -> None:
        """Load for so long; everybody has left at the end."""
        end = asyncio.get_running_loop().time() + seconds
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
            asyncio.TaskGroup() as seats,
        ):
            for _ in range(4):
                seats.create_task(self._seat(end, "raw", lambda: self._raw(http)))
            seats.create_task(self._seat(end, "sdk", self._talk))
            seats.create_task(self._seat(end, "film", self._film))
            if self._audience_size:
                seats.create_task(self._seat(end, "audience", lambda: self._audience(http)))
            if self._load_tester:
                seats.create_task(self._seat(end, "load", self._load))

    async def _seat(self, end: float, kind: str, visit: Callable[[], Awaitable[None]]) -> None:
        while asyncio.get_running_loop().time() < end:
            self.joins[kind] += 1
            try:
                async with asyncio.timeout(90):
                    await visit()
            except (
                HandshakeError,
                ConnectionError,
                TimeoutError,
                aiohttp.ClientError,
                rtc.ConnectError,
                ExceptionGroup,
            ) as error:
                self.failures[f"{kind} {type(error).__name__}"] += 1
            await asyncio.sleep(self._random.uniform(0.2, 2))

    def _name(self) -> str:
        self._number += 1
        return f"visitor-{self._number}"

    async def _raw(self, http: aiohttp.ClientSession) -> None:
        """Joins by hand, publishes, and leaves: politely, by hanging up, after nonsense, or by vanishing with its
        socket open."""
        room, kind = self._random.choice(ROOMS), self._random.choice(("audio", "video"))
        client = LiveKitServer(http, self._server.websocket, "devkey", "secret", PROFILES)
        try:
            await client.publish(room, kind=kind, ssrc=self._random.randrange(1, 2**32), traffic=SILENCE)
            await asyncio.sleep(self._random.uniform(0, 8))
            goodbye = self._random.choice(("leave", "hang up", "offer", "vanish"))
            if goodbye == "leave":
                await client.say(leave=proto.LeaveRequest())
            elif goodbye == "offer":
                await client.say(offer=proto.SessionDescription(type="offer", sdp="v=0"))
            elif goodbye == "vanish":
                await asyncio.sleep(5)
        finally:
            await client.close()

    async def _audience(self, http: aiohttp.ClientSession) -> None:
        """Many come to one picture as fast as they can, and go all at once: politely, or by hanging up."""
        client = LiveKitServer(http, self._server.websocket, "devkey", "secret", PROFILES)
        gate = asyncio.Semaphore(AUDIENCE_AT_ONCE)
        room, first = "soak-audience", self._number
        self._number += self._audience_size

        async def join(number: int) -> None:
            async with gate:
                await client.subscribe(room, number, 1)
                self.joins["viewer"] += 1

        try:
            await client.publish(room, kind="video", ssrc=self._random.randrange(1, 2**32), traffic=SILENCE)
            async with asyncio.TaskGroup() as group:
                for number in range(self._audience_size):
                    group.create_task(join(first + number))
            await asyncio.sleep(self._random.uniform(0, 2))
            if self._random.random() < 0.5:
                await client.leave()
        finally:
            await client.close()

    async def _talk(self) -> None:
        """Data of all kinds with the Python SDK."""
        single = self._random.random() < 0.5
        async with (
            joined(self._server, self._name(), ROOMS[0], single=single) as (one, _),
            joined(self._server, self._name(), ROOMS[0], single=single) as (other, heard),
        ):
            for _ in range(5):
                await one.local_participant.publish_data(b"x" * 20_000, reliable=True)
                await one.local_participant.publish_data(b"quick", reliable=False)
            await other.local_participant.send_text("я" * 20_000, topic="soak")
            await heard.until(lambda: sum(d[1] != b"quick" for d in heard.data) >= 5, "data")

    async def _film(self) -> None:
        """A camera and a microphone with the Python SDK, somebody who watches."""
        name = self._random.choice(ROOMS)
        async with (
            joined(self._server, self._name(), name, single=self._random.random() < 0.5) as (_, seen),
            joined(self._server, self._name(), name, single=self._random.random() < 0.5) as (room, _),
            camera(room, self._random.choice(("vp8", "h264"))) as source,
        ):
            await seen.until(lambda: len(seen.pictures) > 20, "pictures")
            track = source.sound.track
            assert isinstance(track, rtc.LocalAudioTrack)
            track.mute()
            await asyncio.sleep(self._random.uniform(0, 3))
            await room.local_participant.unpublish_track(source.picture.sid)

    async def _load(self) -> None:
        """One of the shapes of a load test."""
        shape, seconds = self._random.choice(list(SHAPES)), self._random.randrange(10, 40)
        process = await asyncio.create_subprocess_exec(
            *(*self._load_tester, "--room", self._random.choice(ROOMS), "--duration", f"{seconds}s"),
            *SHAPES[shape],
            stdout=sys.stderr,
        )
        try:
            if await process.wait():
                self.failures[f"load {shape}"] += 1
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def main() -> None:
    """`PORT SECONDS SEED AUDIENCE [LOAD-TESTER ...]`: a process of its own, as the native part of an SDK may end it.
    The last line it prints says who came and who could not."""
    port, seconds, seed, audience, *load_tester = sys.argv[1:]
    crowd = Crowd(other_server(int(port)), int(seed), int(audience), load_tester)
    asyncio.run(crowd.run(float(seconds)))
    print(json.dumps({"joins": crowd.joins, "failures": crowd.failures}))


if __name__ == "__main__":
    main()
