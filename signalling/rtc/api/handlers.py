"""One function for each method that this server has, by its name in `livekit.RoomService`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from signalling.rtc.api import data, moving, participants, rooms, rpc
from signalling.rtc.api.caller import Caller
from signalling.rtc.api.context import ApiContext

Handler = Callable[[ApiContext, Caller, Any], Awaitable[Message]]
"""Takes the parsed request. Raises `ApiError`."""

ROOM_SERVICE = "livekit.RoomService"
HANDLERS: Mapping[tuple[str, str], Handler] = {
    (ROOM_SERVICE, "CreateRoom"): rooms.create_room,
    (ROOM_SERVICE, "ListRooms"): rooms.list_rooms,
    (ROOM_SERVICE, "DeleteRoom"): rooms.delete_room,
    (ROOM_SERVICE, "UpdateRoomMetadata"): rooms.update_room_metadata,
    (ROOM_SERVICE, "ListParticipants"): participants.list_participants,
    (ROOM_SERVICE, "GetParticipant"): participants.get_participant,
    (ROOM_SERVICE, "RemoveParticipant"): participants.remove_participant,
    (ROOM_SERVICE, "MutePublishedTrack"): participants.mute_published_track,
    (ROOM_SERVICE, "UpdateParticipant"): participants.update_participant,
    (ROOM_SERVICE, "UpdateSubscriptions"): participants.update_subscriptions,
    (ROOM_SERVICE, "MoveParticipant"): moving.move_participant,
    (ROOM_SERVICE, "ForwardParticipant"): moving.forward_participant,
    (ROOM_SERVICE, "SendData"): data.send_data,
    (ROOM_SERVICE, "PerformRpc"): rpc.perform_rpc,
}
