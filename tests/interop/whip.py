"""WHIP and WHEP clients by aiortc: a publisher as OBS is one, and a player. They know nothing of LiveKit."""

from __future__ import annotations

import asyncio
import fractions
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp
import numpy as np
from aiortc import (
    AudioStreamTrack,
    MediaStreamError,
    MediaStreamTrack,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import AudioFrame, AudioResampler, VideoFrame

from .sdk import FPS, RATE, Image, Received, picture, token
from .server import RunningServer

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
SAMPLES = RATE // 50


class Pictures(VideoStreamTrack):
    """Numbered pictures at `FPS`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[int, Image] = {}
        self._number = 0

    async def recv(self) -> VideoFrame:
        number, self._number = self._number % 1024, self._number + 1
        self.sent[number] = picture(number)
        frame = VideoFrame.from_ndarray(self.sent[number], format="rgb24")
        frame.pts, frame.time_base = self._number * 90_000 // FPS, fractions.Fraction(1, 90_000)
        await asyncio.sleep(1 / FPS)
        return frame


class Tone(AudioStreamTrack):
    """440 Hz, in stereo as OBS sends it."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> AudioFrame:
        times = np.arange(self._at, self._at + SAMPLES) / RATE
        tone = (9000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.time_base = RATE, fractions.Fraction(1, RATE)
        frame.pts, self._at = self._at, self._at + SAMPLES
        await asyncio.sleep(SAMPLES / RATE)
        return frame


@dataclass
class Client:
    """A session as its client knows it."""

    http: aiohttp.ClientSession = field(repr=False)
    connection: RTCPeerConnection
    token: str = field(repr=False)
    location: str = ""
    entity_tag: str = ""

    async def post(self, url: str) -> aiohttp.ClientResponse:
        """Offers, and takes the answer of a 201."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        response = await self.request(
            "POST", url, self.connection.localDescription.sdp, {"Content-Type": SDP}
        )
        if response.status == 201:
            self.location = urljoin(url, response.headers["Location"])
            self.entity_tag = response.headers["ETag"]
            answer = RTCSessionDescription(await response.text(), "answer")
            await self.connection.setRemoteDescription(answer)
        return response

    async def request(
        self, method: str, url: str = "", body: str = "", headers: dict[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        """A request with the token; without `url` to the session."""
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        async with self.http.request(method, url or self.location, data=body, headers=headers) as response:
            await response.read()
            return response

    async def connected(self) -> None:
        """Waits for media."""
        async with asyncio.timeout(20):
            while self.connection.connectionState != "connected":
                changed = asyncio.get_running_loop().create_future()
                self.connection.once(
                    "connectionstatechange", lambda c=changed: c.done() or c.set_result(None)
                )
                if self.connection.connectionState == "connected":
                    break
                await changed


@asynccontextmanager
async def client(server: RunningServer, identity: str, room: str, **grants: bool) -> AsyncIterator[Client]:
    """A client that has not offered yet."""
    async with aiohttp.ClientSession() as http:
        made = Client(http, RTCPeerConnection(), token(identity, room, **grants))
        try:
            yield made
        finally:
            await made.connection.close()


@asynccontextmanager
async def publisher(
    server: RunningServer, identity: str, room: str, codec: str = "h264", query: str = ""
) -> AsyncIterator[tuple[Client, Pictures]]:
    """Publishes numbered pictures and a tone."""
    async with client(server, identity, room) as made:
        pictures = Pictures()
        made.connection.addTrack(Tone())
        made.connection.addTrack(pictures)
        video = made.connection.getTransceivers()[1]
        capabilities = RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences([c for c in capabilities if c.mimeType.lower() == f"video/{codec}"])
        response = await made.post(f"{server.http}/whip/v1{query}")
        assert response.status == 201, await response.text()
        await made.connected()
        yield made, pictures


@asynccontextmanager
async def player(
    server: RunningServer, identity: str, room: str, query: str = "", **grants: bool
) -> AsyncIterator[tuple[Client, Received]]:
    """Collects what a WHEP client gets."""
    received = Received()
    async with client(server, identity, room, **grants) as made:
        made.connection.on(
            "track", lambda track: received.tasks.append(asyncio.create_task(_collect(track, received)))
        )
        for kind in ("audio", "video"):
            made.connection.addTransceiver(kind, direction="recvonly")
        response = await made.post(f"{server.http}/whep/v1{query}")
        assert response.status == 201, await response.text()
        await made.connected()
        try:
            yield made, received
        finally:
            for task in received.tasks:
                task.cancel()
            await asyncio.gather(*received.tasks, return_exceptions=True)


async def _collect(track: MediaStreamTrack, received: Received) -> None:
    mono = AudioResampler(format="s16", layout="mono", rate=RATE)
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, VideoFrame):
            received.pictures.append(frame.to_ndarray(format="rgb24"))
            received.pictures_at.append(asyncio.get_running_loop().time())
        else:
            for part in mono.resample(frame):
                received.sound.append(part.to_ndarray().reshape(-1))
        await received.tell()
