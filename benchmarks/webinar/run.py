"""One audience: it joins, it watches, a few more come while it does."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from livekit import api

from ..fanout.run import consent_kept, generate
from ..fanout.servers import Door, Polyana, client_session
from ..joins.doors import WARM_UP, adapter_of, join_many, publish_in, stats
from ..joins.first_media import ROOM, newcomer_ms
from ..joins.results import quantile
from ..joins.steady import Steady, window
from ..joins.storm import SETTLE_S
from ..peers.livekit import LiveKitServer
from ..peers.plan import PeerPlan, Traffic
from ..peers.process import cpu_seconds, process_tree, resident_bytes

ROLE = "polyana.role"
SSRC = 20_000
#: Newcomers come at this pace, at any time between keyframes, whether or not the one before sees anything yet.
INTERVAL_S = 0.53
#: A picture of 290 kbit/s with a keyframe each second: what thousands get of a face on a machine of two cores.
PICTURE: Traffic = {
    "frames_per_second": 10.0,
    "burst": 3,
    "packet_bytes": 1200,
    "clock_rate": 90_000,
    "frames": [],
}


@dataclass(frozen=True)
class Crowd:
    """Who comes. A room that nobody controls is the other way: everybody knows of everybody."""

    viewers: int
    newcomers: int
    """One after the other, while all others watch."""
    seconds: float
    """Of steady state, before they come."""
    warmup: float
    webinar: bool = True

    @property
    def part(self) -> int:
        """Joins of the first and of the last part are told by themselves."""
        return max(1, min(200, self.viewers // 4))


@dataclass(frozen=True)
class Outcome:
    """CPU times are user + system, of the server's processes."""

    first_ms: float
    """Of each join, while there is hardly anybody."""
    last_ms: float
    """Of each join, when nearly all others are there."""
    all_ms: float
    """Of each join, all of them, with what is told afterwards."""
    client_ms: float
    per_second: float
    """Complete joins, by the time from the first to the last."""
    pictures_ms: list[float]
    """Of each newcomer, from opening the WebSocket to the first packet of a picture."""
    idle: Steady
    """All are there, and there are no media."""
    steady: Steady
    """With the picture."""
    sent_per_second: float
    """Packets that arrived at viewers, while the newcomers came, too."""
    loss: float
    """Share of packets that are missing between those that arrived, 0 to 1."""
    bytes_per_viewer: float
    """Resident."""


@asynccontextmanager
async def audience_of(door: Door, *, webinar: bool) -> AsyncIterator[LiveKitServer]:
    """Clients of a room: of a webinar with their roles."""
    async with adapter_of(door) as adapter:
        if webinar:
            adapter.publishers_attributes, adapter.viewers_attributes = {ROLE: "host"}, {ROLE: "viewer"}
        yield adapter


async def open_webinar(door: Door, room: str) -> None:
    """As a backend does."""
    grants = api.VideoGrants(room_admin=True, room=room)
    access = api.AccessToken(door.key, door.secret).with_identity("backend").with_grants(grants)
    headers = {"Authorization": f"Bearer {access.with_ttl(timedelta(minutes=5)).to_jwt()}"}
    settings = {"mode": "webinar", "lobby": "off"}
    url = f"{door.http}/api/calls/{room}"
    async with client_session() as http, http.put(url, json=settings, headers=headers) as answer:
        answer.raise_for_status()


async def run_crowd(crowd: Crowd, log: Path) -> Outcome:
    """Raises what joining raises."""
    async with Polyana().serving(log) as (process, door):
        if crowd.webinar:
            await open_webinar(door, ROOM)
        async with audience_of(door, webinar=crowd.webinar) as adapter:
            async with consent_kept(adapter.endpoints):
                await publish_in(adapter, WARM_UP[:1])
                await join_many(adapter, WARM_UP)
                publisher = await adapter.publish(ROOM, kind="video", ssrc=SSRC, traffic=PICTURE)
                pids = process_tree(process.pid)
                empty = resident_bytes(pids)
                joins = _Joins(adapter, pids)
                parts = [crowd.part, crowd.viewers - 2 * crowd.part, crowd.part]
                for count in parts:
                    await joins.more(count)
                busy = cpu_seconds(stats(pids))
                await asyncio.sleep(SETTLE_S)
                settled_s = cpu_seconds(stats(pids)) - busy
                idle = await window(process.pid, crowd.seconds)
            resident = resident_bytes(pids)
            newcomers_s = crowd.newcomers * INTERVAL_S
            media = asyncio.create_task(
                generate(
                    {
                        "server_pids": [process.pid],
                        "warmup_s": crowd.warmup,
                        "duration_s": crowd.seconds + newcomers_s + 2.0,
                        "rtx_payload_types": [],
                        "publishers": [publisher],
                        "subscribers": joins.plans,
                    }
                )
            )
            await asyncio.sleep(crowd.warmup)
            steady = await window(process.pid, crowd.seconds)
            pictures = await _newcomers(door, crowd)
            report = await media
    received, lost = report["received"], report["lost"]
    return Outcome(
        first_ms=joins.ms[0],
        last_ms=joins.ms[-1],
        all_ms=(sum(ms * count for ms, count in zip(joins.ms, parts, strict=True)) + settled_s * 1e3)
        / crowd.viewers,
        client_ms=joins.own_s * 1e3 / crowd.viewers,
        per_second=crowd.viewers / joins.took_s,
        pictures_ms=pictures,
        idle=idle,
        steady=steady,
        sent_per_second=received / report["window_s"],
        loss=lost / (received + lost) if received else 1.0,
        bytes_per_viewer=(resident - empty) / crowd.viewers,
    )


class _Joins:
    """Viewers come in parts; what each part costs is remembered."""

    def __init__(self, adapter: LiveKitServer, pids: Sequence[int]) -> None:
        self._adapter, self._pids = adapter, pids
        self.plans: list[PeerPlan] = []
        self.ms: list[float] = []
        self.own_s = self.took_s = 0.0

    async def more(self, count: int) -> None:
        charged, own, began = cpu_seconds(stats(self._pids)), time.process_time(), time.monotonic()
        self.plans += await join_many(self._adapter, [ROOM] * count, first=len(self.plans))
        self.own_s += time.process_time() - own
        self.took_s += time.monotonic() - began
        self.ms.append((cpu_seconds(stats(self._pids)) - charged) * 1e3 / count)


async def _newcomers(door: Door, crowd: Crowd) -> list[float]:
    began, seen = time.monotonic(), list[asyncio.Task[float]]()
    attributes = {ROLE: "viewer"} if crowd.webinar else {}
    async with asyncio.TaskGroup() as group:
        for number in range(crowd.newcomers):
            await asyncio.sleep(began + number * INTERVAL_S - time.monotonic())
            comes = newcomer_ms(door, crowd.viewers + number, kind="video", attributes=attributes)
            seen.append(group.create_task(comes))
    return [task.result() for task in seen]


def median(outcomes: Sequence[Outcome], name: str) -> float:
    """Of one figure of all rounds."""
    figures: list[float] = [getattr(outcome, name) for outcome in outcomes]
    return statistics.median(figures)


def pictures(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """p50 and p95 of all newcomers, ms."""
    pooled = sorted(ms for outcome in outcomes for ms in outcome.pictures_ms)
    return quantile(pooled, 0.5), quantile(pooled, 0.95)
