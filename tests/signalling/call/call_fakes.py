"""A controlled call on the fakes of signalling: people with roles, and what is forwarded between them."""

from __future__ import annotations

import json
from typing import Any, cast

from livekit.protocol import models, rtc

from mediaserver.participant import Participant
from signalling.call import CallEvent, CallService, CallSettings
from signalling.call.call import Call
from signalling.call.commands import COMMAND
from tests.mediaserver.room_fakes import FakeConnection, fake, offer_of
from tests.signalling.rtc.rtc_fakes import Client, World


class CallWorld(World):
    """Everything but sockets and media; `call` is the call of the room `lesson`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.statistics: list[Any] = []
        self.events: list[CallEvent] = []
        self.service = CallService(self.attendance, self.keys, self.settings, self.clock, self._statistics)
        self.service.listeners.append(self.events.append)
        self.call: Call = self.service.open("lesson", CallSettings(**settings))

    async def _statistics(self) -> list[Any]:
        return self.statistics

    async def come(
        self, identity: str, role: str = "family", *, media: bool = True, **admission: Any
    ) -> Client:
        """Joins with a role, and with media unless not."""
        attributes = {"polyana.role": role} if role else {}
        claims = {"attributes": attributes, "name": identity.title(), **admission.pop("claims", {})}
        client = await self.join(identity, claims=claims, **admission)
        await client.request(offer=rtc.SessionDescription(type="offer", sdp=offer_of()))
        if media:
            client.media_connects()
        self.service.tick()
        await self.work()
        return client

    async def command(self, client: Client | str, kind: str, /, **fields: Any) -> None:
        """Through the same door as over HTTP."""
        identity = client if isinstance(client, str) else client.participant.identity
        self.clock.advance(1)
        await self.call.execute(identity, COMMAND.validate_python({"type": kind, **fields}))
        await self.work()

    async def wait(self, seconds: float) -> None:
        """Time passes in steps of the ticker."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
            self.service.tick()
        await self.work()

    def view(self, client: Client) -> dict[str, Any]:
        return self.call.snapshot(client.participant.identity)

    async def close(self) -> None:
        await self.service.close()
        await self.attendance.close()


def hears(listener: Client, speaker: Client, kind: str = "audio") -> bool:
    """Whether the data plane lets a track of one in and forwards it to another."""
    for track in speaker.participant.publisher.tracks.values():
        subscription = listener.participant.subscriber.subscriptions.get(track.sid)
        if track.kind == kind and subscription is not None:
            target = cast(Any, subscription.sender).target
            if cast(Any, track.receiver).enabled and target.get("enabled"):
                return True
    return False


def matrix(clients: dict[str, Client], kind: str = "audio") -> set[tuple[str, str]]:
    """(speaker, listener) of all who are heard."""
    return {
        (by, to)
        for by, speaker in clients.items()
        for to, listener in clients.items()
        if by != to and hears(listener, speaker, kind)
    }


def packets(client: Client, topic: str) -> list[dict[str, Any]]:
    """What the server has sent on a topic."""
    connection: FakeConnection = fake(client.participant.primary_connection)
    parsed = [models.DataPacket.FromString(payload) for _, payload in connection.sent]
    return [json.loads(p.user.payload) for p in parsed if p.user.topic == topic]


def names(participants: list[Participant]) -> list[str]:
    return sorted(participant.identity for participant in participants)
