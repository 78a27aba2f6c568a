"""WHIP and WHEP clients by aiortc: a publisher as OBS is one, and a player. They know nothing of LiveKit."""

from __future__ import annotations

import asyncio
import fractions
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import av
import numpy as np
from aiortc import (
    AudioStreamTrack,
    MediaStreamError,
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpCodecCapability,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import AudioFrame, AudioResampler, VideoFrame
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .sdk import FPS, HEIGHT, RATE, WIDTH, Image, Received, picture, token
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


def tone(first: int, samples: int) -> AudioFrame:
    """440 Hz, in stereo as OBS sends it."""
    times = np.arange(first, first + samples) / RATE
    sound = (9000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    frame = AudioFrame.from_ndarray(np.repeat(sound, 2).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = RATE, fractions.Fraction(1, RATE), first
    return frame


class Tone(AudioStreamTrack):
    """Without an end."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> AudioFrame:
        frame = tone(self._at, SAMPLES)
        self._at += SAMPLES
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
async def client(
    server: RunningServer,
    identity: str,
    room: str,
    ice_servers: list[RTCIceServer] | None = None,
    given: str | None = None,
    **grants: bool,
) -> AsyncIterator[Client]:
    """A client that has not offered yet. `given`: its token, if it is no usual one."""
    async with aiohttp.ClientSession() as http:
        connection = RTCPeerConnection(RTCConfiguration(ice_servers or []))
        made = Client(http, connection, given or token(identity, room, **grants))
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
        video.setCodecPreferences(_only(codec))
        response = await made.post(f"{server.http}/whip/v1{query}")
        assert response.status == 201, await response.text()
        await made.connected()
        yield made, pictures


class Ffmpeg:
    """FFmpeg's own WHIP muxer (libavformat, through PyAV) with numbered pictures and a tone."""

    def __init__(self, server: RunningServer, identity: str, room: str, folder: Path) -> None:
        self.sent: dict[int, Image] = {}
        self._url = f"{server.http}/whip/v1"
        self._stopped = threading.Event()
        self._options = {"authorization": token(identity, room), **_certificate(folder)}

    def play(self) -> None:
        """Publishes until `stop`. Blocks, so it wants a thread of its own."""
        with av.open(self._url, "w", format="whip", options=self._options) as container:
            options = {"profile": "baseline", "preset": "ultrafast", "tune": "zerolatency", "g": str(FPS)}
            video = container.add_stream("libx264", rate=FPS, options=options)
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            audio = container.add_stream("libopus", rate=RATE, layout="stereo", bit_rate=64_000)
            began, number = time.monotonic(), 0
            while not self._stopped.wait(max(0.0, began + number / FPS - time.monotonic())):
                self.sent[number % 1024] = picture(number % 1024)
                frame = VideoFrame.from_ndarray(self.sent[number % 1024], format="rgb24")
                frame.pts, frame.time_base = number, fractions.Fraction(1, FPS)
                container.mux(video.encode(frame))
                container.mux(audio.encode(tone(number * RATE // FPS, RATE // FPS)))
                number += 1

    def stop(self) -> None:
        """Ends `play`, which deletes the session."""
        self._stopped.set()


def _certificate(folder: Path) -> dict[str, str]:
    """P-256: with GnuTLS, FFmpeg makes itself a P-224 key, which no WebRTC peer has to take (RFC 8827,
    section 6.5)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ffmpeg")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    files = {"cert_file": folder / "certificate.pem", "key_file": folder / "key.pem"}
    files["cert_file"].write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    files["key_file"].write_bytes(private)
    return {name: str(path) for name, path in files.items()}


@asynccontextmanager
async def player(
    server: RunningServer,
    identity: str,
    room: str,
    query: str = "",
    ice_servers: list[RTCIceServer] | None = None,
    given: str | None = None,
    codec: str | None = None,
    **grants: bool,
) -> AsyncIterator[tuple[Client, Received]]:
    """Collects what a WHEP client gets; `codec`: the only one of pictures that it takes."""
    received = Received()
    async with client(server, identity, room, ice_servers, given, **grants) as made:
        made.connection.on(
            "track", lambda track: received.tasks.append(asyncio.create_task(_collect(track, received)))
        )
        for kind in ("audio", "video"):
            transceiver = made.connection.addTransceiver(kind, direction="recvonly")
            if kind == "video" and codec is not None:
                transceiver.setCodecPreferences(_only(codec))
        response = await made.post(f"{server.http}/whep/v1{query}")
        assert response.status == 201, await response.text()
        await made.connected()
        try:
            yield made, received
        finally:
            for task in received.tasks:
                task.cancel()
            await asyncio.gather(*received.tasks, return_exceptions=True)


def _only(codec: str) -> list[RTCRtpCodecCapability]:
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    return [one for one in capabilities if one.mimeType.lower() == f"video/{codec}"]


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
