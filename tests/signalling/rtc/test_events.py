"""The stream of what happens in rooms, and what webhooks are told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf import json_format
from livekit.protocol import models
from livekit.protocol.egress import EgressInfo
from livekit.protocol.ingress import IngressInfo
from livekit.protocol.webhook import WebhookEvent
from structlog.testing import capture_logs

from mediaserver.participant import RemovalReason
from signalling.rtc import events
from signalling.rtc.webhook_events import Hook, Hooks
from tests.signalling.rtc.rtc_fakes import World


class Listening:
    """A world with a listener that makes hooks of all events."""

    def __init__(self, **settings: Any) -> None:
        self.world = World(**settings)
        self.events: list[events.RoomEvent] = []
        self.hooks: list[Hook] = []
        self._make = Hooks(self.world.attendance.of, self.world.settings.enabled_codecs)
        self.world.attendance.events.subscribe(self._hear)

    def _hear(self, event: events.RoomEvent) -> None:
        self.events.append(event)
        self.hooks.append(self._make.of(event, self.world.clock.time()))

    def names(self) -> list[str]:
        return [hook.name for hook in self.hooks]

    def message(self, name: str) -> WebhookEvent:
        """The only one of a name, as receivers read it."""
        (hook,) = [hook for hook in self.hooks if hook.name == name]
        return json_format.Parse(hook.body, WebhookEvent())


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    made = Listening()
    yield made
    await made.world.attendance.close()


@pytest.mark.compatibility(
    "webhook.room_started",
    "webhook.participant_joined",
    "webhook.track_published",
    "webhook.track_unpublished",
    "webhook.participant_left",
    "webhook.room_finished",
)
async def test_a_lesson_from_its_beginning_to_its_end(listening: Listening) -> None:
    world = listening.world
    anna = await world.join("anna", claims={"name": "Anna", "metadata": "teacher"})
    assert listening.names() == ["room_started"]
    anna.media_connects()
    anna.media_connects()
    assert listening.names()[1:] == ["participant_joined"], "once"
    sid = await anna.publish("audio", name="voice")
    await anna.request(leave={})
    await world.pass_time(world.settings.departure_timeout_s + 2)
    assert listening.names()[2:] == [
        "track_published",
        "track_unpublished",
        "participant_left",
        "room_finished",
    ]

    started, finished = listening.message("room_started"), listening.message("room_finished")
    assert started.room.name == "lesson" and started.room.sid == finished.room.sid
    assert [codec.mime for codec in started.room.enabled_codecs] == list(world.settings.enabled_codecs)
    joined = listening.message("participant_joined")
    assert (joined.participant.name, joined.participant.metadata) == ("Anna", "teacher")
    assert joined.participant.state == models.ParticipantInfo.ACTIVE and joined.room.num_participants == 1
    published = listening.message("track_published")
    assert (published.track.sid, published.track.name) == (sid, "voice")
    assert published.participant == models.ParticipantInfo(sid=anna.participant.sid, identity="anna")
    assert published.room == models.Room(sid=started.room.sid, name="lesson")
    assert listening.message("track_unpublished").track.sid == sid
    left = listening.message("participant_left")
    assert left.participant.state == models.ParticipantInfo.DISCONNECTED
    assert left.participant.disconnect_reason == models.DisconnectReason.CLIENT_INITIATED
    assert left.room.num_participants == 0


async def test_ids_and_times(listening: Listening) -> None:
    await listening.world.join("anna")
    await listening.world.join("boris", room="other")
    first, second = listening.hooks
    message = listening._make.of(listening.events[0], 1_700_000_001.9)
    assert first.event_id != second.event_id and first.event_id.startswith("EV_")
    assert (first.key, second.key) == ("lesson", "other"), "hooks of a room are sent in order"
    assert '"createdAt": "1700000001"' in message.body, "as protobuf writes 64 bits"


@pytest.mark.compatibility("webhook.participant_connection_aborted")
async def test_whose_media_never_connected_has_not_been_there(listening: Listening) -> None:
    anna = await listening.world.join("anna")
    anna.session.detach(anna.sink)
    assert listening.names() == ["room_started", "participant_connection_aborted"]
    aborted = listening.message("participant_connection_aborted").participant
    assert aborted.disconnect_reason == models.DisconnectReason.SIGNAL_CLOSE


async def test_who_joins_anew_leaves_first(listening: Listening) -> None:
    (await listening.world.join("anna")).media_connects()
    (await listening.world.join("anna")).media_connects()
    assert listening.names()[1:] == ["participant_joined", "participant_left", "participant_joined"]
    left = listening.message("participant_left").participant
    assert left.disconnect_reason == models.DisconnectReason.DUPLICATE_IDENTITY


@pytest.mark.compatibility("disconnect_reason.MIGRATION")
async def test_who_is_taken_to_another_room_leaves_the_first(listening: Listening) -> None:
    anna = await listening.world.join("anna")
    anna.media_connects()
    vera = await listening.world.join("vera", room="group")
    attendance = listening.world.attendance
    attendance.move(anna.session, vera.participant.room)
    assert listening.names()[-2:] == ["participant_left", "participant_joined"]
    assert listening.message("participant_left").participant.disconnect_reason == (
        models.DisconnectReason.MIGRATION
    )
    assert anna.present


async def test_who_resumes_has_been_there_all_the_time(listening: Listening) -> None:
    anna = await listening.world.join("anna")
    anna.media_connects()
    anna.session.drop_connection("lost")
    (await listening.world.resume(anna)).media_connects()
    assert listening.names() == ["room_started", "participant_joined"]


async def test_hidden_participants_are_told_too(listening: Listening) -> None:
    (await listening.world.join("inspector", grants={"hidden": True})).media_connects()
    assert listening.names() == ["room_started", "participant_joined"]
    assert listening.message("participant_joined").participant.permission.hidden


async def test_at_the_end_of_the_server_rooms_end_too() -> None:
    listening = Listening()
    anna = await listening.world.join("anna")
    anna.media_connects()
    await anna.publish("audio")
    await listening.world.attendance.close()
    assert listening.names()[3:] == ["track_unpublished", "participant_left", "room_finished"]
    assert isinstance(listening.events[-1], events.RoomFinished)
    assert listening.events[-1].reason is RemovalReason.SERVER_SHUTDOWN


async def test_events_of_gateways(listening: Listening) -> None:
    stream = listening.world.attendance.events
    stream.publish(events.IngressEvent("ingress_started", IngressInfo(ingress_id="IN_1", room_name="lesson")))
    stream.publish(events.EgressEvent("egress_ended", EgressInfo(egress_id="EG_1", room_name="lesson")))
    assert [(hook.name, hook.key) for hook in listening.hooks] == [
        ("ingress_started", "IN_1"),
        ("egress_ended", "EG_1"),
    ]
    assert listening.message("ingress_started").ingress_info.room_name == "lesson"
    assert listening.message("egress_ended").egress_info.egress_id == "EG_1"


async def test_a_listener_that_fails_harms_nobody(world: World) -> None:
    heard: list[events.RoomEvent] = []

    def fail(event: events.RoomEvent) -> None:
        raise RuntimeError("a bug")

    world.attendance.events.subscribe(fail)
    world.attendance.events.subscribe(heard.append)
    with capture_logs() as lines:
        await world.join("anna")
    assert len(heard) == 1 and world.metric("polyana_rtc_signal_errors_total", kind="internal") == 1
    assert any(line["event"] == "a listener failed" for line in lines)
