"""Calls of methods that a participant's application has registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livekit.protocol import room

from signalling.rtc.api.errors import ApiError, Code, room_not_found
from signalling.rtc.rpc import RpcErrorCode, RpcFailed, TooManyCalls
from signalling.rtc.session import Session

if TYPE_CHECKING:
    from signalling.rtc.api.caller import Caller
    from signalling.rtc.api.context import ApiContext

DEFAULT_TIMEOUT_S = 15.0
"""As in LiveKit."""
MAX_TIMEOUT_S = 300.0
"""So long may one HTTP request wait."""

_CODES: Mapping[int, Code] = {
    RpcErrorCode.CONNECTION_TIMEOUT: Code.CANCELED,
    RpcErrorCode.RESPONSE_TIMEOUT: Code.CANCELED,
    RpcErrorCode.RECIPIENT_DISCONNECTED: Code.UNAVAILABLE,
    RpcErrorCode.UNSUPPORTED_METHOD: Code.INVALID_ARGUMENT,
    RpcErrorCode.RECIPIENT_NOT_FOUND: Code.NOT_FOUND,
    RpcErrorCode.REQUEST_PAYLOAD_TOO_LARGE: Code.INVALID_ARGUMENT,
    RpcErrorCode.UNSUPPORTED_SERVER: Code.UNIMPLEMENTED,
    RpcErrorCode.UNSUPPORTED_VERSION: Code.UNIMPLEMENTED,
}
"""As LiveKit's server answers them; what an application raises, and answers that are too large, are internal."""


async def perform_rpc(
    context: ApiContext, caller: Caller, request: room.PerformRpcRequest
) -> room.PerformRpcResponse:
    """Waits for the participant's answer."""
    caller.check_admin(request.room)
    if not request.destination_identity:
        raise ApiError(Code.INVALID_ARGUMENT, "destination identity is required")
    if context.attendance.rooms.get(request.room) is None:
        raise room_not_found()
    presence = context.presence(request.room, request.destination_identity)
    timeout_s = min(request.response_timeout_ms / 1000 or DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S)
    try:
        if not isinstance(presence, Session):
            raise RpcFailed(RpcErrorCode.SEND_FAILED)
        payload = await presence.data.calls.perform(request.method, request.payload, timeout_s)
    except RpcFailed as error:
        raise ApiError(_CODES.get(error.code, Code.INTERNAL), str(error)) from error
    except TooManyCalls as error:
        raise ApiError(Code.RESOURCE_EXHAUSTED, "the participant has too many calls to answer") from error
    return room.PerformRpcResponse(payload=payload)
