"""Rooms made, listed, changed and ended from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, room

from mediaserver.participant import RemovalReason
from signalling.rtc import room_configuration
from signalling.rtc.admission import printable
from signalling.rtc.api.errors import ApiError, Code, exceeds, room_not_found
from signalling.rtc.errors import ServerFull

if TYPE_CHECKING:
    from signalling.rtc.api.caller import Caller
    from signalling.rtc.api.context import ApiContext


async def create_room(context: ApiContext, caller: Caller, request: room.CreateRoomRequest) -> models.Room:
    """A room that is there already stays as it is, whatever the request says (as in LiveKit)."""
    caller.check_create()
    check_room_name(context, request.name)
    check_metadata(context, request.metadata)
    try:
        settings = room_configuration.room_settings(request, request.room_preset, context.settings)
    except room_configuration.UnknownPreset as error:
        raise ApiError(Code.INVALID_ARGUMENT, "unknown room configuration in create room request") from error
    rooms = context.attendance.rooms
    try:
        rooms.check(request.name, may_create=True)
    except ServerFull as error:
        raise ApiError(Code.RESOURCE_EXHAUSTED, str(error)) from error
    without_effect = room_configuration.unsupported(field.name for field, _ in request.ListFields())
    return context.room_info(rooms.get_or_create(request.name, settings, without_effect))


async def list_rooms(
    context: ApiContext, caller: Caller, request: room.ListRoomsRequest
) -> room.ListRoomsResponse:
    """All, or those of these names that exist."""
    caller.check_list()
    names = frozenset(request.names)
    found = [r for r in context.attendance.rooms if not names or r.name in names]
    return room.ListRoomsResponse(rooms=map(context.room_info, found))


async def delete_room(
    context: ApiContext, caller: Caller, request: room.DeleteRoomRequest
) -> room.DeleteRoomResponse:
    """Everybody in it is told so and has to leave."""
    caller.check_create()
    found = context.attendance.rooms.get(request.room)
    if found is None:
        raise room_not_found()
    context.attendance.rooms.end(found, RemovalReason.ROOM_DELETED)
    return room.DeleteRoomResponse()


async def update_room_metadata(
    context: ApiContext, caller: Caller, request: room.UpdateRoomMetadataRequest
) -> models.Room:
    caller.check_admin(request.room)
    check_metadata(context, request.metadata)
    found = context.room(request.room)
    found.set_metadata(request.metadata)
    return context.room_info(found)


def check_room_name(context: ApiContext, name: str) -> None:
    """Raises `ApiError` for what no room can be called."""
    limit = context.settings.max_room_name_length
    if not name:
        raise ApiError(Code.INVALID_ARGUMENT, "no room name")
    if len(name) > limit:
        raise ApiError(Code.INVALID_ARGUMENT, f"room name length exceeds limits: max length {limit}")
    if not printable(name):
        raise ApiError(Code.INVALID_ARGUMENT, "control characters in the room name")


def check_metadata(context: ApiContext, metadata: str) -> None:
    """Raises `ApiError` for more than may be told to everybody."""
    limit = context.settings.max_metadata_bytes
    if len(metadata.encode()) > limit:
        raise exceeds("metadata size", limit)
