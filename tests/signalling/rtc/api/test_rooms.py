"""Rooms made, listed, changed and ended from outside."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, room

from signalling.rtc.settings import RoomConfigurationSettings, RtcSettings
from tests.signalling.rtc.api.conftest import ADMIN, Api
from tests.signalling.rtc.rtc_fakes import World

CREATE = {"room_create": True}
LIST = {"room_list": True}


def twirp(*names: str, case: str = "good") -> Any:
    return pytest.mark.compatibility(*(f"twirp.RoomService.{name}" for name in names), case=case)


@pytest.fixture
async def world() -> Any:
    presets = {"large": RoomConfigurationSettings(empty_timeout=60, max_participants=500, metadata="preset")}
    made = World(room_configurations=presets, max_rooms=3)
    yield made
    await made.attendance.close()


@twirp("CreateRoom")
@pytest.mark.compatibility("grant.room_create")
async def test_a_room_is_made_as_asked_for(api: Api) -> None:
    request = room.CreateRoomRequest(
        name="lesson", empty_timeout=30, departure_timeout=10, max_participants=5, metadata="{}"
    )
    made = await api.call("CreateRoom", request, **CREATE)
    assert made.sid.startswith("RM_")
    assert (made.name, made.metadata) == ("lesson", "{}")
    assert (made.empty_timeout, made.departure_timeout, made.max_participants) == (30, 10, 5)
    assert made.creation_time == int(api.world.clock.time())
    await api.world.pass_time(29)
    assert api.world.attendance.rooms.get("lesson") is not None
    await api.world.pass_time(2)
    assert api.world.attendance.rooms.get("lesson") is None, "nobody came"


async def test_what_is_not_said_comes_from_the_settings(api: Api) -> None:
    made = await api.call("CreateRoom", room.CreateRoomRequest(name="lesson"), **CREATE)
    defaults = RtcSettings()
    assert (made.empty_timeout, made.departure_timeout) == (
        defaults.empty_timeout_s,
        defaults.departure_timeout_s,
    )


async def test_a_preset_fills_in_what_is_not_said(api: Api) -> None:
    request = room.CreateRoomRequest(name="lesson", room_preset="large", max_participants=7)
    made = await api.call("CreateRoom", request, **CREATE)
    assert (made.empty_timeout, made.max_participants, made.metadata) == (60, 7, "preset")
    answer = await api.protobuf("CreateRoom", room.CreateRoomRequest(name="x", room_preset="huge"), **CREATE)
    assert (answer.status, answer.words) == (400, "unknown room configuration in create room request")


async def test_a_room_that_exists_stays_as_it_is(api: Api) -> None:
    first = await api.call("CreateRoom", room.CreateRoomRequest(name="lesson", empty_timeout=30), **CREATE)
    again = await api.call("CreateRoom", room.CreateRoomRequest(name="lesson", empty_timeout=60), **CREATE)
    assert (again.sid, again.empty_timeout) == (first.sid, 30)


async def test_what_has_no_effect_is_counted(api: Api) -> None:
    request = room.CreateRoomRequest(name="lesson", agents=[{"agent_name": "helper"}], min_playout_delay=100)
    await api.call("CreateRoom", request, **CREATE)
    for option in ("agents", "min_playout_delay"):
        assert api.world.metric("polyana_rtc_unsupported_room_options_total", option=option) == 1


@twirp("CreateRoom", case="malformed")
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "no room name"),
        ({"name": "x" * 257}, "room name length exceeds limits: max length 256"),
        ({"name": "a\nb"}, "control characters in the room name"),
        ({"name": "x", "metadata": "x" * 65_537}, "metadata size exceeds limits 65536"),
    ],
)
async def test_names_and_sizes(api: Api, request_: dict[str, str], words: str) -> None:
    answer = await api.json("CreateRoom", request_, **CREATE)
    assert (answer.status, answer.code, answer.words) == (400, "invalid_argument", words)


async def test_too_many_rooms(api: Api) -> None:
    for name in "abc":
        await api.call("CreateRoom", room.CreateRoomRequest(name=name), **CREATE)
    answer = await api.protobuf("CreateRoom", room.CreateRoomRequest(name="d"), **CREATE)
    assert (answer.status, answer.code) == (429, "resource_exhausted")


@twirp("ListRooms")
@pytest.mark.compatibility("grant.room_list")
async def test_rooms_are_listed_all_or_by_name(api: Api) -> None:
    await api.world.join("anna")
    await api.call("CreateRoom", room.CreateRoomRequest(name="other"), **CREATE)
    listed = await api.call("ListRooms", room.ListRoomsRequest(), **LIST)
    assert {r.name: r.num_participants for r in listed.rooms} == {"lesson": 1, "other": 0}
    named = await api.call("ListRooms", room.ListRoomsRequest(names=["other", "nothing"]), **LIST)
    assert [r.name for r in named.rooms] == ["other"]


@twirp("DeleteRoom")
@pytest.mark.compatibility("disconnect_reason.ROOM_DELETED")
async def test_a_deleted_room_is_left_by_all(api: Api) -> None:
    anna = await api.world.join("anna")
    assert await api.call("DeleteRoom", room.DeleteRoomRequest(room="lesson"), **CREATE) is not None
    (leave,) = anna.told("leave")
    assert leave.reason == models.DisconnectReason.ROOM_DELETED
    assert not anna.present
    assert len(api.world.attendance.rooms) == 0
    assert api.world.attendance.rooms.get("lesson") is None


@twirp("DeleteRoom", "UpdateRoomMetadata", case="malformed")
async def test_a_room_that_does_not_exist(api: Api) -> None:
    for answer in (
        await api.json("DeleteRoom", {"room": "lesson"}, **CREATE),
        await api.json("UpdateRoomMetadata", {"room": "lesson", "metadata": "x"}, **ADMIN),
    ):
        assert (answer.status, answer.code, answer.words) == (
            404,
            "not_found",
            "requested room does not exist",
        )


@twirp("UpdateRoomMetadata")
async def test_metadata_of_a_room_is_told_to_all(api: Api) -> None:
    anna = await api.world.join("anna")
    request = room.UpdateRoomMetadataRequest(room="lesson", metadata="quiet, please")
    changed = await api.call("UpdateRoomMetadata", request)
    assert changed.metadata == "quiet, please"
    assert anna.told("room_update")[-1].room.metadata == "quiet, please"
    cleared = await api.call("UpdateRoomMetadata", room.UpdateRoomMetadataRequest(room="lesson"))
    assert cleared.metadata == ""


@twirp("ListRooms", case="malformed")
async def test_names_that_are_no_list(api: Api) -> None:
    assert (await api.json("ListRooms", {"names": {"a": 1}}, **LIST)).code == "malformed"


@twirp("CreateRoom", "ListRooms", "DeleteRoom", "UpdateRoomMetadata", case="refused")
@pytest.mark.parametrize(
    ("method", "grants"),
    [
        ("CreateRoom", {"room_list": True, "room_admin": True, "room": "lesson"}),
        ("ListRooms", {"room_create": True, "room_admin": True, "room": "lesson"}),
        ("DeleteRoom", {"room_list": True, "room_admin": True, "room": "lesson"}),
        ("UpdateRoomMetadata", {"room_create": True, "room_list": True}),
        ("UpdateRoomMetadata", {"room_admin": True, "room": "other"}),
    ],
)
async def test_without_the_grant(api: Api, method: str, grants: dict[str, Any]) -> None:
    anna = await api.world.join("anna")
    answer = await api.json(method, {"name": "lesson", "room": "lesson", "metadata": "x"}, **grants)
    assert (answer.status, answer.json) == (401, {"code": "unauthenticated", "msg": "permissions denied"})
    assert anna.present
    assert anna.participant.room.metadata == ""
