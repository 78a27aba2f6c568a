"""A server in this process whose calls can show films that the pipeline has prepared, and what the films hold."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from prometheus_client import CollectorRegistry

from mediaserver.clock import SystemClock
from signalling.app import Server
from signalling.broadcast.films import FilmEntry
from signalling.broadcast.service import Broadcasts
from signalling.call import CallSettings
from signalling.call.call import Call
from signalling.call.commands import COMMAND
from signalling.config import load
from signalling.library.broadcast import SealedFilm
from signalling.library.recording.depacketizing import assemble
from signalling.library.renditions.film import encode_film
from signalling.library.renditions.format import HEADER, Flag, read_chunk, read_header
from signalling.library.sealing.manifest import Manifest, manifest_of
from tests.signalling.broadcast.broadcast_fakes import BASIC, FakeFilms
from tests.signalling.school.kindergarten import QuickPasswords

from .film import Sound
from .sdk import RATE, Image, Received, joined, token
from .server import RunningServer, free_port
from .whip import Client, player

SECRET = "s" * 32
HOST = "staff:1:laptop"


def prepare(source: Path, folder: Path, rate: float, *, h264: bool = False) -> Manifest:
    """Renditions of a film, as the pipeline makes them."""
    folder.mkdir(parents=True)
    encode_film(source, folder, rate=rate, gain=1.0, tell=lambda done: None, h264=h264)
    return manifest_of(folder.name, {}, source, folder)


@dataclass
class Prepared:
    """What viewers should get: pictures of each height (RGB, in order), and mono sound of 16 bits."""

    manifest: Manifest
    folder: Path

    def pictures(self, codec: Literal["vp8", "h264"] = "vp8") -> dict[int, list[Image]]:
        return {
            one.height: _pictures(self.folder / one.file, [(c.offset, c.length) for c in one.chunks], codec)
            for one in self.manifest.renditions
            if one.kind == codec
        }

    def sound(self) -> Sound:
        (one,) = (one for one in self.manifest.renditions if one.kind == "opus")
        decoder = av.CodecContext.create("libopus", "r")
        assert isinstance(decoder, av.AudioCodecContext)
        decoder.layout, decoder.sample_rate = "stereo", RATE
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        payloads = _payloads(self.folder / one.file, [(c.offset, c.length) for c in one.chunks])
        frames = [frame for payload, _ in payloads for frame in decoder.decode(av.Packet(payload))]
        return np.concatenate(
            [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
        )


def _payloads(path: Path, chunks: list[tuple[int, int]]) -> list[tuple[bytes, Flag]]:
    data = path.read_bytes()
    header = read_header(data[: HEADER.size])
    read = (read_chunk(data[offset : offset + length], header) for offset, length in chunks)
    return [(packet.payload, packet.flags) for chunk in read for packet in chunk.packets]


def _pictures(path: Path, chunks: list[tuple[int, int]], codec: Literal["vp8", "h264"]) -> list[Image]:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    found: list[Image] = []
    payloads: list[bytes] = []
    for payload, flags in _payloads(path, chunks):
        payloads.append(payload)
        if Flag.MARKER in flags:
            data, _ = assemble(f"video/{codec}", payloads)
            found += [frame.to_ndarray(format="rgb24") for frame in decoder.decode(av.Packet(data))]
            payloads = []
    return found + [frame.to_ndarray(format="rgb24") for frame in decoder.decode(None)]


class PreparedFilms(FakeFilms):
    """A library of films that the pipeline has made."""

    def add_sealed(self, content: str, sealed: SealedFilm, pages: int) -> FilmEntry:
        self._sealed[content] = sealed
        self.entries[content] = FilmEntry(content, content, sealed.duration_us / 1e6, 0, True, "basic", pages)
        return self.entries[content]


class Cinema:
    """`films` are those that hosts of the call of `room` may show."""

    def __init__(self, data: Path) -> None:
        http, udp = free_port(), free_port(socket.SOCK_DGRAM)
        settings = load(
            None,
            {
                "keys": {"devkey": SECRET},
                "data": data,
                "http": {"port": http, "tls_port": None},
                "media": {"hosts": ["127.0.0.1"], "udp_port": udp, "tcp_port": None},
            },
        )
        self.server = Server(settings, SystemClock(), passwords=QuickPasswords())
        self.at = RunningServer(http, udp, 0, data / "none", 0)
        self.films = PreparedFilms(data)
        self.broadcasts = Broadcasts(
            self.server.rtc.gateway(), self.server.engine, self.films, self._lesson_of, CollectorRegistry()
        )
        self.server.calls.projector = self.broadcasts

    async def _lesson_of(self, room: str) -> tuple[str, str]:
        return BASIC

    def add(self, prepared: Prepared, pages: int = 0) -> FilmEntry:
        sealed = SealedFilm(prepared.manifest, prepared.folder)
        return self.films.add_sealed(prepared.folder.name, sealed, pages)

    def open(self, room: str) -> Call:
        return self.server.calls.open(room, CallSettings(guardian_rule=False))

    @asynccontextmanager
    async def viewer(self, identity: str, room: str) -> AsyncIterator[Any]:
        """(room of the SDK, what it got)"""
        role = "host" if identity == HOST else "family"
        async with joined(
            self.at,
            identity,
            room,
            single=True,
            secret=SECRET,
            attributes={"polyana.role": role},
        ) as found:
            yield found

    def h264_player(self, identity: str, room: str) -> AbstractAsyncContextManager[tuple[Client, Received]]:
        """A screen that takes pictures in H.264 alone (WHEP)."""
        given = token(identity, room, secret=SECRET, attributes={"polyana.role": "wall"})
        return player(self.at, identity, room, given=given, codec="h264")

    async def command(self, call: Call, kind: str, **fields: Any) -> None:
        await call.execute(HOST, COMMAND.validate_python({"type": kind, **fields}))

    def position_s(self, call: Call) -> float:
        """As every client shows it."""
        film = call.snapshot(HOST)["film"]
        assert isinstance(film, dict)
        moved = SystemClock().time() - film["at"] if film["moving"] else 0.0
        return float(film["position_s"] + moved)


@asynccontextmanager
async def cinema(data: Path) -> AsyncIterator[Cinema]:
    made = Cinema(data)
    await made.server.start()
    try:
        yield made
    finally:
        await made.broadcasts.close()
        await made.server.close()
