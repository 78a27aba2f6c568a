"""RPC calls of the server itself: one participant answers. Packets as between participants of LiveKit's SDKs."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from livekit.protocol import models

VERSION = 1
"""Of the exchange by `RpcRequest`, `RpcAck` and `RpcResponse`, which every SDK with RPC understands."""
MAX_PAYLOAD_BYTES = 15_360
"""As in LiveKit's SDKs."""
ACK_TIMEOUT_S = 7.0
"""How long a client may take to say that it has the request (LiveKit's `MaxRoundTripLatency`)."""
MAX_CALLS = 100
"""That one participant may owe at a time."""


class RpcErrorCode(IntEnum):
    """Built into LiveKit's SDKs; applications add their own."""

    APPLICATION_ERROR = 1500
    CONNECTION_TIMEOUT = 1501
    RESPONSE_TIMEOUT = 1502
    RECIPIENT_DISCONNECTED = 1503
    RESPONSE_PAYLOAD_TOO_LARGE = 1504
    SEND_FAILED = 1505
    UNSUPPORTED_METHOD = 1400
    RECIPIENT_NOT_FOUND = 1401
    REQUEST_PAYLOAD_TOO_LARGE = 1402
    UNSUPPORTED_SERVER = 1403
    UNSUPPORTED_VERSION = 1404


_WORDS = {
    RpcErrorCode.CONNECTION_TIMEOUT: "Connection timeout",
    RpcErrorCode.RESPONSE_TIMEOUT: "Response timeout",
    RpcErrorCode.RECIPIENT_DISCONNECTED: "Recipient disconnected",
    RpcErrorCode.SEND_FAILED: "Failed to send",
    RpcErrorCode.REQUEST_PAYLOAD_TOO_LARGE: "Request payload too large",
}


class RpcFailed(Exception):
    """There is no result. `code` can be one of an application."""

    def __init__(self, code: int, message: str = "", data: str = "") -> None:
        parts = [f"RpcError {int(code)}", message or _WORDS.get(code, ""), data]  # type: ignore[call-overload]
        super().__init__(": ".join(part for part in parts if part))
        self.code = code


class TooManyCalls(Exception):
    """The participant owes `MAX_CALLS` results already."""


@dataclass(frozen=True)
class _Call:
    acknowledged: asyncio.Future[None]
    outcome: asyncio.Future[str | RpcFailed]


class RpcCalls:
    """Those that one participant has not answered yet."""

    def __init__(self, send: Callable[[bytes], bool], *, ack_timeout_s: float = ACK_TIMEOUT_S) -> None:
        """`send`: a reliable packet to the participant; False: it was dropped."""
        self._send = send
        self._ack_timeout_s = ack_timeout_s
        self._calls: dict[str, _Call] = {}

    async def perform(self, method: str, payload: str, timeout_s: float) -> str:
        """The participant's result. Raises `RpcFailed` or `TooManyCalls`."""
        if len(payload.encode()) > MAX_PAYLOAD_BYTES:
            raise RpcFailed(RpcErrorCode.REQUEST_PAYLOAD_TOO_LARGE)
        if len(self._calls) >= MAX_CALLS:
            raise TooManyCalls
        call_id = str(uuid.uuid4())
        loop = asyncio.get_running_loop()
        call = self._calls[call_id] = _Call(loop.create_future(), loop.create_future())
        try:
            if not self._send(_request(call_id, method, payload, timeout_s)):
                raise RpcFailed(RpcErrorCode.SEND_FAILED)
            outcome = await self._outcome(call, timeout_s)
        finally:
            del self._calls[call_id]
        if isinstance(outcome, RpcFailed):
            raise outcome
        return outcome

    def answered(self, packet: models.DataPacket) -> bool:
        """Takes a packet of the participant if it belongs to a call of the server."""
        if packet.HasField("rpc_ack"):
            call = self._calls.get(packet.rpc_ack.request_id)
            if call is not None and not call.acknowledged.done():
                call.acknowledged.set_result(None)
            return call is not None
        response = packet.rpc_response
        call = self._calls.get(response.request_id) if packet.HasField("rpc_response") else None
        if call is not None and not call.outcome.done():
            error = response.error
            failed = RpcFailed(error.code, error.message, error.data) if response.HasField("error") else None
            call.outcome.set_result(failed or response.payload)
        return call is not None

    def close(self) -> None:
        """The participant has left."""
        for call in self._calls.values():
            if not call.outcome.done():
                call.outcome.set_result(RpcFailed(RpcErrorCode.RECIPIENT_DISCONNECTED))

    async def _outcome(self, call: _Call, timeout_s: float) -> str | RpcFailed:
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        either: set[asyncio.Future[Any]] = {call.acknowledged, call.outcome}
        first_s = min(self._ack_timeout_s, timeout_s)
        await asyncio.wait(either, timeout=first_s, return_when=asyncio.FIRST_COMPLETED)
        if not any(future.done() for future in either) and first_s < timeout_s:
            return RpcFailed(RpcErrorCode.CONNECTION_TIMEOUT)
        await asyncio.wait({call.outcome}, timeout=max(0.0, until - loop.time()))
        return call.outcome.result() if call.outcome.done() else RpcFailed(RpcErrorCode.RESPONSE_TIMEOUT)


def _request(call_id: str, method: str, payload: str, timeout_s: float) -> bytes:
    request = models.RpcRequest(
        id=call_id,
        method=method,
        payload=payload,
        response_timeout_ms=int(timeout_s * 1000),
        version=VERSION,
    )
    # The client addresses its answer to the caller's identity, which must be nobody else's.
    packet = models.DataPacket(
        kind=models.DataPacket.RELIABLE, participant_identity=call_id, rpc_request=request
    )
    return packet.SerializeToString()
