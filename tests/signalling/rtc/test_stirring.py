"""What regular calls tell or do is asked of them soon: whatever brings it about stirs, and then there is calm."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from livekit.protocol import models, rtc

from mediaserver.room import Room
from mediaserver.rtp import RtpReceiver
from signalling.rtc import attendance, rooms
from tests.signalling.rtc.rtc_fakes import Client, World

Deed = Callable[[World, Client, Client, str], Awaitable[object]]


async def joins(world: World, anna: Client, boris: Client, sid: str) -> None:
    (await world.join("clara")).media_connects()


async def publishes(world: World, anna: Client, boris: Client, sid: str) -> None:
    await boris.publish("video")


async def mutes(world: World, anna: Client, boris: Client, sid: str) -> None:
    await anna.request(mute=rtc.MuteTrackRequest(sid=sid, muted=True))


async def names_itself(world: World, anna: Client, boris: Client, sid: str) -> None:
    await boris.request(update_metadata=rtc.UpdateParticipantMetadata(name="Boris", request_id=1))


async def wants_a_small_picture(world: World, anna: Client, boris: Client, sid: str) -> None:
    setting = rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.LOW)
    await boris.request(track_setting=setting)


async def wants_no_picture(world: World, anna: Client, boris: Client, sid: str) -> None:
    await boris.request(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], disabled=True))


async def has_a_narrow_line(world: World, anna: Client, boris: Client, sid: str) -> None:
    boris.subscriber.estimate(50_000)


async def speaks(world: World, anna: Client, boris: Client, sid: str) -> None:
    receiver = await microphone(boris)
    assert becomes_calm(world)
    world.attendance.rooms.audio_levels([(receiver, 0.5)])


async def microphone(client: Client) -> RtpReceiver:
    receiver = client.participant.publisher.tracks[await client.publish("audio")].receiver
    assert receiver is not None
    return receiver


def becomes_calm(world: World) -> bool:
    return becomes_calm_within(world, 20)


def becomes_calm_within(world: World, seconds: float) -> bool:
    def tick() -> bool:
        world.clock.advance(0.1)
        return world.attendance.tick(world.clock.monotonic())

    return any(not tick() for _ in range(round(seconds * 10)))


@pytest.mark.parametrize(
    "deed",
    [
        joins,
        publishes,
        mutes,
        names_itself,
        wants_a_small_picture,
        wants_no_picture,
        has_a_narrow_line,
        speaks,
    ],
)
async def test_a_room_stirs_and_becomes_calm_again(world: World, deed: Deed) -> None:
    anna = await world.join("anna")
    boris = await world.join("boris", v1=False, grants={"can_update_own_metadata": True})
    for client in (anna, boris):
        client.media_connects()
    layers = [
        models.VideoLayer(quality=quality, width=100 << quality, bitrate=100_000) for quality in (0, 1, 2)
    ]  # type: ignore[arg-type]
    sid = await anna.publish("video", layers=layers, simulcast_codecs=[rtc.SimulcastCodec(codec="vp8")])
    assert becomes_calm(world)
    stirred = 0

    def stir() -> None:
        nonlocal stirred
        stirred += 1

    world.attendance.rooms.stir = stir
    await deed(world, anna, boris, sid)
    assert stirred > 0
    world.clock.advance(0.1)
    first = world.attendance.tick(world.clock.monotonic())
    boris.participant.room.deficient.clear()  # of a narrow line nobody is calm
    assert not first or becomes_calm(world)


async def test_while_a_line_is_too_narrow_there_is_more_to_do(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris")
    for client in (anna, boris):
        client.media_connects()
    await anna.publish("video")
    assert becomes_calm(world)
    allocator = boris.participant.subscriber.allocator
    boris.participant.room.deficient.add(allocator)
    boris.participant.room.stir()
    assert world.attendance.tick(world.clock.monotonic())


async def test_a_calm_room_is_let_be_while_another_is_stirred(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", room="another")
    assert becomes_calm(world)
    touched: list[Room] = []
    for client in (anna, boris):
        room = client.participant.room
        room.update_allocations = lambda now, room=room: touched.append(room)  # type: ignore[method-assign,misc]
    boris.participant.room.stir()
    world.clock.advance(0.1)
    world.attendance.tick(world.clock.monotonic())
    assert touched == [boris.participant.room]


async def test_who_speaks_in_one_room_is_nothing_to_another(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", room="another")
    await speaks(world, anna, boris, "")
    assert not becomes_calm_within(world, 0.8), "who has fallen silent is told"
    assert [[s.active for s in change.speakers] for change in boris.told("speakers_changed")] == [[True]]
    world.attendance.rooms.audio_levels([])
    assert becomes_calm(world)
    assert [s.active for s in boris.told("speakers_changed")[-1].speakers] == [False]
    assert anna.told("speakers_changed") == []


async def test_who_speaks_is_told_in_a_few_rooms_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SPEAKING_AT_ONCE", 1)
    clients = [await world.join(name, room=name) for name in ("anna", "boris", "clara")]
    receivers = [await microphone(client) for client in clients]
    assert becomes_calm(world)
    seen: list[list[int]] = []
    for step in range(12):
        if step % 3 == 0:
            world.attendance.rooms.audio_levels([(receiver, 0.5) for receiver in receivers])
        world.clock.advance(0.1)
        assert world.attendance.tick(world.clock.monotonic())
        seen.append([len(client.told("speakers_changed")) for client in clients])
    assert seen[:3] == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert seen[-1] == [2, 2, 2], "and how loud they are by and by"
    world.attendance.rooms.audio_levels([])
    assert becomes_calm(world)
    assert all(client.told("speakers_changed")[-1].speakers[0].active is False for client in clients)


async def test_bit_rates_are_observed_of_a_few_streams_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "STREAMS_AT_ONCE", 1)
    anna = await world.join("anna")
    streams = [anna.participant.publisher.tracks[await anna.publish("video")].main for _ in range(3)]
    assert becomes_calm(world)

    def costs() -> list[int]:
        return [stream.bitrates.cost(0, 0, svc=False) for stream in streams]

    report = [(stream.receiver, 0, 0, 90_000) for stream in streams if stream.receiver is not None]
    world.attendance.rooms.layer_bitrates(report)
    assert costs() == [90_000, 0, 0]
    world.attendance.rooms.layer_bitrates([(report[1][0], 0, 0, 50_000)])
    assert costs() == [90_000, 50_000, 0], "the newest counts"
    assert becomes_calm(world) and costs() == [90_000, 50_000, 90_000]


async def test_a_room_whose_speakers_cannot_be_told_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", room="another")
    both = [(await microphone(client), 0.5) for client in (anna, boris)]
    assert becomes_calm(world)
    monkeypatch.setattr(anna.participant.room, "update_speakers", None)
    world.attendance.rooms.audio_levels(both)
    with pytest.raises(TypeError):
        world.attendance.tick(world.clock.monotonic())
    world.clock.advance(0.1)
    world.attendance.tick(world.clock.monotonic())
    assert len(boris.told("speakers_changed")) == 1


async def test_a_room_in_which_nobody_comes_and_goes_is_not_looked_at(world: World) -> None:
    anna, boris = await world.join("anna"), await world.join("boris", room="another")
    await world.pass_time(3)
    looked: list[str] = []
    for client in (anna, boris):
        room = client.participant.room
        tell = room.flush_room
        room.flush_room = lambda room=room, tell=tell: looked.append(room.name) or tell()  # type: ignore[method-assign,misc,func-returns-value]
    await world.pass_time(3)
    assert looked == []
    await world.join("clara", room="another")
    await world.pass_time(3)
    assert looked == ["another"]
    assert [update.room.num_participants for update in boris.told("room_update")][-1:] == [2]
    await anna.request(leave=rtc.LeaveRequest())
    await world.pass_time(60)
    assert [room.name for room in world.attendance.rooms] == ["another"]


async def test_a_crowd_is_not_looked_at_in_one_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "LIMITS_AT_ONCE", 2)
    clients = [await world.join(name) for name in ("anna", "boris", "clara")]
    looked: list[str] = []

    def tick(client: Client, now: float) -> float:
        looked.append(client.participant.identity)
        return now + 60

    for client in clients:
        monkeypatch.setattr(client.session, "tick", partial(tick, client))
        world.attendance.disturb(client.session)
    world.clock.advance(1)
    assert world.attendance.tick(world.clock.monotonic()), "the third is looked at soon"
    assert len(looked) == 2
    world.clock.advance(0.1)
    world.attendance.tick(world.clock.monotonic())
    assert sorted(looked) == ["anna", "boris", "clara"]
    assert becomes_calm(world) and len(looked) == 3


async def test_who_cannot_be_looked_at_lets_nobody_be_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [await world.join(name) for name in ("anna", "boris", "clara")]
    looked: list[str] = []

    def tick(client: Client, now: float) -> float:
        looked.append(client.participant.identity)
        if len(looked) == 1:
            raise RuntimeError
        return now

    for client in clients:
        monkeypatch.setattr(client.session, "tick", partial(tick, client))
    world.clock.advance(1.0)
    with pytest.raises(RuntimeError):
        world.attendance.tick(world.clock.monotonic())
    assert len(looked) == 1
    world.clock.advance(1.0)
    world.attendance.tick(world.clock.monotonic())
    assert sorted(looked[1:]) == ["anna", "boris", "clara"]
