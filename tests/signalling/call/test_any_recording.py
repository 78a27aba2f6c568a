"""Whoever comes, goes, answers and does what: nobody is recorded without the consent of all who can be heard."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from mediaserver.participant import RemovalReason
from mediaserver.rules import Gate
from signalling.call.errors import CallError
from tests.signalling.call.call_fakes import CallWorld, FakeRecorders, hears
from tests.signalling.rtc.rtc_fakes import Client

PEOPLE = {
    "staff:1:a": "host",
    "staff:2:a": "cohost",
    "family:1:a": "family",
    "family:1:b": "family",
    "family:2:a": "viewer",
    "guest:x": "guest",
}
RECORDED = {"staff": {"host", "cohost"}, "adults": {"host", "cohost", "family", "viewer"}}


def command(made: random.Random) -> dict[str, Any]:
    """What may change who is recorded."""
    who = made.choice(sorted(PEOPLE))
    kinds: list[dict[str, Any]] = [
        {"type": "recording_stop"},
        {"type": made.choice(["panic", "calm", "calm", "mute_all"])},
        {"type": made.choice(["promote", "demote", "make_cohost", "drop_cohost", "admit"]), "identity": who},
        {"type": "open_groups", "groups": [{"name": "one", "identities": [who]}]},
        {"type": made.choice(["close_groups", "admit_all"])},
        {"type": "visit", "group": made.choice([None, None, "g1"])},
        {"type": "direct", "identity": who, "to": made.choice(["default", "default", "hosts"])},
    ]
    return made.choice([*kinds, {"type": "recording_consent", "agreed": made.random() < 0.8}])


def check(world: CallWorld, recorders: FakeRecorders, clients: dict[str, Client], rule: str) -> int:
    """Returns how many tracks are recorded."""
    recording, taken = world.call.state.recording, recorders.wanted(clients)
    assert recording.is_running or not taken
    for name, track in taken:
        assert PEOPLE[name] in RECORDED[rule], name
        assert clients[name].participant.room.policy.gate(track) is Gate.OPEN and not track.muted
    present = {name: client for name, client in clients.items() if client.present}
    for name, client in present.items():
        if recording.is_running and client.participant.permissions.can_publish:
            others = [one for one in present.values() if one is not client]
            heard = any(hears(one, client, kind) for one in others for kind in ("audio", "video"))
            assert recording.agreed(world.call.caller(name)) or not heard, name
    return len(taken)


@pytest.mark.parametrize("rule", RECORDED)
@pytest.mark.parametrize("seed", range(3))
async def test_any_recording(seed: int, rule: str) -> None:
    made = random.Random(seed)
    world = CallWorld(recording=rule)
    world.service.recorders = recorders = FakeRecorders()
    clients: dict[str, Client] = {}
    recorded = 0
    for _ in range(200):
        name = made.choice(sorted(PEOPLE))
        client = clients.get(name)
        if client is None or not client.present:
            client = clients[name] = await world.come(name, PEOPLE[name])
            if client.participant.permissions.can_publish:
                for kind, source in (("audio", 2), ("video", 1)):
                    await client.publish(kind, source=source)
        elif made.random() < 0.05:
            client.session.remove(RemovalReason.CLIENT_INITIATED)
        else:
            wanted = command(made)
            with suppress(CallError):
                await world.command(name, wanted.pop("type"), **wanted)
        for asked in world.call.state.asked_to_record:
            if made.random() < 0.6:  # most agree soon
                device = next(iter(world.call.state.persons[asked].devices.values()))
                await world.command(device, "recording_consent", agreed=True)
        if made.random() < 0.3:
            wish = made.choice(["recording_ask", "recording_start", "calm", "close_groups"])
            with suppress(CallError):
                await world.command("staff:1:a", wish)
        if made.random() < 0.1:
            await world.wait(0.2)
        recorded += check(world, recorders, clients, rule)
    assert recorded > 50 and len(recorders.tapes) > 1, "something was recorded"
    await world.close()
