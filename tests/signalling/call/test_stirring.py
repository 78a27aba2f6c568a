"""What a call tells is told soon after it has been brought about, and a call in which nothing happens wakes nobody."""

from collections.abc import Awaitable, Callable

import pytest

from signalling.call.call import Call
from tests.signalling.call.call_fakes import CallWorld
from tests.signalling.rtc.rtc_fakes import Client

Deed = Callable[[CallWorld, Client, Client], Awaitable[object]]


async def raises_a_hand(world: CallWorld, teacher: Client, family: Client) -> None:
    await world.command(family, "raise_hand")


async def reacts(world: CallWorld, teacher: Client, family: Client) -> None:
    await world.command(family, "react", emoji="👍")


async def locks(world: CallWorld, teacher: Client, family: Client) -> None:
    await world.command(teacher, "set_lock", locked=True)


async def comes(world: CallWorld, teacher: Client, family: Client) -> None:
    await world.come("other")


def becomes_calm(world: CallWorld) -> bool:
    def tick() -> bool:
        world.clock.advance(0.1)
        return world.call.tick()

    return any(not tick() for _ in range(100))


@pytest.mark.parametrize("deed", [raises_a_hand, reacts, locks, comes])
async def test_a_call_stirs_and_becomes_calm_again(deed: Deed) -> None:
    world = CallWorld()
    teacher, family = await world.come("teacher", "host"), await world.come("family")
    assert becomes_calm(world)
    stirred = 0

    def stir() -> None:
        nonlocal stirred
        stirred += 1

    world.call.stir = stir
    await deed(world, teacher, family)
    assert stirred > 0
    assert becomes_calm(world)


async def test_a_calm_call_is_let_be_while_another_is_stirred(monkeypatch: pytest.MonkeyPatch) -> None:
    world = CallWorld()
    await world.come("teacher", "host")
    await world.come("other teacher", "host", room="another")
    await world.wait(5)
    ticked: list[str] = []
    tick = Call.tick
    monkeypatch.setattr(Call, "tick", lambda call: ticked.append(call.name) or tick(call))  # type: ignore[func-returns-value]
    await world.wait(1)
    assert sorted(ticked) == ["another", "lesson"], "once a second"
    world.service.calls["another"].stir()
    await world.wait(0.3)
    assert ticked[2:] == ["another"], "and who is stirred at once"
