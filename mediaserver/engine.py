"""The owner of the data plane: the only module that imports it."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from . import _dataplane as dataplane
from ._dataplane import (
    Chunk,
    CodecParameters,
    Encoding,
    PayloadTypeMapping,
    Tapped,
    WorkerStatistics,
)
from .audio_levels import AudioLevels
from .clock import Clock, SystemClock
from .ice_candidates import IceCandidate, LocalAddresses, host_candidates
from .metrics import MediaMetrics
from .placement import Placement

if TYPE_CHECKING:
    from .rtp import RtpReceiver

__all__ = [
    "Chunk",
    "CodecParameters",
    "Encoding",
    "Engine",
    "EngineSettings",
    "PayloadTypeMapping",
    "Tapped",
    "TransportHandler",
    "WorkerStatistics",
]

FORWARD_LATENCY_BOUNDS_US = dataplane.FORWARD_LATENCY_BOUNDS_US
SRTP_PROFILES = dataplane.SRTP_PROFILES
TRANSPORT_FIELDS = dataplane.TRANSPORT_FIELDS
RECEIVER_FIELDS = dataplane.RECEIVER_FIELDS
SENDER_FIELDS = dataplane.SENDER_FIELDS
EVENTS_AT_ONCE = 512
# RFC 8445, section 5.3 asks for 24 and 128 bits at least.
UFRAG_BYTES = 9
PASSWORD_BYTES = 24

AudioLevelHandler = Callable[[list[tuple["RtpReceiver", float]]], None]
ChunkPlayedHandler = Callable[[int], None]
TapHandler = Callable[[Tapped], None]
LayerBitrateHandler = Callable[[list[tuple["RtpReceiver", int, int, int]]], None]


@dataclass(frozen=True)
class EngineSettings:
    """Where the data plane listens and how it runs. Times are microseconds."""

    udp_binds: tuple[str, ...] = ("0.0.0.0:7882", "[::]:7882")
    tcp_binds: tuple[str, ...] = ("0.0.0.0:7881", "[::]:7881")
    workers: int = 1
    #: So many connections of a room share a worker before the next ones go to another.
    together: int = 50
    coalesce_us: int = 500
    cache_packets: int = 512
    consent_timeout_us: int = 15_000_000
    #: Levels in -dBov above which audio is silence, and how much of an interval must be below it to be speech.
    audio_active_level: int = 35
    audio_min_percentile: int = 40
    #: Voices that a peer gets at most at the same time (0: all), if it receives sound of so many tracks.
    loudest_speakers: int = 0
    loudest_from: int = 0
    #: Whether lines are estimated by what peers say of the packets that are sent to them (transport-cc).
    congestion_control: bool = True
    #: What a peer may send of one track with all its layers, bit/s; 0: anything. Peers are told; of video what is above
    #: is dropped.
    max_video_bps: int = 0
    max_audio_bps: int = 0
    #: Addresses to announce instead of the machine's own (behind NAT, in a container).
    announced_addresses: tuple[str, ...] = ()
    #: Port to announce instead of the bound one (port mapping, a proxy in a test).
    announced_udp_port: int | None = None
    announced_tcp_port: int | None = None


def _ice_characters(entropy_bytes: int) -> str:
    """Random text of ice-chars (RFC 8839, section 5.4), which are the plain base64 alphabet."""
    return secrets.token_urlsafe(entropy_bytes).replace("-", "+").replace("_", "/")


@dataclass(frozen=True)
class IceCredentials:
    """Our ufrag and password of one transport."""

    ufrag: str = field(default_factory=lambda: _ice_characters(UFRAG_BYTES))
    password: str = field(default_factory=lambda: _ice_characters(PASSWORD_BYTES))


SHARED_S = 0.5
ANSWER_S = 0.2
"""A worker that is too busy to tell what it counts is not waited for longer."""


class TransportHandler(Protocol):
    """What a transport is told of the data plane."""

    def ice_selected(self, protocol: str, remote: str) -> None: ...

    def ice_disconnected(self) -> None: ...

    def dtls_received(self, datagram: bytes) -> None: ...

    def bandwidth_estimated(self, bits_per_second: int) -> None: ...

    def worker_failed(self, reason: str) -> None: ...


class Engine:
    """Starts the data plane, gives ids, spreads connections over workers, calls handlers with its events.

    Raises `OSError` from `start` when an address cannot be bound.
    """

    def __init__(self, settings: EngineSettings, metrics: MediaMetrics, clock: Clock | None = None) -> None:
        self.settings = settings
        self.metrics = metrics
        self._log = structlog.get_logger("mediaserver.engine")
        self._clock = clock or SystemClock()
        self._local_addresses = LocalAddresses(self._clock)
        self._ids = itertools.count(1)
        self._plane: dataplane.DataPlane | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._placement = Placement(settings.workers, settings.together)
        self._levels = AudioLevels()
        self._handlers: dict[int, tuple[int, TransportHandler]] = {}
        self._receivers: dict[int, RtpReceiver] = {}
        self._players: dict[int, ChunkPlayedHandler] = {}
        self._taps: dict[int, TapHandler] = {}
        self._level_handlers: list[AudioLevelHandler] = []
        self._bitrate_handlers: list[LayerBitrateHandler] = []
        self._failed_workers: set[int] = set()
        self._statistics: dict[int, WorkerStatistics] = {}
        self._sample: asyncio.Future[None] | None = None
        self._sampled_at = 0.0
        self._unanswered: set[int] = set()
        """Workers that have not told yet what they count."""

    async def start(self) -> None:
        """Binds the sockets and begins to read events in the running loop."""
        settings = self.settings
        self._plane = dataplane.DataPlane(
            udp_binds=settings.udp_binds,
            tcp_binds=settings.tcp_binds,
            workers=settings.workers,
            coalesce_us=settings.coalesce_us,
            cache_packets=settings.cache_packets,
            consent_timeout_us=settings.consent_timeout_us,
            audio_active_level=settings.audio_active_level,
            audio_min_percentile=settings.audio_min_percentile,
            loudest_speakers=settings.loudest_speakers,
            loudest_from=settings.loudest_from,
            max_video_bps=settings.max_video_bps,
        )
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._plane.fileno(), self._read_events)

    async def close(self) -> None:
        """Ends the workers; peers are told with BYE. Idempotent."""
        plane, self._plane = self._plane, None
        if plane is None:
            return
        if self._loop is not None:
            self._loop.remove_reader(plane.fileno())
        if self._sample is not None:
            _end(self._sample)
        await asyncio.to_thread(plane.close)

    @property
    def plane(self) -> dataplane.DataPlane:
        """The data plane, for commands."""
        if self._plane is None:
            raise RuntimeError("the engine is not running")
        return self._plane

    @property
    def running(self) -> bool:
        """Between `start` and `close`."""
        return self._plane is not None

    @property
    def healthy(self) -> bool:
        """Running, and no worker has failed."""
        return self._plane is not None and not self._failed_workers

    def next_id(self) -> int:
        """An id that was never used in this process."""
        return next(self._ids)

    # Addresses

    def candidates(self) -> list[IceCandidate]:
        """What descriptions announce."""
        settings = self.settings
        addresses = settings.announced_addresses or tuple(self._bound_addresses())
        udp = self._ports(self.plane.udp_addresses, settings.announced_udp_port)
        tcp = self._ports(self.plane.tcp_addresses, settings.announced_tcp_port)
        return host_candidates(addresses, udp, tcp)

    def _bound_addresses(self) -> Iterable[str]:
        """Named binds as they are; wildcards stand for the machine's addresses of their family."""
        hosts = dict.fromkeys(bind.rpartition(":")[0].strip("[]") for bind in self.plane.udp_addresses)
        local = self._local_addresses()
        for host in hosts:
            if host == "0.0.0.0":  # noqa: S104 - compared, not bound
                yield from (address for address in local if ":" not in address)
            elif host == "::":
                yield from (address for address in local if ":" in address)
            else:
                yield host

    @staticmethod
    def _ports(binds: Iterable[str], announced: int | None) -> list[int]:
        ports = dict.fromkeys(int(bind.rpartition(":")[2]) for bind in binds)
        return [announced] if announced is not None and ports else list(ports)

    # Events

    def register(self, transport: int, room: str, handler: TransportHandler) -> int:
        """Events of this new transport go to `handler`. Gives the worker that it is to live on, with others of its
        room."""
        worker = self._placement.place(transport, room)
        self._handlers[transport] = (worker, handler)
        return worker

    def unregister(self, transport: int) -> None:
        """No more events of this transport."""
        self._handlers.pop(transport, None)
        self._placement.remove(transport)

    def register_player(self, transport: int, handler: ChunkPlayedHandler) -> None:
        """`handler` gets the begin in the film, microseconds, of each chunk that this transport has played."""
        self._players[transport] = handler

    def unregister_player(self, transport: int) -> None:
        """No more chunks are played there."""
        self._players.pop(transport, None)

    def tap(self, receiver: int, handler: TapHandler) -> int:
        """Copies what comes in of a receiver; gives the id of the tap. `handler` gets every chunk, the last one marked
        as `ended`, unless the worker fails."""
        tap = self.next_id()
        self._taps[tap] = handler
        self.plane.add_tap(tap, receiver)
        return tap

    def end_tap(self, tap: int) -> None:
        """Its last chunk is still told."""
        if tap in self._taps and self._plane is not None:
            self._plane.remove_tap(tap)

    @property
    def now_us(self) -> int:
        """Microseconds since the epoch on the clock of the packets in taps."""
        return self.plane.now_us

    def own_receiver(self, receiver: RtpReceiver) -> None:
        """From now on there are events of it."""
        self._receivers[receiver.id] = receiver

    def disown_receiver(self, receiver: RtpReceiver) -> None:
        """No more events of it."""
        self._receivers.pop(receiver.id, None)

    def add_audio_level_handler(self, handler: AudioLevelHandler) -> None:
        """`handler` gets (receiver, linear level 0..1) of everybody who speaks, loudest first; empty when all fell
        silent."""
        self._level_handlers.append(handler)

    def add_layer_bitrate_handler(self, handler: LayerBitrateHandler) -> None:
        """`handler` gets (receiver, spatial layer or encoding, temporal layer, bit/s) of what has changed, once a
        second from each worker."""
        self._bitrate_handlers.append(handler)

    def statistics(self) -> list[WorkerStatistics]:
        """The latest snapshots of the workers; waits at most a fifth of a second for a busy one, which then stands
        as it was before, so that counters never fall."""
        return self._merged(self._plane.statistics() if self._plane is not None else [])

    async def sample_statistics(self) -> list[WorkerStatistics]:
        """The same without holding up the event loop. Who asks within half a second of another gets what that got: a
        snapshot of a big room costs milliseconds."""
        plane, now = self._plane, self._clock.monotonic()
        if plane is not None and (self._sample is None or now - self._sampled_at >= SHARED_S):
            self._sampled_at = now
            self._sample = self._ask(plane)
        if self._sample is not None:
            await asyncio.shield(self._sample)
        return self._merged([])

    def _ask(self, plane: dataplane.DataPlane) -> asyncio.Future[None]:
        """Done when the workers have told what they count, or have had time to."""
        loop = asyncio.get_running_loop()
        sample: asyncio.Future[None] = loop.create_future()
        self._unanswered = set(plane.ask_statistics())
        overdue = loop.call_later(ANSWER_S if self._unanswered else 0.0, _end, sample)
        sample.add_done_callback(lambda _: overdue.cancel())
        return sample

    def _told(self, statistics: WorkerStatistics) -> None:
        self._merged([statistics])
        self._unanswered.discard(statistics.worker)
        if not self._unanswered and self._sample is not None:
            _end(self._sample)

    def _merged(self, found: Iterable[WorkerStatistics]) -> list[WorkerStatistics]:
        for new in found:
            known = self._statistics.get(new.worker)
            # One that was asked for as an event may have been overtaken.
            if known is None or known.cpu_us <= new.cpu_us:
                self._statistics[new.worker] = new
        return [self._statistics[worker] for worker in sorted(self._statistics)]

    def _read_events(self) -> None:
        for event in self.plane.poll_events(EVENTS_AT_ONCE):
            try:
                self._dispatch(event)
            except Exception:
                self.metrics.errors.labels("event").inc()
                self._log.exception("a handler failed", data_plane_event=type(event).__name__)

    def _dispatch(self, event: object) -> None:
        match event:
            case dataplane.BandwidthEstimated(transport, bits_per_second):  # by far the most
                if self.settings.congestion_control and (handler := self._handler(transport)):
                    handler.bandwidth_estimated(bits_per_second)
            case dataplane.DtlsReceived(transport, datagram):
                if handler := self._handler(transport):
                    handler.dtls_received(datagram)
            case dataplane.IceSelected(transport, protocol, _, remote):
                if handler := self._handler(transport):
                    handler.ice_selected(protocol, remote)
            case dataplane.IceDisconnected(transport):
                if handler := self._handler(transport):
                    handler.ice_disconnected()
            case dataplane.EncodingStarted(number, encoding, _):
                if receiver := self._receivers.get(number):
                    receiver.connection.encoding_started(receiver, encoding)
            case dataplane.ChunkPlayed(transport, media_us):
                if player := self._players.get(transport):
                    player(media_us)
            case dataplane.Tapped(tap=tap):
                self._tapped(tap, event)
            case dataplane.AudioLevels(worker, levels):
                if (together := self._levels.report(worker, levels)) is not None:
                    of = [(found, level) for n, level in together if (found := self._receivers.get(n))]
                    for level_handler in self._level_handlers:
                        level_handler(of)
            case dataplane.WorkerStatistics():
                self._told(event)
            case dataplane.CommandFailed(reason):
                self.metrics.errors.labels("command").inc()
                self._log.warning("the data plane refused a command", reason=reason)
            case dataplane.WorkerFailed(worker, reason):
                self._worker_failed(worker, reason)
            case dataplane.LayerBitrates(layers):
                measured = [
                    (found, s, t, rate) for n, s, t, rate in layers if (found := self._receivers.get(n))
                ]
                for bitrate_handler in self._bitrate_handlers:
                    bitrate_handler(measured)
            case dataplane.EncodingStopped() | dataplane.SenderEncodingChanged():
                pass  # for layer policy; nothing here depends on them

    def _handler(self, transport: int) -> TransportHandler | None:
        found = self._handlers.get(transport)
        return found[1] if found is not None else None

    def _tapped(self, tap: int, chunk: Tapped) -> None:
        handler = self._taps.get(tap)
        if chunk.ended and self._taps.pop(tap, None) is not None:
            with suppress(ValueError, OSError):  # removed before, or its worker failed
                self.plane.remove_tap(tap)
        if handler is not None:
            handler(chunk)

    def _worker_failed(self, worker: int, reason: str) -> None:
        self._failed_workers.add(worker)
        self._placement.fail(worker)
        self._levels.forget(worker)
        self.metrics.errors.labels("worker").inc()
        self._log.error("a data plane worker failed", worker=worker, reason=reason)
        for owner, handler in list(self._handlers.values()):
            if owner == worker:
                handler.worker_failed(reason)


def _end(sample: asyncio.Future[None]) -> None:
    if not sample.done():
        sample.set_result(None)
