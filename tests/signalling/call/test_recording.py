"""A recording: only with the consent of all who are in the call, and of nobody who must not be in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mediaserver.participant import RemovalReason
from signalling.call.errors import CallError
from tests.mediaserver.room_fakes import FakeConnection
from tests.signalling.call.call_fakes import CallWorld, FakeRecorders, FakeTape, hears, packets
from tests.signalling.rtc.rtc_fakes import Client


class Studio(CallWorld):
    """A call that may be recorded."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"recording": "staff", **settings})
        self.service.recorders = self.recorders = FakeRecorders()
        self.clients: dict[str, Client] = {}

    async def come(self, identity: str, role: str = "family", **admission: Any) -> Client:
        client = self.clients[identity] = await super().come(identity, role, **admission)
        return client

    async def on_air(self, identity: str, role: str = "family", **admission: Any) -> Client:
        """With camera and microphone."""
        client = await self.come(identity, role, **admission)
        await client.publish("audio", cid=f"{identity}-a", source=2)
        await client.publish("video", cid=f"{identity}-v", source=1)
        return client

    @property
    def tape(self) -> FakeTape:
        return self.recorders.tapes[-1]

    def recorded(self) -> set[str]:
        """Identities with both sound and picture in the recording, and with only one of them: `identity?`."""
        found = [name for name, _ in self.recorders.wanted(self.clients)]
        return {name if found.count(name) == 2 else f"{name}?" for name in found}

    def state(self, client: Client) -> dict[str, Any]:
        found: dict[str, Any] = self.view(client)["recording"]
        return found

    def heard_of(self, action: str) -> list[tuple[str, dict[str, object]]]:
        return [(e.target, dict(e.details)) for e in self.events if e.action == action]


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    made = Studio()
    yield made
    await made.close()


async def code_of(studio: Studio, client: Client, kind: str, **fields: Any) -> str:
    with pytest.raises(CallError) as refused:
        await studio.command(client, kind, **fields)
    return refused.value.code


async def test_it_begins_when_the_last_one_agrees(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    first, second = await studio.on_air("family:1:a"), await studio.come("family:2:a")
    assert studio.state(first)["state"] == "off" and studio.state(first)["allowed"]
    await studio.command(teacher, "recording_ask")
    assert studio.state(teacher) | {
        "state": "asking",
        "waiting": ["family:1", "family:2"],
        "refused": [],
    } == (studio.state(teacher))
    assert studio.state(first)["you"] == {
        "asked": True,
        "agreed": None,
        "held": False,
        "included": False,
    }
    assert studio.state(first)["waiting_for"] == 2 and "waiting" not in studio.state(first)
    await studio.command(first, "recording_consent", agreed=True)
    assert not studio.recorders.tapes and not studio.recorded()
    assert await code_of(studio, teacher, "recording_start") == "RECORDING_CONSENT"
    await studio.command(second, "recording_consent", agreed=True)
    for client in (teacher, first, second):
        assert studio.state(client)["state"] == "running"
        assert studio.state(client)["since"] == studio.clock.time()
    await studio.wait(0.2)
    assert packets(first, "polyana.call")[-1]["recording"]["state"] == "running"
    assert studio.recorded() == {"staff:1:a"}, "children are not in it"
    assert studio.tape.by == "staff:1" and studio.tape.answers == [
        ("staff:1", "Staff:1:A", True),
        ("family:1", "Family:1:A", True),
        ("family:2", "Family:2:A", True),
    ]
    await studio.command(teacher, "recording_stop")
    assert studio.tape.ended and studio.state(first)["state"] == "off"
    assert studio.heard_of("recording_started") == [("", {"recording": "r1"})]
    assert studio.heard_of("recording_stopped") == [("", {"recording": "r1", "reason": "host"})]


async def test_a_no_pauses_at_once_and_a_host_goes_on(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.come("family:1:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    await studio.wait(9)
    began = studio.clock.time() + 1  # a command takes a second
    await studio.command(family, "recording_consent", agreed=False)
    assert studio.state(family)["state"] == "paused" and studio.state(family)["recorded_s"] == 10.0
    assert not studio.recorded() and not studio.tape.ended and studio.clock.time() == began
    assert studio.state(teacher)["refused"] == ["family:1"]
    assert studio.heard_of("recording_withdrawn") == studio.heard_of("recording_paused") == [("family:1", {})]
    assert await code_of(studio, teacher, "recording_start") == "RECORDING_CONSENT"
    await studio.command(family, "recording_consent", agreed=True)
    assert studio.state(family)["state"] == "paused", "only a host lets it go on"
    await studio.command(teacher, "recording_start")
    assert studio.state(family)["state"] == "running" and studio.recorded() == {"staff:1:a"}
    assert len(studio.recorders.tapes) == 1, "it is still the same recording"
    assert [agreed for person, _, agreed in studio.tape.answers if person == "family:1"] == [
        True,
        False,
        True,
    ]


async def test_a_consent_withdrawn_at_school_is_a_no() -> None:
    studio = Studio(recording="adults")
    try:
        teacher, family = await studio.on_air("staff:1:a", "host"), await studio.on_air("family:1:a")
        other = await studio.on_air("family:2:a")
        studio.call.withdraw_recording("family:1")
        assert not studio.heard_of("recording_refused"), "nobody was asked"
        await studio.command(teacher, "recording_ask")
        for client in (family, other):
            await studio.command(client, "recording_consent", agreed=True)
        assert studio.recorded() == {"staff:1:a", "family:1:a", "family:2:a"}
        for _ in range(2):
            studio.call.withdraw_recording("family:1")
        studio.call.withdraw_recording("family:3")
        assert studio.state(family)["state"] == "paused" and not studio.recorded()
        assert studio.heard_of("recording_withdrawn") == [("family:1", {})]
        assert studio.heard_of("recording_paused") == [("family:1", {})]
        assert [yes for person, _, yes in studio.tape.answers if person == "family:1"] == [True, False]
        assert await code_of(studio, teacher, "recording_start") == "RECORDING_CONSENT"
        family.session.remove(RemovalReason.CLIENT_INITIATED)
        await studio.command(teacher, "recording_start")
        back = await studio.on_air("family:1:a")
        assert studio.state(back)["you"]["agreed"] is False
        assert studio.recorded() == {"staff:1:a", "family:2:a"} and not hears(teacher, back)
    finally:
        await studio.close()


async def test_a_consent_withdrawn_at_school_by_who_is_away_or_has_not_answered(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.on_air("family:1:a")
    other = await studio.come("family:2:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(other, "recording_consent", agreed=True)
    studio.call.withdraw_recording("family:1")
    assert studio.heard_of("recording_refused") == [("family:1", {})]
    assert studio.state(teacher)["state"] == "asking" and studio.state(teacher)["refused"] == ["family:1"]
    await studio.command(family, "recording_consent", agreed=True)
    assert studio.state(teacher)["state"] == "running"
    other.session.remove(RemovalReason.CLIENT_INITIATED)
    studio.call.withdraw_recording("family:2")
    assert studio.state(teacher)["state"] == "paused"
    await studio.command(teacher, "recording_start")
    back = await studio.on_air("family:2:a")
    assert studio.state(back)["you"]["agreed"] is False and not hears(teacher, back)


async def test_who_refuses_may_leave_and_it_goes_on(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.come("family:1:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=False)
    assert studio.state(teacher)["state"] == "asking"
    assert studio.heard_of("recording_refused") == [("family:1", {})]
    family.session.remove(RemovalReason.CLIENT_INITIATED)
    await studio.wait(0.2)
    assert studio.state(teacher)["state"] == "running"
    again = await studio.on_air("family:1:b")
    assert studio.state(again)["you"] == {
        "asked": True,
        "agreed": False,
        "held": True,
        "included": False,
    }
    assert not hears(teacher, again)


async def test_nothing_of_who_comes_later_is_sent_before_the_answer(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.on_air("family:1:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    late = await studio.on_air("family:2:a")
    other = await studio.on_air("staff:2:a", "cohost")
    assert studio.state(late)["you"]["held"] and studio.state(teacher)["waiting"] == ["family:2", "staff:2"]
    for client in (late, other):
        assert not hears(teacher, client) and not hears(family, client, "video")
    assert hears(late, teacher) and studio.recorded() == {"staff:1:a"}
    await studio.command(late, "recording_consent", agreed=True)
    await studio.command(other, "recording_consent", agreed=True)
    for client in (late, other):
        assert hears(teacher, client) and hears(family, client, "video")
    assert studio.recorded() == {"staff:1:a", "staff:2:a"} and studio.state(teacher)["state"] == "running"
    another = await studio.on_air("family:3:a")
    await studio.command(another, "recording_consent", agreed=False)
    assert studio.state(teacher)["state"] == "paused" and not studio.recorded()
    assert hears(teacher, another), "nobody is punished for a no"


async def test_who_reconnects_is_not_asked_again(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.on_air("family:1:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    family.session.remove(RemovalReason.CLIENT_INITIATED)
    back = await studio.on_air("family:1:a")
    assert studio.state(back)["you"] == {
        "asked": True,
        "agreed": True,
        "held": False,
        "included": False,
    } and hears(teacher, back)


async def test_viewers_and_walls_see_it_and_are_not_asked(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    viewer, wall = await studio.come("family:1:a", "viewer"), await studio.come("wall:1:w", "wall")
    await studio.command(teacher, "recording_ask")
    for client in (viewer, wall):
        assert studio.state(client)["state"] == "running" and not studio.state(client)["you"]["asked"]
    assert await code_of(studio, viewer, "recording_consent", agreed=False) == "NOT_ASKED"
    await studio.command(teacher, "promote", identity="family:1")
    await viewer.publish("audio", cid="v", source=2)
    assert studio.state(viewer)["you"]["held"] and not hears(teacher, viewer)
    await studio.command(viewer, "recording_consent", agreed=True)
    assert hears(teacher, viewer) and studio.recorded() == {"staff:1:a"}


async def test_a_meeting_of_adults_is_recorded_but_for_guests_and_cameras() -> None:
    studio = Studio(recording="adults", lobby="off", guardian_rule=False)
    teacher = await studio.on_air("staff:1:a", "host")
    for identity, role in (("family:1:a", "family"), ("guest:x", "guest")):
        await studio.on_air(identity, role)
    await studio.on_air("camera:1:c", "camera")
    await studio.command(teacher, "recording_ask")
    for identity in ("family:1:a", "guest:x"):
        await studio.command(identity, "recording_consent", agreed=True)
    assert studio.recorded() == {"staff:1:a", "family:1:a"}
    await studio.command(teacher, "set_reach", reach="hosts")
    assert studio.recorded() == {"staff:1:a"}, "what not everybody hears is nobody's to keep"
    await studio.close()


async def test_a_host_made_of_a_family_is_still_a_family(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    family, colleague = await studio.on_air("family:1:a"), await studio.on_air("staff:3:a", "family")
    colleague.participant.update(attributes={"polyana.badge": "teacher"})
    await studio.command(teacher, "make_cohost", identity="family:1")
    await studio.command(teacher, "recording_ask")
    for client in (family, colleague):
        await studio.command(client, "recording_consent", agreed=True)
    assert studio.recorded() == {"staff:1:a"}, "a badge counts when the token has it"
    assert await code_of(studio, family, "recording_ask") == "FORBIDDEN"
    await studio.command(family, "recording_stop")
    assert studio.state(teacher)["state"] == "off"


async def test_a_badge_of_the_token_makes_an_adult(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    attributes = {"polyana.role": "family", "polyana.badge": "methodologist"}
    colleague = await studio.on_air("staff:3:a", claims={"attributes": attributes})
    await studio.command(teacher, "recording_ask")
    await studio.command(colleague, "recording_consent", agreed=True)
    assert studio.recorded() == {"staff:1:a", "staff:3:a"}


async def test_what_is_frozen_muted_private_or_in_a_group_is_not_in_it(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.on_air("family:1:a")
    other = await studio.on_air("staff:2:a", "cohost")
    await studio.command(teacher, "recording_ask")
    for client in (family, other):
        await studio.command(client, "recording_consent", agreed=True)
    both = {"staff:1:a", "staff:2:a"}
    assert studio.recorded() == both
    await studio.command(teacher, "panic")
    assert not studio.recorded()
    await studio.command(teacher, "calm")
    await studio.command(teacher, "mute", identity="staff:2")
    assert studio.recorded() == {"staff:1:a", "staff:2:a?"}
    await studio.command(teacher, "ask_unmute", identity="staff:2")
    await studio.command(teacher, "direct", identity="staff:2", to=["family:1"])
    assert studio.recorded() == {"staff:1:a"}
    await studio.command(teacher, "direct", identity="staff:2", to="default")
    await studio.command(teacher, "open_groups", groups=[{"name": "mice", "identities": ["family:1"]}])
    await studio.command(other, "visit", group="g1")
    assert studio.recorded() == {"staff:1:a"}
    await studio.command(other, "announce", on=True)
    assert studio.recorded() == both
    assert studio.tape.refreshed >= 8


async def test_refusals_say_why(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.come("family:1:a")
    cohost = await studio.come("staff:2:a", "cohost")
    for client in (family, cohost):
        assert await code_of(studio, client, "recording_ask") == "FORBIDDEN"
    assert await code_of(studio, teacher, "recording_start") == "NO_RECORDING"
    assert await code_of(studio, teacher, "recording_stop") == "NO_RECORDING"
    assert await code_of(studio, family, "recording_consent", agreed=True) == "NOT_ASKED"
    studio.recorders.refusal = "disk"
    assert await code_of(studio, teacher, "recording_ask") == "RECORDING_DISK"
    studio.recorders.refusal = None
    await studio.command(teacher, "recording_ask")
    assert await code_of(studio, teacher, "recording_ask") == "RECORDING_ON"
    studio.recorders.refusal = "busy"
    for client in (family, cohost):
        await studio.command(client, "recording_consent", agreed=True)
    assert studio.state(teacher) | {"state": "off", "failure": "busy"} == studio.state(teacher)
    assert studio.heard_of("recording_failed") == [("", {"reason": "busy"})]


async def test_it_is_off_unless_the_lesson_allows_it() -> None:
    studio = CallWorld()
    teacher = await studio.come("staff:1:a", "host")
    studio.service.recorders = FakeRecorders()
    with pytest.raises(CallError) as refused:
        await studio.command(teacher, "recording_ask")
    assert refused.value.code == "RECORDING_OFF" and not studio.view(teacher)["recording"]["allowed"]
    await studio.close()


async def test_a_server_without_recorders_says_so() -> None:
    studio = CallWorld(recording="adults")
    teacher = await studio.come("staff:1:a", "host")
    with pytest.raises(CallError) as refused:
        await studio.command(teacher, "recording_ask")
    assert refused.value.code == "RECORDING_OFF"
    await studio.close()


async def test_what_is_encrypted_cannot_be_recorded(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.come("family:1:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    await teacher.publish("video", cid="secret", source=3, encryption=1)
    assert studio.recorded() == {"staff:1:a"}
    await studio.command(teacher, "recording_stop")
    assert await code_of(studio, teacher, "recording_ask") == "RECORDING_E2EE"


async def test_a_recorder_that_fails_ends_it_and_lets_everybody_speak(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.command(teacher, "recording_ask")
    late = await studio.on_air("family:1:a")
    assert not hears(teacher, late)
    studio.tape.fail("disk")
    await studio.wait(0.2)
    assert studio.tape.ended and hears(teacher, late)
    assert studio.state(late) | {"state": "off", "failure": "disk"} == studio.state(late)
    assert studio.heard_of("recording_failed") == [("", {"recording": "r1", "reason": "disk"})]


async def test_it_ends_without_anybody_who_leads_and_with_the_call(studio: Studio) -> None:
    teacher, family = await studio.on_air("staff:1:a", "host"), await studio.come("family:1:a")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    teacher.session.remove(RemovalReason.CLIENT_INITIATED)
    await studio.wait(59)
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.wait(5)
    assert studio.state(family)["state"] == "running"
    teacher.session.remove(RemovalReason.CLIENT_INITIATED)
    await studio.wait(61)
    assert studio.tape.ended and studio.state(family)["state"] == "off"
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.command(teacher, "recording_ask")
    await studio.command(family, "recording_consent", agreed=True)
    await studio.command(teacher, "end")
    assert len(studio.recorders.tapes) == 2 and studio.tape.ended
    reasons = [details["reason"] for _, details in studio.heard_of("recording_stopped")]
    assert reasons == ["leaderless", "empty"]


async def test_another_process_knows_of_no_recording(studio: Studio) -> None:
    teacher = await studio.on_air("staff:1:a", "host")
    await studio.command(teacher, "recording_ask")
    assert "recording" not in studio.call.save().model_dump_json()
    assert isinstance(teacher.participant.primary_connection, FakeConnection)
