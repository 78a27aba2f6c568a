"""A controlled call on the fakes of signalling: people with roles, and what is forwarded between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from livekit.protocol import models, rtc

from mediaserver.participant import Participant
from mediaserver.room import Room
from mediaserver.track import Track
from signalling.call import CallEvent, CallService, CallSettings
from signalling.call.call import Call
from signalling.call.commands import COMMAND
from signalling.call.recording import Answer
from signalling.call.taping import RecordingRefused, Wanted
from tests.mediaserver.room_fakes import FakeConnection, fake, offer_of
from tests.signalling.rtc.rtc_fakes import Client, World


class FakeTape:
    """What a recorder was told."""

    def __init__(self, number: int, by: str, wanted: Wanted, failed: Callable[[str], None]) -> None:
        self.id, self.by, self.wanted, self.fail = f"r{number}", by, wanted, failed
        self.answers: list[tuple[str, str, bool]] = []
        self.refreshed = 0
        self.ended = False

    def refresh(self) -> None:
        assert not self.ended
        self.refreshed += 1

    def answered(self, person: str, name: str, answer: Answer) -> None:
        self.answers.append((person, name, answer.agreed))

    def end(self) -> None:
        assert not self.ended
        self.ended = True


class FakeRecorders:
    """A `Recorders` without media; `refusal`: the code with which nothing begins."""

    def __init__(self) -> None:
        self.tapes: list[FakeTape] = []
        self.refusal: str | None = None

    def check(self, room: str) -> None:
        if self.refusal is not None:
            raise RecordingRefused(self.refusal)

    def begin(self, room: Room, by: str, wanted: Wanted, failed: Callable[[str], None]) -> FakeTape:
        self.check(room.name)
        self.tapes.append(FakeTape(len(self.tapes) + 1, by, wanted, failed))
        return self.tapes[-1]

    def wanted(self, clients: Mapping[str, Client]) -> list[tuple[str, Track]]:
        """What of them goes into the last recording now."""
        here = {name: client.participant for name, client in clients.items() if client.present}
        return [
            (name, track)
            for name, participant in here.items()
            for track in participant.publisher.tracks.values()
            if self.tapes and self.tapes[-1].wanted(participant, track)
        ]


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
