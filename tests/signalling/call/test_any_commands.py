"""Whatever is asked for in whatever order: what the media server does is what the rules say, and errors are told."""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import permutations
from typing import Any

import pytest

from mediaserver.rules import Gate
from signalling.call import SavedCall, standing
from signalling.call.call import Call, CallContext
from signalling.call.chat import MemoryChat
from signalling.call.commands import EMOJI
from signalling.call.errors import CallError
from signalling.call.screening import NoProjector
from signalling.rtc.errors import JoinError
from tests.signalling.call.call_fakes import CallWorld, hears, packets
from tests.signalling.rtc.rtc_fakes import Client

PEOPLE = {
    "staff:1:a": "host",
    "staff:2:a": "cohost",
    "family:1:a": "family",
    "family:1:b": "family",
    "family:2:a": "family",
    "family:3:a": "viewer",
    "guest:x": "guest",
}
ON_PERSON = [
    "admit",
    "mute",
    "ask_unmute",
    "stop_camera",
    "ask_camera",
    "promote",
    "demote",
    "make_cohost",
    "drop_cohost",
    "lower_hand_of",
    "deny",
]
ALONE = [
    "admit_all",
    "admit_expected",
    "next",
    "raise_hand",
    "lower_hand",
    "lower_all_hands",
    "mute_all",
    "panic",
    "calm",
    "close_groups",
]


def command(made: random.Random) -> dict[str, Any]:
    """Any command but those that end everything."""
    who, flag = made.choice([*PEOPLE, "nobody"]), made.random() < 0.5
    some = made.sample(sorted(PEOPLE), made.randrange(4))
    group = made.choice([None, "g1", "g2", "g9"])
    rare: list[dict[str, Any]] = [
        {"type": "set_lock", "locked": flag},
        {"type": "answer", "medium": made.choice(["audio", "video"])},
        {"type": "set_self_unmute", "allowed": flag},
        {"type": "set_screen", "identity": who, "allowed": flag},
        {"type": "freeze", "identity": who, "media": ["audio", "data"] if flag else []},
        {"type": "spotlight", "identities": some},
        {"type": "set_mode", "mode": made.choice(["meeting", "webinar", "consultation"])},
        {"type": "set_reach", "reach": made.choice(["everyone", "hosts"])},
        {"type": "direct", "identity": who, "to": made.choice(["default", "everyone", "hosts", some])},
        {"type": "open_groups", "groups": [{"name": "one", "identities": some}, {"name": "two"}]},
        {"type": "move", "identity": who, "group": group},
        {"type": "visit", "group": group},
        {"type": "announce", "on": flag},
        {"type": "extend", "minutes": 5, "reason": "x"},
        {"type": "extend_screen", "kind": "board", "minutes": 5, "reason": "x"},
        {"type": "set_chat", "allowed": flag},
        {"type": "chat", "text": "hello", "to": made.choice(["everyone", "hosts"])},
        {"type": "react", "emoji": made.choice([*EMOJI, "?"])},
        {"type": "open_poll", "question": "?", "options": [{"text": "a"}, {"text": "b"}], "anonymous": flag},
        {"type": "vote", "poll": "p1", "options": [made.randrange(3)]},
        {"type": "close_poll", "poll": "p1"},
    ]
    kind = made.random()
    if kind < 0.3:
        return {"type": made.choice(ON_PERSON), "identity": who}
    return {"type": made.choice(ALONE)} if kind < 0.45 else made.choice(rare)


def check(world: CallWorld, clients: dict[str, Client]) -> None:
    """The media server does what the rules say, for each pair and medium."""
    state = world.call.state
    present = {name: client for name, client in clients.items() if client.present}
    for name, client in present.items():
        key = world.call.caller(name)
        assert client.participant.rules == standing.rules_of(state, key)
        assert client.participant.permissions == standing.permissions_of(
            state, key, client.participant.permissions
        )
    for by, to in permutations(present, 2):
        for kind in ("audio", "video"):
            tracks = [t for t in present[by].participant.publisher.tracks.values() if t.kind == kind]
            theirs, mine = present[by].participant.rules, present[to].participant.rules
            expected = any(
                mine.receives(theirs, t.media) and theirs.gate(t.media) is Gate.OPEN and not t.muted
                for t in tracks
            )
            assert hears(present[to], present[by], kind) == expected, (by, to, kind)


@pytest.mark.parametrize("seed", range(12))
async def test_any_commands(seed: int) -> None:
    made = random.Random(seed)
    world = CallWorld(limit_minutes=made.choice([0, 1]), lobby=made.choice(["off", "guests", "all"]))
    clients: dict[str, Client] = {}
    done = 0
    for step in range(150):
        name = made.choice(sorted(PEOPLE))
        if name not in clients or not clients[name].present:
            with suppress(JoinError):
                clients[name] = await world.come(name, PEOPLE[name], claims={"nbf": world.clock.time()})
        client = clients.get(name)
        if client is not None and client.present and made.random() < 0.3:
            kind = made.choice(["audio", "video"])
            if client.participant.permissions.can_publish:
                source = {"audio": 2, "video": 1}[kind]
                await client.publish(kind, cid=f"{kind}-{step}", source=source)
        wanted = command(made)
        with suppress(CallError):
            await world.command(name, wanted.pop("type"), **wanted)
            done += 1
        if made.random() < 0.1:
            await world.wait(made.choice([0.2, 12]))  # both are longer than anybody in a small call waits
            check_told(world, clients)
        check(world, clients)
    assert done > 20
    check_saved(world)
    await world.close()


def check_told(world: CallWorld, clients: dict[str, Client]) -> None:
    """Whoever was not told of a change has missed nothing."""
    for name, client in clients.items():
        if client.present:
            told, view = packets(client, "polyana.call")[-1], world.view(client)
            assert {**told, "version": 0, "now": 0} == {**view, "version": 0, "now": 0}, name


def check_saved(world: CallWorld) -> None:
    """What is saved of a call makes one of which the same would be saved."""
    content = world.call.save().model_dump_json()
    context = CallContext(world.attendance, world.clock, MemoryChat(), NoProjector, world.events.append)
    other = Call("lesson", world.call.state.settings, context)
    other.restore(SavedCall.model_validate_json(content))
    assert other.save() == SavedCall.model_validate_json(content)
