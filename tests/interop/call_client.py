"""People in a controlled call by the `livekit` SDK: microphones, commands over HTTP, and packets that arrive."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np
import pytest
from livekit import rtc

from .sdk import RATE, STEP_S, Received, joined, token
from .server import RunningServer

SAMPLES = RATE // 50
WINDOW_S = 0.8
#: Of 50 packets a second: fewer is silence, as a packet or two may still have been under way.
HEARD = 10
ROLE = "polyana.role"
Matrix = set[tuple[str, str]]


def role_token(identity: str, room: str, role: str, **grants: Any) -> str:
    return token(identity, room, attributes={ROLE: role}, **grants)


@dataclass(eq=False)
class Person:
    """One participant; `token` is that of its join."""

    identity: str
    room: rtc.Room
    received: Received
    token: str
    microphone: rtc.LocalAudioTrack | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def speak(self) -> None:
        """Publishes a tone, without pauses between packets."""
        source = rtc.AudioSource(RATE, 1)
        self.microphone = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False)
        await self.room.local_participant.publish_track(self.microphone, options)
        self.tasks.append(asyncio.create_task(self._tone(source)))

    async def _tone(self, source: rtc.AudioSource) -> None:
        tone = (9000 * np.sin(2 * np.pi * 440 * np.arange(SAMPLES) / RATE)).astype(np.int16).tobytes()
        while True:
            await source.capture_frame(rtc.AudioFrame(tone, RATE, 1, SAMPLES))  # paces the loop

    async def show(self, source: rtc.TrackSource.ValueType) -> None:
        """Publishes a small moving picture under the name of this source."""
        video = rtc.VideoSource(160, 96)
        track = rtc.LocalVideoTrack.create_video_track("picture", video)
        options = rtc.TrackPublishOptions(source=source, simulcast=False)
        await self.room.local_participant.publish_track(track, options)
        self.tasks.append(asyncio.create_task(self._pictures(video)))

    async def _pictures(self, video: rtc.VideoSource) -> None:
        made = np.random.default_rng(1)
        while True:
            pixels = made.integers(0, 255, (96, 160, 4), np.uint8).tobytes()
            video.capture_frame(rtc.VideoFrame(160, 96, rtc.VideoBufferType.RGBA, pixels))
            await asyncio.sleep(0.05)

    async def packets(self, kind: str = "") -> dict[str, int]:
        """Packets of media (of one kind) that have arrived so far, by who sent them."""
        counts: dict[str, int] = {}
        for other in self.room.remote_participants.values():
            for publication in other.track_publications.values():
                if publication.track is not None:
                    for one in await publication.track.get_stats():
                        if one.HasField("inbound_rtp") and kind in ("", one.inbound_rtp.stream.kind):
                            received = one.inbound_rtp.received.packets_received
                            counts[other.identity] = counts.get(other.identity, 0) + received
        return counts


class CallRoom:
    """A call that was opened by a backend, and those who are in it."""

    def __init__(self, server: RunningServer, name: str, http: aiohttp.ClientSession) -> None:
        self.server, self.name, self.http = server, name, http
        self.people: dict[str, Person] = {}

    async def request(self, method: str, path: str, bearer: str, **body: Any) -> tuple[int, Any]:
        url = f"{self.server.http}/api/calls/{self.name}{path}"
        headers = {"Authorization": f"Bearer {bearer}"}
        async with self.http.request(method, url, headers=headers, **body) as answer:
            return answer.status, await answer.json()

    async def command(self, person: str, kind: str, **fields: Any) -> None:
        """Must be done."""
        status, answer = await self.try_command(person, kind, **fields)
        assert status == 200, answer

    async def try_command(self, person: str, kind: str, **fields: Any) -> tuple[int, Any]:
        return await self.request(
            "POST", "/commands", self.people[person].token, json={"type": kind, **fields}
        )

    async def view(self, person: str) -> dict[str, Any]:
        status, snapshot = await self.request("GET", "", self.people[person].token)
        assert status == 200, snapshot
        return dict(snapshot)

    async def until(self, person: str, holds: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Waits for a snapshot that a person was sent over its data channel."""

        def told() -> bool:
            data = self.people[person].received.data
            snapshots = [json.loads(payload) for topic, payload, _ in data if topic == "polyana.call"]
            return bool(snapshots) and holds(snapshots[-1])

        await self.people[person].received.until(told, what)

    @asynccontextmanager
    async def person(self, name: str, identity: str, role: str, **grants: Any) -> AsyncIterator[Person]:
        grants = {"attributes": {ROLE: role}, **grants}
        bearer = token(identity, self.name, **grants)
        async with joined(self.server, identity, self.name, single=True, **grants) as (room, received):
            person = self.people[name] = Person(identity, room, received, bearer)
            try:
                yield person
            finally:
                for task in person.tasks:
                    task.cancel()
                await asyncio.gather(*person.tasks, return_exceptions=True)

    async def heard(self, names: Iterable[str] = (), kind: str = "") -> Matrix:
        """(speaker, listener) of all pairs between which packets of media (of one kind) arrive now."""
        chosen = {name: self.people[name] for name in names or self.people}
        by_identity = {person.identity: name for name, person in chosen.items()}
        await asyncio.sleep(0.3)  # what was under way
        before = {name: await person.packets(kind) for name, person in chosen.items()}
        await asyncio.sleep(WINDOW_S)
        after = {name: await person.packets(kind) for name, person in chosen.items()}
        return {
            (by_identity[by], to)
            for to, counts in after.items()
            for by, count in counts.items()
            if by in by_identity and count - before[to].get(by, 0) >= HEARD
        }

    async def settles(self, expected: Matrix, names: Iterable[str] = (), kind: str = "") -> None:
        """The matrix becomes what it should be, and then is so exactly."""
        deadline = time.monotonic() + STEP_S
        names = list(names or self.people)
        found = await self.heard(names, kind)
        while found != expected and time.monotonic() < deadline:
            found = await self.heard(names, kind)
        if found != expected:
            pytest.fail(f"missing {expected - found}, too much {found - expected}")


@asynccontextmanager
async def call_room(server: RunningServer, name: str, **settings: Any) -> AsyncIterator[CallRoom]:
    async with aiohttp.ClientSession() as http:
        call = CallRoom(server, name, http)
        admin = token("backend", name, room_admin=True)
        status, answer = await call.request("PUT", "", admin, json=settings)
        assert status == 201, answer
        yield call


@asynccontextmanager
async def speaking(call: CallRoom, *families: str) -> AsyncIterator[CallRoom]:
    """A teacher `t` and families who all speak."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(call.person("t", "staff:1:laptop", "host"))
        for name in families:
            await stack.enter_async_context(call.person(name, f"family:{name}:phone", "family"))
        for person in call.people.values():
            await person.speak()
        yield call


def complete(*names: str) -> Matrix:
    return {(by, to) for by in names for to in names if by != to}
