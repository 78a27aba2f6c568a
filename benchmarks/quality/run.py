"""One cell on one server: the film is published, receivers come behind their lines, time passes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from livekit import rtc

from tests.interop.broadcast import HEIGHT, Broadcast, broadcast
from tests.interop.line_process import Way
from tests.interop.link import Record
from tests.interop.sdk import token
from tests.interop.signal_relay import Behind, behind
from tests.interop.viewer import Seen, watching

from ..fanout.servers import Door, Sfu
from .cells import BEFORE_STEP_S, Cell
from .figures import Figures, figures, paused_spans

ROOM = "film"
CORES = "0,1"
QUEUE_S = 0.3
#: Until the encoder sends its top layer: it begins with a low rate and probes.
WARM_UP_S = 30.0
STEADY_TOP_FPS = 15
SUBSCRIBED_S = 20.0


@dataclass(frozen=True)
class Outcome:
    """`receivers`: by name. `publisher_fps`: of the top layer, in the time that is judged."""

    receivers: dict[str, Figures]
    publisher_fps: float


@asynccontextmanager
async def publishing(door: Door) -> AsyncIterator[Broadcast]:
    """The film runs and its top layer is sent. Raises TimeoutError when the machine does not get there."""
    room = rtc.Room()
    access = token("publisher", ROOM, secret=door.secret)
    await room.connect(door.websocket, access, rtc.RoomOptions(single_peer_connection=False))
    try:
        async with broadcast(room) as film:
            async with asyncio.timeout(WARM_UP_S):
                while (await top_layer(film)).frames_per_second < STEADY_TOP_FPS:  # noqa: ASYNC110
                    await asyncio.sleep(0.5)  # counters of the SDK: nothing tells when they change
            yield film
    finally:
        await room.disconnect()


async def top_layer(film: Broadcast) -> rtc.stats.OutboundRtpStreamStats:
    """Counters of the encoder's largest stream; empty ones before there is any."""
    assert film.picture.track is not None, "published"
    for one in await film.picture.track.get_stats():
        if one.WhichOneof("stats") == "outbound_rtp" and one.outbound_rtp.outbound.frame_height == HEIGHT:
            return one.outbound_rtp.outbound
    return rtc.stats.OutboundRtpStreamStats()


@dataclass
class Receiver:
    """Somebody behind a line, from the subscription on."""

    name: str
    door: Behind
    seen: Seen
    limit_kbps: int | None
    begun: float = 0.0


def ways(cell: Cell, kbps: int | None, seed: int) -> dict[str, Way]:
    """Of a line, up and down."""
    delay_s = cell.round_trip_ms / 2000
    return {
        "up": Way(delay_s=delay_s, loss=cell.loss, seed=seed),
        "down": Way(kbps * 1000 if kbps else None, delay_s, cell.loss, QUEUE_S, seed + 1),
    }


async def run_cell(server: Sfu, cell: Cell, log: Path, *, single: bool) -> Outcome:
    """Raises what joining raises. `single`: one peer connection for both directions (v1)."""
    names = {"bad" if cell.good_beside else "receiver": cell.kbps} if cell.kbps else {}
    names |= {f"good {number + 1}": 0 for number in range(cell.good_beside)}
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        _, door = await stack.enter_async_context(server.serving(log, CORES))
        film = await stack.enter_async_context(publishing(door))

        async def join(number: int, name: str, kbps: int) -> Receiver:
            line = ways(cell, kbps or None, 10 * number + 1)
            its = await stack.enter_async_context(behind(door.http, **line))
            access = token(name, ROOM, secret=door.secret)
            seen = await stack.enter_async_context(
                watching(f"ws://127.0.0.1:{its.port}", access, single=single)
            )
            await seen.until(lambda: len(seen.tracks) == 2, "picture and sound", SUBSCRIBED_S)
            return Receiver(name, its, seen, (kbps and cell.last_kbps) or None, loop.time())

        receivers = [await join(number, *one) for number, one in enumerate(names.items())]
        first = receivers[0]
        if cell.then_kbps:
            await first.door.line.change_rate(first.begun + BEFORE_STEP_S, cell.then_kbps * 1000)
        await asyncio.sleep(first.begun + cell.judged_from_s - loop.time())
        before, since = (await top_layer(film)).frames_encoded, time.monotonic()
        end = first.begun + cell.seconds
        await asyncio.sleep(end - loop.time())
        fps = ((await top_layer(film)).frames_encoded - before) / (time.monotonic() - since)
        records = [(await one.door.line.records())[1] for one in receivers]
        found = {
            one.name: judge(one, record, cell, end) for one, record in zip(receivers, records, strict=True)
        }
        return Outcome(found, fps)


def judge(one: Receiver, record: Record, cell: Cell, end: float) -> Figures:
    paused = paused_spans(one.door.states, one.seen.tracks["video"], end)
    judged = (one.begun + cell.judged_from_s, end)
    return figures(one.seen, record, paused, (one.begun, end), judged, one.limit_kbps)
