"""Data packets of the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import models, room

from mediaserver.data import LOSSY, RELIABLE, Label
from signalling.rtc.api.errors import ApiError, Code

if TYPE_CHECKING:
    from signalling.rtc.api.caller import Caller
    from signalling.rtc.api.context import ApiContext

NONCE_BYTES = 16


async def send_data(
    context: ApiContext, caller: Caller, request: room.SendDataRequest
) -> room.SendDataResponse:
    """To everybody, or to those who are named. A packet whose nonce was seen is dropped: a caller may try again
    without knowing whether the first try arrived."""
    caller.check_admin(request.room)
    if len(request.nonce) not in (0, NONCE_BYTES):
        message = f"nonce should be 16-bytes or not present, got: {len(request.nonce)} bytes"
        raise ApiError(Code.INVALID_ARGUMENT, message)
    limit = context.settings.max_data_packet_bytes
    packet = _packet(request)
    payload = packet.SerializeToString()
    if len(payload) > limit:
        raise ApiError(Code.INVALID_ARGUMENT, f"data size exceeds limits {limit}", {"argument": "data"})
    found = context.room(request.room)
    if context.nonces.repeated(found, request.nonce):
        context.metrics.data_packets.labels("user", "ignored").inc()
        return room.SendDataResponse()
    label: Label = RELIABLE if packet.kind == models.DataPacket.RELIABLE else LOSSY
    chosen = found.policy.data_recipients(
        None, frozenset(request.destination_identities), frozenset(request.destination_sids)
    )
    for participant in chosen:
        if not participant.send_data(label, payload):
            context.metrics.data_dropped.labels(label).inc()
    context.metrics.data_packets.labels("user", "forwarded").inc()
    return room.SendDataResponse()


def _packet(request: room.SendDataRequest) -> models.DataPacket:
    user = models.UserPacket(
        payload=request.data,
        destination_sids=request.destination_sids,
        destination_identities=request.destination_identities,
    )
    if request.HasField("topic"):
        user.topic = request.topic
    if request.nonce:
        user.nonce = request.nonce
    return models.DataPacket(
        kind=request.kind, destination_identities=request.destination_identities, user=user
    )
