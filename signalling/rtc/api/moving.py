"""Participants taken to other rooms: the base of groups that split off a lesson and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from livekit.protocol import room as protocol

from mediaserver.room import IdentityTaken, Room, RoomFull
from signalling.rtc import room_configuration
from signalling.rtc.api.errors import ApiError, Code
from signalling.rtc.api.rooms import check_room_name
from signalling.rtc.errors import RoomNotFound, ServerFull

if TYPE_CHECKING:
    from signalling.rtc.api.caller import Caller
    from signalling.rtc.api.context import ApiContext

log = structlog.get_logger(__name__)
Request = protocol.MoveParticipantRequest | protocol.ForwardParticipantRequest


async def move_participant(
    context: ApiContext, caller: Caller, request: protocol.MoveParticipantRequest
) -> protocol.MoveParticipantResponse:
    """The connections stay, and with them what the participant publishes."""
    _check(context, caller, request)
    presence = context.presence(request.room, request.identity)
    source = presence.participant.room
    destination = _destination(context, request.destination_room)
    try:
        destination.check_seat(request.identity, presence.participant.kind)
    except RoomFull as error:
        message = "room has exceeded its max participants"
        raise ApiError(Code.RESOURCE_EXHAUSTED, message) from error
    log.info("participant moves", room=source.name, to=destination.name, identity=request.identity)
    context.attendance.move(presence, destination)
    return protocol.MoveParticipantResponse()


async def forward_participant(
    context: ApiContext, caller: Caller, request: protocol.ForwardParticipantRequest
) -> protocol.ForwardParticipantResponse:
    """What the participant publishes is in the other room, too, under its name, until it leaves its own room or is
    removed from the other one. It receives nothing from there."""
    _check(context, caller, request)
    participant = context.participant(request.room, request.identity)
    destination = _destination(context, request.destination_room)
    try:
        destination.forward(participant)
    except IdentityTaken as error:
        message = "somebody of this identity is in the destination room"
        raise ApiError(Code.ALREADY_EXISTS, message) from error
    log.info("participant forwarded", room=request.room, to=destination.name, identity=request.identity)
    return protocol.ForwardParticipantResponse()


def _check(context: ApiContext, caller: Caller, request: Request) -> None:
    caller.check_destination(request.room, request.destination_room)
    if request.room == request.destination_room:
        message = "destination room cannot be the same as source room"
        raise ApiError(Code.INVALID_ARGUMENT, message, {"argument": message})
    check_room_name(context, request.destination_room)


def _destination(context: ApiContext, name: str) -> Room:
    """The room of this name, made if it may be made. Raises `ApiError`."""
    try:
        context.attendance.rooms.check(name, may_create=False)
    except RoomNotFound as error:
        raise ApiError(Code.NOT_FOUND, "destination room does not exist") from error
    except ServerFull as error:
        raise ApiError(Code.RESOURCE_EXHAUSTED, str(error)) from error
    settings = room_configuration.room_settings(None, "", context.settings)
    return context.attendance.rooms.get_or_create(name, settings)
