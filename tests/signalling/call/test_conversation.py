"""Chat, reactions and polls in a call: who reads what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mediaserver.participant import RemovalReason
from signalling.call.errors import CallError
from tests.signalling.call.call_fakes import CallWorld, packets
from tests.signalling.rtc.rtc_fakes import Client


def texts(client: Client) -> list[str]:
    return [p["message"]["text"] for p in packets(client, "polyana.chat") if "message" in p]


async def refused(world: CallWorld, client: Client, kind: str, **fields: Any) -> str:
    with pytest.raises(CallError) as error:
        await world.command(client, kind, **fields)
    return error.value.code


async def test_chat_reaches_everybody_who_is_in(lesson: CallWorld) -> None:
    teacher, family = await lesson.come("staff:1:a", "host"), await lesson.come("family:1:a")
    other, guest = await lesson.come("family:2:a"), await lesson.come("guest:x", "guest")
    await lesson.command(family, "chat", text=" hello ")
    await lesson.command(family, "chat", text="we must go", to="hosts")
    assert texts(teacher) == texts(family) == ["hello", "we must go"] and texts(other) == ["hello"]
    assert texts(guest) == []
    message = packets(teacher, "polyana.chat")[0]["message"]
    assert (message["person"], message["name"], message["place"]) == ("family:1", "Family:1:A", "main")
    history = lesson.call.conversation.history
    assert [m["text"] for m in await history("family:2", 100)] == ["hello"]
    assert await history("guest:x", 100) == []
    assert lesson.events[-1].details == {"to": "hosts"}  # no text in the log
    await lesson.command(teacher, "delete_message", id=message["id"])
    assert packets(other, "polyana.chat")[-1] == {"deleted": message["id"]}
    assert await refused(lesson, teacher, "delete_message", id=message["id"]) == "NOT_FOUND"
    assert await refused(lesson, family, "delete_message", id=message["id"]) == "FORBIDDEN"


async def test_chat_stays_in_its_group(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    a, b, c = [await lesson.come(f"family:{name}:x") for name in "abc"]
    group = {"name": "Mice", "identities": ["family:a", "family:b"]}
    await lesson.command(teacher, "open_groups", groups=[group])
    await lesson.command(a, "chat", text="squeak")
    await lesson.command(a, "react", emoji="🎉")
    await lesson.wait(0.2)
    assert texts(b) == texts(teacher) == ["squeak"] and texts(c) == []
    assert packets(b, "polyana.reaction") and not packets(c, "polyana.reaction")


async def test_a_closed_and_a_slow_chat(lesson: CallWorld) -> None:
    teacher, family = await lesson.come("staff:1:a", "host"), await lesson.come("family:1:a")
    await lesson.command(teacher, "set_chat", allowed=False)
    assert await refused(lesson, family, "chat", text="x") == "CHAT_OFF"
    assert not family.participant.may_send_data and teacher.participant.may_send_data
    await lesson.command(teacher, "set_chat", allowed=True, interval_s=30)
    await lesson.command(family, "chat", text="one")
    assert await refused(lesson, family, "chat", text="two") == "SLOW_MODE"
    await lesson.command(teacher, "chat", text="teachers may")
    lesson.clock.advance(30)
    await lesson.command(family, "chat", text="three")
    assert texts(teacher) == ["one", "teachers may", "three"]


async def test_reactions_of_an_audience_have_no_name() -> None:
    world = CallWorld(mode="webinar", lobby="off")
    teacher = await world.come("staff:1:a", "host")
    a, b = await world.come("family:a:x"), await world.come("family:b:x")
    await world.command(a, "react", emoji="👏")
    await world.command(teacher, "react", emoji="👋")
    await world.wait(0.2)
    assert packets(teacher, "polyana.reaction")[0]["reactions"][0] == {"person": "family:a", "emoji": "👏"}
    shown = [r for p in packets(b, "polyana.reaction") for r in p["reactions"]]
    assert {(r["person"], r["emoji"]) for r in shown} == {(None, "👏"), ("staff:1", "👋")}
    assert await refused(world, a, "react", emoji="💣") == "UNKNOWN_EMOJI"
    await world.close()


async def test_one_family_has_one_vote(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    phone, tablet = await lesson.come("family:1:a"), await lesson.come("family:1:b")
    other = await lesson.come("family:2:a")
    options = [{"text": "apple", "picture": "🍎"}, {"text": "pear", "picture": "🍐"}]
    for anonymous in (False, True):
        await lesson.command(teacher, "open_poll", question="Which?", options=options, anonymous=anonymous)
    await lesson.command(phone, "vote", poll="p1", options=[0])
    await lesson.command(tablet, "vote", poll="p1", options=[1])
    await lesson.command(other, "vote", poll="p1", options=[1])
    await lesson.command(phone, "vote", poll="p2", options=[0])
    assert await refused(lesson, tablet, "vote", poll="p2", options=[1]) == "ALREADY_VOTED"
    named, anonymous_poll = lesson.view(teacher)["polls"]
    assert [option["votes"] for option in named["options"]] == [0, 2]
    assert named["choices"] == {"family:1": [1], "family:2": [1]}
    assert "choices" not in anonymous_poll and anonymous_poll["voters"] == 1
    assert "choices" not in lesson.view(phone)["polls"][0] and lesson.view(phone)["polls"][0]["choice"] == [1]
    await lesson.command(teacher, "close_poll", poll="p1")
    assert await refused(lesson, other, "vote", poll="p1", options=[0]) == "POLL_CLOSED"
    assert await refused(lesson, other, "vote", poll="p9", options=[0]) == "NOT_FOUND"
    empty = [{"text": "a"}, {"text": " "}]
    assert await refused(lesson, teacher, "open_poll", question="?", options=empty) == "EMPTY_OPTION"


async def test_each_is_told_what_concerns_it_and_only_when_it_changed(lesson: CallWorld) -> None:
    teacher, family = await lesson.come("staff:1:a", "host"), await lesson.come("family:1:a")
    await lesson.wait(1)
    told = len(packets(family, "polyana.call"))
    await lesson.come("guest:x", "guest")
    await lesson.wait(1)
    assert len(packets(family, "polyana.call")) == told  # the lobby is the host's business
    assert packets(teacher, "polyana.call")[-1]["lobby"]
    versions = [p["version"] for p in packets(teacher, "polyana.call")]
    assert versions == sorted(set(versions))
    await lesson.wait(5)
    assert len(packets(teacher, "polyana.call")) == len(versions)


async def test_too_many_commands(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    codes = []
    for _ in range(40):
        lesson.clock.now -= 1  # `command` lets a second pass
        try:
            await lesson.command(teacher, "raise_hand")
        except CallError as error:
            codes.append(error.code)
    assert len(codes) == 20 and set(codes) == {"TOO_MANY_REQUESTS"}


async def test_a_hand_survives_a_reconnect(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    families = [await lesson.come(f"family:{n}:a") for n in range(2)]
    for family in families:
        await lesson.command(family, "raise_hand")
    await lesson.come("family:0:a")  # anew, as after a full reconnect
    assert lesson.view(teacher)["hands"] == ["family:0", "family:1"]
    families[1].session.remove(RemovalReason.SIGNAL_CLOSE)
    assert lesson.view(teacher)["hands"] == ["family:0"]
    await lesson.wait(31)
    assert list(lesson.call.state.hands.queue) == ["family:0"]


async def test_who_is_hidden_is_in_no_list(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    inspector = await lesson.come("staff:9:a", "host", grants={"hidden": True})
    view = lesson.view(teacher)
    assert ([one["person"] for one in view["people"]], view["people_total"]) == (["staff:1"], 1)
    view = lesson.view(inspector)
    assert ([one["person"] for one in view["people"]], view["people_total"]) == (["staff:9", "staff:1"], 2)


async def test_a_big_call_tells_of_who_stands_out(lesson: CallWorld) -> None:
    teacher = await lesson.come("staff:1:a", "host")
    families = [await lesson.come(f"family:{number}:a") for number in range(60)]
    await lesson.command(families[7], "raise_hand")
    await lesson.command(teacher, "spotlight", identities=["family:9"])
    view = lesson.view(families[3])
    assert {one["person"] for one in view["people"]} == {"staff:1", "family:3", "family:7", "family:9"}
    assert view["people_total"] == len(lesson.view(teacher)["people"]) == 61
