"""From the data plane's events to the owners of connections, and what is told back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from mediaserver import codecs
from mediaserver import engine as module
from mediaserver.engine import Engine, EngineSettings
from mediaserver.metrics import MediaMetrics
from mediaserver.peer_connection import Offerer, PeerConnection, PeerConnectionObserver
from mediaserver.rtp import RtpReceiver, RtpSender
from mediaserver.sdp import RtpCodec
from tests.mediaserver.room_fakes import FakeClock


@dataclass(frozen=True)
class Estimated:
    transport: int
    bits_per_second: int


@dataclass(frozen=True)
class Bitrates:
    layers: list[tuple[int, int, int, int]]


@dataclass(frozen=True)
class Levels:
    worker: int
    levels: list[tuple[int, float]]


class Plane:
    """Reports what a test puts into it, remembers the commands that it is given."""

    def __init__(self, **settings: object) -> None:
        self._eventfd = os.eventfd(0)
        self._events: list[object] = []
        self.commands: list[tuple[str, tuple[Any, ...]]] = []
        self.extensions: list[tuple[str, int]] = []

    def report(self, event: object) -> None:
        self._events.append(event)
        os.eventfd_write(self._eventfd, 1)

    def fileno(self) -> int:
        return self._eventfd

    def poll_events(self, count: int) -> list[object]:
        os.eventfd_read(self._eventfd)
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        os.close(self._eventfd)

    def set_sender(self, *ids: int, extensions: list[tuple[str, int]], **parameters: object) -> None:
        self.extensions = extensions

    def set_sender_target(self, sender: int, **target: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.commands.append((name, arguments))


@pytest.fixture(params=[EngineSettings()])
async def engine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    monkeypatch.setattr(module.dataplane, "DataPlane", Plane)
    monkeypatch.setattr(module.dataplane, "BandwidthEstimated", Estimated, raising=False)
    monkeypatch.setattr(module.dataplane, "LayerBitrates", Bitrates, raising=False)
    monkeypatch.setattr(module.dataplane, "AudioLevels", Levels, raising=False)
    made = Engine(request.param, MediaMetrics(CollectorRegistry()))
    await made.start()
    yield made
    await made.close()


def plane_of(engine: Engine) -> Plane:
    return cast(Plane, engine.plane)


async def test_an_estimate_reaches_the_owner_of_its_connection_and_the_wish_goes_back(engine: Engine) -> None:
    told = asyncio.Queue[tuple[object, int]]()
    observer = SimpleNamespace(
        bandwidth_estimated=lambda connection, bits: told.put_nowait((connection, bits))
    )
    one, other = (
        PeerConnection(
            engine,
            room="lesson",
            offerer=Offerer.SERVER,
            observer=cast(PeerConnectionObserver, observer),
            clock=FakeClock(),
            metrics=engine.metrics,
            log_context={},
        )
        for _ in range(2)
    )
    plane_of(engine).report(Estimated(999_999, 1))
    plane_of(engine).report(Estimated(other.id, 700_000))
    assert await told.get() == (other, 700_000)
    assert (one.estimated_bitrate, other.estimated_bitrate) == (None, 700_000)
    other.set_wanted_bitrate(2_000_000)
    await other.close()
    other.set_wanted_bitrate(3_000_000)
    wanted = [arguments for name, arguments in plane_of(engine).commands if name == "set_wanted_bitrate"]
    assert wanted == [(other.id, 2_000_000)], "what is closed wants nothing"
    await one.close()


async def test_what_is_measured_of_receivers_reaches_all_who_asked_while_they_are_there(
    engine: Engine,
) -> None:
    rates = asyncio.Queue[list[tuple[RtpReceiver, int, int, int]]]()
    levels = asyncio.Queue[list[tuple[RtpReceiver, float]]]()
    for _ in range(2):
        engine.add_layer_bitrate_handler(rates.put_nowait)
        engine.add_audio_level_handler(levels.put_nowait)
    receiver = RtpReceiver(7, "video", "0", cast(PeerConnection, SimpleNamespace(engine=engine)))
    engine.own_receiver(receiver)
    plane_of(engine).report(Bitrates([(7, 1, 0, 150_000), (8, 0, 0, 90_000)]))
    plane_of(engine).report(Levels(0, [(8, 0.9), (7, 0.5)]))
    assert [await rates.get(), await rates.get()] == [[(receiver, 1, 0, 150_000)]] * 2
    assert [await levels.get(), await levels.get()] == [[(receiver, 0.5)]] * 2
    engine.disown_receiver(receiver)
    plane_of(engine).report(Levels(0, [(7, 0.5)]))
    assert [await levels.get(), await levels.get()] == [[], []]


WITHOUT = EngineSettings(congestion_control=False)


@pytest.mark.parametrize("engine", [EngineSettings(), WITHOUT], indirect=True, ids=["on", "off"])
@pytest.mark.parametrize("feedback", [("nack", "transport-cc"), ("nack",)], ids=["feedback", "none"])
async def test_packets_have_numbers_and_estimates_are_heard_where_there_is_feedback(
    engine: Engine, feedback: tuple[str, ...]
) -> None:
    told = list[int]()
    handler = SimpleNamespace(bandwidth_estimated=told.append)
    engine.register(1, 0, cast(module.TransportHandler, handler))
    engine._dispatch(Estimated(1, 500_000))
    connection = cast(PeerConnection, SimpleNamespace(engine=engine, id=1))
    codec = RtpCodec(96, "video/VP8", 90_000, feedback=feedback)
    source = RtpReceiver(2, "video", "0", connection, [codec], mime_type="video/VP8")
    sender = RtpSender(3, source, "PA_a|TR_a", "TR_a", connection, mid="1")
    assert sender.negotiated([codec], [(codecs.MID, 1), (codecs.TRANSPORT_CC, 2)])
    is_on = engine.settings.congestion_control
    has_numbers = is_on and "transport-cc" in feedback
    assert told == ([500_000] if is_on else [])
    assert plane_of(engine).extensions == [(codecs.MID, 1), (codecs.TRANSPORT_CC, 2)][: 1 + has_numbers]
