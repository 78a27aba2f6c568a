"""Participants listed, changed, muted and removed from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from livekit.protocol import models, room

from mediaserver.participant import RemovalReason
from mediaserver.permissions import merged_attributes
from signalling.rtc import convert, from_client
from signalling.rtc.api.errors import ApiError, Code, exceeds
from signalling.rtc.api.rooms import check_metadata
from signalling.rtc.data_saving import check_choices
from signalling.rtc.errors import InvalidRequest
from signalling.rtc.handlers.subscribing import track_sids

if TYPE_CHECKING:
    from signalling.rtc.api.caller import Caller
    from signalling.rtc.api.context import ApiContext

log = structlog.get_logger(__name__)


async def list_participants(
    context: ApiContext, caller: Caller, request: room.ListParticipantsRequest
) -> room.ListParticipantsResponse:
    """Of a room that does not exist nobody is in."""
    caller.check_admin(request.room)
    found = context.attendance.rooms.get(request.room)
    participants = [*found.participants.values(), *found.forwarded.values()] if found is not None else []
    present = [p for one in participants if (p := context.attendance.of(one)) is not None]
    return room.ListParticipantsResponse(participants=[presence.info for presence in present])


async def get_participant(
    context: ApiContext, caller: Caller, request: room.RoomParticipantIdentity
) -> models.ParticipantInfo:
    caller.check_admin(request.room)
    return context.presence(request.room, request.identity).info


async def remove_participant(
    context: ApiContext, caller: Caller, request: room.RoomParticipantIdentity
) -> room.RemoveParticipantResponse:
    """Tokens that were made before `revoke_token_ts` (by default about now) admit this identity no more."""
    caller.check_admin(request.room)
    found = context.attendance.rooms.get(request.room)
    if found is not None and (guest := found.forwarded.get(request.identity)) is not None:
        found.end_forwarding(guest)  # and stays in its own room
        return room.RemoveParticipantResponse()
    presence = context.presence(request.room, request.identity)
    # As the protocol says: without a time, what is valid now, with the leeway of clocks.
    until = request.revoke_token_ts or context.clock.time() + context.settings.token_leeway_s
    context.attendance.revocations.revoke(request.room, request.identity, until)
    log.info("participant removed", room=request.room, identity=request.identity, by=caller.claims.iss)
    presence.remove(RemovalReason.PARTICIPANT_REMOVED)
    return room.RemoveParticipantResponse()


async def mute_published_track(
    context: ApiContext, caller: Caller, request: room.MuteRoomTrackRequest
) -> room.MuteRoomTrackResponse:
    """To be unmuted from outside is another thing than to be muted: only if the settings allow it."""
    caller.check_admin(request.room)
    participant = context.participant(request.room, request.identity)
    if not (request.muted or context.settings.enable_remote_unmute):
        raise ApiError(Code.FAILED_PRECONDITION, "remote unmute not enabled")
    track = participant.publisher.find(request.track_sid)
    if track is None:
        raise ApiError(Code.NOT_FOUND, "track is not found")
    participant.publisher.mute(track, request.muted, by_server=True)
    return room.MuteRoomTrackResponse(track=convert.track_info(track))


async def update_participant(
    context: ApiContext, caller: Caller, request: room.UpdateParticipantRequest
) -> models.ParticipantInfo:
    """Name, metadata and attributes as far as they are given; permissions all together or not at all."""
    caller.check_admin(request.room)
    settings = context.settings
    if len(request.name) > settings.max_name_length:
        raise exceeds("name length", settings.max_name_length)
    check_metadata(context, request.metadata)
    presence = context.presence(request.room, request.identity)
    participant = presence.participant
    attributes = dict(request.attributes)
    merged = merged_attributes(participant.attributes, attributes)
    if sum(len(k.encode()) + len(v.encode()) for k, v in merged.items()) > settings.max_attributes_bytes:
        raise exceeds("attribute size", settings.max_attributes_bytes)
    try:
        check_choices(merged)
    except InvalidRequest as error:
        raise ApiError(Code.INVALID_ARGUMENT, str(error)) from error
    if request.name or request.metadata or attributes:
        participant.update(
            name=request.name or None, metadata=request.metadata or None, attributes=attributes
        )
    if request.HasField("permission"):
        permissions = from_client.permissions_of_info(request.permission)
        if permissions != participant.permissions:
            log.info("permissions changed", room=request.room, identity=request.identity)
            participant.set_permissions(permissions)
    return presence.info


async def update_subscriptions(
    context: ApiContext, caller: Caller, request: room.UpdateSubscriptionsRequest
) -> room.UpdateSubscriptionsResponse:
    caller.check_admin(request.room)
    subscriber = context.participant(request.room, request.identity).subscriber
    for track_sid in track_sids(request):
        subscriber.request(track_sid, request.subscribe)
    return room.UpdateSubscriptionsResponse()
