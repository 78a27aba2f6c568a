"""The server with one film for all of its rooms: `python -m benchmarks.films.theatre HTTP UDP ROOMS FOLDER`.

The film is made up and sealed as the pipeline seals, the rest is the server as it is. No room has it until SIGUSR1,
then it plays in every room, again and again.
"""

import asyncio
import signal
import sys
from pathlib import Path

from livekit.protocol.room import CreateRoomRequest
from prometheus_client import CollectorRegistry

from mediaserver.clock import SystemClock
from signalling.app import Server
from signalling.broadcast.projection import Projection, StopReason
from signalling.broadcast.service import Broadcasts
from signalling.config import load
from signalling.rtc import room_configuration
from tests.signalling.broadcast.broadcast_fakes import BASIC, FakeFilms

SECRET = "s" * 32
CONTENT = "film"
SECONDS = 30


class Loop:
    """An `Audience` that begins the film anew when it has ended."""

    projection: Projection | None = None

    def film_moved(self) -> None:
        if self.projection is not None and self.projection.moment.ended:
            self.projection.play()

    def film_stopped(self, reason: StopReason) -> None:
        print(f"stopped: {reason.value}", flush=True)


async def serve(http: int, udp: int, rooms: int, folder: Path) -> None:
    """Until SIGTERM."""
    ended, shown = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, shown.set)
    settings = load(
        None,
        {
            "keys": {"devkey": SECRET},
            "data": folder / "data",
            "http": {"port": http, "tls_port": None},
            "media": {"hosts": ["127.0.0.1"], "udp_port": udp, "tcp_port": None, "workers": 1},
            "rtc": {"joins_per_s": 10_000, "max_connections_per_address": 10_000},
        },
    )
    server = Server(settings, SystemClock())
    films = FakeFilms(folder / "films")
    films.add(CONTENT, seconds=SECONDS, backup=True)
    gateway = server.rtc.gateway()

    async def lesson_of(room: str) -> tuple[str, str]:
        return BASIC

    broadcasts = Broadcasts(gateway, server.engine, films, lesson_of, CollectorRegistry())
    await server.start()
    for number in range(rooms):
        name = f"bench-{number}"
        request = CreateRoomRequest(name=name)
        gateway.attendance.rooms.get_or_create(
            name, room_configuration.room_settings(request, "", settings.rtc), ()
        )
    watching = asyncio.create_task(broadcasts.run())
    playing = asyncio.create_task(play(broadcasts, rooms, shown))
    await ended.wait()
    for task in (watching, playing):
        task.cancel()
    await asyncio.gather(watching, playing, return_exceptions=True)
    await broadcasts.close()
    await server.close()


async def play(broadcasts: Broadcasts, rooms: int, shown: asyncio.Event) -> None:
    """In all rooms, as soon as it is `shown`."""
    await shown.wait()
    for number in range(rooms):
        audience = Loop()
        audience.projection = await broadcasts.show(f"bench-{number}", "film", CONTENT, audience)
        audience.projection.play()
    print("playing", flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
