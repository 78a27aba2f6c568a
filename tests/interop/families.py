"""Many families in a call by their personal links, each with the SDK and the ticket that the page would get.

The first of them listen: each decodes what it hears, and two cores do that for no more. All others are in the call, and
are told of it, without media (`make bench-webinar` has thousands of viewers with media, that decode nothing).

A process of the SDK brings each event of a room to all of its rooms, so that its work grows with their square: large
crowds are shared by processes (`python -m tests.interop.families`).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from livekit import rtc

from .child import Child, child, commands
from .server import RunningServer

#: Joins under way at the same time.
AT_ONCE = 8
#: Families of one process.
TOGETHER = 20
LISTENING = 40
#: Both cores carry all clients and the server.
PATIENCE_S = 120.0


@dataclass(eq=False)
class Guest:
    """A family in the call, with what it subscribed to."""

    room: rtc.Room
    listens: bool
    tracks: dict[str, rtc.Track] = field(default_factory=dict)

    def wish(self, publication: rtc.RemoteTrackPublication) -> None:
        """Sound alone: two cores do not decode the pictures of so many."""
        publication.set_subscribed(self.listens and publication.kind == rtc.TrackKind.KIND_AUDIO)

    async def packets(self) -> int:
        """Of media that have arrived so far."""
        reports = await asyncio.gather(*(track.get_stats() for track in self.tracks.values()))
        return sum(
            one.inbound_rtp.received.packets_received
            for report in reports
            for one in report
            if one.HasField("inbound_rtp")
        )


class Crowd:
    """Families in this process, by their names."""

    def __init__(self, http: str, websocket: str) -> None:
        self._http, self._websocket = http, websocket
        self.guests: dict[str, Guest] = {}
        self._changed = asyncio.Event()

    async def come(self, links: Mapping[str, str], listen: bool) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def enter(name: str, link: str) -> None:
            async with gate:
                await self._join(name, link, listen)

        await asyncio.gather(*(enter(*item) for item in links.items()))

    async def leave(self) -> None:
        for guest in self.guests.values():
            await guest.room.disconnect()
        self.guests.clear()

    async def reached(self) -> list[str]:
        """Whom new packets of media reach now."""
        before = await self._packets()
        await asyncio.sleep(1)
        after = await self._packets()
        return [name for name, count in after.items() if count > before[name]]

    async def have(self, tracks: int) -> None:
        """Returns when everybody who listens is subscribed to so many."""
        while any(guest.listens and len(guest.tracks) != tracks for guest in self.guests.values()):
            self._changed.clear()
            await self._changed.wait()

    async def seen(self) -> list[str]:
        """The identities of whom they see."""
        return sorted(
            {identity for guest in self.guests.values() for identity in guest.room.remote_participants}
        )

    async def _packets(self) -> dict[str, int]:
        counts = await asyncio.gather(*(guest.packets() for guest in self.guests.values()))
        return dict(zip(self.guests, counts, strict=True))

    async def _join(self, name: str, link: str, listens: bool) -> None:
        url = f"{self._http}/api/lessons/{link.rpartition('/')[2]}/join"
        async with aiohttp.ClientSession() as http, http.post(url, json={}) as answer:
            ticket = await answer.json()
            assert answer.status == 200, ticket
        guest = self.guests[name] = Guest(rtc.Room(), listens)

        def subscribed(track: rtc.Track, *_: object) -> None:
            guest.tracks[track.sid] = track
            self._changed.set()

        def unsubscribed(track: rtc.Track, *_: object) -> None:
            guest.tracks.pop(track.sid, None)
            self._changed.set()

        guest.room.on("track_subscribed", subscribed)
        guest.room.on("track_unsubscribed", unsubscribed)
        guest.room.on("track_published", lambda publication, _: guest.wish(publication))
        options = rtc.RoomOptions(auto_subscribe=False, single_peer_connection=True)
        await guest.room.connect(self._websocket, ticket["token"], options)
        for participant in guest.room.remote_participants.values():
            for publication in participant.track_publications.values():
                guest.wish(publication)


class Elsewhere:
    """A `Crowd` in a process of its own, with the same methods."""

    def __init__(self, process: Child) -> None:
        self._process = process

    async def ask(self, method: str, *arguments: object) -> Any:
        await self._process.tell(method, *arguments)
        answer = await self._process.answer()
        assert answer, f"{method}: the process has ended"
        return json.loads(answer)


class Families:
    """All of them: the first ones are `here`, the others in processes of their own."""

    def __init__(self, server: RunningServer, stack: AsyncExitStack) -> None:
        self._server, self._stack = server, stack
        self.here = Crowd(server.http, server.websocket)
        stack.push_async_callback(self.here.leave)
        self._elsewhere: list[Elsewhere] = []
        self._listening: set[str] = set()

    async def come(self, links: Mapping[str, str]) -> None:
        names = list(links)
        self._listening.update(names[:LISTENING])
        for begin in range(0, len(names), TOGETHER):
            some = {name: links[name] for name in names[begin : begin + TOGETHER]}
            if begin == 0:
                await self.here.come(some, True)
            else:
                where = child("tests.interop.families", self._server.http, self._server.websocket)
                crowd = Elsewhere(await self._stack.enter_async_context(where))
                self._elsewhere.append(crowd)
                await crowd.ask("come", some, begin < LISTENING)

    async def reached(self) -> set[str]:
        """Whom new packets of media reach now."""
        return set().union(*await self._everywhere("reached"))

    async def all_reached(self) -> None:
        """Sound comes to all who listen."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.reached() != self._listening:
                pass

    async def all_have(self, tracks: int) -> None:
        """Everybody who listens is subscribed to so many."""
        async with asyncio.timeout(PATIENCE_S):
            await self._everywhere("have", tracks)

    async def seen(self) -> set[str]:
        """The identities of whom they see."""
        return set().union(*await self._everywhere("seen"))

    async def _everywhere(self, method: str, *arguments: object) -> list[Any]:
        here = getattr(self.here, method)(*arguments)
        return await asyncio.gather(here, *(one.ask(method, *arguments) for one in self._elsewhere))


@asynccontextmanager
async def families_of(server: RunningServer) -> AsyncIterator[Families]:
    async with AsyncExitStack() as stack:
        yield Families(server, stack)


async def main(http: str, websocket: str) -> None:
    crowd = Crowd(http, websocket)
    async for method, *arguments in commands():
        print(json.dumps(await getattr(crowd, method)(*arguments)), flush=True)
    await crowd.leave()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    os._exit(0)  # threads of the SDK that still run abort one of twenty processes at their ordinary end
