"""Negotiation, pings and goodbye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.protocol import rtc

from mediaserver.participant import RemovalReason

if TYPE_CHECKING:
    from signalling.rtc.session import Session


async def offer(session: Session, message: rtc.SessionDescription) -> None:
    await session.negotiation.client_offer(message)


async def answer(session: Session, message: rtc.SessionDescription) -> None:
    await session.negotiation.client_answer(message)


async def trickle(session: Session, message: rtc.TrickleRequest) -> None:
    """Needs nothing: an ICE-lite agent learns the client's candidates from its checks (RFC 8445, section
    2.5)."""


def pong(session: Session, request: rtc.SignalRequest) -> rtc.SignalResponse:
    """To the old ping; times are milliseconds since the epoch."""
    return rtc.SignalResponse(pong=_now_ms(session))


def pong_resp(session: Session, request: rtc.SignalRequest) -> rtc.SignalResponse:
    asked = request.ping_req.timestamp
    return rtc.SignalResponse(pong_resp=rtc.Pong(last_ping_timestamp=asked, timestamp=_now_ms(session)))


async def leave(session: Session, message: rtc.LeaveRequest) -> None:
    session.log.info("the client leaves", reason=message.reason)
    session.remove(RemovalReason.CLIENT_INITIATED)


def _now_ms(session: Session) -> int:
    return int(session.context.clock.time() * 1000)
