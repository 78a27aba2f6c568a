"""The composition root: settings in, a running server out."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from mediaserver.clock import Clock
from mediaserver.engine import Engine, EngineSettings
from mediaserver.ice_candidates import local_addresses
from mediaserver.metrics import MediaMetrics
from mediaserver.recording import RoomRecorder
from signalling import memory
from signalling.api_keys import ApiKeys
from signalling.beat import beat
from signalling.broadcast.service import Broadcasts
from signalling.call import CallService
from signalling.config import MediaSettings, Settings
from signalling.hls import HlsService
from signalling.hls.endpoint import HlsEndpoint
from signalling.key_watch import KeyWatch
from signalling.lesson_calls import LessonCalls
from signalling.lesson_films import LessonFilms
from signalling.lesson_passes import LessonPasses
from signalling.lesson_recordings import LessonRecordings
from signalling.lesson_records import DatabaseChat, LessonRecords
from signalling.lesson_states import LessonStates
from signalling.library.recording.composing import compose
from signalling.library.storage import FolderStorage
from signalling.listeners import Listeners
from signalling.observability.collector import DataPlaneCollector
from signalling.observability.faults import faults
from signalling.observability.health import Health
from signalling.observability.load import LoadSampler
from signalling.observability.logs import MalformedHttp
from signalling.pages.api import PagesApi
from signalling.pages.bundle import Bundle
from signalling.pages.lessons import LessonBook, load_link_key
from signalling.pages.security import RateLimits, middleware
from signalling.rate_limit import RateLimit
from signalling.rtc import RtcService
from signalling.rtc.api.endpoint import PATH as SERVER_API_PATH
from signalling.rtc.settings import RtcSettings
from signalling.school import School
from signalling.school.api import LARGE, SchoolApi
from signalling.school.api.joining import Joining
from signalling.school.api.tus import STREAMED
from signalling.school.library import Library
from signalling.school.passwords import Passwords
from signalling.school.recordings import Compositions, Recordings
from signalling.store import Database
from signalling.tls_context import TlsContext
from signalling.webhooks import Webhooks
from signalling.whip import WhipService

LAG_INTERVAL_S = 1.0
REST_INTERVAL_S = 2.0
log = structlog.get_logger("signalling.app")


@dataclass(frozen=True)
class Links:
    """Where people go."""

    lessons: list[tuple[str, str]]
    """(title, path)"""
    operator: str
    setup: str | None
    """Until there is a head."""


def bracketed(host: str) -> str:
    """A host as it stands before a port (RFC 3986, section 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def engine_settings(settings: MediaSettings, rtc: RtcSettings) -> EngineSettings:
    """Settings of the media server from those of the installation."""
    hosts = [bracketed(host) for host in settings.hosts]
    tcp = settings.tcp_port
    return EngineSettings(
        udp_binds=tuple(f"{host}:{settings.udp_port}" for host in hosts),
        tcp_binds=tuple(f"{host}:{tcp}" for host in hosts) if tcp is not None else (),
        workers=settings.workers,
        together=settings.together,
        coalesce_us=settings.coalesce_us,
        announced_addresses=settings.announced_addresses,
        announced_udp_port=settings.announced_udp_port,
        announced_tcp_port=settings.announced_tcp_port,
        audio_active_level=rtc.audio.active_level,
        audio_min_percentile=rtc.audio.min_percentile,
        loudest_speakers=rtc.loudest_speakers,
        loudest_from=rtc.loudest_speakers_from,
        max_video_bps=rtc.max_publish_bitrate.video,
        max_audio_bps=rtc.max_publish_bitrate.audio,
        congestion_control=rtc.congestion_control.enabled,
    )


class Server:
    """Everything that runs. `start` binds, `close` ends in order."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        read_settings: Callable[[], Settings] | None = None,
        files: Iterable[Path] = (),
        passwords: Passwords | None = None,
    ) -> None:
        """`read_settings` reads `settings` anew, from `files`, when keys may have changed. `passwords`: argon2id if not
        given."""
        self.settings = settings
        self._clock = clock
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._lag = Gauge(
            "polyana_event_loop_lag_seconds", "How late the event loop is", registry=self.registry
        )
        self._task_count = Gauge(
            "polyana_event_loop_tasks", "Tasks of the event loop", registry=self.registry
        )
        self.engine = Engine(engine_settings(settings.media, settings.rtc), MediaMetrics(self.registry))
        self.keys = ApiKeys(settings.keys)
        self.key_watch = KeyWatch(
            self.keys, settings, read_settings or (lambda: settings), files, self.registry
        )
        self.database = Database(settings.store, settings.data)
        key = load_link_key(settings.data)
        self.school = School(self.database, clock, key, settings.school, passwords)
        self.library = Library(self.school.context, settings.library, settings.data)
        self.lessons = LessonBook(key, settings.lessons)
        self.rtc = RtcService(self.engine, self.keys, settings.rtc, clock, self.registry)
        sample = self.engine.sample_statistics
        self.calls = CallService(
            self.rtc.attendance, self.keys, settings.rtc, clock, sample, DatabaseChat(self.school)
        )
        self.records = LessonRecords(self.school, self.calls)
        self.lesson_states = LessonStates(self.school, self.calls)
        kept = FolderStorage(settings.recording.path(settings.data))
        compositions = Compositions(self.school.context, kept, compose)
        self.recordings = Recordings(self.school.context, self.school.lessons, kept, compositions)
        self.school.retention.sweeps.append(self.recordings.expire)
        recorder = partial(RoomRecorder, self.engine, clock=clock)
        self.lesson_recordings = LessonRecordings(
            self.recordings, self.records, settings.recording, clock, recorder
        )
        self.calls.recorders = self.lesson_recordings
        self.lesson_calls = LessonCalls(self.school, self.calls, self.rtc, self.lesson_states)
        films = LessonFilms(self.school, self.library)
        self.broadcasts = Broadcasts(self.rtc.gateway(), self.engine, films, films.lesson_of, self.registry)
        self.calls.projector = self.broadcasts
        self.passes = LessonPasses(self.school, self.lesson_calls, clock)
        self.whip = WhipService(self.rtc.gateway(), settings.whip, self.registry, self.passes)
        self.hls = HlsService(settings.hls, clock, films.seal_broken)
        self.broadcasts.watchers.append(self.hls)
        self.webhooks = Webhooks(settings.webhook, self.keys, settings.data, clock, self.registry)
        if settings.webhook.urls:
            self.rtc.tell_hooks(self.webhooks.notify)
        self._bundle = Bundle()
        self._http_log = logging.getLogger("polyana.http")
        self._malformed = MalformedHttp(self.registry)
        self._http_log.addFilter(self._malformed)
        self._listeners = Listeners(settings.http, self._http_log)
        self._tls = TlsContext(settings.http, settings.data, self._addresses, clock, self.registry)
        self._tasks: list[asyncio.Task[None]] = []
        #: Why it is not ready, whatever its parts say; None between start and close.
        self.standing_by: str | None = "the server is starting"
        self._needs_setup = False

    def application(self) -> web.Application:
        """Routes and middleware; the engine must be running."""
        settings = self.settings
        app = self._empty_application()
        found = faults(self.engine.metrics.errors, self.rtc.metrics.errors)
        load = LoadSampler(self.engine, self.rtc.snapshot, found, self._clock)
        open_call = self.lesson_calls.expect
        people = self.rtc.snapshot, open_call, self.calls.rows
        joining = Joining(settings, self.keys, self._clock, self.lessons, *people)
        api = PagesApi(settings.operator_token, load.read)
        health = self._health()
        app.add_routes([*self.rtc.routes(), *self.whip.routes(), *self.calls.routes()])
        app.add_routes(SchoolApi(self.school, self.library, self.recordings, joining).routes())
        app.add_routes(HlsEndpoint(self.hls, self.passes.audience).routes())
        app.add_routes([*api.routes(), *health.routes(), *self._bundle.routes()])
        return app

    def metrics_application(self) -> web.Application:
        """/metrics alone, for a port of its own."""
        app = self._empty_application()
        app.add_routes(self._health().metrics_routes())
        return app

    def _empty_application(self) -> web.Application:
        http, rtc, hls = self.settings.http, self.settings.rtc, self.settings.hls
        limits = RateLimits(
            pages=RateLimit(self._clock, http.requests_per_s, http.request_burst),
            signalling=RateLimit(self._clock, rtc.joins_per_s, rtc.join_burst),
            server_api=RateLimit(self._clock, rtc.api_requests_per_s, rtc.api_burst),
            hls=RateLimit(self._clock, hls.requests_per_s, hls.request_burst),
        )
        body_limits = dict.fromkeys(LARGE, self.settings.school.max_body_bytes)
        body_limits |= dict.fromkeys(STREAMED, self.settings.library.max_file_bytes)
        body_limits[SERVER_API_PATH] = rtc.max_api_body_bytes
        return web.Application(
            middlewares=[middleware(http, limits, body_limits)],
            client_max_size=http.max_body_bytes,
        )

    def _health(self) -> Health:
        return Health(self.registry, self._missing, self.settings.operator_token, self.settings.metrics)

    async def start(self) -> None:
        """Binds media and HTTP. Raises `OSError` naming the address, or `StoreError`."""
        await self.database.open()
        self._needs_setup = await self.school.organisations.needs_setup()
        await self.school.elsewhere.start()
        await self.library.preparations.resume()
        await self.recordings.resume()
        await self.lesson_calls.reopen()
        await self.engine.start()
        await self.webhooks.start()
        self.registry.register(DataPlaneCollector(self.engine, self.rtc.snapshot))
        # Counted when somebody asks: a thousand participants have four thousand tasks.
        loop = asyncio.get_running_loop()
        self._task_count.set_function(lambda: len(asyncio.all_tasks(loop)))
        http, metrics = self.settings.http, self.settings.metrics
        ports: list[tuple[int, ssl.SSLContext | None]] = [(http.port, None)]
        if http.tls_port is not None:
            await asyncio.to_thread(self._tls.load)
            ports.append((http.tls_port, self._tls.context))
        await self._listeners.open(self.application(), ports)
        if metrics.port is not None:
            await self._listeners.open(self.metrics_application(), [(metrics.port, None)])
        self._tasks = [
            asyncio.create_task(self._watch_lag(), name="event-loop-lag"),
            asyncio.create_task(self.key_watch.run(), name="key-watch"),
            asyncio.create_task(self._rest(), name="memory"),
            asyncio.create_task(self.database.watch(), name="database"),
            asyncio.create_task(self.records.run(), name="lesson-records"),
            asyncio.create_task(self.lesson_states.run(), name="lesson-states"),
            asyncio.create_task(self.school.retention.run(), name="retention"),
            asyncio.create_task(self.school.elsewhere.run(), name="console"),
            asyncio.create_task(self.library.preparations.run(), name="preparations"),
            asyncio.create_task(self.library.review.run(), name="library"),
            asyncio.create_task(self.recordings.compositions.run(), name="compositions"),
            asyncio.create_task(self.broadcasts.run(), name="broadcasts"),
            asyncio.create_task(self.passes.run(), name="lesson-passes"),
        ]
        if http.tls_port is not None:
            self._tasks.append(asyncio.create_task(self._tls.run(), name="tls-certificate"))
        self.standing_by = None
        log.info("listening", http=http.port, https=http.tls_port, udp=list(self.engine.plane.udp_addresses))

    async def close(self) -> None:
        """Not ready first, then clients are told, then sockets close. Idempotent."""
        self.standing_by = "the server is stopping"
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.broadcasts.close()
        await self.hls.close()
        await self.calls.close()
        await self.rtc.close()
        await self.lesson_recordings.close()
        await self.records.settle()
        await self.lesson_states.settle()
        await self.webhooks.close()
        await self._listeners.close()
        self._http_log.removeFilter(self._malformed)
        await self.engine.close()
        await self.database.close()

    def links(self) -> Links:
        """Paths for the console."""
        lessons = [(lesson.title, f"/l/{code}") for code, lesson in self.lessons.codes()]
        setup = f"/setup#code={self.school.organisations.setup_code}" if self._needs_setup else None
        return Links(lessons, f"/operator#token={self.settings.operator_token}", setup)

    def _missing(self) -> list[str]:
        found = []
        if self.standing_by is not None:
            found.append(self.standing_by)
        if not self.engine.healthy:
            found.append("the data plane is not running")
        if not self.database.healthy:
            found.append("the database does not answer")
        if not self._bundle.present:
            found.append("the web bundle is not built")
        return found

    def _addresses(self) -> Iterable[str]:
        return self.settings.media.announced_addresses or local_addresses()

    async def _rest(self) -> None:
        idleness = memory.Idleness()
        while True:
            await beat(REST_INTERVAL_S)
            if idleness.begins(self._clock.monotonic(), busy=bool(self.rtc.attendance.rooms)):
                memory.release()

    async def _watch_lag(self) -> None:
        while True:
            self._lag.set(await beat(LAG_INTERVAL_S))
